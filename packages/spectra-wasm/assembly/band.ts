/**
 * Stage 2: dense symmetric to band, by blocks of 32 columns.
 *
 * Each step factors the panel below the diagonal block by Householder QR, Q = I - V T V^T, and applies
 * Q^T A Q to the rest as a product and a symmetric rank-64 update:
 *
 *     W = A V,  X = W T - 1/2 V (T^T V^T W T),  A <- A - V X^T - X V^T
 *
 * Unlike the direct reduction to tridiagonal form, every O(n^3) operation is a matrix-matrix product
 * (Dongarra, Hammarling and Sorensen, "Block reduction of matrices to condensed forms for eigenvalue
 * computations", J. Comput. Appl. Math. 27, 1989; Bischof, Lang and Sun, "A framework for symmetric
 * band reduction", ACM TOMS 26, 2000).
 *
 * The order n is a multiple of the tile. The band goes to column-major storage with 64 elements a
 * column: element (row, column), row >= column, at `column * 64 + row - column`.
 */
import { multiply, multiplyTransposed } from './kernel';
import {
  BAND, COLUMNS, lanes, multiplyAdd, PANEL_BYTES, panelRows, sum, TILE, TILE_PANEL_BYTES, tileAt, VECTOR_BYTES,
} from './vector';

/** Elements from one column of the band to the next: room for the bulges of the next stage. */
// @ts-ignore: decorator
@inline export const BAND_STRIDE: usize = 2 * BAND;

/** Bytes of a row of `BAND` elements. */
// @ts-ignore: decorator
@inline function rowBytes<T>(): usize {
  return BAND * sizeof<T>();
}

/** Bytes of one panel's part of the pair (V | X). */
// @ts-ignore: decorator
@inline const PAIR_PANEL_BYTES: usize = 2 * BAND * PANEL_BYTES;

/**
 * Reduces columns `first` .. `first + 31`; `first` runs through the multiples of 32 below `order`.
 * @param workspace room for 5 arrays of order x 32 elements and 4 of 32 x 32
 */
export function reducePanel<T>(order: usize, first: usize, triangle: usize, band: usize, workspace: usize): void {
  storeDiagonalBlock<T>(first, triangle, band);
  const start = first + BAND;
  if (start >= order) return;

  const part = order * rowBytes<T>();
  const v = workspace; // V, row-major
  const pair = v + part; // V and X side by side, in panels
  const swapped = pair + 2 * part; // -(X | V), in groups of four rows
  // All three are done with when `swapped` is written.
  const columns = swapped; // the panel, column-major
  const w = swapped; // the part of W that comes from the triangle, in panels
  const mirrored = w + part; // the part of W that comes from its mirror image, row-major
  const small = swapped + 2 * part;
  const block = BAND * BAND * sizeof<T>();
  const taus = small, t = taus + block, product = t + block, core = product + block;

  extractPanel<T>(order, first, triangle, columns);
  factorPanel<T>(order - start, first, columns, band, taus);
  spreadReflectors<T>(order, start, columns, v, pair);
  triangularFactor<T>(order, start, v, pair, taus, product, t);

  multiplyByReflectors<T>(order, start, triangle, v, w, mirrored);
  correctionVectors<T>(order, start, v, w, mirrored, t, product, core, pair);
  swapPair<T>(order, start, pair, swapped);
  updateTrailing<T>(order, start, triangle, pair, swapped);
}

/** Address of element (row, column) of a tile. */
// @ts-ignore: decorator
@inline function inTile<T>(tile: usize, row: usize, column: usize): usize {
  return tile + row / panelRows<T>() * TILE_PANEL_BYTES + column * PANEL_BYTES + row % panelRows<T>() * sizeof<T>();
}

function storeDiagonalBlock<T>(first: usize, triangle: usize, band: usize): void {
  const tile = tileAt<T>(triangle, first / TILE, first / TILE), offset = first % TILE;
  for (let c: usize = 0; c < BAND; c++) {
    const target = band + (first + c) * BAND_STRIDE * sizeof<T>();
    for (let r = c; r < BAND; r++) {
      store<T>(target + (r - c) * sizeof<T>(), load<T>(inTile<T>(tile, offset + r, offset + c)));
    }
  }
}

