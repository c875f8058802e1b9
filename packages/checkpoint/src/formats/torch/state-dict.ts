/**
 * The weights in what a file of PyTorch holds. A state dict is a dictionary of names and tensors, and
 * keeps its names. Training programs save theirs beside the state of the optimizer, under a key of
 * their own; nested dictionaries, as Megatron has them, give names joined by dots.
 */
import { invalid, unsupported } from '../../errors.js';
import { Tensor, UnreadTensor } from './types.js';

export interface StateDict {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The keys that lead to it. */
  readonly path: readonly string[];
  /** Keys beside it that hold tensors too, such as those of an optimizer. */
  readonly leftOut: readonly string[];
}

/** Keys of models, in the order in which they are wanted. */
const modelKeys = [
  ...['state_dict', 'model_state_dict', 'model_state', 'model', 'module', 'net', 'network'],
  ...['weights', 'params', 'state_dict_ema', 'model_ema', 'params_ema', 'ema'],
];
/** Keys of what is no model. */
const otherKeys = /optim|sched|scaler|rng|random|callback|loop|hyper|^args$|(^|_)ema(_|$)/i;

const DEEPEST = 32;
/** Containers may hold one another many times over. */
const MOST_STEPS = 1 << 19;
const LONGEST_NAME = 1000;

type Container = readonly unknown[] | ReadonlyMap<unknown, unknown>;
type Entry = readonly [key: unknown, value: unknown];

/**
 * @param alone the name of a tensor that the file holds by itself
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when there is no tensor, or two of one name,
 *   `UNSUPPORTED_CHECKPOINT` for tensors that are not read, and deeper nesting than any model has
 */
export function stateDictOf(root: unknown, file: string, alone: string): StateDict {
  const holdsTensors = tensorFinder(file);
  const path: string[] = [];
  const leftOut = new Set<unknown>();
  let model = root;
  while (isContainer(model) && path.length < DEEPEST) {
    const parts = entriesOf(model).filter(([, part]) => isContainer(part) && holdsTensors(part));
    const own = chosenPart(model, parts, path.length === 0);
    for (const part of own ? parts : []) if (part !== own) leftOut.add(part[0]);
    if (!own) {
      for (const [key] of parts) if (isOther(key)) leftOut.add(key);
      break;
    }
    path.push(String(own[0]));
    model = own[1];
  }
  const tensors = new Map<string, Tensor>();
  let steps = 0;
  const collect = (value: unknown, name: string, depth: number): void => {
    if (++steps > MOST_STEPS || depth > DEEPEST) throw tooDeep(file);
    if (value instanceof UnreadTensor) {
      throw unsupported(`it is ${value.what}, which is not read; save its values`, {
        file,
        tensor: name,
      });
    }
    if (value instanceof Tensor) {
      if (tensors.has(name)) throw invalid('two tensors have this name', { file, tensor: name });
      tensors.set(name, value);
    } else if (isContainer(value) && holdsTensors(value)) {
      for (const [key, part] of entriesOf(value)) {
        if (depth === 0 && leftOut.has(key)) continue;
        const longer = name === '' ? String(key) : `${name}.${String(key)}`;
        if (longer.length > LONGEST_NAME) throw invalid('a name in it has no end', { file });
        collect(part, longer, depth + 1);
      }
    }
  };
  collect(model, isContainer(model) ? '' : alone, 0);
  if (tensors.size === 0) throw invalid('it holds no tensors', { file });
  return { tensors, path, leftOut: [...leftOut].map(String) };
}

/** The part of a dictionary that is the model; undefined where it is all of it. */
function chosenPart(whole: Container, parts: readonly Entry[], isRoot: boolean): Entry | undefined {
  const models = parts.filter(([key]) => !isOther(key));
  for (const wanted of modelKeys) {
    const known = parts.find(([key]) => key === wanted);
    if (known && (isRoot || (models.length === 1 && !hasOwnTensors(whole)))) return known;
  }
  const [only] = models;
  // A state dict under a key of its own; what has parts itself is a model of parts.
  const isAlone = isRoot && models.length === 1 && !hasOwnTensors(whole);
  return isAlone && hasOwnTensors(only![1] as Container) ? only : undefined;
}

function isOther(key: unknown): boolean {
  return typeof key === 'string' && otherKeys.test(key);
}

function hasOwnTensors(container: Container): boolean {
  return entriesOf(container).some(([, value]) => isTensor(value));
}

/** Tells whether there is a tensor anywhere in a container; each is looked at once. */
function tensorFinder(file: string): (container: Container) => boolean {
  const known = new Map<Container, boolean>();
  const holds = (container: Container, depth: number): boolean => {
    const answer = known.get(container);
    if (answer !== undefined) return answer;
    if (depth > DEEPEST) throw tooDeep(file);
    // What contains itself has no tensors by that.
    known.set(container, false);
    const found = entriesOf(container).some(
      ([, value]) => isTensor(value) || (isContainer(value) && holds(value, depth + 1)),
    );
    known.set(container, found);
    return found;
  };
  return (container) => holds(container, 0);
}

function entriesOf(container: Container): Entry[] {
  return [...container.entries()];
}

function isContainer(value: unknown): value is Container {
  return Array.isArray(value) || value instanceof Map;
}

function isTensor(value: unknown): boolean {
  return value instanceof Tensor || value instanceof UnreadTensor;
}

function tooDeep(file: string): Error {
  return unsupported('its dictionaries are nested deeper than those of any model', { file });
}
