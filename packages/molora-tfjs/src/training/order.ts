/**
 * The order of the data: a permutation per epoch from the seed, cut into the batches of the steps.
 * How many sequences of a step pass through the model at once does not change it: micro-batches are
 * cut from a batch, in its order.
 *
 * Grouping by length saves padding: pools of 50 batches of the permutation are sorted by length, as
 * in the sampler of Hugging Face Transformers, and cut into batches. There the batches of a pool stay
 * in order of length; here they are shuffled, so that the gradients do not drift with it. The
 * batch with the longest sequence comes first in every epoch, and its longest first in it: what does
 * not fit into memory fails at once.
 */
import { seededRandom } from '@alphalora/contracts/numbers';
import { permutation } from '../ops/random.js';

export interface EpochOptions {
  /** Tokens of each sequence. */
  readonly lengths: readonly number[];
  /** Sequences of a step; one step of an epoch may have fewer. */
  readonly batchSize: number;
  readonly groupByLength: boolean;
  readonly seed: number;
  /** Counted from 0. */
  readonly epoch: number;
}

/** Batches sorted together. */
const POOL = 50;

/** @returns for each step its sequences, as indices into `lengths`; each sequence once */
export function epochBatches(options: EpochOptions): number[][] {
  const { lengths, batchSize, groupByLength, seed, epoch } = options;
  const random = seededRandom(seed, `order of epoch ${epoch}`);
  const order = permutation(lengths.length, random);
  if (!groupByLength) return chunks(order, batchSize);
  const batches = chunks(order, POOL * batchSize).flatMap((pool) => {
    // Sorting is stable: equal lengths stay in random order.
    const sorted = pool.toSorted((a, b) => lengths[b]! - lengths[a]!);
    const cut = chunks(sorted, batchSize);
    return permutation(cut.length, random).map((i) => cut[i]!);
  });
  const longest = batches.reduce(
    (best, batch, i) => (lengthOf(batch, lengths) > lengthOf(batches[best]!, lengths) ? i : best),
    0,
  );
  return [...batches.splice(longest, 1), ...batches];
}

function lengthOf(batch: readonly number[], lengths: readonly number[]): number {
  return batch.reduce((most, i) => Math.max(most, lengths[i]!), 0);
}

/** In pieces of `size`; the last one may have fewer. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
