/** Walks the blocks of a matrix through the Gram product (`assembly/gram.ts` does the arithmetic). */
import type { RowReader } from './input.js';
import { TILE } from './layout.js';
import type { Packing } from './packing.js';
import type { Pass } from './pass.js';
import { eachSlab } from './slabs.js';

/**
 * The Gram matrix of the smaller side, times `scale` squared, into the layout's triangle.
 * @param held whether the input area already holds the whole matrix
 */
export async function gramProduct(
  pass: Pass,
  reader: RowReader,
  scale: number,
  held: boolean,
): Promise<void> {
  const { layout, memory, rows, columns } = pass;
  const packing = pass.packing(reader.kind, scale);
  new Uint8Array(memory.buffer, layout.triangle, layout.triangleBytes).fill(0);
  if (rows > columns) await sumOverRows(pass, reader, packing, scale);
  else await productOfRows(pass, reader, packing, scale, held);
}

/** W^T W as a sum over slabs of rows. */
async function sumOverRows(
  pass: Pass,
  reader: RowReader,
  packing: Packing,
  scale: number,
): Promise<void> {
  const { layout } = pass;
  const { panels, triangle } = layout;
  await eachSlab(pass, reader, { packing, scale, held: false }, async (_, count) => {
    const rowBytes = packing.rowBytes(count);
    for (let tile = 0; tile < layout.padded / TILE; tile++) {
      const own = panels + tile * TILE * rowBytes;
      packing.updateTileRow(tile, 0, tile + 1, count, own, panels, triangle);
      await pass.step(productWork(tile + 1, count));
    }
  });
}

/**
 * W W^T. Rows meet every other row, so the matrix is held; one that is too large goes through in pairs
 * of blocks, and is read (blocks + 1) / 2 times.
 */
async function productOfRows(
  pass: Pass,
  reader: RowReader,
  packing: Packing,
  scale: number,
  held: boolean,
): Promise<void> {
  const { layout, rows } = pass;
  for (let i = 0; i < rows; i += layout.blockRows) {
    const endOfI = Math.min(rows, i + layout.blockRows);
    if (!held) await reader.read(i, endOfI, layout.input);
    for (let j = 0; j < i; j += layout.blockRows) {
      await reader.read(j, j + layout.blockRows, layout.secondInput);
      await productOfBlocks(pass, reader, packing, scale, [i, endOfI], [j, j + layout.blockRows]);
    }
    await productOfBlocks(pass, reader, packing, scale, [i, endOfI], [i, endOfI]);
  }
}

type Range = readonly [start: number, end: number];

/** Adds the product of two blocks of rows, or of one with itself, to the triangle. */
async function productOfBlocks(
  pass: Pass,
  reader: RowReader,
  packing: Packing,
  scale: number,
  [i, endOfI]: Range,
  [j, endOfJ]: Range,
): Promise<void> {
  const { layout, columns } = pass;
  const pack = (input: number, rows: number, column: number, count: number, panels: number): void =>
    packing.packRows(
      ...([reader.kind, input + column * reader.elementBytes, reader.rowBytes, rows] as const),
      ...([count, scale, layout.scratch, panels] as const),
    );
  const same = i === j;
  const second = same ? layout.panels : layout.secondPanels;
  for (let column = 0; column < columns; column += packing.depth) {
    const count = Math.min(packing.depth, columns - column);
    const rowBytes = packing.rowBytes(count);
    pack(layout.input, endOfI - i, column, count, layout.panels);
    if (!same) pack(layout.secondInput, endOfJ - j, column, count, second);
    for (let tile = i / TILE; tile * TILE < endOfI; tile++) {
      const own = layout.panels + (tile * TILE - i) * rowBytes;
      const last = same ? tile + 1 : endOfJ / TILE;
      packing.updateTileRow(tile, j / TILE, last, count, own, second, layout.triangle);
      await pass.step(productWork(last - j / TILE, count));
    }
  }
}

/** Operations in one row of tiles. */
function productWork(tiles: number, depth: number): number {
  return 2 * tiles * TILE * TILE * depth;
}
