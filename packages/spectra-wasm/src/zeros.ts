/**
 * Rows and columns that are zero throughout, as pruning leaves them. Each that the shorter side then
 * lacks is a singular value of exactly zero, which no arithmetic has to resolve.
 */
import type { Matrix } from '@alphalora/contracts/weights';
import { createRowReader, isInBlocks } from './input.js';
import { planLayout, reserve } from './layout.js';
import type { Instance } from './stages.js';

/**
 * How many singular values are zero because of them. Reads the matrix again unless it is held.
 * @param params.held whether the input area holds the whole matrix
 */
export async function countZeros(params: {
  instance: Instance;
  matrix: Matrix;
  precision: 'f32' | 'f64';
  held: boolean;
  signal: AbortSignal | undefined;
}): Promise<number> {
  const { matrix, precision, held, signal } = params;
  const { memory, geometry } = params.instance;
  const { name, rows, columns } = matrix;
  const reader = createRowReader(matrix, memory, signal);
  const { rowBytes, elementBytes } = reader;
  const inBlocks = isInBlocks(matrix.dtype);
  const layout = planLayout({ rows, columns, rowBytes, precision, inBlocks, geometry });
  reserve(memory, layout, name);
  const seen = new Uint8Array(columns);
  let seenRows = 0;
  for (let block = 0; block < rows; block += layout.blockRows) {
    const count = Math.min(rows - block, layout.blockRows);
    if (!held) await reader.read(block, block + count, layout.input);
    for (let row = 0; row < count; row++) {
      const address = layout.input + row * rowBytes;
      if (mark(memory.buffer, address, columns, elementBytes, seen)) seenRows++;
    }
  }
  const seenColumns = seen.reduce((sum, one) => sum + one, 0);
  return Math.min(rows, columns) - Math.min(seenRows, seenColumns);
}

/** Marks the columns in which a row is not zero, and says whether there are any. */
function mark(
  buffer: ArrayBuffer,
  address: number,
  columns: number,
  elementBytes: number,
  seen: Uint8Array,
): boolean {
  const half = elementBytes === 2;
  const Values = half ? Uint16Array : elementBytes === 4 ? Float32Array : Float64Array;
  const values = new Values(buffer, address, columns);
  let any = false;
  for (let column = 0; column < columns; column++) {
    const value = values[column]!;
    // Of 16 bits, all but the sign.
    if (half ? (value & 0x7fff) === 0 : value === 0) continue;
    seen[column] = 1;
    any = true;
  }
  return any;
}
