/** The statistics of the study, over plain numbers. */
import jstat from 'jstat';
import { createRandom } from '../../examples/demo-tasks/tasks.mjs';

const { jStat } = jstat;

/** @returns {{ mean: number, low: number, high: number, n: number }} with the 95 % interval by t */
export function meanWithInterval(values) {
  const n = values.length;
  const mean = jStat.mean(values);
  if (n < 2) return { mean, low: mean, high: mean, n };
  const reach = (jStat.studentt.inv(0.975, n - 1) * jStat.stdev(values, true)) / Math.sqrt(n);
  return { mean, low: mean - reach, high: mean + reach, n };
}

/**
 * The true mean that a test at 5 % finds with a probability of 80 %, from the interval of a mean like
 * it: the sum of the quantiles by t that the two probabilities need, in standard errors.
 */
export function detectable({ low, high, n }) {
  const reach = jStat.studentt.inv(0.975, n - 1);
  return ((high - low) / 2 / reach) * (reach + jStat.studentt.inv(0.8, n - 1));
}

/**
 * Whether paired differences have a mean other than 0: the share of random sign flips whose mean is
 * at least as far from 0 (two-sided permutation test, seeded, itself counted in).
 */
export function signFlipTest(differences, { draws = 100_000, seed = 1 } = {}) {
  const random = createRandom(seed);
  const observed = Math.abs(jStat.sum(differences));
  let extreme = 1;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    for (const difference of differences) sum += random() < 0.5 ? difference : -difference;
    // Equal up to rounding counts as equal.
    if (Math.abs(sum) >= observed * (1 - 1e-12)) extreme++;
  }
  return extreme / (draws + 1);
}

/** Holm's correction for many comparisons (1979), in the order of the given p-values. */
export function holm(pValues) {
  const order = [...pValues.keys()].sort((a, b) => pValues[a] - pValues[b]);
  const corrected = new Array(pValues.length);
  let least = 0;
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, pValues[i] * (pValues.length - rank)));
    corrected[i] = least;
  }
  return corrected;
}

/** Spearman's rank correlation; equal values share their mean rank. */
export function spearman(a, b) {
  return jStat.corrcoeff(jStat.rank(a), jStat.rank(b));
}

/**
 * Whether a rank correlation differs from 0: the share of random permutations of one side with at
 * least as large a correlation (two-sided).
 */
export function permutationOfRanks(a, b, { draws = 20_000, seed = 2 } = {}) {
  const random = createRandom(seed);
  const observed = Math.abs(spearman(a, b));
  const ranks = jStat.rank(a);
  const shuffled = jStat.rank(b);
  let extreme = 1;
  for (let draw = 0; draw < draws; draw++) {
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    if (Math.abs(jStat.corrcoeff(ranks, shuffled)) >= observed * (1 - 1e-12)) extreme++;
  }
  return extreme / (draws + 1);
}
