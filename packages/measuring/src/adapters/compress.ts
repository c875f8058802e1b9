/**
 * A trained LoRA reduced to the ranks that it uses: one threshold on the singular values of all updates
 * together, as in PARA (arXiv 2604.27796), so that a module keeps what is large beside those of the
 * others, and modules get ranks of their own. What is kept of each update is its closest matrix of
 * that rank, from the exact decomposition of its factors.
 */
import {
  type Adapter,
  type LoraUpdate,
  serializeSafetensors,
  type TensorData,
} from '@alphalora/checkpoint';
import { peftConfig, peftFactors, peftSaved, writtenType } from '@alphalora/checkpoint/adapters';
import { AlphaLoraError, errorIn } from '@alphalora/contracts';
import { decompose, parametersOf } from './describe.js';

/** How much is kept: exactly one of them. */
export interface CompressionTarget {
  /** Mean rank of all modules. */
  rank?: number;
  /** Share of the parameters of the factors. */
  parameters?: number;
  /** Share of the sum of the squared singular values of all modules. */
  energy?: number;
}

interface CompressedModule {
  readonly module: string;
  readonly rankBefore: number;
  /** 0 where nothing of the update is above the threshold; the module is left out then. */
  readonly rank: number;
  /** Share of the squares of its singular values that is kept. */
  readonly energy: number;
}

export interface CompressedAdapter {
  /** adapter_model.safetensors, in pieces. */
  readonly weights: readonly Uint8Array[];
  /** adapter_config.json of PEFT. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly modules: readonly CompressedModule[];
  /** The smallest singular value that is kept. */
  readonly threshold: number;
  readonly parametersBefore: number;
  readonly parameters: number;
  /** Share of the squares of all singular values that is kept. */
  readonly energy: number;
}

interface SingularValue {
  readonly value: number;
  readonly update: number;
}

/**
 * Factors keep the type that they are stored in, F16, BF16 or F32, and become F32 of others; every scaling becomes 1.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when the target is out of range, or nothing is kept;
 *   `UNSUPPORTED_CHECKPOINT` for adapters that have to be converted first; `NO_SPECTRUM` when a factor contains
 *   NaN or infinity
 */
export async function compressAdapter(
  adapter: Adapter,
  target: CompressionTarget,
  { signal }: { signal?: AbortSignal } = {},
): Promise<CompressedAdapter> {
  requireModules(adapter);
  const { compare } = new Intl.Collator('en', { numeric: true });
  const updates = adapter.updates.toSorted((a, b) => compare(a.module, b.module));
  const spectra: Float64Array[] = [];
  for (const update of updates) {
    signal?.throwIfAborted();
    spectra.push((await decompose(update, signal)).singularValues);
  }
  const kept = largestFirst(spectra, updates, target);
  const ranks = updates.map(() => 0);
  for (const { update } of kept) ranks[update]! += 1;
  const tensors: TensorData[] = [];
  for (const [i, update] of updates.entries()) {
    if (ranks[i] === 0) continue;
    signal?.throwIfAborted();
    const { truncated } = await decompose(update, signal);
    const { left: b, right: a } = truncated(ranks[i]!);
    const factors = { a: Float32Array.from(a), b: Float32Array.from(b) };
    const dtype = writtenType(update);
    tensors.push(...peftFactors(update, ranks[i]!, { ...factors, dtype }));
  }
  for (const weight of adapter.saved) tensors.push(await peftSaved(weight, signal));
  const modules = updates.map(({ module, rank }, i) => ({
    module,
    rankBefore: rank,
    rank: ranks[i]!,
    energy: shareOfSquares(spectra[i]!, ranks[i]!),
  }));
  const all = spectra.reduce((sum, values) => sum + sumOfSquares(values), 0);
  const left = kept.reduce((sum, { value }) => sum + value ** 2, 0);
  return {
    weights: serializeSafetensors({ tensors, metadata: { format: 'pt' } }),
    config: peftConfig(
      adapter,
      updates.flatMap(({ module }, i) =>
        ranks[i]! > 0 ? [{ module, rank: ranks[i]!, alpha: ranks[i]! }] : [],
      ),
    ),
    modules,
    threshold: kept.at(-1)!.value,
    parametersBefore: updates.reduce((sum, each) => sum + parametersOf(each, each.rank), 0),
    parameters: updates.reduce((sum, each, i) => sum + parametersOf(each, ranks[i]!), 0),
    energy: left / all,
  };
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for names and orders of rows that PEFT does not have */
function requireModules({ format, source, updates }: Adapter): void {
  const why =
    format === 'kohya' || format === 'diffusers'
      ? `it is in the format of ${format}, and what is written is PEFT's, with the names of the model's modules`
      : updates.some(({ withHeads }) => withHeads)
        ? 'it has the rows of queries and keys in the order of llama.cpp, and does not say how many heads there are'
        : undefined;
  if (why === undefined) return;
  throw errorIn(
    'UNSUPPORTED_CHECKPOINT',
    source,
    `${why}; convert it first: alphalora adapter convert ... --to peft --base <model>`,
  );
}

/** The singular values above the threshold that the target leads to. */
function largestFirst(
  spectra: readonly Float64Array[],
  updates: readonly LoraUpdate[],
  target: CompressionTarget,
): SingularValue[] {
  const all = spectra
    .flatMap((values, update) => [...values].map((value): SingularValue => ({ value, update })))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value || a.update - b.update);
  if (all.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'all updates of the adapter are zero: it was not trained, and there is nothing to keep',
    );
  }
  const count = countOf(all, updates, target);
  if (count > 0) return all.slice(0, count);
  throw new AlphaLoraError(
    'INVALID_OPTION',
    'nothing of the adapter fits into so little; give a larger rank or share',
  );
}

function countOf(
  all: readonly SingularValue[],
  updates: readonly LoraUpdate[],
  { rank, parameters, energy }: CompressionTarget,
): number {
  if ([rank, parameters, energy].filter((given) => given !== undefined).length !== 1) {
    throw new AlphaLoraError('INVALID_OPTION', 'give one of rank, parameters and energy');
  }
  if (rank !== undefined) {
    if (!(Number.isFinite(rank) && rank > 0)) {
      throw new AlphaLoraError('INVALID_OPTION', `the mean rank ${rank} is not above 0`);
    }
    return Math.min(all.length, Math.floor(rank * updates.length));
  }
  const share = (parameters ?? energy)!;
  if (!(share > 0 && share <= 1)) {
    throw new AlphaLoraError('INVALID_OPTION', `the share ${share} is not above 0 and at most 1`);
  }
  const costs = all.map(({ value, update }) =>
    parameters === undefined ? value ** 2 : parametersOf(updates[update]!, 1),
  );
  const total =
    parameters === undefined
      ? costs.reduce((sum, cost) => sum + cost, 0)
      : updates.reduce((sum, update) => sum + parametersOf(update, update.rank), 0);
  let sum = 0;
  for (const [i, cost] of costs.entries()) {
    if (parameters !== undefined && sum + cost > share * total) return i;
    sum += cost;
    // Sums of all, in this order, are the total itself.
    if (parameters === undefined && sum >= share * total) return i + 1;
  }
  return all.length;
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value ** 2, 0);
}

function shareOfSquares(values: Float64Array, kept: number): number {
  const all = sumOfSquares(values);
  return all === 0 ? 1 : sumOfSquares(values.subarray(0, kept)) / all;
}
