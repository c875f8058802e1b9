/**
 * Writing safetensors files: one sequence of bytes for one content, whatever the order it comes in.
 *
 * As in the reference implementation, tensors lie by falling element size, then by name, and the
 * header is padded with spaces to 8 bytes, so that each tensor is aligned to its elements.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { DType, TensorDescription } from '@alphalora/contracts/weights';
import { elementCount, storedBytes } from '../../values/sizes.js';
import { METADATA_KEY } from './header.js';

export interface TensorData {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Little-endian elements in row-major order; see `encodeValues`. */
  readonly bytes: Uint8Array;
}

export interface SafetensorsContent {
  tensors: readonly TensorData[];
  metadata?: Readonly<Record<string, string>>;
}

/**
 * @returns the file in pieces: its header, then each tensor's `bytes` without a copy
 * @throws AlphaLoraError `INVALID_OPTION` when a name is reserved or repeated, or the bytes do not
 *   fill the shape
 */
export function serializeSafetensors({ tensors, metadata = {} }: SafetensorsContent): Uint8Array[] {
  for (const { name, dtype, shape, bytes } of tensors) {
    const wanted = storedBytes(dtype, elementCount(shape));
    if (bytes.byteLength === wanted) continue;
    throw refusal(
      name,
      `shape [${shape}] of ${dtype} takes ${wanted} bytes, but ${bytes.byteLength} are given`,
    );
  }
  const { header, ordered } = layOut(tensors, metadata);
  return [header, ...ordered.map(({ bytes }) => bytes)];
}

/**
 * The header of a file, and the tensors in the order in which their bytes follow it.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when a name is reserved or repeated
 */
export function layOut<Described extends TensorDescription>(
  tensors: readonly Described[],
  metadata: Readonly<Record<string, string>>,
): { header: Uint8Array; ordered: Described[] } {
  const ordered = tensors.toSorted(
    (a, b) => storedBytes(b.dtype, 1) - storedBytes(a.dtype, 1) || compare(a.name, b.name),
  );
  const entries: Array<[string, unknown]> = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
  if (texts.length > 0) entries.push([METADATA_KEY, Object.fromEntries(texts)]);
  const names = new Set([METADATA_KEY]);
  let position = 0;
  for (const { name, dtype, shape } of ordered) {
    if (names.has(name)) throw refusal(name, 'this name is reserved or used twice');
    names.add(name);
    const end = position + storedBytes(dtype, elementCount(shape));
    entries.push([name, { dtype, shape, data_offsets: [position, end] }]);
    position = end;
  }
  return { header: headerOf(entries), ordered };
}

function headerOf(entries: ReadonlyArray<readonly [string, unknown]>): Uint8Array {
  // Written entry by entry: an object would move names such as "0" to the front.
  const fields = entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const length = Math.ceil(json.byteLength / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

/** By code units, as no locale should decide where bytes lie. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function refusal(name: string, what: string): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `cannot write tensor ${JSON.stringify(name)}: ${what}`,
    {
      details: { tensor: name },
    },
  );
}