/** Copies the panel below the diagonal block to column-major storage. */
function extractPanel<T>(order: usize, first: usize, triangle: usize, columns: usize): void {
  const start = first + BAND;
  const columnBytes = (order - start) * sizeof<T>();
  for (let row = start; row < order; row += panelRows<T>()) {
    const source = inTile<T>(tileAt<T>(triangle, row / TILE, first / TILE), row % TILE, first % TILE);
    const target = columns + (row - start) * sizeof<T>();
    for (let c: usize = 0; c < BAND; c++) {
      for (let i: usize = 0; i < PANEL_BYTES; i += VECTOR_BYTES) {
        v128.store(target + c * columnBytes + i, v128.load(source + c * PANEL_BYTES + i));
      }
    }
  }
}

/**
 * Householder QR of the panel of `rows` rows, in place: R goes to the band, column c keeps the
 * vector of reflector c below its diagonal (the leading 1 is implied).
 */
function factorPanel<T>(rows: usize, first: usize, columns: usize, band: usize, taus: usize): void {
  const columnBytes = rows * sizeof<T>();
  for (let c: usize = 0; c < BAND; c++) {
    const x = columns + c * columnBytes;
    const pivot = x + c * sizeof<T>();
    const alpha = <f64>load<T>(pivot);
    let squares: f64 = 0;
    for (let p = pivot + sizeof<T>(); p < x + columnBytes; p += sizeof<T>()) {
      const value = <f64>load<T>(p);
      squares += value * value;
    }
    let beta = alpha;
    let tau: f64 = 0;
    if (squares > 0) {
      beta = -copysign(sqrt(alpha * alpha + squares), alpha);
      tau = (beta - alpha) / beta;
      const scale = <T>(1 / (alpha - beta));
      for (let p = pivot + sizeof<T>(); p < x + columnBytes; p += sizeof<T>()) store<T>(p, load<T>(p) * scale);
      store<T>(pivot, <T>1);
      for (let other = c + 1; other < BAND; other++) {
        reflectColumn<T>(rows - c, pivot, pivot + (other - c) * columnBytes, <T>tau);
      }
    }
    store<T>(taus + c * sizeof<T>(), <T>tau);
    // Column first + c of the band: rows first + 32 .. first + 32 + c hold R.
    const target = band + ((first + c) * BAND_STRIDE + BAND - c) * sizeof<T>();
    memory.copy(target, x, c * sizeof<T>());
    store<T>(target + c * sizeof<T>(), <T>beta);
  }
}

/** y <- y - tau (x . y) x */
function reflectColumn<T>(count: usize, x: usize, y: usize, tau: T): void {
  const end = x + count * sizeof<T>();
  const delta = y - x;
  let s0 = v128.splat<T>(<T>0), s1 = s0, s2 = s0, s3 = s0;
  let p = x;
  for (; p + 64 <= end; p += 64) {
    s0 = multiplyAdd<T>(v128.load(p), v128.load(p + delta), s0);
    s1 = multiplyAdd<T>(v128.load(p, 16), v128.load(p + delta, 16), s1);
    s2 = multiplyAdd<T>(v128.load(p, 32), v128.load(p + delta, 32), s2);
    s3 = multiplyAdd<T>(v128.load(p, 48), v128.load(p + delta, 48), s3);
  }
  let dot = sum<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)));
  for (; p < end; p += sizeof<T>()) dot += load<T>(p) * load<T>(p + delta);
  const factor = -tau * dot;
  const factors = v128.splat<T>(factor);
  for (p = x; p + 64 <= end; p += 64) {
    v128.store(p + delta, multiplyAdd<T>(v128.load(p), factors, v128.load(p + delta)));
    v128.store(p + delta, multiplyAdd<T>(v128.load(p, 16), factors, v128.load(p + delta, 16)), 16);
    v128.store(p + delta, multiplyAdd<T>(v128.load(p, 32), factors, v128.load(p + delta, 32)), 32);
    v128.store(p + delta, multiplyAdd<T>(v128.load(p, 48), factors, v128.load(p + delta, 48)), 48);
  }
  for (; p < end; p += sizeof<T>()) store<T>(p + delta, load<T>(p + delta) + factor * load<T>(p));
}

/** Writes V out as rows and as the left half of the pair of panels, the part above its diagonal zero. */
function spreadReflectors<T>(order: usize, start: usize, columns: usize, v: usize, pair: usize): void {
  const columnBytes = (order - start) * sizeof<T>();
  for (let c: usize = 0; c < BAND; c++) {
    // What factorPanel left above the diagonal is R, already stored.
    memory.fill(columns + c * columnBytes, 0, c * sizeof<T>());
    store<T>(columns + c * (columnBytes + sizeof<T>()), <T>1);
  }
  for (let row = start; row < order; row += panelRows<T>()) {
    const source = columns + (row - start) * sizeof<T>();
    const panel = pair + row / panelRows<T>() * PAIR_PANEL_BYTES;
    const target = v + row * rowBytes<T>();
    for (let c: usize = 0; c < BAND; c++) {
      const column = source + c * columnBytes;
      for (let i: usize = 0; i < PANEL_BYTES; i += VECTOR_BYTES) {
        v128.store(panel + c * PANEL_BYTES + i, v128.load(column + i));
      }
      for (let r: usize = 0; r < panelRows<T>(); r++) {
        store<T>(target + (r * BAND + c) * sizeof<T>(), load<T>(column + r * sizeof<T>()));
      }
    }
  }
}

