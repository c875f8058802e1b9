/**
 * Exact apportionment of a budget in which the units of different layers cost differently, as with
 * grouped-query attention or wide MLPs: integers n within bounds, sum cost n <= budget, near to
 * quotas q in proportion to weights.
 *
 *   q_i = clamp(t w_i, min_i, max_i),  t such that sum cost_i q_i = budget
 *
 * 1. Start from the floors of the quotas.
 * 2. Add units, the largest fraction first, while one fits.
 * 3. Move units: one from i to j lowers sum (n - q)^2 exactly when e_i - e_j > 1, e = n - q, and fits
 *    when cost_j - cost_i is no more than what is left of the budget. Repeat 2 and 3.
 *
 * At the end no unit can be added and no move of one unit brings the numbers nearer to the quotas.
 * With equal costs this is Hamilton's method of the largest remainder (Balinski and Young, Fair
 * Representation, 1982). With unequal costs the best numbers are those of a knapsack problem, and
 * exchanges of several units at once could come nearer still.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { requireFeasible, requireOrdered } from '../budget/feasible.js';
import { costOrder } from './cost-order.js';
import { level } from './level.js';

export interface ApportionRequest {
  /** Not negative, finite; only their proportions count. */
  weights: readonly number[];
  /** Of one unit of each layer: positive integers. */
  costs: readonly number[];
  /** In the unit of the costs. */
  budget: number;
  /** Fewest units, of all layers or of each: integers from 0 on. @default 0 */
  min?: number | readonly number[];
  /** Most units, of all layers or of each. @default no bound */
  max?: number | readonly number[];
}

/**
 * Layers without weight get more than their minimum only when all others are at their maximum.
 *
 * @returns units of each layer; what they cost is at most the budget
 * @throws AlphaLoraError `INVALID_OPTION` for values out of range, `INFEASIBLE_BUDGET` when the
 *   budget is below the cost of all minima or above the cost of all maxima
 */
export function apportion(request: ApportionRequest): number[] {
  const { weights, costs, min, max, budget } = normalised(request);
  if (weights.length === 0) return [];
  const quotas = quotasOf({ weights, costs, min, max, budget });
  const units = quotas.map(Math.floor);
  let left = units.reduce((rest, count, i) => rest - costs[i]! * count, budget);
  const order = costOrder(
    costs,
    (i) => (units[i]! < max[i]! ? units[i]! - quotas[i]! : Number.POSITIVE_INFINITY),
    (i) => (units[i]! > min[i]! ? units[i]! - 1 - quotas[i]! : Number.NEGATIVE_INFINITY),
  );
  const give = (i: number, count: number): void => {
    units[i]! += count;
    left -= count * costs[i]!;
    order.changed(i);
  };
  // A quota may have been rounded up to an integer that it does not reach.
  const takeBack = (): void => {
    while (left < 0) give(order.worstGiver()!, -1);
  };
  const add = (): void => {
    for (let count = 0; ; count++) {
      // Many small units in the place of one that does not fit: all at once, then the rest.
      if (count % units.length === 0) {
        const filled = raised({ quotas, units, costs, max, left });
        for (const [i, target] of filled) give(i, target - units[i]!);
        takeBack();
      }
      const receiver = order.bestReceiver(left);
      if (receiver === undefined) return;
      give(receiver, 1);
    }
  };
  const move = (): boolean => {
    const best = order.bestReceiver(Number.POSITIVE_INFINITY);
    if (best === undefined) return false;
    let moved = false;
    for (const giver of order.givers(units[best]! - quotas[best]!)) {
      while (units[giver]! > min[giver]!) {
        const receiver = order.bestReceiver(costs[giver]! + left);
        if (receiver === undefined) break;
        if (!(units[receiver]! - quotas[receiver]! < units[giver]! - 1 - quotas[giver]!)) break;
        give(giver, -1);
        give(receiver, 1);
        moved = true;
      }
    }
    return moved;
  };
  takeBack();
  do add();
  while (move());
  return units;
}

interface Normalised {
  weights: readonly number[];
  costs: readonly number[];
  min: readonly number[];
  max: readonly number[];
  budget: number;
}

