/** A matrix in slabs: all of its shorter side, some of its longer one, packed into the layout's panels. */
import type { RowReader } from './input.js';
import type { Packing } from './packing.js';
import type { Pass } from './pass.js';

/**
 * Packs slab after slab of at most the packing's depth along the longer side, in order. The shorter side
 * runs along the rows of the panels, whichever it is. Rows of a tall matrix are read once and none is
 * kept; a wide matrix is held.
 * @param options.held whether the input area already holds a wide matrix
 * @param visit where a slab begins, and its depth
 */
export async function eachSlab(
  pass: Pass,
  reader: RowReader,
  { packing, scale, held }: { packing: Packing; scale: number; held: boolean },
  visit: (first: number, depth: number) => Promise<void>,
): Promise<void> {
  const { layout, rows, columns } = pass;
  const { input, scratch, panels } = layout;
  const { depth } = packing;
  const { kind, rowBytes, elementBytes } = reader;
  if (rows <= columns) {
    if (!held) await reader.read(0, rows, input);
    for (let first = 0; first < columns; first += depth) {
      const count = Math.min(depth, columns - first);
      const source = input + first * elementBytes;
      packing.packRows(kind, source, rowBytes, rows, count, scale, scratch, panels);
      await visit(first, count);
    }
    return;
  }
  for (let block = 0; block < rows; block += layout.blockRows) {
    const end = Math.min(rows, block + layout.blockRows);
    await reader.read(block, end, input);
    for (let first = block; first < end; first += depth) {
      const count = Math.min(depth, end - first);
      const source = input + (first - block) * rowBytes;
      packing.packColumns(kind, source, columns, count, scale, scratch, panels);
      await visit(first, count);
    }
  }
}
