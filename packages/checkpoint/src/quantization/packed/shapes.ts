/** What headers say about the parts of a packed weight, and weights whose parts contradict one another. */

import { AlphaLoraError } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { quoted } from '../../errors.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { isFloat } from '../../values/rounding.js';
import { elementCount } from '../../values/sizes.js';
import { moduleAndParameter, type StoredModel } from '../scheme.js';

type Sibling = (parameter: string) => FileTensor | undefined;

/** Finds the other tensors of a module. */
export function siblingsOf({ name }: FileTensor, model: StoredModel): Sibling {
  const [module] = moduleAndParameter(name);
  return (parameter) => model.get(module === '' ? parameter : `${module}.${parameter}`);
}

/** The weight of the module that a tensor belongs to. */
export function weightName({ name }: FileTensor): string {
  const [module] = moduleAndParameter(name);
  return module === '' ? 'weight' : `${module}.weight`;
}

/** Whether it holds numbers of a type that scales are multiplied in. */
export function hasFloats(tensor: FileTensor | undefined): tensor is FileTensor {
  return tensor !== undefined && isFloat(tensor.dtype);
}

export function hasShape({ shape }: FileTensor, ...expected: readonly number[]): boolean {
  return shape.length === expected.length && shape.every((length, i) => length === expected[i]);
}

/** `groups of 128`, or `one group` where so many elements have one scale. */
export function groupsInWords(size: number, all: number): string {
  return size >= all ? 'one group' : `groups of ${size}`;
}

/** Whether it can be counted in whole numbers, of which files claim larger ones than they hold. */
export function isShape(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= 8 &&
    value.every((length) => Number.isSafeInteger(length) && length > 0) &&
    Number.isSafeInteger(elementCount(value))
  );
}

/**
 * The whole numbers that a small tensor holds.
 *
 * @returns undefined where it holds more than `most` numbers, or others
 */
export async function wholeNumbers(
  tensor: StoredTensor,
  most: number,
  signal?: AbortSignal,
): Promise<number[] | undefined> {
  const { shape, dtype } = tensor;
  if (!/^[IU](8|16|32|64)$/.test(dtype) || elementCount(shape) > most) return undefined;
  return [...(await tensor.read(undefined, undefined, signal))];
}

export function noSuchGroup({ name }: StoredTensor, groups: number): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${quoted(name)} names a group that is none of ${groups}; download or export it again`,
    { details: { tensor: name } },
  );
}
