/**
 * Whether the tail above a given cut is no power law, so that its exponent depends on the cut.
 *
 * An estimator that does not look for its cut has intervals that hold for this cut only. Where it lies
 * in the bulk of the spectrum, they miss the exponent of the tail. Above a right cut the logarithms
 * are exponential with a rate that is estimated; for that case Stephens ("EDF statistics for goodness
 * of fit and some comparisons", Journal of the American Statistical Association 69, 1974) gives the
 * Kolmogorov-Smirnov distance D that 5 % of samples of n exceed:
 *
 *     (D - 0.2 / n) (sqrt(n) + 0.26 + 0.5 / sqrt(n)) = 1.094
 *
 * Of eigenvalues, which repel one another, fewer do.
 */
import type { TailFit } from '@alphalora/contracts/extensions';

const FIVE_PERCENT = 1.094;

/** In words; undefined where the tail may be a power law. */
export function misfitReason({ ks, tail }: TailFit): string | undefined {
  const root = Math.sqrt(tail);
  const limit = FIVE_PERCENT / (root + 0.26 + 0.5 / root) + 0.2 / tail;
  if (ks <= limit) return undefined;
  return (
    `the ${tail} largest eigenvalues are no power law: KS ${ks.toFixed(3)}, ` +
    `above the ${limit.toFixed(3)} that 5 % of samples exceed`
  );
}
