/**
 * Spectra on disk, one file per matrix, so that an interrupted or repeated run computes nothing
 * twice. A file is named by what determines its content: the matrix's digest, the engine and the
 * arithmetic. It is written whole or not at all, carries its own checksum, and anything that cannot
 * be read back exactly counts as absent.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../files.js';
import { listDigest } from './digest.js';

export interface CachedSpectrum {
  singularValues: Float64Array;
  precision: 'f32' | 'f64';
}

/** Raise when the format of the files, or the meaning of their numbers, changes. */
const FORMAT = 'spectrum-1';

export function cacheKey(facts: {
  digest: string;
  engine: string;
  precision: string;
  version: string;
}): string {
  const { digest, engine, precision, version } = facts;
  return listDigest([FORMAT, version, engine, precision, digest]);
}

export async function readCached(folder: string, key: string): Promise<CachedSpectrum | undefined> {
  try {
    const bytes = await readFile(fileOf(folder, key));
    const end = bytes.indexOf('\n');
    const { format, precision, checksum } = JSON.parse(bytes.subarray(0, end).toString('utf8'));
    const values = bytes.subarray(end + 1);
    if (format !== FORMAT || values.length % 8 !== 0 || checksum !== sha256(values))
      return undefined;
    if (precision !== 'f32' && precision !== 'f64') return undefined;
    return { singularValues: new Float64Array(Uint8Array.from(values).buffer), precision };
  } catch {
    // Absent, unreadable or damaged: all mean that the spectrum has to be computed.
    return undefined;
  }
}

export async function writeCached(
  folder: string,
  key: string,
  { singularValues, precision }: CachedSpectrum,
): Promise<void> {
  const { buffer, byteOffset, byteLength } = singularValues;
  const values = new Uint8Array(buffer, byteOffset, byteLength);
  const header = JSON.stringify({ format: FORMAT, precision, checksum: sha256(values) });
  await writeFileAtomic(fileOf(folder, key), Buffer.concat([Buffer.from(`${header}\n`), values]));
}

/** The platform's place for what can be computed again. */
export function defaultCacheFolder(): string {
  const { env, platform } = process;
  if (env['ALPHALORA_CACHE']) return env['ALPHALORA_CACHE'];
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'alphalora');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'alphalora');
  if (platform === 'win32' && env['LOCALAPPDATA']) return join(env['LOCALAPPDATA'], 'alphalora');
  return join(homedir(), '.cache', 'alphalora');
}

function fileOf(folder: string, key: string): string {
  return join(folder, 'spectra', key.slice(0, 2), key);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
