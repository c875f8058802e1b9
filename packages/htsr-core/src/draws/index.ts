/**
 * How far to trust an alpha: the estimator applied anew to spectra that might have been, the choice
 * of the cut included. The standard error (alpha - 1) / sqrt(n) holds for a given cut only, and for
 * independent eigenvalues.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import type { Random } from '@alphalora/contracts/numbers';
import { exponentLogs, quantile, standardDeviation } from '../statistics.js';
import { alphaOf } from './alpha-of.js';
import { baggedAlpha } from './bag.js';
import { withReplacement } from './bootstrap.js';
import { rigidly } from './rigid.js';

/** How many draws of which kind; of the two at most one is above 0. */
export interface DrawOptions {
  /** Rigid draws for the interval of alpha; 0 for none. @default 200 */
  draws?: number;
  /** Bootstrap draws in place of them: eigenvalues taken for independent; 0 for none. */
  bootstrap?: number;
}

/** Unless told otherwise: the ends of the interval are good to two digits. */
const DEFAULT_DRAWS = 200;

/**
 * What the document says of the draws: their number under the name of their kind.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when some of both kinds are asked for
 */
export function drawsRecord({
  draws,
  bootstrap,
}: DrawOptions): { draws: number } | { bootstrap: number } {
  if (bootstrap === undefined) return { draws: draws ?? DEFAULT_DRAWS };
  if (draws === undefined || draws === 0) return { bootstrap };
  if (bootstrap === 0) return { draws };
  throw new AlphaLoraError(
    'INVALID_OPTION',
    'draws are rigid (draws) or samples with replacement (bootstrap): choose one of the two',
  );
}

/** @throws AlphaLoraError `INVALID_OPTION` when some of both kinds are asked for */
export function drawCount(options: DrawOptions): number {
  const record = drawsRecord(options);
  return 'draws' in record ? record.draws : record.bootstrap;
}

/** Fits of a bag inside of a draw; their number is allowed for. */
const INNER_BAG = 8;

/**
 * @param params.eigenvalues positive, ascending
 * @param params.alpha what is made of them: the median of the result
 * @param params.bag number of draws behind alpha, where it is bagged
 * @param params.count how many spectra are drawn
 * @returns alpha of every draw that has a fit, in the order of the draws
 */
export function drawnAlphas(params: {
  kind: 'rigid' | 'bootstrap';
  eigenvalues: Float64Array;
  alpha: number;
  estimator: TailEstimator;
  bag?: number | undefined;
  count: number;
  random: Random;
}): number[] {
  const { kind, eigenvalues, alpha, estimator, bag, count, random } = params;
  if (count === 0) return [];
  const draw = kind === 'rigid' ? rigidly(eigenvalues) : withReplacement(eigenvalues);
  const alphas: number[] = [];
  const variances: number[] = [];
  const inner = Math.min(bag ?? 1, INNER_BAG);
  for (let i = 0; i < count; i++) {
    const sample = draw(random);
    if (bag === undefined) {
      const drawn = alphaOf(sample, estimator);
      if (drawn !== undefined) alphas.push(drawn);
      continue;
    }
    const drawn = baggedAlpha({ eigenvalues: sample, estimator, bag: inner, random });
    if (drawn === undefined) continue;
    alphas.push(drawn.alpha);
    if (!Number.isNaN(drawn.variance)) variances.push(drawn.variance);
  }
  return centered(alphas, alpha, spreadOfBag(alphas, variances, inner, bag));
}

/**
 * By what the spread of draws, each of a small bag, has to be multiplied to become that of the full
 * bag. The variance of a bagged ln(alpha - 1) is that between the spectra and 1/bag of that inside
 * of a bag; that inside is known from the small ones.
 */
function spreadOfBag(
  alphas: readonly number[],
  variances: readonly number[],
  inner: number,
  bag = inner,
): number {
  if (bag === inner || variances.length === 0 || alphas.length < 2) return 1;
  const inside = variances.reduce((sum, variance) => sum + variance, 0) / variances.length;
  const total = standardDeviation(exponentLogs(alphas).logs) ** 2;
  const between = Math.max(0, total - inside / inner);
  return total === 0 ? 1 : Math.sqrt((between + inside / bag) / total);
}

/**
 * Multiplies alpha - 1, to which the standard error is proportional, so that the median becomes the
 * estimate. A drawn spectrum has a rougher histogram than the one at hand, which moves the cuts that
 * follow its peak; that shift belongs to the drawing and not to the matrix.
 *
 * @param spread by what the distances of ln(alpha - 1) from the median are multiplied
 */
function centered(alphas: readonly number[], alpha: number, spread: number): number[] {
  if (alphas.length === 0) return [];
  const ascending = alphas.toSorted((a, b) => a - b);
  // Laws with a cut-off may have exponents below 1; then alpha itself is scaled.
  const origin = Math.min(ascending[0]!, alpha) > 1 ? 1 : 0;
  const middle = quantile(ascending, 0.5) - origin;
  return alphas.map((drawn) => {
    const ratio = (drawn - origin) / middle;
    return origin + (alpha - origin) * (spread === 1 ? ratio : ratio ** spread);
  });
}
