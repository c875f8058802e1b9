/** Integrals of smooth functions by composite Gauss-Legendre quadrature (16 points a panel). */

const POINTS = 16;
const rule = legendreRule(POINTS);

/**
 * Calls `visit` with the points and weights of a rule over [from, to].
 * @param panels number of equal pieces, each with 16 points
 */
export function quadrature(
  from: number,
  to: number,
  panels: number,
  visit: (point: number, weight: number) => void,
): void {
  const half = (to - from) / panels / 2;
  for (let panel = 0; panel < panels; panel++) {
    const middle = from + (2 * panel + 1) * half;
    for (let i = 0; i < POINTS; i++) visit(middle + half * rule.nodes[i]!, half * rule.weights[i]!);
  }
}

/**
 * Nodes and weights on [-1, 1]: roots of the Legendre polynomial by Newton's method from
 * cos(pi (i - 1/4) / (n + 1/2)) (Abramowitz and Stegun, 22.16.6 and 25.4.29).
 */
function legendreRule(count: number): { nodes: Float64Array; weights: Float64Array } {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let node = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 8; step++) {
      let [before, value] = [1, node];
      for (let k = 2; k <= count; k++) {
        [before, value] = [value, ((2 * k - 1) * node * value - (k - 1) * before) / k];
      }
      slope = (count * (node * value - before)) / (node * node - 1);
      node -= value / slope;
    }
    nodes[i] = node;
    weights[i] = 2 / ((1 - node * node) * slope * slope);
  }
  return { nodes, weights };
}
