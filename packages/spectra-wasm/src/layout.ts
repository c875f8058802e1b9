/**
 * Who lives where in the WebAssembly memory. The only place that knows.
 *
 *     0      the module's constants
 *     64 Ki  input      the matrix, or the block of rows at hand, as stored
 *            second     another block of rows, when the matrix is too large to be held
 *            triangle   lower triangle of the Gram matrix in 128 x 128 tiles
 *            work       Gram product: panels (and second panels) and scratch
 *                       after it:     band, workspace, diagonal, off-diagonal
 *
 * The input comes first and stays untouched by the later stages, so a second pass in another
 * arithmetic finds a held matrix where it was.
 */
import { AlphaLoraError } from '@alphalora/contracts';

/** Constants shared with `assembly/vector.ts` and `assembly/band.ts`. */
export const TILE = 128;
export const BAND = 32;
const BAND_STRIDE = 2 * BAND;
/** The tallest panel in rows: 64 bytes of float32. */
const PANEL_ROWS = 16;

/** Bytes of one packed row: long enough to amortise a tile's loads and stores, short enough for the caches. */
export const DEPTH_BYTES = 1024;

/** What the code of the stages fixes. */
export interface Geometry {
  /** Bytes of a panel's column: of so many rows, one element each. */
  readonly panelBytes: number;
  /** The reduction works on an order that is a multiple of this. */
  readonly granularity: number;
  /** Arrays of order x BAND elements in the workspace of the reduction. */
  readonly workspaceArrays: number;
  /** Blocks of BAND x BAND elements there. */
  readonly workspaceBlocks: number;
}

/** Of the WebAssembly builds; the panels of `simd` are of half as many rows. */
export const wasmGeometry: Geometry = {
  panelBytes: 64,
  granularity: TILE,
  workspaceArrays: 5,
  workspaceBlocks: 4,
};

const FIRST_ADDRESS = 65_536;
const PAGE = 65_536;
/** All that WebAssembly can address. */
export const MAX_BYTES: number = 65_536 * PAGE;
/** A matrix is held whole while everything together stays below this many bytes. */
const HOLD_LIMIT = 2.5e9;
/**
 * Two of so many parts are held of a matrix whose elements are stored in blocks: decoded, it is several
 * times what it is stored as. It is decoded four and a half times, which takes a few hundredths of the
 * product.
 */
const PARTS = 8;
/** Rows of a tall matrix are read in blocks of about this many bytes. */
const READ_BYTES = 4 * 2 ** 20;
/** Loads may run past the last element of an area by less than this. */
const SLACK = 64;

export interface Layout {
  /** Order of the symmetric matrix: the smaller side, of an embedding both sides in whole tiles. */
  readonly order: number;
  /** The order rounded up to whole tiles. */
  readonly padded: number;
  /** The order rounded up to what the reduction works on. */
  readonly reduced: number;
  /** Rows or columns of W that one packed product adds. */
  readonly depth: number;
  /** Rows of W in `input` at a time: all of them when the matrix is held. */
  readonly blockRows: number;
  readonly input: number;
  readonly secondInput: number;
  readonly triangle: number;
  readonly triangleBytes: number;
  readonly panels: number;
  readonly secondPanels: number;
  readonly scratch: number;
  readonly band: number;
  readonly bandBytes: number;
  readonly workspace: number;
  readonly diagonal: number;
  readonly offDiagonal: number;
  /** First address beyond everything. */
  readonly end: number;
}

