/** Content digests of matrices: what makes a cached spectrum valid, and a document traceable. */
import { createHash } from 'node:crypto';
import type { Matrix } from '@alphalora/contracts';

const CHUNK_BYTES = 1 << 20;

const storedBytes: Partial<Record<Matrix['dtype'], number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1 },
};

/** A matrix whose digest is taken while it is read. */
export interface ObservedMatrix {
  matrix: Matrix;
  /**
   * SHA-256 of the type, the shape and the stored bytes of the matrix: 64 hexadecimal digits. The
   * decoded values stand in for the bytes where those are not stored in one run (parts of fused
   * weights). Rows that have not been read by now are read for it, in chunks.
   */
  digest(signal?: AbortSignal): Promise<string>;
}

/** Rows count when they are first read in their order, as engines do; others are read again. */
export function observed(matrix: Matrix): ObservedMatrix {
  const { rows, columns, dtype } = matrix;
  const hash = createHash('sha256').update(`${dtype} ${rows} ${columns}\n`);
  const storedRow = columns * (storedBytes[dtype] ?? 8);
  let seen = 0;
  /** @param bytes of rows from `start` on */
  const note = (bytes: Uint8Array, start: number, rowBytes: number): void => {
    const end = start + bytes.byteLength / rowBytes;
    if (start > seen || end <= seen) return;
    hash.update(bytes.subarray((seen - start) * rowBytes));
    seen = end;
  };
  const { readInto } = matrix;
  const noting: Matrix = {
    ...matrix,
    async read(start = 0, end = rows, signal?: AbortSignal) {
      const values = await matrix.read(start, end, signal);
      const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = values;
      if (!readInto) {
        note(new Uint8Array(buffer, byteOffset, byteLength), start, columns * BYTES_PER_ELEMENT);
      }
      return values;
    },
    ...(readInto && {
      async readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
        await readInto(target, start, signal);
        note(target, start, storedRow);
      },
    }),
  };
  return {
    matrix: noting,
    async digest(signal) {
      const step = Math.max(1, Math.floor(CHUNK_BYTES / storedRow));
      const buffer = new Uint8Array(seen < rows && readInto ? Math.min(step, rows) * storedRow : 0);
      while (seen < rows) {
        const end = Math.min(seen + step, rows);
        if (readInto)
          await noting.readInto!(buffer.subarray(0, (end - seen) * storedRow), seen, signal);
        else await noting.read(seen, end, signal);
      }
      return hash.copy().digest('hex');
    },
  };
}

/** The digest of a matrix, which is read for it; see {@link ObservedMatrix}. */
export function matrixDigest(matrix: Matrix, signal?: AbortSignal): Promise<string> {
  return observed(matrix).digest(signal);
}

/** SHA-256 over lines, for identities that are made of others. */
export function listDigest(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
}
