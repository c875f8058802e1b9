/** The updates of an adapter as weights: alone, or added to the weights of a base model. */
import {
  type DType,
  type LowRankFactors,
  transposed,
  type WeightTensor,
} from '@alphalora/contracts/weights';
import { invalid, quoted, unsupported } from '../errors.js';
import { identify, type ModelConfig } from '../naming/index.js';
import { quantised } from '../naming/tables.js';
import { addProduct } from '../tensors/low-rank.js';
import { readRange } from '../tensors/range.js';
import { noted, plainWeight } from '../tensors/recipe.js';
import { elementCount } from '../values/sizes.js';
import type { Adapter, LoraUpdate } from './adapter.js';
import { plainUpdate } from './factors.js';
import { moduleFinder, withoutPrefixes } from './modules.js';

/** An adapter that was added to a checkpoint. */
export interface AppliedAdapter {
  readonly source: string;
  /** How many weights read as `base + scale * B A`. */
  readonly applied: number;
  /** Modules of the adapter that the checkpoint does not hold. */
  readonly unmatched: readonly string[];
  /** Weights that the adapter holds whole, in place of the base's or beside them. */
  readonly replaced: readonly string[];
}

/** The updates, each as the weight `<module>.weight` of low rank, then the weights saved whole. */
export function adapterWeights(adapter: Adapter): WeightTensor[] {
  return [
    ...adapter.updates.map((update) => updateWeight(update, adapter.weights.name)),
    ...adapter.saved,
  ];
}

export function updateWeight(update: LoraUpdate, file: string): WeightTensor {
  const { module, inputs, outputs, kernel = [], inputFirst = false } = update;
  const name = `${module}.weight`;
  const shape = inputFirst ? [inputs, outputs] : [outputs, inputs, ...kernel];
  const dtype = 'F32';
  // The configuration knows the layout, where names and shapes leave a guess.
  const { inputFirst: _, ...identity } = identify(name, shape);
  const factors = factorsOf(update, inputFirst);
  const count = elementCount(shape);
  const weight: WeightTensor = {
    name,
    shape,
    dtype,
    ...identity,
    factors,
    ...(inputFirst && identity.kind === 'projection' && { inputFirst }),
    read: (start = 0, end = count, signal) =>
      readRange({ name, file, dtype }, [start, end, count], (target) =>
        addProduct(target, start, count / shape[0]!, factors, signal),
      ),
  };
  const plain = plainUpdate(update);
  return noted(weight, plain && { from: 'update', update: plain, file });
}

/** The update as the base stores the weight: B A, or its transpose. */
function factorsOf(update: LoraUpdate, inputFirst: boolean): LowRankFactors {
  const { rank, scale, inputs, outputs, readA, readB } = update;
  if (!inputFirst) return { rank, scale, left: readB, right: readA };
  return {
    rank,
    scale,
    left: async (signal) => transposed(await readA(signal), rank, inputs),
    right: async (signal) => transposed(await readB(signal), outputs, rank),
  };
}

/** What is known of a base's tensor before any of its weights is made. */
interface BaseTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly file: string;
  readonly inputFirst?: boolean;
  readonly unreadable?: string;
}

export interface Additions {
  /** A weight of the base with the adapter's changes. */
  adapted(weight: WeightTensor): WeightTensor;
  /** Weights that the adapter adds to those of the base. */
  readonly added: readonly WeightTensor[];
  readonly report: AppliedAdapter;
}

/**
 * Finds the weights of a base that an adapter changes.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the adapter fits none of the base's modules, two
 *   of its modules fit one, or the shapes differ; `UNSUPPORTED_CHECKPOINT` when a weight to be
 *   changed is quantised, or the adapter changes more than weights are
 */
export function addAdapter(
  given: Adapter,
  base: readonly BaseTensor[],
  config: ModelConfig | undefined,
): Additions {
  const adapter = {
    ...given,
    updates: given.updates.map((update) => update.withHeads?.(config ?? {}) ?? update),
  };
  const find = moduleFinder(
    base.map(({ name }) => name),
    adapter,
  );
  const tensors = new Map(base.map((tensor) => [tensor.name, tensor]));
  const packed = quantisedModules(base);
  const found = new Map<string, LoraUpdate[]>();
  const unmatched: string[] = [];
  for (const update of adapter.updates) {
    const name = find(`${update.module}.weight`);
    if (name === undefined) {
      const instead = packed.get(withoutPrefixes(update.module));
      if (instead) throw quantisedBase(instead.file, instead.name, 'quantised values');
      unmatched.push(update.module);
      continue;
    }
    found.set(name, [...(found.get(name) ?? []), update]);
  }
  const updates = new Map<string, Change>();
  for (const [name, several] of found) {
    const weight = tensors.get(name)!;
    // Such as those of two text encoders of a pipeline, one of which is the base.
    const fitting = several.filter((update) => layoutIn(weight, update, config) !== undefined);
    if (several.length > 1 && fitting.length !== 1) {
      throw invalid(`it has two modules for the weight ${quoted(name)} of the base`, {
        file: adapter.weights.name,
        tensor: several[1]!.module,
      });
    }
    const update = fitting[0] ?? several[0]!;
    updates.set(name, changeOf(update, weight, adapter, config));
    for (const { module } of several) if (module !== update.module) unmatched.push(module);
  }
  if (updates.size === 0) {
    throw invalid(
      `none of its modules (${someOf(unmatched)}) is in the base (${someOf([...tensors.keys()])}); give the model that it was trained on${adapter.base === undefined ? '' : `, ${quoted(adapter.base)}`}`,
      { file: adapter.weights.name },
    );
  }
  const saved = savedFor(adapter, find, config);
  return {
    adapted(weight) {
      const whole = saved.get(weight.name) ?? weight;
      const change = updates.get(weight.name);
      return change ? changedWeight(whole, change) : whole;
    },
    added: [...saved.values()].filter(({ name }) => !tensors.has(name)),
    report: {
      source: adapter.source,
      applied: updates.size,
      unmatched,
      replaced: [...saved.keys()],
    },
  };
}