/** The layout for one matrix in one arithmetic, however large. */
export function planLayout(params: {
  rows: number;
  columns: number;
  /** Bytes of one row as stored. */
  rowBytes: number;
  precision: 'f32' | 'f64';
  /** Bytes up to which a matrix is held whole. */
  holdLimit?: number;
  /** Whether elements are stored in blocks: then a wide matrix goes through in parts; see `PARTS`. */
  inBlocks?: boolean;
  /** For the embedding of the matrix (`embedded.ts`) instead of its Gram matrix; holds a wide one. */
  embedded?: boolean;
  /** @default that of WebAssembly */
  geometry?: Geometry;
}): Layout {
  const { rows, columns, rowBytes, precision, holdLimit = HOLD_LIMIT, embedded = false } = params;
  const parts = params.inBlocks && rows >= PARTS * TILE ? PARTS : 1;
  const size = precision === 'f32' ? 4 : 8;
  const tall = rows > columns;
  const smaller = wholeTiles(Math.min(rows, columns));
  const order = embedded ? smaller + wholeTiles(Math.max(rows, columns)) : Math.min(rows, columns);
  const padded = wholeTiles(order);
  const { granularity, workspaceArrays, workspaceBlocks } = params.geometry ?? wasmGeometry;
  const depth = DEPTH_BYTES / size;
  const tiles = ((padded / TILE) * (padded / TILE + 1)) / 2;
  const triangleBytes = tiles * TILE * TILE * size;
  const bandBytes = (padded + BAND_STRIDE) * BAND_STRIDE * size;

  const place = (blockRows: number): Layout => {
    let top = FIRST_ADDRESS;
    const area = (bytes: number): number => {
      const start = top;
      top = Math.ceil((top + bytes + SLACK) / SLACK) * SLACK;
      return start;
    };
    const split = !tall && blockRows < rows;
    const input = area(blockRows * rowBytes);
    const secondInput = split ? area(blockRows * rowBytes) : input;
    const triangle = area(triangleBytes);
    const work = top;
    const panelBytes = (split ? wholeTiles(blockRows) : smaller) * depth * size;
    const panels = area(panelBytes);
    const secondPanels = split ? area(panelBytes) : panels;
    const scratch = area(tall ? smaller * size : PANEL_ROWS * (depth + 4) * size);
    const endOfProduct = top;
    top = work;
    const band = area(bandBytes);
    const workspace = area((workspaceArrays * padded + workspaceBlocks * BAND) * BAND * size);
    const diagonal = area(padded * 8);
    const offDiagonal = area(padded * 8);
    return {
      order,
      padded,
      reduced: Math.ceil(order / granularity) * granularity,
      depth,
      blockRows,
      input,
      secondInput,
      triangle,
      triangleBytes,
      panels,
      secondPanels,
      scratch,
      band,
      bandBytes,
      workspace,
      diagonal,
      offDiagonal,
      end: Math.max(top, endOfProduct),
    };
  };

  if (!tall) {
    return embedded
      ? placeWide(rows, Number.POSITIVE_INFINITY, place, 1)
      : placeWide(rows, holdLimit, place, parts);
  }
  return place(Math.min(rows, Math.max(1, Math.round(READ_BYTES / rowBytes / depth)) * depth));
}

export function wholeTiles(length: number): number {
  return Math.ceil(length / TILE) * TILE;
}

/** Holds the matrix where it fits, in one part; otherwise two blocks of rows as large as fit. */
function placeWide(
  rows: number,
  holdLimit: number,
  place: (blockRows: number) => Layout,
  parts: number,
): Layout {
  let layout = place(parts === 1 ? rows : wholeTiles(rows / parts));
  for (let blocks = parts + 1; layout.end > holdLimit && layout.blockRows > TILE; blocks++) {
    layout = place(wholeTiles(rows / blocks));
  }
  return layout;
}

/**
 * Grows the memory (it never shrinks) until the layout fits.
 * @throws AlphaLoraError `ENGINE_FAILED` when WebAssembly cannot address that much, or the system has not got it
 */
export function reserve(memory: WebAssembly.Memory, { end }: Layout, name: string): void {
  const missing = end - memory.buffer.byteLength;
  if (missing <= 0) return;
  const needed = `${name}: ${(end / 1e9).toFixed(2)} GB of memory are needed`;
  const details = { tensor: name };
  if (end > MAX_BYTES) {
    throw new AlphaLoraError(
      'ENGINE_FAILED',
      `${needed}, more than the 4.29 GB that WebAssembly can address; precision 'f32' needs half of what 'f64' needs`,
      { details },
    );
  }
  try {
    memory.grow(Math.ceil(missing / PAGE));
  } catch (cause) {
    throw new AlphaLoraError(
      'ENGINE_FAILED',
      `${needed} and could not be had; run fewer workers at a time or use precision 'f32'`,
      { details, cause },
    );
  }
}
