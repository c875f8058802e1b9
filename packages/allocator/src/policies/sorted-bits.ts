/**
 * Bits from 2, 3, 4 and 8 that minimise sum c_i 4^(-b_i) under sum b_i <= T, for factors c in
 * descending order. All layers have the same curve 4^(-b) up to their factor:
 *
 * - Some optimum gives more bits to larger c (exchange two layers that are out of order: the sum
 *   cannot grow, by the rearrangement inequality). So the 8s come first, then 4, 3, 2.
 * - Given the number of 8s, the others choose among consecutive bits, where each bit gains less
 *   than the one before. Taking the best bits first is then optimal, and by the order above one
 *   number is left to choose, that of the 4s: the balance of its gain and its loss only falls as it
 *   grows, so the place where it turns is found by halving.
 * - All numbers of 8s are tried.
 */

/** Layers up to `end`, those of earlier runs excluded, get `bits`. */
interface Run {
  end: number;
  bits: number;
}

/**
 * @param descending factors c
 * @param total at least the lowest bits everywhere
 * @param allowed ascending, consecutive members of 2, 3, 4, 8
 * @returns runs that cover all layers in their order, the most bits first
 */
export function bestRuns(
  descending: readonly number[],
  total: number,
  allowed: readonly number[],
): Run[] {
  const sums = [0];
  for (const factor of descending) sums.push(sums.at(-1)! + factor);
  const small = allowed.filter((bits) => bits < 8);
  const count = descending.length;
  // Layers up to the k-th end get the k-th bits, counted from the top.
  const bits = [8, ...small.toReversed()];

  let best = { error: Number.POSITIVE_INFINITY, ends: [] as number[] };
  const mostEights = allowed.includes(8) ? count : 0;
  for (let eights = small.length > 0 ? 0 : count; eights <= mostEights; eights++) {
    const rest = total - 8 * eights - (small[0] ?? 0) * (count - eights);
    if (rest < 0) break;
    const ends = [eights, ...smallEnds(descending, eights, rest, small.length)];
    const error = ends.reduce(
      (sum, end, k) => sum + (sums[end]! - sums[k > 0 ? ends[k - 1]! : 0]!) * 4 ** -bits[k]!,
      0,
    );
    if (error < best.error) best = { error, ends };
  }
  return best.ends.map((end, k) => ({ end, bits: bits[k]! }));
}

/**
 * Where the runs of the consecutive bits end, highest first, when `rest` bits beyond the lowest are
 * shared out among the layers from `start` on.
 */
function smallEnds(
  sorted: readonly number[],
  start: number,
  rest: number,
  kinds: number,
): number[] {
  const count = sorted.length;
  if (kinds <= 1) return kinds === 1 ? [count] : [];
  const free = count - start;
  if (kinds === 2) return [start + Math.min(rest, free), count];
  const spent = Math.min(rest, 2 * free);
  // With f layers at the top, spent - 2 f are in the middle; all of them must fit.
  let low = Math.max(0, spent - free);
  let high = Math.floor(spent / 2);
  while (low < high) {
    const tops = (low + high) >> 1;
    // One more at the top takes the last bit of the last layer in the middle, as 4^-b falls by
    // 3/4 of itself with every bit: 4 times less for the second bit than for the first.
    const gain = sorted[start + tops]! / 4;
    const loss = sorted[start + spent - tops - 1]!;
    if (gain > loss) low = tops + 1;
    else high = tops;
  }
  return [start + low, start + spent - low, count];
}
