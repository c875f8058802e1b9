/**
 * The whole way from a matrix to its singular values in one arithmetic: Gram product, band, bulge
 * chasing, tridiagonal iteration.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Matrix } from '@alphalora/contracts/weights';
import { symmetricEigenvalues } from './eigenvalues.js';
import { gramProduct } from './gram.js';
import { createRowReader, isInBlocks, type RowReader } from './input.js';
import { planLayout, reserve } from './layout.js';
import { createPass, createStepper, type Pass } from './pass.js';
import type { Instance } from './stages.js';
import { passWork } from './work.js';

/**
 * Largest diagonal elements of the Gram matrix that an arithmetic handles without scaling: far enough
 * from overflow, and from the underflow of products that matter. In float64 the last stage squares
 * eigenvalues, hence half the exponents.
 */
const SAFE = { f32: [1e-20, 1e30], f64: [1e-100, 1e100] } as const;

/** Exponents of the power of two that scales a matrix into that range. */
const MAX_EXPONENT = { f32: 126, f64: 1000 } as const;

/**
 * Rounding turns zero eigenvalues into at most this times sqrt(order) times the largest: a quarter of the
 * machine epsilon. Measured on matrices of low rank, orders 40 to 2048, with a factor of 2 to spare.
 */
const NOISE = { f32: 2 ** -25, f64: 2 ** -54 } as const;

export interface GramSpectrum {
  /** Ascending. */
  readonly singularValues: Float64Array;
  /** Power of two that brought the matrix into the range of the arithmetic. */
  readonly scale: number;
  /** Whether the input area now holds the whole matrix. */
  readonly held: boolean;
}

/**
 * The min(rows, columns) singular values, as square roots of the eigenvalues of W W^T or W^T W,
 * whichever is smaller. Values that cannot be told from rounding errors are zero.
 * @param held whether an earlier call left the whole matrix in the input area
 * @throws AlphaLoraError `NO_SPECTRUM` when the matrix holds NaN or infinity
 * @throws AlphaLoraError `ENGINE_FAILED` when the memory does not suffice
 */
export async function gramSpectrum(params: {
  instance: Instance;
  matrix: Matrix;
  precision: 'f32' | 'f64';
  held: boolean;
  signal: AbortSignal | undefined;
  onProgress: ((done: number) => void) | undefined;
}): Promise<GramSpectrum> {
  const { matrix, precision, signal } = params;
  const { memory, geometry } = params.instance;
  const { name, rows, columns } = matrix;
  const reader = createRowReader(matrix, memory, signal);
  const { rowBytes } = reader;
  const inBlocks = isInBlocks(matrix.dtype);
  const layout = planLayout({ rows, columns, rowBytes, precision, inBlocks, geometry });
  reserve(memory, layout, name);

  const { order } = layout;
  const step = createStepper({
    total: passWork(rows, columns),
    signal,
    onProgress: params.onProgress,
  });
  const pass = createPass(params.instance, { rows, columns, layout, step, precision });

  const holds = rows <= columns && layout.blockRows >= rows;
  await gramProduct(pass, reader, 1, holds && params.held);
  const largest = pass.stages.largestDiagonal(order, layout.triangle);
  const [low, high] = SAFE[precision];
  let scale = 1;
  if (!(largest >= low && largest <= high)) {
    const magnitude = await largestMagnitude(params.instance, pass, reader, holds);
    if (!Number.isFinite(magnitude)) {
      const what = Number.isNaN(magnitude) ? 'NaN' : 'infinity';
      throw new AlphaLoraError('NO_SPECTRUM', `contains ${what}`, {
        details: { tensor: name },
      });
    }
    if (magnitude === 0) return { singularValues: new Float64Array(order), scale, held: holds };
    // A power of two changes no digit. Capped where the factor itself would overflow.
    const limit = MAX_EXPONENT[precision];
    scale = 2 ** Math.min(limit, Math.max(-limit, -Math.ceil(Math.log2(magnitude))));
    await gramProduct(pass, reader, scale, holds);
  }

  const eigenvalues = await symmetricEigenvalues(params.instance, pass, name);
  const noise = NOISE[precision] * Math.sqrt(order) * eigenvalues[order - 1]!;
  const singularValues = eigenvalues.map((value) => (value > noise ? Math.sqrt(value) / scale : 0));
  return { singularValues, scale, held: holds };
}

/** Largest |w|, NaN if there is one: for the rare matrix whose squares leave the range of the arithmetic. */
async function largestMagnitude(
  { exports }: Instance,
  { rows, columns, layout }: Pass,
  reader: RowReader,
  held: boolean,
): Promise<number> {
  if (held) return exports.largest(reader.kind, layout.input, rows * columns);
  let result = 0;
  for (let row = 0; row < rows; row += layout.blockRows) {
    const end = Math.min(rows, row + layout.blockRows);
    await reader.read(row, end, layout.input);
    result = Math.max(result, exports.largest(reader.kind, layout.input, (end - row) * columns));
  }
  return result;
}
