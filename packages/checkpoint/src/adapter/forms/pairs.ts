/** The factors of a file by the module that they belong to, and what else it holds. */
import type { AlphaLoraError } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { invalid } from '../../errors.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import type { RowGroup } from '../../tensors/recipe.js';
import type { Mixture } from '../adapter.js';

/** What the name of a factor says. */
export interface FactorName {
  readonly module: string;
  readonly factor: 'a' | 'b';
  readonly embedding: boolean;
}

export interface Pair {
  readonly module: string;
  readonly embedding: boolean;
  readonly a: FileTensor;
  readonly b: FileTensor;
}

/** Of an update, what its form says beside the factors. */
export interface FoundPair extends Pair {
  readonly scale: number;
  /** What the configuration says, for it to be checked. */
  readonly rank?: number;
  /** Of a mixture: the number of the expert. */
  readonly expert?: number;
  /** Whether the base stores the weight as `[inputs, outputs]`. */
  readonly inputFirst?: boolean;
  /** Whether the factors are stored as [inputs, rank] and [rank, outputs]; `a`: only the first. */
  readonly turned?: boolean | 'a';
  /** The order of the rows of B, where they are stored in another one. */
  readonly rows?: readonly RowGroup[];
  /** That order, where it is known only with the model's config.json. */
  readonly rowsIn?: (config: Readonly<Record<string, unknown>>) => readonly RowGroup[];
}

/** What a file holds, as its form is read. */
export interface FormContent {
  readonly pairs: readonly FoundPair[];
  readonly others: readonly FileTensor[];
  /** The model that it was trained on. */
  readonly base?: string;
  readonly mixture?: Mixture;
  /** See `Adapter`. */
  readonly routers?: readonly StoredTensor[];
  /** What people should know of how it was read, a sentence each. */
  readonly notes?: readonly string[];
}

/**
 * @param factorOf what a name says; undefined for what is no factor
 * @param plainName of what is no factor
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when a factor is missing or there twice, or there are none
 */
export function pairsOf(
  tensors: readonly FileTensor[],
  file: string,
  factorOf: (tensor: FileTensor) => FactorName | undefined,
  plainName: (name: string) => string = (name) => name,
): { pairs: Pair[]; others: FileTensor[] } {
  const halves = new Map<string, Partial<Pair> & { module: string }>();
  const others = new Map<string, FileTensor>();
  const twice = (tensor: string): AlphaLoraError =>
    invalid('it is there twice, under another name; save the adapter again', { file, tensor });
  for (const tensor of tensors) {
    const found = factorOf(tensor);
    if (!found) {
      const name = plainName(tensor.name);
      if (others.has(name)) throw twice(tensor.name);
      others.set(name, { ...tensor, name });
      continue;
    }
    const { module, factor, embedding } = found;
    const half = halves.get(module) ?? { module, embedding };
    if (half[factor] || half.embedding !== embedding) throw twice(tensor.name);
    halves.set(module, { ...half, [factor]: tensor });
  }
  const pairs = [...halves.values()].map(({ module, embedding = false, a, b }) => {
    if (a && b) return { module, embedding, a, b };
    const tensor = (a ?? b)!.name;
    throw invalid(`the factor ${a ? 'B' : 'A'} that belongs to it is missing; save it again`, {
      file,
      tensor,
    });
  });
  if (pairs.length === 0) {
    throw invalid('it has no LoRA factors (lora_A, lora_B); give the folder of a LoRA adapter', {
      file,
    });
  }
  return { pairs, others: [...others.values()] };
}

/**
 * Longer or deeper names are no module's path, and would cost time when patterns are matched.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT`
 */
export function requireModule(module: string, place: { file: string; tensor: string }): void {
  if (module !== '' && module.length <= 1000 && module.split('.').length <= 50) return;
  throw invalid('its name does not begin with the path of a module', place);
}