/** Checked; costs and budget in units of the costs' greatest common divisor. */
function normalised({ weights, costs, budget, min = 0, max }: ApportionRequest): Normalised {
  const count = weights.length;
  const all = (bound: number | readonly number[]): readonly number[] =>
    typeof bound === 'number' ? new Array<number>(count).fill(bound) : bound;
  const lowest = all(min);
  const highest = all(max ?? Number.POSITIVE_INFINITY);
  const whole = (value: number, least: number): boolean =>
    Number.isSafeInteger(value) && value >= least;
  check('weights', weights, count, 'finite and not negative', (w) => Number.isFinite(w) && w >= 0);
  check('costs', costs, count, 'positive integers', (cost) => whole(cost, 1));
  check('min', lowest, count, 'integers from 0 on', (bound) => whole(bound, 0));
  check('max', highest, count, 'integers from 0 on, or infinite', (bound) => {
    return whole(bound, 0) || bound === Number.POSITIVE_INFINITY;
  });
  if (!(Number.isFinite(budget) && budget >= 0)) {
    throw new AlphaLoraError('INVALID_OPTION', `the budget must be from 0 on, not ${budget}`);
  }
  for (const [i, bound] of lowest.entries()) requireOrdered(bound, highest[i]!, ` in layer ${i}`);
  const costOf = (units: readonly number[]): number =>
    units.reduce((sum, number, i) => sum + number * costs[i]!, 0);
  requireFeasible({
    ...{ total: budget, smallest: costOf(lowest), largest: costOf(highest) },
    among: `${count} layers`,
  });
  const divisor = costs.reduce(greatestCommonDivisor, 0) || 1;
  return {
    weights: weights.some((weight) => weight > 0) ? weights : weights.map(() => 1),
    costs: costs.map((cost) => cost / divisor),
    budget: Math.floor(budget / divisor),
    ...{ min: lowest, max: highest },
  };
}

function check(
  name: string,
  values: readonly number[],
  count: number,
  what: string,
  sound: (value: number) => boolean,
): void {
  if (values.length !== count) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${name} has ${values.length} entries for ${count} layers`,
    );
  }
  const odd = values.findIndex((value) => !sound(value));
  if (odd === -1) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${name} must be ${what}: layer ${odd} has ${values[odd]}`,
  );
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** In proportion to the weights; what those at their maximum leave goes evenly to the others. */
function quotasOf({ weights, costs, min, max, budget }: Normalised): number[] {
  const quotas = level({ slopes: weights, costs, min, max, budget });
  const full = quotas.every((quota, i) => weights[i] === 0 || quota === max[i]);
  if (!full) return quotas;
  return level({
    slopes: weights.map((weight) => (weight > 0 ? 0 : 1)),
    offsets: quotas.map((quota, i) => (weights[i]! > 0 ? quota : 0)),
    ...{ costs, min, max, budget },
  });
}

interface Filling {
  quotas: readonly number[];
  units: readonly number[];
  costs: readonly number[];
  max: readonly number[];
  left: number;
}

/**
 * Where one more unit of every layer whose unit fits would fit at once: as many as fit, by raising
 * the quotas of these layers evenly. Nothing where single units will do.
 */
function raised({
  quotas,
  units,
  costs,
  max,
  left,
}: Filling): Array<[layer: number, units: number]> {
  const open = [...units.keys()].filter((i) => costs[i]! <= left && units[i]! < max[i]!);
  const price = open.reduce((sum, i) => sum + costs[i]!, 0);
  if (open.length === 0 || price > left) return [];
  const spent = open.reduce((sum, i) => sum + costs[i]! * units[i]!, 0);
  const targets = level({
    slopes: open.map(() => 1),
    offsets: open.map((i) => quotas[i]!),
    costs: open.map((i) => costs[i]!),
    min: open.map((i) => units[i]!),
    max: open.map((i) => max[i]!),
    budget: spent + left,
  });
  return open.map((i, at) => [i, Math.max(units[i]!, Math.floor(targets[at]!))]);
}
