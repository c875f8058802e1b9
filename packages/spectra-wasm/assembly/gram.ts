/**
 * Stage 1: the Gram matrix G of the smaller side of W, its lower triangle in 128 x 128 tiles.
 *
 * W arrives in blocks as it is stored. A block is decoded and packed into panels, the layout that the
 * micro-kernel consumes (`vector.ts`), and its product is added to the triangle: SYRK, half the work
 * of a general product. Tiles are in the same panels, so the next stage repacks nothing.
 *
 * The caller walks over the blocks: G = sum over blocks of columns of W_k W_k^T when rows are the
 * smaller side (`packRows`), G = sum over blocks of rows of W_k^T W_k otherwise (`packColumns`).
 */
import { decode, elementBytes } from './decode';
import { multiply } from './kernel';
import { COLUMNS, lanes, PANEL_BYTES, panelRows, TILE, TILE_PANEL_BYTES, tileAt } from './vector';

/**
 * Packs `depth` columns of `rows` rows, starting at `source`, rows `rowBytes` apart: the rows of W
 * become the rows of the panels. Rows up to the next multiple of the tile are filled with zeros.
 * @param scratch room for one panel of decoded rows
 */
export function packRows<T>(
  kind: i32, source: usize, rowBytes: usize, rows: usize, depth: usize, scale: f64, scratch: usize, panels: usize,
): void {
  const padded = (rows + TILE - 1) / TILE * TILE;
  // Decoding goes in steps of four elements.
  const scratchRow = (depth + 3) / 4 * 4 * sizeof<T>();
  for (let row: usize = 0; row < padded; row += panelRows<T>(), panels += depth * PANEL_BYTES) {
    for (let r: usize = 0; r < panelRows<T>(); r++) {
      const target = scratch + r * scratchRow;
      if (row + r < rows) decode<T>(kind, source + (row + r) * rowBytes, depth, scale, target);
      else memory.fill(target, 0, scratchRow);
    }
    transpose<T>(scratch, scratchRow, depth, panels);
  }
}

/** Writes the decoded rows of one panel as its columns. */
function transpose<T>(rows: usize, rowBytes: usize, depth: usize, panel: usize): void {
  for (let r: usize = 0; r < panelRows<T>(); r += lanes<T>()) {
    const row = rows + r * rowBytes;
    let target = panel + r * sizeof<T>();
    for (let k: usize = 0; k < depth; k += lanes<T>()) {
      const source = row + k * sizeof<T>();
      if (sizeof<T>() == 4) {
        const x0 = v128.load(source), x1 = v128.load(source + rowBytes);
        const x2 = v128.load(source + 2 * rowBytes), x3 = v128.load(source + 3 * rowBytes);
        const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
        const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
        v128.store(target, v128.shuffle<i64>(low01, low23, 0, 2));
        if (k + 1 < depth) v128.store(target, v128.shuffle<i64>(low01, low23, 1, 3), PANEL_BYTES);
        if (k + 2 < depth) v128.store(target, v128.shuffle<i64>(high01, high23, 0, 2), 2 * PANEL_BYTES);
        if (k + 3 < depth) v128.store(target, v128.shuffle<i64>(high01, high23, 1, 3), 3 * PANEL_BYTES);
        target += 4 * PANEL_BYTES;
      } else {
        const x0 = v128.load(source), x1 = v128.load(source + rowBytes);
        v128.store(target, v128.shuffle<i64>(x0, x1, 0, 2));
        if (k + 1 < depth) v128.store(target, v128.shuffle<i64>(x0, x1, 1, 3), PANEL_BYTES);
        target += 2 * PANEL_BYTES;
      }
    }
  }
}

/**
 * Packs `depth` whole rows of `columns` elements, one after another at `source`: the columns of W
 * become the rows of the panels. Columns up to the next multiple of the tile are filled with zeros.
 * @param scratch room for one decoded row, padded to a multiple of the tile
 */
export function packColumns<T>(
  kind: i32, source: usize, columns: usize, depth: usize, scale: f64, scratch: usize, panels: usize,
): void {
  const padded = (columns + TILE - 1) / TILE * TILE;
  const rowBytes = columns * elementBytes(kind);
  const panelBytes = depth * PANEL_BYTES;
  for (let k: usize = 0; k < depth; k++, source += rowBytes) {
    decode<T>(kind, source, columns, scale, scratch);
    memory.fill(scratch + columns * sizeof<T>(), 0, (padded - columns) * sizeof<T>());
    let target = panels + k * PANEL_BYTES;
    const end = scratch + padded * sizeof<T>();
    for (let from = scratch; from < end; from += PANEL_BYTES, target += panelBytes) {
      for (let i: usize = 0; i < PANEL_BYTES; i += 16) v128.store(target + i, v128.load(from + i));
    }
  }
}

/**
 * Adds A B^T to tiles (row, first) .. (row, last - 1) of the triangle.
 * @param a panels of the tile row's rows, `depth` columns
 * @param b panels of the rows from tile `first` on
 */
export function updateTileRow<T>(
  row: usize, first: usize, last: usize, depth: usize, a: usize, b: usize, triangle: usize,
): void {
  const panelBytes = depth * PANEL_BYTES;
  for (let column = first; column < last; column++) {
    let c = tileAt<T>(triangle, row, column);
    for (let p: usize = 0; p < TILE / panelRows<T>(); p++, c += TILE_PANEL_BYTES) {
      const panel = a + p * panelBytes;
      for (let j: usize = 0; j < TILE; j += COLUMNS) {
        const values = b + j / panelRows<T>() * panelBytes + j % panelRows<T>() * sizeof<T>();
        multiply<T>(depth, panel, PANEL_BYTES, values, PANEL_BYTES, c + j * PANEL_BYTES, PANEL_BYTES);
      }
    }
    b += TILE / panelRows<T>() * panelBytes;
  }
}

/** Largest element of the triangle's diagonal, which no element of G exceeds; NaN when there is one. */
export function largestDiagonal<T>(order: usize, triangle: usize): f64 {
  let result: f64 = 0;
  for (let i: usize = 0; i < order; i++) {
    const r = i % TILE;
    const at = tileAt<T>(triangle, i / TILE, i / TILE)
      + r / panelRows<T>() * TILE_PANEL_BYTES + r * PANEL_BYTES + r % panelRows<T>() * sizeof<T>();
    result = max(result, <f64>load<T>(at));
  }
  return result;
}
