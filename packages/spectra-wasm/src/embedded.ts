/**
 * Singular values without squaring the matrix: for spectra that reach further down than a Gram matrix.
 *
 *     | 0   W |
 *     | W^T 0 |   has the eigenvalues +sigma, -sigma and zeros
 *
 * (Jordan, 1874; Golub and Van Loan, "Matrix Computations", 8.6.1). The stages for symmetric matrices
 * find them with errors of a few machine epsilons of the largest, as LAPACK's singular value
 * decomposition does, where the Gram matrix gives those that are below 1e-8 of the largest no digit
 * at all. The order is that of both sides together, so this takes some five times the time of a
 * square Gram matrix. A matrix that is far from square is reduced to a triangle first.
 */
import type { Matrix } from '@alphalora/contracts/weights';
import { eigenvalueWork, symmetricEigenvalues } from './eigenvalues.js';
import { createRowReader } from './input.js';
import { type Geometry, type Layout, MAX_BYTES, planLayout, reserve, TILE } from './layout.js';
import { createPass, createStepper } from './pass.js';
import { eachSlab } from './slabs.js';
import type { Instance } from './stages.js';
import { triangleBytes, triangleLayout, triangularFactor } from './triangle.js';

/** From this ratio of the sides on, the reduction to a triangle costs less than it saves. */
const ELONGATED = 4;

interface EmbeddedParams {
  instance: Instance;
  matrix: Matrix;
  /** Whether the input area holds the whole matrix. */
  held: boolean;
  /** A power of two that keeps squares of the values in the range of float64. */
  scale: number;
  signal: AbortSignal | undefined;
  onProgress: ((done: number) => void) | undefined;
}

/**
 * The min(rows, columns) singular values, ascending, in float64. Those that do not count towards the
 * rank by the rule of numpy.linalg.matrix_rank, sigma_max * max(rows, columns) * 2^-52, are zero.
 * @throws AlphaLoraError `ENGINE_FAILED` when the memory does not suffice
 */
export async function embeddedSpectrum(params: EmbeddedParams): Promise<Float64Array> {
  const { matrix, scale } = params;
  const { rows, columns } = matrix;
  const longer = Math.max(rows, columns);
  const eigenvalues = isElongated(matrix)
    ? await eigenvaluesOf({
        ...params,
        matrix: await triangularFactor(params),
        held: false,
        scale: 1,
      })
    : await eigenvaluesOf(params);
  const largest = eigenvalues.slice(-Math.min(rows, columns));
  const floor = largest.at(-1)! * longer * Number.EPSILON;
  return largest.map((value) => (value > floor ? value / scale : 0));
}

/** The bytes that `embeddedSpectrum` takes in all; undefined when WebAssembly cannot address them. */
export function embeddingBytes(
  matrix: { rows: number; columns: number; rowBytes: number },
  geometry: Geometry,
): number | undefined {
  const embedding = (of: typeof matrix): number =>
    planLayout({ ...of, precision: 'f64', embedded: true, geometry }).end;
  const within = (bytes: number): number | undefined => (bytes > MAX_BYTES ? undefined : bytes);
  if (!isElongated(matrix)) return within(embedding(matrix));
  const order = Math.min(matrix.rows, matrix.columns);
  const square = { rows: order, columns: order, rowBytes: 8 * order };
  const layout = triangleLayout(matrix, geometry);
  const addressed = within(Math.max(layout.end, embedding(square)));
  return addressed && addressed + triangleBytes(layout);
}

function isElongated({ rows, columns }: { rows: number; columns: number }): boolean {
  return Math.max(rows, columns) >= ELONGATED * Math.min(rows, columns);
}

/** All eigenvalues of the embedding, ascending. */
async function eigenvaluesOf(params: EmbeddedParams): Promise<Float64Array> {
  const { instance, matrix, scale, held, signal, onProgress } = params;
  const { memory, geometry } = instance;
  const { name, rows, columns } = matrix;
  const reader = createRowReader(matrix, memory, signal);
  const { rowBytes } = reader;
  const layout = planLayout({
    ...{ rows, columns, rowBytes, geometry },
    precision: 'f64',
    embedded: true,
  });
  reserve(memory, layout, name);
  const step = createStepper({ total: eigenvalueWork(layout.order), signal, onProgress });
  const pass = createPass(instance, { rows, columns, layout, step, precision: 'f64' });
  new Uint8Array(memory.buffer, layout.triangle, layout.triangleBytes).fill(0);
  const place = placing(layout, instance, Math.max(rows, columns));
  const packing = pass.packing(reader.kind, scale);
  await eachSlab(pass, reader, { packing, scale, held }, async (first, depth) => {
    place(first, depth);
    await step(0);
  });
  return symmetricEigenvalues(instance, pass, name);
}

/**
 * Copies a slab into a column of tiles. The longer side comes first in the embedding, so that the
 * panels of a slab are the panels of its tiles.
 */
function placing(
  { order, depth, panels, triangle }: Layout,
  { memory, geometry }: Instance,
  longer: number,
): (first: number, depth: number) => void {
  const bytes = new Uint8Array(memory.buffer);
  const column = geometry.panelBytes;
  const panelsPerTile = (TILE * 8) / column;
  const firstRow = Math.ceil(longer / TILE);
  return (first, count) => {
    let source = panels;
    for (let row = firstRow; row < order / TILE; row++) {
      let target = triangle + ((row * (row + 1)) / 2 + first / depth) * TILE * TILE * 8;
      for (let panel = 0; panel < panelsPerTile; panel++) {
        bytes.copyWithin(target, source, source + count * column);
        source += count * column;
        target += TILE * column;
      }
    }
  };
}
