/**
 * FARMS, fixed-aspect-ratio subsampling (arXiv 2506.06280): the spectrum of a matrix as the pooled
 * spectra of overlapping windows of one shape, so that alphas of matrices with different aspect
 * ratios can be compared. Any estimator works on the pooled eigenvalues.
 *
 * Windows have r rows along the shorter side of the matrix and r Q along the longer one; along each
 * side they start at multiples of max(1, floor((side - window) / (windows - 1))), at most `windows`
 * of them.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Matrix } from '@alphalora/contracts/weights';
import type { SpectralUnit } from './matrices.js';

export interface FarmsOptions {
  /** Shorter side r of a window; smaller where the matrix is smaller. @default 2000 */
  rows?: number;
  /** Aspect ratio Q of a window, at least 1. @default 1 */
  ratio?: number;
  /** Most windows along a side. @default 10 */
  windows?: number;
  /**
   * Keeps windows upright on tall matrices, as the released code does: r rows and r Q columns; where
   * there are not so many, the last r Q - columns of them. Of square windows it makes no difference.
   */
  upright?: boolean;
}

type CheckedFarms = Required<Omit<FarmsOptions, 'upright'>> & { upright?: true };

/** @throws AlphaLoraError `INVALID_OPTION` for values out of range */
export function farmsOptions(options: FarmsOptions): CheckedFarms {
  const { rows = 2000, ratio = 1, windows = 10, upright = false } = options;
  const problem =
    (!(Number.isInteger(rows) && rows >= 2) && `rows must be an integer from 2, not ${rows}`) ||
    (!(Number.isFinite(ratio) && ratio >= 1) && `ratio must be at least 1, not ${ratio}`) ||
    (!(Number.isInteger(windows) && windows >= 1) &&
      `windows must be an integer from 1, not ${windows}`);
  if (problem) throw new AlphaLoraError('INVALID_OPTION', `farms: ${problem}`);
  return { rows, ratio, windows, ...(upright && { upright }) };
}

/**
 * The unit with windows in place of its matrices; its shape is that of a window.
 * @throws AlphaLoraError `INVALID_OPTION` for values out of range, and for a matrix given as factors
 */
export function farmsUnit(unit: SpectralUnit, options: FarmsOptions = {}): SpectralUnit {
  const checked = farmsOptions(options);
  if (unit.factored) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${unit.name} is the update of an adapter, of low rank, and has no windows to sample: ` +
        'add the adapter to its base model',
    );
  }
  const matrices = unit.matrices.flatMap((matrix) => windowsOf(matrix, checked));
  const { rows, columns } = matrices[0]!;
  return { ...unit, shape: [rows, columns], matrices };
}

/** The windows of a matrix, named `name[firstRow:endRow, firstColumn:endColumn]`. */
export function windowsOf(matrix: Matrix, options: CheckedFarms): Matrix[] {
  const { rows, columns } = matrix;
  const { height, width } = windowSides(rows, columns, options);
  const { windows, upright, ratio } = options;
  const isTooWide = upright && Math.floor(height * ratio) > columns;
  const lefts = isTooWide ? [columns - width] : starts(columns, width, windows);
  return starts(rows, height, windows).flatMap((top) =>
    lefts.map((left) => windowAt(matrix, { top, left, height, width })),
  );
}

function windowSides(
  rows: number,
  columns: number,
  options: CheckedFarms,
): { height: number; width: number } {
  const { ratio, upright } = options;
  const most = Math.min(options.rows, rows, columns);
  if (upright) {
    const width = Math.floor(most * ratio);
    // A window that is too wide begins before the first column, which Python counts from the end.
    return { height: most, width: width > columns ? Math.min(columns, width - columns) : width };
  }
  const shorter = Math.max(1, Math.min(most, Math.floor(Math.max(rows, columns) / ratio)));
  const longer = Math.floor(shorter * ratio);
  return rows <= columns ? { height: shorter, width: longer } : { height: longer, width: shorter };
}

function starts(side: number, window: number, most: number): number[] {
  const step = most === 1 ? side : Math.max(1, Math.floor((side - window) / (most - 1)));
  const fitting = Math.floor((side - window) / step) + 1;
  return Array.from({ length: Math.min(most, fitting) }, (_, i) => i * step);
}

function windowAt(
  matrix: Matrix,
  place: { top: number; left: number; height: number; width: number },
): Matrix {
  const { top, left, height, width } = place;
  const { name, columns, dtype } = matrix;
  return {
    name: `${name}[${top}:${top + height}, ${left}:${left + width}]`,
    dtype,
    rows: height,
    columns: width,
    async read(start = 0, end = height, signal?: AbortSignal) {
      const lines = await matrix.read(top + start, top + end, signal);
      if (width === columns) return lines;
      const values = lines.slice(0, (end - start) * width);
      for (let row = 0; row < end - start; row++) {
        const from = row * columns + left;
        values.set(lines.subarray(from, from + width), row * width);
      }
      return values;
    },
  };
}
