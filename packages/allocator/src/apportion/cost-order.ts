/**
 * Layers in the order of their costs, with the questions that apportionment asks of them answered in
 * logarithmic time: a segment tree over two keys of each layer.
 *
 * With n units of a quota q, the next unit has the key n - q and the last one n - 1 - q. The sum of
 * (n - q)^2 grows by 1 + 2 (n - q) with a unit, so the lower its key, the better a unit is placed;
 * moving one to another layer pays exactly when its key is above the other layer's next one. A unit
 * keeps its key when it is given and taken back, so rounding errors cannot make moves go in circles.
 */
export interface CostOrder {
  /** The layer whose next unit has the lowest key, among those that cost at most `most`. */
  bestReceiver(most: number): number | undefined;
  /** Layers whose last unit has a key above that one, the highest first. */
  givers(above: number): number[];
  /** The layer whose last unit has the highest key. */
  worstGiver(): number | undefined;
  /** Tells that the layer's number of units has changed. */
  changed(layer: number): void;
}

/**
 * @param next key of a layer's next unit; infinite where it can take none
 * @param last key of a layer's last unit; minus infinite where it can spare none
 */
export function costOrder(
  costs: readonly number[],
  next: (layer: number) => number,
  last: (layer: number) => number,
): CostOrder {
  // The sort is stable: of equal costs, the lower index comes first and wins ties.
  const order = [...costs.keys()].sort((a, b) => costs[a]! - costs[b]!);
  const position = new Int32Array(costs.length);
  for (const [at, layer] of order.entries()) position[layer] = at;
  // One leaf at least stays empty, so that no question is about the whole tree.
  const leaves = 2 ** Math.ceil(Math.log2(costs.length + 1));
  const lowest = new Float64Array(2 * leaves).fill(Number.POSITIVE_INFINITY);
  const highest = new Float64Array(2 * leaves).fill(Number.NEGATIVE_INFINITY);
  for (const [at, layer] of order.entries()) {
    lowest[leaves + at] = next(layer);
    highest[leaves + at] = last(layer);
  }
  const combine = (node: number): void => {
    lowest[node] = Math.min(lowest[2 * node]!, lowest[2 * node + 1]!);
    highest[node] = Math.max(highest[2 * node]!, highest[2 * node + 1]!);
  };
  for (let node = leaves - 1; node >= 1; node--) combine(node);

  return {
    bestReceiver(most) {
      let best = 0;
      // The first positions, as whole subtrees from the right to the left: later ones win ties.
      let end = leaves + countUpTo(order, costs, most);
      for (let begin = leaves; begin < end; begin >>= 1, end >>= 1) {
        if (end % 2 === 0) continue;
        end--;
        if (lowest[end]! <= (best === 0 ? Number.POSITIVE_INFINITY : lowest[best]!)) best = end;
      }
      if (best === 0 || lowest[best] === Number.POSITIVE_INFINITY) return undefined;
      while (best < leaves) best = lowest[2 * best] === lowest[best] ? 2 * best : 2 * best + 1;
      return order[best - leaves];
    },
    givers(above) {
      const found: number[] = [];
      const visit = (node: number): void => {
        if (!(highest[node]! > above)) return;
        if (node >= leaves) found.push(node);
        else {
          visit(2 * node);
          visit(2 * node + 1);
        }
      };
      visit(1);
      found.sort((a, b) => highest[b]! - highest[a]! || a - b);
      return found.map((node) => order[node - leaves]!);
    },
    worstGiver() {
      if (highest[1] === Number.NEGATIVE_INFINITY) return undefined;
      let node = 1;
      while (node < leaves) node = highest[2 * node] === highest[node] ? 2 * node : 2 * node + 1;
      return order[node - leaves];
    },
    changed(layer) {
      let node = leaves + position[layer]!;
      lowest[node] = next(layer);
      highest[node] = last(layer);
      for (node >>= 1; node >= 1; node >>= 1) combine(node);
    },
  };
}

/** How many layers, in the order of costs, cost at most `most`. */
function countUpTo(order: readonly number[], costs: readonly number[], most: number): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (costs[order[middle]!]! <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}
