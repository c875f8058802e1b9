/**
 * Stage 4: eigenvalues of a symmetric tridiagonal matrix, float64, by the root-free QL iteration of
 * Pal, Walker and Kahan (Parlett, "The Symmetric Eigenvalue Problem", section 8.15; LAPACK's `sterf`
 * uses the same). It works on the squares of the off-diagonal elements.
 */

// @ts-ignore: decorator
@inline const EPSILON_SQUARED: f64 = f64.EPSILON * f64.EPSILON;
/** Iterations allowed for one eigenvalue; two are usual. */
// @ts-ignore: decorator
@inline const ITERATIONS: i32 = 60;

/** Squares the off-diagonal elements, as `solveTridiagonal` wants them. */
export function squareOffDiagonal(order: usize, offDiagonal: usize): void {
  for (let p = offDiagonal; p < offDiagonal + order * 8; p += 8) store<f64>(p, load<f64>(p) * load<f64>(p));
}

/**
 * Turns elements `first` .. at least `last - 1` of the diagonal into eigenvalues, in no order.
 * @returns how many elements are eigenvalues now: where to go on. -1 when an iteration does not converge.
 */
export function solveTridiagonal(order: i32, first: i32, last: i32, diagonal: usize, squares: usize): i32 {
  const d = diagonal, e = squares;
  let l = first;
  let iterations = 0;
  while (l < last) {
    let m = l;
    for (; m < order - 1; m++) {
      if (at(e, m) <= EPSILON_SQUARED * abs(at(d, m) * at(d, m + 1))) {
        put(e, m, 0);
        break;
      }
    }
    if (m == l) {
      l++;
      iterations = 0;
    } else if (m == l + 1) {
      solvePair(l, d, e);
      l += 2;
      iterations = 0;
    } else {
      if (++iterations > ITERATIONS) return -1;
      iterate(l, m, d, e);
    }
  }
  return l;
}

// @ts-ignore: decorator
@inline function at(vector: usize, index: i32): f64 {
  return load<f64>(vector + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline function put(vector: usize, index: i32, value: f64): void {
  store<f64>(vector + (<usize>index << 3), value);
}

/** Both eigenvalues of the 2 x 2 block at l, the smaller one by the determinant, without cancellation. */
function solvePair(l: i32, d: usize, e: usize): void {
  const a = at(d, l), c = at(d, l + 1), square = at(e, l);
  const halfTrace = 0.5 * (a + c), halfDifference = 0.5 * (a - c);
  const root = sqrt(halfDifference * halfDifference + square);
  const larger = halfTrace + copysign(root, halfTrace);
  put(d, l, larger);
  put(d, l + 1, larger != 0 ? (a * c - square) / larger : 0);
  put(e, l, 0);
}

/**
 * One QL sweep with Wilkinson's shift over the unreduced block l .. m.
 *
 * In Parlett's notation c = p / r, s = b^2 / r, gamma = c (alpha - shift) - s gamma', p' = gamma^2 / c.
 * The last two are written as (p (alpha - shift) - b^2 gamma') / r and gamma^2 r / p, so that one
 * division follows another only once a step: their latency is what the sweep costs.
 */
function iterate(l: i32, m: i32, d: usize, e: usize): void {
  const root = sqrt(at(e, l));
  const ratio = (at(d, l + 1) - at(d, l)) / (2 * root);
  const shift = at(d, l) - root / (ratio + copysign(sqrt(ratio * ratio + 1), ratio));
  let c: f64 = 1, s: f64 = 0;
  let gamma = at(d, m) - shift;
  let p = gamma * gamma;
  for (let i = m - 1; i >= l; i--) {
    const square = at(e, i), alpha = at(d, i);
    const r = p + square;
    if (i != m - 1) put(e, i + 1, s * r);
    const growth = r / p;
    const previousGamma = gamma;
    gamma = (p * (alpha - shift) - square * previousGamma) / r;
    put(d, i + 1, previousGamma + (alpha - gamma));
    s = square / r;
    const previousC = c;
    c = p / r;
    // Neither 0 / 0 nor an overflow passes the comparison.
    p = growth < f64.MAX_VALUE ? gamma * gamma * growth : previousC * square;
  }
  put(e, l, s * p);
  put(d, l, shift + gamma);
}
