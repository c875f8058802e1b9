/**
 * Whether the blocks of a model differ by more than the draws of their alphas do: Cochran's test of
 * homogeneity ("The combination of estimates from different experiments", Biometrics 10, 1954). With
 * y = ln(alpha - 1) of a block and w = 1 / variance of y over its draws,
 *
 *     Q = sum of w (y - mean of y weighted by w)^2
 *
 * Its distribution for blocks that are alike is that over the draws, each block's moved to the same
 * mean, in place of chi-square's, which holds for normal errors. Deviations of rigid draws are right
 * within a factor of two only (decision record 17), so theirs are doubled: blocks are told apart where
 * that is sure. Models of equal Gaussian matrices then count as alike; `homogeneity.test.ts`.
 */
import { exponentLogs, mean, standardDeviation } from './statistics.js';

/** By what the deviation of draws may be too small. */
const SLACK = 2;
/** Of fewer draws, 5 % is hardly one. */
const FEWEST_DRAWS = 40;

/**
 * @param scores of the blocks
 * @param draws the scores of all blocks by draw, then by block; blocks that have NaN do not count
 * @returns the share of the draws of blocks that are alike which lie as far apart as these; undefined
 *   for fewer than two blocks, too few draws, and blocks whose draws do not differ
 */
export function homogeneity(
  scores: readonly number[],
  draws: ReadonlyArray<readonly number[]>,
): number | undefined {
  const known = scores.flatMap((score, i) => (Number.isFinite(score) ? i : []));
  if (known.length < 2 || draws.length < FEWEST_DRAWS) return undefined;
  const rows = [scores, ...draws].map((row) => known.map((i) => row[i]!));
  const { logs } = exponentLogs(rows.flat());
  const [found = [], ...drawn] = rows.map((_, i) =>
    logs.slice(i * known.length, (i + 1) * known.length),
  );
  const columns = known.map((_, i) => drawn.map((row) => row[i]!));
  const weights = columns.map((column) => standardDeviation(column) ** -2);
  if (!weights.every(Number.isFinite)) return undefined;
  const centers = columns.map(mean);
  const limit = spread(found, weights) / SLACK ** 2;
  const alike = drawn.map((row) =>
    spread(
      row.map((log, i) => log - centers[i]!),
      weights,
    ),
  );
  const beyond = alike.filter((each) => each >= limit).length;
  return (1 + beyond) / (1 + draws.length);
}

/** Cochran's Q. */
function spread(values: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const center = values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
  return values.reduce((sum, value, i) => sum + weights[i]! * (value - center) ** 2, 0);
}
