/** Which alphas count, and what one outside of the usual range says, by WeightWatcher's bounds. */
import type { AnalysedRow, Analysis, MatrixRow, Warning } from './analysis.js';

export const alphaBounds = {
  /** Below this a layer is over-trained: its tail is heavier than that of any well-trained layer. */
  overTrained: 2,
  /** Above this it is under-trained. */
  underTrained: 6,
  /** Above this the tail is hardly a power law, and alpha says little. */
  spurious: 8,
} as const;

/**
 * Whether the alphas are of a given cut, such as the largest quarter of the eigenvalues. The bounds are
 * for fits that look for their cut, and say nothing about these.
 */
export function hasFixedCut({
  options,
  matrices,
}: Pick<Analysis, 'options' | 'matrices'>): boolean {
  return (
    options.estimator === 'hill' ||
    // Of estimators that are not ours: only a given cut can be a misfit.
    matrices.some((row) => row.status === 'ok' && row.misfit !== undefined)
  );
}

/** Undefined for the usual alphas, from 2 to 6. Of fits that look for their cut: see {@link hasFixedCut}. */
export function warningOf(alpha: number): Warning | undefined {
  if (alpha < alphaBounds.overTrained) return 'over-trained';
  if (alpha > alphaBounds.spurious) return 'spurious';
  return alpha > alphaBounds.underTrained ? 'under-trained' : undefined;
}

/** Whether a row has an alpha that counts: measured, with a fit that says something. */
export function hasAlpha(row: MatrixRow): row is AnalysedRow {
  return row.status === 'ok' && row.weak === undefined;
}

/** What an alpha counts as in a score. */
export function scoredAlpha(alpha: number, cap: number = Number.POSITIVE_INFINITY): number {
  return Math.min(alpha, cap);
}
