/** The schemes in which weights are quantized, in the order in which they are asked. */
import type { StoredTensor } from '@alphalora/contracts/weights';
import { unreadableSchemes } from './codebooks.js';
import type { Decoding } from './decoding.js';
import { packedSchemes } from './packed/index.js';
import { fp4 } from './scaled/fp4.js';
import { fp8 } from './scaled/fp8.js';
import { int8 } from './scaled/int8.js';
import { quanto } from './scaled/quanto.js';
import { torchao } from './scaled/torchao.js';
import type { Scheme } from './scheme.js';

export const schemes: readonly Scheme[] = [
  ...unreadableSchemes,
  ...packedSchemes,
  quanto,
  torchao,
  fp8,
  fp4,
  int8,
];

export function decodingOf(
  scheme: string,
  parts: Readonly<Record<string, StoredTensor>>,
  layout: object,
): Decoding {
  return schemes.find(({ name }) => name === scheme)!.decoding!(parts, layout);
}