function someOf(names: readonly string[]): string {
  return [...names.slice(0, 2).map(quoted), ...(names.length > 2 ? ['...'] : [])].join(', ');
}

/** What is added to a weight of the base. */
interface Change {
  update: LoraUpdate;
  /** Whether that weight is [inputs, outputs]. */
  inputFirst: boolean;
}

function changeOf(
  update: LoraUpdate,
  weight: BaseTensor,
  adapter: Adapter,
  config: ModelConfig | undefined,
): Change {
  const { name, shape, dtype, file, unreadable } = weight;
  if (unreadable !== undefined || !/^(F64|F32|F16|BF16)$/.test(dtype))
    throw quantisedBase(file, name, dtype);
  const layout = layoutIn(weight, update, config);
  if (layout) return { update, inputFirst: layout === 'inputs first' };
  const { inputs, outputs, kernel = [], embedding } = update;
  const sides = embedding ? [inputs, outputs] : [outputs, inputs, ...kernel];
  throw invalid(
    `its update is [${sides.join(', ')}], but ${quoted(name)} of ${file} is [${shape}]; give the model that it was trained on`,
    { file: adapter.weights.name, tensor: update.module },
  );
}

/** How the weight is stored, if it is of the shape of the update. */
function layoutIn(
  { name, shape, inputFirst: isInputFirst }: BaseTensor,
  { inputs, outputs, kernel = [], embedding, inputFirst }: LoraUpdate,
  config: ModelConfig | undefined,
): 'inputs first' | 'outputs first' | undefined {
  const isShape = (...sides: number[]): boolean => withoutPoints(shape) === withoutPoints(sides);
  // Square weights show no layout: then the name in the base or the configuration decides.
  const mayTranspose =
    inputFirst || (isInputFirst ?? identify(name, shape, config).inputFirst) === true;
  if (mayTranspose && isShape(inputs, outputs)) return 'inputs first';
  return !embedding && isShape(outputs, inputs, ...kernel) ? 'outputs first' : undefined;
}

/** Convolutions of single points are linear maps, and kept as either. */
function withoutPoints(shape: readonly number[]): string {
  return shape.filter((side, axis) => axis < 2 || side !== 1).join();
}

function quantisedBase(file: string, tensor: string, how: string): Error {
  return unsupported(
    `it is stored as ${how}, and no adapter can be added to that; give the base in BF16, F16 or F32`,
    { file, tensor },
  );
}

/** Modules that have packed values in place of a weight, without their prefixes. */
function quantisedModules(base: readonly BaseTensor[]): Map<string, BaseTensor> {
  const found = new Map<string, BaseTensor>();
  for (const tensor of base) {
    const at = tensor.name.lastIndexOf('.');
    if (quantised.test(tensor.name.slice(at + 1))) {
      found.set(withoutPrefixes(tensor.name.slice(0, Math.max(0, at))), tensor);
    }
  }
  return found;
}

/** The weight with its change, rounded to float32. */
export function changedWeight(weight: WeightTensor, { update, inputFirst }: Change): WeightTensor {
  const { name, shape, read, readInto: _, identity: __, ...description } = weight;
  const factors = factorsOf(update, inputFirst);
  const count = elementCount(shape);
  const changed: WeightTensor = {
    ...description,
    name,
    shape,
    dtype: 'F32',
    async read(start = 0, end = count, signal) {
      const values = await read(start, end, signal);
      await addProduct(values, start, count / shape[0]!, factors, signal);
      return values instanceof Float32Array ? values : Float32Array.from(values);
    },
  };
  const base = plainWeight(weight);
  const plain = plainUpdate(update);
  return noted(changed, base && plain && { from: 'change', base, update: plain, inputFirst });
}

/** Weights that the adapter holds whole, by the name that they have or get in the base. */
function savedFor(
  adapter: Adapter,
  find: (name: string) => string | undefined,
  config: ModelConfig | undefined,
): Map<string, WeightTensor> {
  const found = new Map<string, WeightTensor>();
  for (const weight of adapter.saved) {
    const place = { file: adapter.weights.name, tensor: weight.name };
    if (/(^|\.)(lora_B|token_adapter|trainable_tokens\w*)(\.|$)/.test(weight.name)) {
      throw unsupported(
        'it changes more of its module than the weight; merge the adapter with PEFT (merge_and_unload) and open the merged model',
        place,
      );
    }
    const plain = weight.name.replace(/\.(base_layer|modules_to_save(\.\w+)?)(?=\.\w+$)/, '');
    const name = find(plain) ?? plain;
    if (found.has(name)) throw invalid(`it is there twice for ${quoted(name)} of the base`, place);
    const { shape, dtype, read, readInto } = weight;
    found.set(name, {
      name,
      shape,
      dtype,
      ...identify(name, shape, config),
      read,
      ...(readInto && { readInto }),
    });
  }
  return found;
}