/** C (32 x 32, column j at `j * 32`) = V^T B, B being 32 columns of the pair's panels. */
function timesReflectors<T>(order: usize, start: usize, v: usize, b: usize, c: usize): void {
  memory.fill(c, 0, BAND * BAND * sizeof<T>());
  const rows = v + start * rowBytes<T>();
  const panels = b + start / panelRows<T>() * PAIR_PANEL_BYTES;
  for (let j: usize = 0; j < BAND; j += COLUMNS) {
    for (let q: usize = 0; q < rowBytes<T>(); q += PANEL_BYTES) {
      multiplyTransposed<T>(
        (order - start) / panelRows<T>(), rows + q, rowBytes<T>(),
        panels + j * PANEL_BYTES, PAIR_PANEL_BYTES, c + j * rowBytes<T>() + q, rowBytes<T>(),
      );
    }
  }
}

/**
 * T of Q = I - V T V^T, upper triangular, row-major (Schreiber and Van Loan, "A storage-efficient WY
 * representation", 1989): T[0..j, j] = -tau_j T[0..j, 0..j] (V^T V)[0..j, j], T[j, j] = tau_j.
 */
function triangularFactor<T>(
  order: usize, start: usize, v: usize, pair: usize, taus: usize, product: usize, t: usize,
): void {
  timesReflectors<T>(order, start, v, pair, product);
  memory.fill(t, 0, BAND * BAND * sizeof<T>());
  for (let j: usize = 0; j < BAND; j++) {
    const tau = load<T>(taus + j * sizeof<T>());
    store<T>(t + (j * BAND + j) * sizeof<T>(), tau);
    for (let r: usize = 0; r < j; r++) {
      let s: T = 0;
      for (let k = r; k < j; k++) {
        s += load<T>(t + (r * BAND + k) * sizeof<T>()) * load<T>(product + (j * BAND + k) * sizeof<T>());
      }
      store<T>(t + (r * BAND + j) * sizeof<T>(), -tau * s);
    }
  }
}

/** W = A V from the lower triangle: each tile below the diagonal serves twice. */
function multiplyByReflectors<T>(
  order: usize, start: usize, triangle: usize, v: usize, w: usize, mirrored: usize,
): void {
  memory.fill(w + start * rowBytes<T>(), 0, (order - start) * rowBytes<T>());
  memory.fill(mirrored + start * rowBytes<T>(), 0, (order - start) * rowBytes<T>());
  const firstTile = start / TILE;
  for (let row = firstTile; row < order / TILE; row++) {
    const skippedRows = row == firstTile ? start % TILE : 0;
    for (let column = firstTile; column <= row; column++) {
      const skippedColumns = column == firstTile ? start % TILE : 0;
      const tile = tileAt<T>(triangle, row, column);
      for (let r = skippedRows; r < TILE; r += panelRows<T>()) {
        const a = tile + r / panelRows<T>() * TILE_PANEL_BYTES + skippedColumns * PANEL_BYTES;
        const b = v + (column * TILE + skippedColumns) * rowBytes<T>();
        const c = w + (row * TILE + r) * rowBytes<T>();
        for (let j: usize = 0; j < BAND; j += COLUMNS) {
          multiply<T>(
            TILE - skippedColumns, a, PANEL_BYTES, b + j * sizeof<T>(), rowBytes<T>(), c + j * PANEL_BYTES, PANEL_BYTES,
          );
        }
      }
      if (column == row) continue;
      const a = v + (row * TILE + skippedRows) * rowBytes<T>();
      const panels = tile + skippedRows / panelRows<T>() * TILE_PANEL_BYTES;
      for (let j = skippedColumns; j < TILE; j += COLUMNS) {
        const c = mirrored + (column * TILE + j) * rowBytes<T>();
        for (let q: usize = 0; q < rowBytes<T>(); q += PANEL_BYTES) {
          multiplyTransposed<T>(
            (TILE - skippedRows) / panelRows<T>(), a + q, rowBytes<T>(),
            panels + j * PANEL_BYTES, TILE_PANEL_BYTES, c + q, rowBytes<T>(),
          );
        }
      }
    }
  }
}

