/** The schemes in which weights are quantized, in the order in which they are asked. */
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { Decoding } from './decoding.js';
import { fp8 } from './scaled/fp8.js';
import type { Scheme } from './scheme.js';

export const schemes: readonly Scheme[] = [fp8];

export function decodingOf(
  scheme: string,
  parts: Readonly<Record<string, StoredTensor>>,
  layout: object,
): Decoding {
  return schemes.find(({ name }) => name === scheme)!.decoding!(parts, layout);
}
