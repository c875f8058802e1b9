/**
 * A power law with an exponential cut-off, p(lambda) ~ lambda^-alpha exp(-rate lambda) above xmin, by
 * maximum likelihood (Clauset, Shalizi, Newman 2009, table 2.1; WeightWatcher's TPL).
 *
 * Over t = lambda / xmin >= 1 this is an exponential family with the statistics ln t and t, so the
 * log-likelihood is concave in (alpha, rate): its gradient is the difference between expected and
 * observed means, its Hessian minus the covariance, and damped Newton steps find the only maximum.
 * The moments come by quadrature after t = e^u, where the weight exp((1 - alpha) u - rate e^u) is
 * log-concave and smooth; t - 1 in place of t keeps the digits of a tail close to xmin. The covariance
 * is also the Fisher information, whose inverse over n gives the standard error.
 *
 * rate >= 0. Where the likelihood falls as soon as the rate leaves 0 (possible only for alpha > 2,
 * where the pure law has a mean), the pure power law is the maximum.
 *
 * The cut is chosen beforehand, by the pure law:
 * - `tpl`: of all cuts, the one with the smallest KS distance.
 * - `e-tpl`: near the peak of the histogram, WeightWatcher's E_TPL, which is TPL with xmin_peak. The
 *   lower bound is the intended one of `fix-finger-strict`, so that scale does not matter.
 *
 * Above that cut there may be no power law: the likelihood then prefers an exponent below 0, a density
 * that rises before the cut-off. The package `powerlaw` stops at its bound, 0, an exponential, and
 * WeightWatcher 0.7.5.5 with it. Here other cuts are tried, twelve tails of sizes from 10 to all,
 * equally spaced in their logarithm; of those with a positive exponent that with the smallest KS
 * distance counts. Where there is none, the fit says nothing.
 */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator, TailFit } from '@alphalora/contracts/extensions';
import { fixFingerStrict } from './fix-finger.js';
import { ks } from './ks.js';
import { fitAt, powerLawFits } from './power-law.js';
import { quadrature } from './quadrature.js';

export const tpl: TailEstimator = {
  name: 'tpl',
  fit: (eigenvalues) => withCutOffFrom(eigenvalues, ks.fit(eigenvalues)),
};

export const extendedTpl: TailEstimator = {
  name: 'e-tpl',
  fit: (eigenvalues) => withCutOffFrom(eigenvalues, fixFingerStrict.fit(eigenvalues)),
};

/** Tails that are tried where there is no power law above the cut. */
const OTHER_CUTS = 12;
const SMALLEST_OTHER = 10;

/**
 * The truncated law above the cut of the pure one, or else above another; where no cut has one, the
 * pure one, which then says nothing.
 */
function withCutOffFrom(eigenvalues: Float64Array, pure: TailFit): TailFit {
  const first = attempt(() => withCutOff(eigenvalues, pure));
  if (!(first instanceof AlphaLoraError)) return first;
  const { length } = eigenvalues;
  const fits = powerLawFits(eigenvalues);
  let best: TailFit | undefined;
  for (let i = 0; i < OTHER_CUTS && length > SMALLEST_OTHER; i++) {
    const tail = SMALLEST_OTHER * (length / SMALLEST_OTHER) ** (i / (OTHER_CUTS - 1));
    const fit = attempt(() => withCutOff(eigenvalues, fitAt(fits, length - Math.round(tail))));
    if (fit instanceof AlphaLoraError) continue;
    if (!best || fit.ks < best.ks) best = fit;
  }
  if (best) return best;
  return {
    ...pure,
    lambda: 0,
    weak: `${first.message}, as above other cuts; try the estimator ks`,
  };
}

/** The fit, or why there is none. */
function attempt(fit: () => TailFit): TailFit | AlphaLoraError {
  try {
    return fit();
  } catch (error) {
    if (isAlphaLoraError(error, 'NO_SPECTRUM')) return error as AlphaLoraError;
    throw error;
  }
}

/**
 * The truncated law above the cut of a pure one.
 * @param eigenvalues positive, ascending
 * @param pure the maximum-likelihood fit of the pure law to the `tail` largest of them
 * @throws AlphaLoraError `NO_SPECTRUM` when the tail is so narrow that double precision cannot tell
 * the two parameters apart, or the exponent is not positive: an exponential fits better
 */
export function withCutOff(eigenvalues: Float64Array, pure: TailFit): TailFit {
  const { xmin, tail } = pure;
  const logs = eigenvalues
    .subarray(eigenvalues.length - tail)
    .map((value) => Math.log(value / xmin));
  const observed = observedMeans(logs);
  // At rate 0 the likelihood rises with the rate when the pure law's mean exceeds the observed one.
  const excessOfPure = pure.alpha > 2 ? 1 / (pure.alpha - 2) : Number.POSITIVE_INFINITY;
  if (excessOfPure <= observed.excess) return { ...pure, lambda: 0 };
  // Of exponent 0 the law is an exponential with the rate 1 / excess. The likelihood is concave: its
  // maximum has a positive exponent where it rises from there.
  if (momentsOf(0, 1 / observed.excess).log <= observed.log) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      'no power law above the cut: an exponential fits better',
    );
  }

  const { alpha, rate, moments } = maximumLikelihood(observed, pure.alpha);
  const { varianceLog, varianceExcess, covariance } = moments;
  const determinant = varianceLog * varianceExcess - covariance ** 2;
  const stderr = Math.sqrt(varianceExcess / determinant / tail);
  if (!Number.isFinite(alpha) || !Number.isFinite(stderr)) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      'the tail is too narrow to tell a cut-off from a power law; try the estimator ks',
    );
  }
  return {
    alpha,
    xmin,
    ks: ksDistance(logs, alpha, rate, moments),
    tail,
    stderr,
    lambda: rate / xmin,
  };
}

