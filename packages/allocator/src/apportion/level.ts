/**
 * Real-valued quotas within bounds: x_i = clamp(slope_i t + offset_i, min_i, max_i) with the one t
 * for which sum cost_i x_i is the budget.
 *
 * The sum is piecewise linear in t, with a corner wherever a layer leaves its minimum or meets its
 * maximum. The corners are sorted and halved down to the piece that holds the budget, where t follows
 * from one division. Every sum is formed anew: running sums would lose digits over many corners.
 */
export interface LevelProblem {
  /** Not negative; a layer with slope 0 stays at its offset, within its bounds. */
  readonly slopes: readonly number[];
  readonly offsets?: readonly number[];
  readonly costs: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  /** At least sum cost_i min_i; beyond what can be reached, every layer gets its most. */
  readonly budget: number;
}

export function level(problem: LevelProblem): number[] {
  const { costs, min, max, budget } = problem;
  const slopes = scaled(problem.slopes);
  const offset = (i: number): number => problem.offsets?.[i] ?? 0;
  const layers = [...slopes.keys()];
  const corner = (i: number, bound: number): number => (bound - offset(i)) / slopes[i]!;
  const enters = layers.map((i) =>
    slopes[i]! > 0 ? corner(i, min[i]!) : Number.POSITIVE_INFINITY,
  );
  const leaves = layers.map((i) =>
    slopes[i]! > 0 ? corner(i, max[i]!) : Number.POSITIVE_INFINITY,
  );
  const clamp = (i: number, value: number): number => Math.min(max[i]!, Math.max(min[i]!, value));
  const at = (i: number, t: number): number => clamp(i, slopes[i]! * t + offset(i));

  const corners = Float64Array.from([...enters, ...leaves].filter(Number.isFinite)).sort();
  let [low, high] = [0, corners.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const t = corners[middle]!;
    if (layers.reduce((sum, i) => sum + costs[i]! * at(i, t), 0) >= budget) high = middle;
    else low = middle + 1;
  }
  const start = corners[low - 1] ?? Number.NEGATIVE_INFINITY;
  const end = corners[low] ?? Number.POSITIVE_INFINITY;
  const free = (i: number): boolean => enters[i]! <= start && leaves[i]! >= end;
  const fixed = (i: number): number => {
    if (slopes[i] === 0) return clamp(i, offset(i));
    return leaves[i]! <= start ? max[i]! : min[i]!;
  };

  let rest = budget;
  let slope = 0;
  for (const i of layers) {
    if (free(i)) {
      slope += costs[i]! * slopes[i]!;
      rest -= costs[i]! * offset(i);
    } else {
      rest -= costs[i]! * fixed(i);
    }
  }
  return layers.map((i) =>
    free(i) ? clamp(i, (rest * slopes[i]!) / slope + offset(i)) : fixed(i),
  );
}

/** By a power of two, which changes no digit: products with costs and budgets stay finite. */
function scaled(slopes: readonly number[]): number[] {
  const largest = slopes.reduce((most, slope) => Math.max(most, slope), 0);
  if (largest === 0) return [...slopes];
  const exponent = Math.floor(Math.log2(largest));
  // Two steps: 2 ** 1074 alone would overflow.
  const half = 2 ** -Math.trunc(exponent / 2);
  const other = 2 ** -(exponent - Math.trunc(exponent / 2));
  return slopes.map((slope) => slope * half * other);
}
