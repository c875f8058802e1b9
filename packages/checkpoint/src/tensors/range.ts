/** Which elements of a tensor are asked for, and the array that they are decoded into. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { DType } from '@alphalora/contracts/weights';
import { unsupported } from '../errors.js';
import { allocateValues, type Values } from '../values/decode.js';

/**
 * Decodes the elements `[start, end)` of something with `count` elements.
 *
 * @param decode fills its argument with the elements from `start` on
 * @throws AlphaLoraError `INVALID_OPTION` when the range is none, `UNSUPPORTED_CHECKPOINT` when it
 *   is too large for one array
 */
export async function readRange(
  { name, file, dtype }: { name: string; file: string; dtype: DType },
  [start, end, count]: readonly [start: number, end: number, count: number],
  decode: (target: Values) => Promise<void>,
): Promise<Values> {
  checkRange(name, start, end, count);
  let values: Values;
  try {
    values = allocateValues(dtype, end - start);
  } catch (cause) {
    throw unsupported(
      `${end - start} elements do not fit into one array in memory; read it in parts`,
      { file, tensor: name, cause },
    );
  }
  await decode(values);
  return values;
}

/** @throws AlphaLoraError `INVALID_OPTION` when the elements are not among `count` */
export function checkRange(name: string, start: number, end: number, count: number): void {
  if (
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    start >= 0 &&
    start <= end &&
    end <= count
  )
    return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${name}: elements ${start} to ${end} asked for, it has ${count}`,
    { details: { tensor: name } },
  );
}
