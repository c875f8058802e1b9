/**
 * Content digests of matrices: what makes a cached spectrum valid, and a document traceable. They are
 * taken of the bytes that go to the engine, as they go by, since a file or a server may hold others
 * the next time.
 */
import { createHash, hash as hashOnce } from 'node:crypto';
import { changedMeanwhile, decodeValues, storedBytes } from '@alphalora/checkpoint';
import { elementTypes, type Matrix } from '@alphalora/contracts/weights';

const CHUNK_BYTES = 1 << 20;
/** Of the SHA-256 of a row, kept to recognize the row when it is read again. */
const MARK_BYTES = 16;

/** A matrix whose digest is taken while it is read. */
export interface ObservedMatrix {
  /**
   * Reads as the original does, and throws AlphaLoraError `IO_FAILED` when a row is read again and
   * holds other bytes than before.
   */
  matrix: Matrix;
  /** Whether any row has been read. */
  isRead(): boolean;
  /**
   * SHA-256 of the type, the shape and the stored bytes of the matrix: 64 hexadecimal digits. The
   * decoded values stand in for the bytes where those are not stored in one run (parts of fused
   * weights). Rows that have not been read by now are read for it, in chunks; all rows are those
   * that whoever read the matrix has seen.
   */
  digest(signal?: AbortSignal): Promise<string>;
}

/** Rows count when they are first read in their order, as engines do; others are read again. */
export function observed(matrix: Matrix): ObservedMatrix {
  const { name, rows, columns, dtype, readInto } = matrix;
  const hash = createHash('sha256').update(`${dtype} ${rows} ${columns}\n`);
  const marks = Buffer.alloc(rows * MARK_BYTES);
  const isMarked = new Uint8Array(rows);
  /** Rows from the first on that the hash has. */
  let hashed = 0;
  let isRead = false;

  /** @param bytes of rows from `start` on */
  const note = (bytes: Uint8Array, start: number, rowBytes: number): void => {
    isRead = true;
    const end = start + bytes.byteLength / rowBytes;
    for (let row = start; row < end; row++) {
      const at = (row - start) * rowBytes;
      const mark = hashOnce('sha256', bytes.subarray(at, at + rowBytes), 'buffer');
      const place = row * MARK_BYTES;
      if (!isMarked[row]) mark.copy(marks, place, 0, MARK_BYTES);
      else if (mark.compare(marks, place, place + MARK_BYTES, 0, MARK_BYTES) !== 0) {
        throw changedMeanwhile(name, { tensor: name });
      }
      isMarked[row] = 1;
    }
    if (start > hashed || end <= hashed) return;
    hash.update(bytes.subarray((hashed - start) * rowBytes));
    hashed = end;
  };

  const rowBytes = readInto ? storedBytes(dtype, columns) : columns * 8;
  const step = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  const noting = readInto ? throughBytes(matrix, note, step) : throughValues(matrix, note);
  return {
    matrix: noting,
    isRead: () => isRead,
    async digest(signal) {
      const { readInto: fill } = noting;
      const buffer = new Uint8Array(fill ? Math.min(step, rows - hashed) * rowBytes : 0);
      while (hashed < rows) {
        const end = Math.min(hashed + step, rows);
        if (fill) await fill(buffer.subarray(0, (end - hashed) * rowBytes), hashed, signal);
        else await noting.read(hashed, end, signal);
      }
      return hash.copy().digest('hex');
    },
  };
}

type Note = (bytes: Uint8Array, start: number, rowBytes: number) => void;

/** Values are decoded from the bytes here, so that every way of reading is seen in one form. */
function throughBytes(matrix: Matrix, note: Note, step: number): Matrix {
  const { rows, columns, dtype } = matrix;
  const rowBytes = storedBytes(dtype, columns);
  const readInto = async (target: Uint8Array, start: number, signal?: AbortSignal) => {
    await matrix.readInto!(target, start, signal);
    note(target, start, rowBytes);
  };
  return {
    ...matrix,
    readInto,
    async read(start = 0, end = rows, signal?: AbortSignal) {
      const Values = elementTypes[dtype].wide ? Float64Array : Float32Array;
      const values = new Values((end - start) * columns);
      const chunk = new Uint8Array(Math.min(step, end - start) * rowBytes);
      for (let row = start; row < end; row += step) {
        const bytes = chunk.subarray(0, (Math.min(row + step, end) - row) * rowBytes);
        await readInto(bytes, row, signal);
        values.set(decodeValues(bytes, dtype), (row - start) * columns);
      }
      return values;
    },
  };
}

function throughValues(matrix: Matrix, note: Note): Matrix {
  const { rows, columns } = matrix;
  return {
    ...matrix,
    async read(start = 0, end = rows, signal?: AbortSignal) {
      const values = await matrix.read(start, end, signal);
      const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = values;
      note(new Uint8Array(buffer, byteOffset, byteLength), start, columns * BYTES_PER_ELEMENT);
      return values;
    },
  };
}

/** SHA-256 over lines, for identities that are made of others. */
export function listDigest(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
}
