/** Content digests of matrices: what makes a cached spectrum valid, and a document traceable. */
import { createHash } from 'node:crypto';
import type { Matrix } from '@alphalora/contracts';

const CHUNK_BYTES = 1 << 20;

const storedBytes: Partial<Record<Matrix['dtype'], number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1 },
};

/**
 * SHA-256 of the type, the shape and the stored bytes of a matrix, read in chunks. The decoded
 * values stand in for the bytes where those are not stored in one run (parts of fused weights).
 *
 * @returns 64 hexadecimal digits
 */
export async function matrixDigest(matrix: Matrix, signal?: AbortSignal): Promise<string> {
  const { rows, columns, dtype } = matrix;
  const hash = createHash('sha256').update(`${dtype} ${rows} ${columns}\n`);
  const rowBytes = columns * (storedBytes[dtype] ?? 8);
  const step = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  const buffer = new Uint8Array(Math.min(step, rows) * rowBytes);
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(start + step, rows);
    if (matrix.readInto) {
      const target = buffer.subarray(0, (end - start) * rowBytes);
      await matrix.readInto(target, start, signal);
      hash.update(target);
    } else {
      const { buffer: values, byteOffset, byteLength } = await matrix.read(start, end, signal);
      hash.update(new Uint8Array(values, byteOffset, byteLength));
    }
  }
  return hash.digest('hex');
}

/** SHA-256 over lines, for identities that are made of others. */
export function listDigest(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
}
