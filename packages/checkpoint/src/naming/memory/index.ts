/**
 * The names that the matrices of a checkpoint have in the model that transformers makes of it, for programs
 * that look modules up by name. A name begins with the list of blocks that it is in: `layers.3.self_attn.q_proj`
 * ends the names of the module in every version, while `model.layers`, `language_model.model.layers` and
 * `model.language_model.layers` are the same list on disk, in version 4 and in version 5.
 */
import * as tables from '../tables.js';
import { unwrapped } from '../wrappers.js';
import { expertTensors, type Rename, renames } from './renames.js';

/** Where the model holds a matrix, or several of them. */
export interface NameInMemory {
  /** Of a module, or of a parameter that is in none of its own: `layers.3.mlp.experts.gate_up_proj`. */
  readonly name: string;
  /** What stands before it on disk, but for what is known to be renamed: `['model']`. In memory that may differ. */
  readonly before: readonly string[];
  /** Whether it is a parameter, not the weight of a module. */
  readonly parameter: boolean;
}

/**
 * @param name of a weight in a checkpoint; of a matrix of several in one tensor with its number behind,
 *   `experts.gate_up_proj[3]`. `*` stands for any number.
 * @param architecture class of the model: `MixtralForCausalLM`
 * @returns one, or several where the model divides what is stored as one
 */
export function namesInMemory(name: string, architecture: string = ''): NameInMemory[] {
  const [, tensor = name, parts = ''] = /^(.*?)((?:\[\w+\])*)$/s.exec(name) ?? [];
  const isStack = /\[\d+\]/.test(parts);
  const components = unwrapped(tensor.split('.'));
  const isWeight = components.length > 1 && components.at(-1) === 'weight';
  const stored = (isWeight ? components.slice(0, -1) : components).join('.');
  return renamed(stored, architecture).map((path) => {
    const becomesModule = !isWeight && path !== stored && path.endsWith('.weight');
    const module = (becomesModule ? path.slice(0, -'.weight'.length) : path).split('.');
    const start = Math.max(0, listOf(module));
    const before = module.slice(0, start);
    const own = module.slice(start).join('.');
    const isExperts = expertTensors.test(own);
    const parameter = isExperts || isStack || !(isWeight || becomesModule);
    // Of a stack that a module of its own holds, such as JetMoe's, the parameter is its weight.
    return { name: isWeight && isStack && !isExperts ? `${own}.weight` : own, before, parameter };
  });
}

/** The position of the outermost list, also of stages; -1 where there is none. */
function listOf(module: readonly string[]): number {
  return module.findIndex((_, i) => /^(\d{1,4}|\*)$/.test(module[i + 1] ?? ''));
}

function renamed(name: string, architecture: string): string[] {
  if (name.length > tables.LONGEST_NAME) return [name];
  const rows = renames.filter(
    ({ classes }) => !classes || classes.some((each) => architecture.startsWith(each)),
  );
  return rows
    .flatMap(({ names }) => names)
    .reduce<string[]>((all, rename) => all.flatMap((own) => applied(own, rename)), [name]);
}

function applied(name: string, { disk, memory }: Rename): string[] {
  const pattern = disk
    .split('.')
    .map((part) => (part === '#' ? '(\\d+|\\*)' : part))
    .join('\\.');
  const match = new RegExp(`(?<=^|\\.)${pattern}(?=\\.|$)`).exec(name);
  if (!match) return [name];
  const [found, ...numbers] = match;
  const end = name.slice(match.index + found.length);
  return memory.map((own) => {
    let at = 0;
    return name.slice(0, match.index) + own.replaceAll('#', () => numbers[at++] ?? '') + end;
  });
}
