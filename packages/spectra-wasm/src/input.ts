/** Rows of a matrix into WebAssembly memory: as stored where the engine can decode that, else decoded. */
import { type DType, elementTypes, type Matrix } from '@alphalora/contracts/weights';

/** Types that `assembly/decode.ts` decodes, and what it calls them. */
export const kinds = { F32: 0, F64: 1, BF16: 2, F16: 3 } as const;
type ModuleType = keyof typeof kinds;

/** The type in which elements of a stored type reach the module. */
export function moduleType(dtype: DType): ModuleType {
  return isDecoded(dtype) ? dtype : decodedType(dtype);
}

function isDecoded(dtype: DType): dtype is ModuleType {
  return dtype in kinds;
}

function decodedType(dtype: DType): 'F64' | 'F32' {
  return elementTypes[dtype].wide ? 'F64' : 'F32';
}

/** Whether a type is stored in blocks of elements, in a few bits for each. */
export function isInBlocks(dtype: DType): boolean {
  return elementTypes[dtype].elements > 1;
}

/** Bytes asked for in one read, so that an abort is noticed in between. */
const READ_BYTES = 32 * 2 ** 20;
/** The same of decoded values, which come in an array of their own: garbage once they are copied. */
const DECODED_BYTES = 2 ** 20;

export interface RowReader {
  /** The module's code of the elements' type. */
  readonly kind: number;
  readonly elementBytes: number;
  readonly rowBytes: number;
  /** Puts the rows `[start, end)` at `address`, one after another. */
  read(start: number, end: number, address: number): Promise<void>;
}

export function createRowReader(
  matrix: Matrix,
  memory: WebAssembly.Memory,
  signal: AbortSignal | undefined,
): RowReader {
  const { dtype, columns } = matrix;
  const isStored = matrix.readInto !== undefined && isDecoded(dtype);
  const type = isStored ? dtype : decodedType(dtype);
  const { bytes, wide } = elementTypes[type];
  const rowBytes = columns * bytes;
  const rowsAtOnce = Math.max(1, Math.floor((isStored ? READ_BYTES : DECODED_BYTES) / rowBytes));

  const readRows = async (start: number, end: number, address: number): Promise<void> => {
    if (isStored) {
      const target = new Uint8Array(memory.buffer, address, (end - start) * rowBytes);
      await matrix.readInto?.(target, start, signal);
      return;
    }
    const values = await matrix.read(start, end, signal);
    const Target = wide ? Float64Array : Float32Array;
    new Target(memory.buffer, address, values.length).set(values);
  };

  return {
    kind: kinds[type],
    elementBytes: bytes,
    rowBytes,
    async read(start, end, address) {
      for (let row = start; row < end; row += rowsAtOnce) {
        signal?.throwIfAborted();
        const last = Math.min(end, row + rowsAtOnce);
        await readRows(row, last, address + (row - start) * rowBytes);
      }
    },
  };
}