interface Means {
  /** Of ln t. */
  readonly log: number;
  /** Of t - 1. */
  readonly excess: number;
}

function observedMeans(logs: Float64Array): Means {
  let [log, excess] = [0, 0];
  for (const value of logs) {
    log += value;
    excess += Math.expm1(value);
  }
  return { log: log / logs.length, excess: excess / logs.length };
}

interface Moments extends Means {
  readonly varianceLog: number;
  readonly varianceExcess: number;
  readonly covariance: number;
  /** ln of the normalisation: the integral of t^-alpha exp(-rate (t - 1)) over t >= 1. */
  readonly logNorm: number;
  /** Upper end of the integrals over u = ln t. */
  readonly end: number;
}

/** The law's weight is cut off where it has fallen to exp(-45): below the rounding of the sums. */
const NEGLIGIBLE = 45;
const PANELS = 64;

function momentsOf(alpha: number, rate: number): Moments {
  const exponent = (u: number): number => (1 - alpha) * u - rate * Math.expm1(u);
  const peak = exponent(alpha < 1 ? Math.max(0, Math.log((1 - alpha) / rate)) : 0);
  const end = endOf(alpha, rate);
  let [norm, log, excess] = [0, 0, 0];
  const weights: number[] = [];
  quadrature(0, end, PANELS, (u, weight) => {
    const mass = weight * Math.exp(exponent(u) - peak);
    weights.push(mass);
    norm += mass;
    log += mass * u;
    excess += mass * Math.expm1(u);
  });
  log /= norm;
  excess /= norm;
  // Central moments in a second pass: differences of raw ones would cancel.
  let [varianceLog, varianceExcess, covariance, i] = [0, 0, 0, 0];
  quadrature(0, end, PANELS, (u) => {
    const mass = weights[i++]! / norm;
    const [ofLog, ofExcess] = [u - log, Math.expm1(u) - excess];
    varianceLog += mass * ofLog * ofLog;
    varianceExcess += mass * ofExcess * ofExcess;
    covariance += mass * ofLog * ofExcess;
  });
  return {
    log,
    excess,
    varianceLog,
    varianceExcess,
    covariance,
    logNorm: Math.log(norm) + peak,
    end,
  };
}

/** Where the weight of t^2, the slowest to fall of all that are integrated, is negligible. */
function endOf(alpha: number, rate: number): number {
  const exponent = (u: number): number => (3 - alpha) * u - rate * Math.expm1(u);
  const top = alpha < 3 ? Math.max(0, Math.log((3 - alpha) / rate)) : 0;
  const limit = exponent(top) - NEGLIGIBLE;
  let [low, high] = [top, top + NEGLIGIBLE / Math.max(1, alpha - 3 + rate)];
  while (exponent(high) > limit) [low, high] = [high, 2 * high - top];
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (exponent(middle) > limit) low = middle;
    else high = middle;
  }
  return high;
}

/** Newton decrement, in units of a mean log-likelihood, at which the maximum is reached. */
const CONVERGED = 1e-20;
const MOST_STEPS = 100;

function maximumLikelihood(
  observed: Means,
  pureAlpha: number,
): { alpha: number; rate: number; moments: Moments } {
  let alpha = pureAlpha;
  let rate = 0.1 / (1 + observed.excess);
  let moments = momentsOf(alpha, rate);
  const likelihood = (a: number, r: number, { logNorm }: Moments): number =>
    -a * observed.log - r * observed.excess - logNorm;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const { varianceLog, varianceExcess, covariance } = moments;
    const gradientAlpha = moments.log - observed.log;
    const gradientRate = moments.excess - observed.excess;
    const determinant = varianceLog * varianceExcess - covariance ** 2;
    const stepAlpha = (varianceExcess * gradientAlpha - covariance * gradientRate) / determinant;
    const stepRate = (varianceLog * gradientRate - covariance * gradientAlpha) / determinant;
    const decrement = gradientAlpha * stepAlpha + gradientRate * stepRate;
    if (!(decrement > CONVERGED)) break;
    const before = likelihood(alpha, rate, moments);
    // The rate stays positive: at most nine tenths of the way to 0 in one step.
    let damping = stepRate < 0 ? Math.min(1, (0.9 * rate) / -stepRate) : 1;
    for (;;) {
      const next = momentsOf(alpha + damping * stepAlpha, rate + damping * stepRate);
      const gain =
        likelihood(alpha + damping * stepAlpha, rate + damping * stepRate, next) - before;
      // Near the maximum the gain drowns in rounding, and the full step is right.
      if (gain >= 0.1 * damping * decrement || damping * decrement < 1e-10) {
        alpha += damping * stepAlpha;
        rate += damping * stepRate;
        moments = next;
        break;
      }
      damping /= 2;
    }
  }
  return { alpha, rate, moments };
}

/** max_j |F(t_j) - j/n| over the tail, as for the pure law; F piece by piece between the points. */
function ksDistance(logs: Float64Array, alpha: number, rate: number, moments: Moments): number {
  const { logNorm, end } = moments;
  const piece = end / PANELS;
  let distance = 0;
  let cumulative = 0;
  for (const [j, u] of logs.entries()) {
    const from = j === 0 ? 0 : logs[j - 1]!;
    if (u > from) {
      quadrature(from, u, Math.ceil((u - from) / piece), (v, weight) => {
        cumulative += weight * Math.exp((1 - alpha) * v - rate * Math.expm1(v) - logNorm);
      });
    }
    distance = Math.max(distance, Math.abs(cumulative - j / logs.length));
  }
  return distance;
}
