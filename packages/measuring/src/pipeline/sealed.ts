/**
 * Small binary files that are believed only as they were written: a header that says what the file is
 * about and for whom, the body, and the SHA-256 of both. A file that was cut, damaged, made longer,
 * put under another name or written for something else counts as absent.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { readRegularFile, statIfPresent, writeFileAtomic } from '@alphalora/checkpoint/node';

const CHECKSUM_BYTES = 32;

/** @param header one line, which says everything that the body is valid for */
export async function writeSealed(file: string, header: string, body: Uint8Array): Promise<void> {
  // A pipe in its place would wait for a reader, and a device keep nothing.
  const stats = await statIfPresent(file);
  if (stats && !stats.isFile()) await rm(file);
  const content = Buffer.concat([Buffer.from(`${header}\n`), body]);
  await writeFileAtomic(file, Buffer.concat([content, checksum(content)]));
}

/**
 * @param length bytes of the body
 * @returns a copy of the body, which begins at an address of its own; undefined unless the file is
 *   one that {@link writeSealed} wrote with this header and a body of this length
 */
export async function readSealed(
  file: string,
  header: string,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const start = Buffer.from(`${header}\n`);
  const end = start.byteLength + length;
  try {
    const stats = await statIfPresent(file);
    if (stats?.size !== end + CHECKSUM_BYTES) return undefined;
    const bytes = await readRegularFile(file);
    const isWhole =
      bytes.byteLength === end + CHECKSUM_BYTES &&
      start.equals(bytes.subarray(0, start.byteLength)) &&
      checksum(bytes.subarray(0, end)).equals(bytes.subarray(end));
    return isWhole ? Uint8Array.from(bytes.subarray(start.byteLength, end)) : undefined;
  } catch {
    // Absent or unreadable: either way it has to be made again.
    return undefined;
  }
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
