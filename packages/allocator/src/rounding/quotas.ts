/**
 * Real-valued quotas in proportion to weights, within bounds: q_i = clamp(c * w_i, min, max) with
 * the one c for which they sum to the total.
 *
 * Where bounds bind, the blocks beyond them are fixed there, the side with the larger violation
 * first, and the rest is shared out anew; each round fixes at least one block. Fixing the larger
 * side first never has to be undone, because c only moves towards the other side afterwards.
 */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** @param weights non-negative; the total must lie within count * [min, max] */
export function boundedQuotas(
  weights: readonly number[],
  total: number,
  { min, max }: Bounds,
): number[] {
  const quotas = new Array<number>(weights.length).fill(Number.NaN);
  let free = [...weights.keys()];
  let remaining = total;
  while (free.length > 0) {
    const sum = free.reduce((accumulated, i) => accumulated + weights[i]!, 0);
    const quota = (i: number): number =>
      sum > 0 ? (remaining * weights[i]!) / sum : remaining / free.length;
    const below = free.filter((i) => quota(i) < min);
    const above = free.filter((i) => quota(i) > max);
    if (below.length === 0 && above.length === 0) {
      for (const i of free) quotas[i] = quota(i);
      break;
    }
    const deficit = below.reduce((accumulated, i) => accumulated + min - quota(i), 0);
    const excess = above.reduce((accumulated, i) => accumulated + quota(i) - max, 0);
    const [fixed, bound] = deficit >= excess ? [below, min] : [above, max];
    for (const i of fixed) quotas[i] = bound;
    remaining -= bound * fixed.length;
    free = free.filter((i) => !fixed.includes(i));
  }
  return quotas;
}
