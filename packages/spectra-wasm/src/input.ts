/** Rows of a matrix into WebAssembly memory: as stored where the engine can decode that, else decoded. */
import type { DType, Matrix } from '@alphalora/contracts';

/** How the module calls a type, and the bytes of an element. */
interface ElementType {
  readonly kind: number;
  readonly bytes: number;
}

/** Stored types that `assembly/decode.ts` decodes. */
const STORED: Partial<Record<DType, ElementType>> = {
  F32: { kind: 0, bytes: 4 },
  F64: { kind: 1, bytes: 8 },
  BF16: { kind: 2, bytes: 2 },
  F16: { kind: 3, bytes: 2 },
};

/** Whether the type has values that a float32 cannot hold. */
export function holdsWideValues(dtype: DType): boolean {
  return ['F64', 'I64', 'I32', 'U64', 'U32'].includes(dtype);
}

/** The type in which elements of a stored type reach the module. */
export function elementType(dtype: DType): ElementType {
  return STORED[dtype] ?? STORED[holdsWideValues(dtype) ? 'F64' : 'F32']!;
}

/** Bytes asked for in one read, so that an abort is noticed in between. */
const READ_BYTES = 32 * 2 ** 20;

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
  const wide = holdsWideValues(matrix.dtype);
  const stored = matrix.readInto === undefined ? undefined : STORED[matrix.dtype];
  const type = stored ?? elementType(wide ? 'F64' : 'F32');
  const rowBytes = matrix.columns * type.bytes;
  const rowsAtOnce = Math.max(1, Math.floor(READ_BYTES / rowBytes));

  const readRows = async (start: number, end: number, address: number): Promise<void> => {
    if (stored !== undefined) {
      const target = new Uint8Array(memory.buffer, address, (end - start) * rowBytes);
      await matrix.readInto?.(target, start, signal);
      return;
    }
    const values = await matrix.read(start, end, signal);
    const Target = wide ? Float64Array : Float32Array;
    new Target(memory.buffer, address, values.length).set(values);
  };

  return {
    kind: type.kind,
    elementBytes: type.bytes,
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
