/**
 * Spectra on disk, one file per matrix, so that an interrupted or repeated run computes nothing
 * twice. A file is named by what determines its content: the matrix's digest, the engine and the
 * arithmetic. It is written whole or not at all, and anything that cannot be read back exactly counts
 * as absent.
 */
import { join } from 'node:path';
import { listDigest } from './digest.js';
import { readSealed, writeSealed } from './sealed.js';

export interface CachedSpectrum {
  singularValues: Float64Array;
  precision: 'f32' | 'f64';
  /** Smallest singular value that the arithmetic resolved; 0 for all. */
  resolved: number;
}

/** Raise when the format of the files, or the meaning of their numbers, changes. */
const FORMAT = 'spectrum-2';

/** The body: bits of the arithmetic in a byte, then the smallest value that it resolved, then all values. */
const BITS = { f32: 32, f64: 64 } as const;

export function cacheKey(facts: {
  digest: string;
  engine: string;
  precision: string;
  version: string;
}): string {
  const { digest, engine, precision, version } = facts;
  return listDigest([FORMAT, version, engine, precision, digest]);
}

/** @param count of singular values that the matrix has */
export async function readCached(
  folder: string,
  key: string,
  count: number,
): Promise<CachedSpectrum | undefined> {
  const body = await readSealed(fileOf(folder, key), headerOf(key, count), 1 + 8 + 8 * count);
  if (!body) return undefined;
  const precision = body[0] === BITS.f32 ? 'f32' : 'f64';
  const numbers = new Float64Array(body.slice(1).buffer);
  return { singularValues: numbers.slice(1), precision, resolved: numbers[0]! };
}

export async function writeCached(
  folder: string,
  key: string,
  { singularValues, precision, resolved }: CachedSpectrum,
): Promise<void> {
  const { length } = singularValues;
  const numbers = new Float64Array(1 + length);
  numbers[0] = resolved;
  numbers.set(singularValues, 1);
  const body = Buffer.concat([Uint8Array.of(BITS[precision]), new Uint8Array(numbers.buffer)]);
  await writeSealed(fileOf(folder, key), headerOf(key, length), body);
}

function headerOf(key: string, count: number): string {
  return `${FORMAT} ${key} ${count}`;
}

function fileOf(folder: string, key: string): string {
  return join(folder, 'spectra', key.slice(0, 2), key);
}
