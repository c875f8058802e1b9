/**
 * From weights of any rank to the matrices whose spectra are measured.
 *
 * - two axes: the matrix itself, or the small core of a matrix that is given as factors;
 * - stacked experts [experts, a, b]: one unit per expert, named `name[expert]`;
 * - convolution kernels [out, in, positions...]: one unit whose spectrum pools those of the
 *   out x in matrices at every kernel position (as WeightWatcher and TempBalance do), or their cores;
 *   eigenvalues of two-dimensional ones count half, as there.
 */
import { defined } from '@alphalora/contracts';
import type {
  LowRankFactors,
  Matrix,
  WeightDescription,
  WeightTensor,
} from '@alphalora/contracts/weights';
import { lowRankMatrix } from './low-rank.js';

/** What gets one row in the analysis: one matrix, or several whose eigenvalues are pooled. */
export interface SpectralUnit extends WeightDescription {
  readonly matrices: readonly Matrix[];
  /** What it is, or of which it is one of the stacked matrices; absent where no weight is behind it. */
  readonly weight?: WeightTensor;
  /**
   * Whether its matrices are the cores that stand in for those of a weight given as factors: with the
   * same singular values, but other elements, and no windows.
   */
  readonly factored?: boolean;
  /** What the eigenvalues of its matrices are multiplied by. @default 1 */
  readonly eigenvalueScale?: number;
}

/**
 * Of kernels [out, in, height, width]: WeightWatcher multiplies their matrices by sqrt(1/2) unless it is
 * told otherwise (`conv2d_norm`), and so does the code of TempBalance (`conv_norm`, arXiv 2312.00359).
 */
const SCALE_OF_IMAGE_KERNELS = 0.5;

/** The units of a weight; a weight with fewer than two axes has none. */
export function spectralUnits(weight: WeightTensor): SpectralUnit[] {
  const { shape } = weight;
  if (shape.length < 2) return [];
  if (weight.stacked && shape.length >= 3) return stackedUnits(weight);
  if (shape.length === 2) {
    const [rows, columns] = shape as [number, number];
    const { name, factors } = weight;
    if (!factors) return [{ ...describe(weight), weight, matrices: [matrixAt(weight, 0)] }];
    const core = lowRankMatrix(name, [rows, columns], factors);
    return [{ ...describe(weight), weight, matrices: [core], factored: true }];
  }
  const { factors } = weight;
  const unit = {
    ...describe(weight),
    weight,
    ...(shape.length === 4 && { eigenvalueScale: SCALE_OF_IMAGE_KERNELS }),
  };
  if (!factors) return [{ ...unit, matrices: kernelMatrices(weight) }];
  return [{ ...unit, matrices: kernelCores(weight, factors), factored: true }];
}

/** Floating-point operations of the two-stage eigensolver: the measure of work in progress reports. */
export function operations(unit: SpectralUnit): number {
  return unit.matrices.reduce((sum, matrix) => sum + matrixOperations(matrix), 0);
}

/** The Gram matrix n^2 m, its eigenvalues 4/3 n^3, for the smaller side n and the larger m. */
export function matrixOperations({ rows, columns }: Pick<Matrix, 'rows' | 'columns'>): number {
  const small = Math.min(rows, columns);
  return small * small * Math.max(rows, columns) + (4 / 3) * small ** 3;
}

/** Sides of each of a unit's matrices, and how many there are. */
export function sidesOf(unit: SpectralUnit): { smaller: number; larger: number; matrices: number } {
  const [first] = unit.matrices;
  // A matrix given as factors is larger than the core that stands in for it.
  const [rows, columns] = unit.factored ? unit.shape : [first!.rows, first!.columns];
  const sides = [rows!, columns!];
  return {
    smaller: Math.min(...sides),
    larger: Math.max(...sides),
    matrices: unit.matrices.length,
  };
}

/** The description without the reading methods, ready to be written down. */
export function describe(weight: WeightDescription): WeightDescription {
  const { name, shape, dtype, kind } = weight;
  const { block, stack, role, inputFirst, stacked, partOf, base, quantization } = weight;
  return {
    name,
    shape,
    dtype,
    kind,
    ...defined({ block, stack, role, inputFirst, stacked, partOf, base, quantization }),
  };
}

/** The matrix formed by the last two axes, from element `offset` on. */
function matrixAt(weight: WeightTensor, offset: number, name = weight.name): Matrix {
  const rows = weight.shape.at(-2)!;
  const columns = weight.shape.at(-1)!;
  return {
    name,
    rows,
    columns,
    dtype: weight.dtype,
    read: (start = 0, end = rows, signal) =>
      weight.read(offset + start * columns, offset + end * columns, signal),
    ...(weight.readInto && {
      readInto: (target: Uint8Array, start: number, signal?: AbortSignal) =>
        weight.readInto!(target, offset + start * columns, signal),
    }),
    ...(weight.identity !== undefined && { identity: `${weight.identity} @${offset}` }),
  };
}

function stackedUnits(weight: WeightTensor): SpectralUnit[] {
  const [count, ...shape] = weight.shape as [number, ...number[]];
  const { stacked: _, ...description } = describe(weight);
  const size = shape.reduce((product, length) => product * length, 1);
  return Array.from({ length: count }, (_, expert) => {
    const name = `${weight.name}[${expert}]`;
    const matrices = [matrixAt({ ...weight, shape }, expert * size, name)];
    return { ...description, name, shape, weight, matrices };
  });
}

/** The cores of the matrices at every kernel position, which share the factor of the outputs. */
function kernelCores({ name, shape }: WeightTensor, factors: LowRankFactors): Matrix[] {
  const [rows, columns, ...kernel] = shape as [number, number, ...number[]];
  const positions = kernel.reduce((product, length) => product * length, 1);
  return Array.from({ length: positions }, (_, position) =>
    lowRankMatrix(`${name}[:, :, ${position}]`, [rows, columns], {
      ...factors,
      async right(signal) {
        const all = await factors.right(signal);
        const values = all.slice(0, factors.rank * columns);
        for (let i = 0; i < values.length; i++) values[i] = all[i * positions + position]!;
        return values;
      },
    }),
  );
}

function kernelMatrices(weight: WeightTensor): Matrix[] {
  const [rows, columns, ...kernel] = weight.shape as [number, number, ...number[]];
  const positions = kernel.reduce((product, length) => product * length, 1);
  return Array.from({ length: positions }, (_, position) => ({
    name: `${weight.name}[:, :, ${position}]`,
    rows,
    columns,
    dtype: weight.dtype,
    async read(start = 0, end = rows, signal?: AbortSignal) {
      const stride = columns * positions;
      const block = await weight.read(start * stride, end * stride, signal);
      const values = block.slice(0, (end - start) * columns);
      for (let i = 0; i < values.length; i++) values[i] = block[i * positions + position]!;
      return values;
    },
  }));
}