/** X = W T - 1/2 V (T^T V^T W T), into the right half of the pair of panels. */
function correctionVectors<T>(
  order: usize, start: usize, v: usize, w: usize, mirrored: usize, t: usize, product: usize, core: usize, pair: usize,
): void {
  for (let row = start; row < order; row += panelRows<T>()) {
    const panel = w + row * rowBytes<T>();
    for (let c: usize = 0; c < BAND; c++) {
      for (let r: usize = 0; r < panelRows<T>(); r++) {
        const at = panel + c * PANEL_BYTES + r * sizeof<T>();
        store<T>(at, load<T>(at) + load<T>(mirrored + ((row + r) * BAND + c) * sizeof<T>()));
      }
    }
    const x = pair + row / panelRows<T>() * PAIR_PANEL_BYTES + BAND * PANEL_BYTES;
    memory.fill(x, 0, BAND * PANEL_BYTES);
    for (let j: usize = 0; j < BAND; j += COLUMNS) {
      multiply<T>(BAND, panel, PANEL_BYTES, t + j * sizeof<T>(), rowBytes<T>(), x + j * PANEL_BYTES, PANEL_BYTES);
    }
  }
  // T^T (V^T W T) is symmetric, so its rows can be written as its columns.
  timesReflectors<T>(order, start, v, pair + BAND * PANEL_BYTES, product);
  for (let a: usize = 0; a < BAND; a++) {
    for (let c: usize = 0; c < BAND; c++) {
      let s: T = 0;
      for (let k: usize = 0; k <= a; k++) {
        s += load<T>(t + (k * BAND + a) * sizeof<T>()) * load<T>(product + (c * BAND + k) * sizeof<T>());
      }
      store<T>(core + (a * BAND + c) * sizeof<T>(), <T>-0.5 * s);
    }
  }
  for (let row = start; row < order; row += panelRows<T>()) {
    const panel = pair + row / panelRows<T>() * PAIR_PANEL_BYTES;
    for (let j: usize = 0; j < BAND; j += COLUMNS) {
      multiply<T>(
        BAND, panel, PANEL_BYTES, core + j * sizeof<T>(), rowBytes<T>(), panel + (BAND + j) * PANEL_BYTES, PANEL_BYTES,
      );
    }
  }
}

/** -(X | V) in groups of four rows: the four values that the kernel needs at a time side by side. */
function swapPair<T>(order: usize, start: usize, pair: usize, swapped: usize): void {
  const groupBytes = COLUMNS * sizeof<T>();
  const half = BAND * PANEL_BYTES;
  for (let row = start; row < order; row += COLUMNS) {
    const source = pair + row / panelRows<T>() * PAIR_PANEL_BYTES + row % panelRows<T>() * sizeof<T>();
    let target = swapped + row * 2 * rowBytes<T>();
    for (let k: usize = 0; k < 2 * half; k += PANEL_BYTES, target += groupBytes) {
      const from = source + (k < half ? k + half : k - half);
      for (let i: usize = 0; i < groupBytes; i += VECTOR_BYTES) {
        v128.store(target + i, v128.neg<T>(v128.load(from + i)));
      }
    }
  }
}

/** A <- A - V X^T - X V^T on the tiles that the next steps see. */
function updateTrailing<T>(order: usize, start: usize, triangle: usize, pair: usize, swapped: usize): void {
  const firstTile = start / TILE;
  for (let row = firstTile; row < order / TILE; row++) {
    const skippedRows = row == firstTile ? start % TILE : 0;
    for (let column = firstTile; column <= row; column++) {
      const skippedColumns = column == firstTile ? start % TILE : 0;
      const tile = tileAt<T>(triangle, row, column);
      for (let r = skippedRows; r < TILE; r += panelRows<T>()) {
        const a = pair + (row * TILE + r) / panelRows<T>() * PAIR_PANEL_BYTES;
        const c = tile + r / panelRows<T>() * TILE_PANEL_BYTES;
        for (let j = skippedColumns; j < TILE; j += COLUMNS) {
          const b = swapped + (column * TILE + j) * 2 * rowBytes<T>();
          multiply<T>(2 * BAND, a, PANEL_BYTES, b, COLUMNS * sizeof<T>(), c + j * PANEL_BYTES, PANEL_BYTES);
        }
      }
    }
  }
}
