/**
 * AlphaQ (Yang et al., arXiv 2606.04980): bits of every layer, from 2, 3, 4 and 8, that minimise the
 * expected error of quantisation under a budget of bits. A smaller alpha, a better trained layer,
 * gets more.
 *
 *   minimise sum c_i 4^(-b_i),  c_i = parameters_i * (median(alpha) / alpha_i)^gamma * Var(W_i)
 *   subject to sum b_i <= T,  b_i in {2, 3, 4, 8}
 *
 * Where the budget is an average over all weights, the bits of a layer count by its size, and the
 * optimum is found by the table of `weighted-bits.ts`. Otherwise it is exact in n log n for n layers,
 * whatever the budget, because every layer has the same curve 4^(-b)
 * up to its factor c:
 * - Some optimum gives more bits to larger c (exchange two layers that are out of order: the sum
 *   cannot grow, by the rearrangement inequality). So sort by c; the 8s come first, then 4, 3, 2.
 * - Given the number of 8s, the others choose among consecutive bits, where each bit gains less
 *   than the one before. Taking the best bits first is then optimal, and by the order above one
 *   number is left to choose, that of the 4s: the balance of its gain and its loss only falls as it
 *   grows, so the place where it turns is found by halving.
 * - All numbers of 8s are tried.
 */
import { type AllocationPolicy, AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import { numberFrom, strictOptions } from './options.js';
import { requireScores, requireTotal } from './scores.js';
import { weightedBits } from './weighted-bits.js';

const levels = [2, 3, 4, 8];

export const alphaq: AllocationPolicy<{ gamma: number }> = {
  name: 'alphaq',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'bits that minimise the weighted error of quantisation, exactly (arXiv 2606.04980)',
  options: strictOptions({
    /** How strongly alpha counts; 0 leaves the variances alone to decide. */
    gamma: v.optional(numberFrom(0), 1),
  }),
  requires: ['shapes', 'variance'],
  traits: { resources: ['bits'], answer: 'values', monotone: 'decreasing', equivariant: true },
  allocate({ layers, options: { gamma }, budget }) {
    requireScores('alphaq', layers, 0);
    const total = requireTotal('alphaq', budget);
    // Where all layers weigh the same, whatever is beyond an integer cannot be spent.
    const prices = layers.map(({ price }) => price);
    const alike = prices.every((price) => price === prices[0]);
    const allowed = levels.filter((bits) => bits >= budget.min && bits <= budget.max);
    const lowest = allowed[0];
    if (lowest === undefined || total < lowest * layers.length) {
      throw new AlphaLoraError(
        'INFEASIBLE_BUDGET',
        `a total of ${total} bits is too small for ${layers.length} layers, which take ` +
          `${lowest ?? 'none of 2, 3, 4 and 8'} bits at least: raise the total or lower min`,
        { details: { policy: 'alphaq', total, layers: layers.length } },
      );
    }
    const middle = median(layers.map(({ score }) => score));
    const factors = layers.map(
      ({ score, parameters, variance }) => parameters * (middle / score) ** gamma * variance!,
    );
    if (alike) return { values: optimalBits(factors, Math.floor(total), allowed) };
    const sizes = layers.map(({ parameters }) => parameters);
    const capacity = (total * sizes.reduce((sum, size) => sum + size, 0)) / layers.length;
    return { values: weightedBits({ factors, sizes, capacity, levels: allowed }) };
  },
};

/** @param allowed consecutive members of `levels`; `total` is enough for the lowest everywhere */
function optimalBits(factors: readonly number[], total: number, allowed: number[]): number[] {
  const order = [...factors.keys()].sort((a, b) => factors[b]! - factors[a]! || a - b);
  const sorted = order.map((i) => factors[i]!);
  const sums = [0];
  for (const factor of sorted) sums.push(sums.at(-1)! + factor);
  const small = allowed.filter((bits) => bits < 8);
  const count = sorted.length;

  let best = { error: Number.POSITIVE_INFINITY, ends: [] as number[] };
  const mostEights = allowed.includes(8) ? count : 0;
  for (let eights = small.length > 0 ? 0 : count; eights <= mostEights; eights++) {
    const rest = total - 8 * eights - (small[0] ?? 0) * (count - eights);
    if (rest < 0) break;
    const ends = [eights, ...smallEnds(sorted, eights, rest, small.length)];
    // Layers up to the k-th end get the k-th bits, counted from the top.
    const bits = [8, ...small.toReversed()];
    const error = ends.reduce(
      (sum, end, k) => sum + (sums[end]! - sums[k > 0 ? ends[k - 1]! : 0]!) * 4 ** -bits[k]!,
      0,
    );
    if (error < best.error) best = { error, ends };
  }
  const bits = [8, ...small.toReversed()];
  const values = new Array<number>(count);
  for (const [at, i] of order.entries()) values[i] = bits[best.ends.findIndex((end) => at < end)]!;
  return values;
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

function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const half = ascending.length >> 1;
  return ascending.length % 2 === 1
    ? ascending[half]!
    : (ascending[half - 1]! + ascending[half]!) / 2;
}
