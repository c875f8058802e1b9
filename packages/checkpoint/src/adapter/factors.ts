/** The factors of an update: how they are read, and as plain data for another thread. */
import { type StoredTensor, transposed } from '@alphalora/contracts/weights';
import { type PlainUpdate, storedRecipeOf } from '../tensors/recipe.js';
import type { LoraUpdate } from './adapter.js';

type ReadFactor = LoraUpdate['readA'];

const factors = new WeakMap<ReadFactor, { tensor: StoredTensor; turned: boolean }>();

/**
 * Reads all of a factor.
 *
 * @param turned whether it is stored as its transpose
 */
export function wholeFactor(tensor: StoredTensor, turned: boolean): ReadFactor {
  const { shape, read: stored } = tensor;
  const read: ReadFactor = async (signal) => {
    const values = await stored(undefined, undefined, signal);
    return turned ? transposed(values, shape[0]!, shape[1]!) : values;
  };
  factors.set(read, { tensor, turned });
  return read;
}

/** The update as plain data; undefined where its factors are in this thread only. */
export function plainUpdate({
  readA,
  readB,
  dtype: _,
  expert: __,
  withHeads: ___,
  ...update
}: LoraUpdate): PlainUpdate | undefined {
  const [a, b] = [factors.get(readA), factors.get(readB)];
  const [recipeOfA, recipeOfB] = [a, b].map((factor) => factor && storedRecipeOf(factor.tensor));
  if (!recipeOfA || !recipeOfB || a!.turned !== b!.turned) return undefined;
  return { ...update, a: recipeOfA, b: recipeOfB, ...(a!.turned && { turned: true }) };
}
