/** From stored little-endian elements to floating point. */
import { AlphaLoraError } from '@alphalora/contracts';
import { type DType, elementTypes } from '@alphalora/contracts/weights';
import type { Values } from './decoder.js';
import { decoders } from './decoders.js';

export type { Values } from './decoder.js';

/**
 * Typed arrays have the byte order of the machine, the format is little-endian.
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` on a big-endian machine
 */
export function requireLittleEndian(): void {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return;
  throw new AlphaLoraError('UNSUPPORTED_CHECKPOINT', 'this machine is big-endian; use another');
}

/** An array for `length` decoded elements: Float64Array where Float32 would lose digits. */
export function allocateValues(dtype: DType, length: number): Values {
  return elementTypes[dtype].wide ? new Float64Array(length) : new Float32Array(length);
}

/** Whether the stored bytes are the decoded ones. */
export function isStoredAsDecoded(dtype: DType): boolean {
  return dtype === 'F32' || dtype === 'F64';
}

/**
 * Decodes as many elements as `target` has. I64 and U64 are rounded to the nearest float64.
 *
 * @param bytes begins at a multiple of 8 of its buffer
 * @param target of the type that {@link allocateValues} gives; of whole blocks
 */
export function decodeInto(bytes: Uint8Array, dtype: DType, target: Values): void {
  decoders[dtype](bytes, target);
}

/**
 * Decodes a whole tensor.
 *
 * @param bytes little-endian elements, at any alignment
 * @returns a Float64Array for F64 and for integers of 32 and 64 bits, else a Float32Array
 * @throws AlphaLoraError `INVALID_OPTION` when the bytes end within an element or a block,
 *   `UNSUPPORTED_CHECKPOINT` on a big-endian machine
 */
export function decodeValues(bytes: Uint8Array, dtype: DType): Values {
  requireLittleEndian();
  const { elements, bytes: size } = elementTypes[dtype];
  const blocks = bytes.byteLength / size;
  if (!Number.isInteger(blocks)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${bytes.byteLength} bytes are no whole number of ${dtype} ${elements === 1 ? 'elements' : 'blocks'}`,
    );
  }
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const values = allocateValues(dtype, blocks * elements);
  decodeInto(aligned, dtype, values);
  return values;
}
