/**
 * Exact apportionment of a budget in which the units of different layers cost differently, as with
 * grouped-query attention or wide MLPs: integers n within bounds, sum cost n <= budget, near to
 * quotas q in proportion to weights.
 *
 *   q_i = clamp(t w_i, min_i, max_i),  t such that sum cost_i q_i = budget
 *
 * Start from the floors of the quotas, then give units to the layers that lack most, the lowest
 * n - q first (of several the cheapest, then the first), passing over those whose unit does not fit, until none fits.
 *
 * No unit can be added then, and no unit u of i moved to j to lower sum (n - q)^2. Such a move pays
 * exactly when j lacked more than i at the time that u was given. So j was passed over: its unit cost
 * more than what was left. What is left now, with the cost of u, is no more than that.
 *
 * With equal costs this is Hamilton's method of the largest remainder (Balinski and Young, Fair
 * Representation, 1982). With unequal costs the best numbers are those of a knapsack problem, and
 * exchanges of several units at once could come nearer still.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { requireFeasible, requireOrdered } from '../budget/feasible.js';
import { level } from './level.js';

export interface ApportionRequest {
  /** Not negative, finite; only their proportions count. */
  weights: readonly number[];
  /** Of one unit of each layer: positive integers. */
  costs: readonly number[];
  /** In the unit of the costs, up to 2^53 - 1. */
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
  const problem = normalised(request);
  const { costs, max } = problem;
  const quotas = quotasOf(problem);
  const units = quotas.map(Math.floor);
  let left = takenBack(units, quotas, problem);
  const open = (): number[] =>
    [...units.keys()].filter((i) => costs[i]! <= left && units[i]! < max[i]!);
  for (let layers = open(); layers.length > 0; layers = open()) {
    // One unit each would fit: as many as fit are given at once, for the case of many small units in
    // the place of a large one. Then they cannot all have another, so that some drop out and what is
    // left halves with every round.
    const price = layers.reduce((sum, i) => sum + costs[i]!, 0);
    if (price <= left) {
      raise(layers, units, quotas, problem, left);
      left = takenBack(units, quotas, problem);
      layers = open();
    }
    // No two open layers differ by more than a unit in n - q, now or after a round, so that units of
    // one round always come before those of the next.
    layers.sort(
      (a, b) => units[a]! - quotas[a]! - (units[b]! - quotas[b]!) || costs[a]! - costs[b]! || a - b,
    );
    for (const i of layers) {
      if (costs[i]! > left) continue;
      units[i]!++;
      left -= costs[i]!;
    }
  }
  return units;
}

/**
 * What is left of the budget. A quota may have been rounded up to an integer that it does not reach:
 * where that exceeds the budget, units are taken back.
 */
function takenBack(
  units: number[],
  quotas: readonly number[],
  { costs, min, budget }: Normalised,
): number {
  let left = units.reduce((rest, count, i) => rest - costs[i]! * count, budget);
  while (left < 0) {
    const spare = [...units.keys()].filter((i) => units[i]! > min[i]!);
    const excess = (i: number): number => units[i]! - quotas[i]!;
    const worst = spare.reduce((most, i) => (excess(i) > excess(most) ? i : most));
    units[worst]!--;
    left += costs[worst]!;
  }
  return left;
}

/** Raises the quotas of some layers evenly until what is left is spent, and gives whole units. */
function raise(
  layers: readonly number[],
  units: number[],
  quotas: readonly number[],
  { costs, max }: Normalised,
  left: number,
): void {
  const targets = level({
    slopes: layers.map(() => 1),
    offsets: layers.map((i) => quotas[i]!),
    costs: layers.map((i) => costs[i]!),
    min: layers.map((i) => units[i]!),
    max: layers.map((i) => max[i]!),
    budget: layers.reduce((sum, i) => sum + costs[i]! * units[i]!, left),
  });
  for (const [at, i] of layers.entries()) units[i] = Math.floor(targets[at]!);
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
  if (!(budget >= 0 && budget <= Number.MAX_SAFE_INTEGER)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the budget must be from 0 to ${Number.MAX_SAFE_INTEGER}, not ${budget}`,
    );
  }
  for (const [i, bound] of lowest.entries()) requireOrdered(bound, highest[i]!, ` in layer ${i}`);
  const costOf = (units: readonly number[]): number =>
    units.reduce((sum, number, i) => sum + number * costs[i]!, 0);
  requireFeasible({
    total: budget,
    smallest: costOf(lowest),
    largest: costOf(highest),
    among: `${count} layers`,
  });
  const divisor = costs.reduce(greatestCommonDivisor, 0) || 1;
  return {
    weights: weights.some((weight) => weight > 0) ? weights : weights.map(() => 1),
    costs: costs.map((cost) => cost / divisor),
    budget: Math.floor(budget / divisor),
    min: lowest,
    max: highest,
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
    costs,
    min,
    max,
    budget,
  });
}
