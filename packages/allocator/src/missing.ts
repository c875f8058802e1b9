/**
 * Scores of layers that have none of their own, because the fits behind them say nothing: the mean of
 * the others, so that such a layer neither gains nor loses by them.
 */

/**
 * @param scores NaN where there is none; at least one is a number
 * @param groups of each score: the others of its group count first, such as those of its block or role
 */
export function filled(scores: readonly number[], groups?: readonly unknown[]): number[] {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const known = (keep: (i: number) => boolean): number[] =>
    scores.filter((score, i) => !Number.isNaN(score) && keep(i));
  return scores.map((score, i) => {
    if (!Number.isNaN(score)) return score;
    const near = groups ? known((other) => groups[other] === groups[i]) : [];
    return mean(near.length > 0 ? near : known(() => true));
  });
}
