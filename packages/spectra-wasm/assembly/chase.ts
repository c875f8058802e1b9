/**
 * Stage 3: band to tridiagonal by bulge chasing.
 *
 * Sweep s annihilates column s below the first subdiagonal with one Householder reflector. Applying it
 * from both sides fills a bulge 32 rows further down; only the bulge's first column must go before the
 * next sweep, so a reflector clears that, and so on to the end of the matrix (Schwarz, "Tridiagonalization
 * of a symmetric band matrix", Numer. Math. 12, 1968; Murata and Horikoshi, 1975, for clearing one
 * column only; Haidar, Ltaief and Dongarra, "Parallel reduction to condensed forms for symmetric
 * eigenvalue problems using aggregated fine-grained and memory-aware kernels", SC 2011).
 *
 * The band (`band.ts`) needs 64 zero columns beyond the order: blocks that stick out at the end then
 * work on zeros and need no code of their own.
 */
import { BAND_STRIDE } from './band';
import { BAND, lanes, multiplyAdd, sum, VECTOR_BYTES } from './vector';

/** Bytes of a vector of a block's order. */
// @ts-ignore: decorator
@inline function vectorBytes<T>(): usize {
  return BAND * sizeof<T>();
}

/** Bytes from (row, column) to (row, column + 1): one element less than the stride, the diagonal moves down. */
// @ts-ignore: decorator
@inline function columnBytes<T>(): usize {
  return (BAND_STRIDE - 1) * sizeof<T>();
}

/**
 * Sweeps `first` .. `last - 1` of the `order - 2` that lead to tridiagonal form.
 * @param workspace room for 5 vectors of 32 elements
 */
export function chaseSweeps<T>(order: usize, first: usize, last: usize, band: usize, workspace: usize): void {
  const w = workspace, u = w + vectorBytes<T>(), g = u + vectorBytes<T>();
  let v = g + vectorBytes<T>(), next = v + vectorBytes<T>();
  for (let sweep = first; sweep < last; sweep++) {
    let at = sweep + 1;
    const column = band + (sweep * BAND_STRIDE + 1) * sizeof<T>();
    memory.copy(v, column, vectorBytes<T>());
    let tau = reflector<T>(v, column);
    for (;;) {
      const diagonal = band + at * BAND_STRIDE * sizeof<T>();
      reflectBothSides<T>(diagonal, v, tau, w, g);
      if (at + BAND >= order) break;
      tau = chaseBulge<T>(diagonal + vectorBytes<T>(), v, tau, next, u, g);
      const used = v;
      v = next;
      next = used;
      at += BAND;
    }
  }
}

/**
 * The reflector I - tau v v^T, v[0] = 1, that maps the 32 elements at `v` to a multiple of the first
 * unit vector. Replaces them by v, writes the result to `image` and returns tau.
 */
function reflector<T>(v: usize, image: usize): T {
  const alpha = <f64>load<T>(v);
  const squares = squaresBelowFirst<T>(v);
  clear<T>(image);
  if (squares == 0) {
    store<T>(image, <T>alpha);
    clear<T>(v);
    return <T>0;
  }
  const beta = -copysign(sqrt(alpha * alpha + squares), alpha);
  store<T>(image, <T>beta);
  const scale = v128.splat<T>(<T>(1 / (alpha - beta)));
  for (let i: usize = 0; i < vectorBytes<T>(); i += VECTOR_BYTES) v128.store(v + i, v128.mul<T>(v128.load(v + i), scale));
  store<T>(v, <T>1);
  return <T>((beta - alpha) / beta);
}

/** Sum of squares of the elements but the first, in float64: the squares of float32 could overflow. */
function squaresBelowFirst<T>(v: usize): f64 {
  let even = f64x2.splat(0), odd = even;
  let mask = lanesFrom<T>(1);
  for (let i: usize = 0; i < vectorBytes<T>(); i += 4 * sizeof<T>(), mask = lanesFrom<T>(0)) {
    const x = v128.and(v128.load(v + i), mask);
    const low = sizeof<T>() == 8 ? x : f64x2.promote_low_f32x4(x);
    const high = sizeof<T>() == 8 ? v128.load(v + i, 16) : f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
    even = f64x2.add(even, f64x2.mul(low, low));
    odd = f64x2.add(odd, f64x2.mul(high, high));
  }
  return sum<f64>(f64x2.add(even, odd));
}

/** Zeroes 32 elements; a call to memory.fill leaves the compiled code and costs more. */
function clear<T>(target: usize): void {
  const zero = v128.splat<T>(<T>0);
  for (let i: usize = 0; i < vectorBytes<T>(); i += VECTOR_BYTES) v128.store(target + i, zero);
}

/** All ones in the lanes from `lane` on, zero before. */
// @ts-ignore: decorator
@inline function lanesFrom<T>(lane: usize): v128 {
  return v128.load(MASKS + (lanes<T>() - lane) * sizeof<T>());
}
const MASKS: usize = memory.data<u64>([0, 0, u64.MAX_VALUE, u64.MAX_VALUE], 16);

/** Sum over 32 products. */
function dot<T>(x: usize, y: usize): T {
  let even = v128.splat<T>(<T>0), odd = even;
  for (let i: usize = 0; i < vectorBytes<T>(); i += 2 * VECTOR_BYTES) {
    even = multiplyAdd<T>(v128.load(x + i), v128.load(y + i), even);
    odd = multiplyAdd<T>(v128.load(x + i, 16), v128.load(y + i, 16), odd);
  }
  return sum<T>(v128.add<T>(even, odd));
}

// @ts-ignore: decorator
@inline function addTo<T>(target: usize, value: T): void {
  store<T>(target, load<T>(target) + value);
}

/**
 * D <- (I - tau v v^T) D (I - tau v v^T) = D - v w^T - w v^T on the lower triangle of a 32 x 32
 * diagonal block, w = tau (D v - tau/2 (v^T D v) v).
 */
function reflectBothSides<T>(diagonal: usize, v: usize, tau: T, w: usize, scratch: usize): void {
  timesTriangle<T>(diagonal, v, w, scratch);
  const taus = v128.splat<T>(tau);
  const shift = v128.splat<T>(<T>-0.5 * tau * tau * dot<T>(w, v));
  // From here on w is negated, so that the update adds.
  for (let i: usize = 0; i < vectorBytes<T>(); i += VECTOR_BYTES) {
    const wi = multiplyAdd<T>(v128.load(v + i), shift, v128.mul<T>(v128.load(w + i), taus));
    v128.store(w + i, v128.neg<T>(wi));
  }
  updateTriangle<T>(diagonal, v, w);
}

/**
 * w = D v from the lower triangle of D, four columns at a time. What the columns contribute as rows is
 * summed up in `dots` and joined at the end: reading a vector whose lanes were just written one by one
 * stalls the processor.
 */
function timesTriangle<T>(diagonal: usize, v: usize, w: usize, dots: usize): void {
  clear<T>(w);
  const group = 4 * sizeof<T>();
  for (let j: usize = 0, c0 = diagonal; j < vectorBytes<T>(); j += group, c0 += 4 * columnBytes<T>()) {
    // The triangle on the diagonal. Its vectors begin above it: mask what belongs to other columns.
    for (let q = j, column = c0; q < j + group; q += sizeof<T>(), column += columnBytes<T>()) {
      const head = q / VECTOR_BYTES * VECTOR_BYTES;
      const lane = (q - head) / sizeof<T>();
      const factor = v128.load_splat<T>(v + q);
      const x = v128.and(v128.load(column + head), lanesFrom<T>(lane));
      v128.store(w + head, multiplyAdd<T>(x, factor, v128.load(w + head)));
      let products = v128.mul<T>(v128.and(x, lanesFrom<T>(lane + 1)), v128.load(v + head));
      if (sizeof<T>() == 8 && head == j) {
        const y = v128.load(column + j, 16);
        v128.store(w + j, multiplyAdd<T>(y, factor, v128.load(w + j, 16)), 16);
        products = multiplyAdd<T>(y, v128.load(v + j, 16), products);
      }
      store<T>(dots + q, sum<T>(products));
    }
    // The rectangle below it.
    const c1 = c0 + columnBytes<T>(), c2 = c1 + columnBytes<T>(), c3 = c2 + columnBytes<T>();
    const f0 = v128.load_splat<T>(v + j), f1 = v128.load_splat<T>(v + j, sizeof<T>());
    const f2 = v128.load_splat<T>(v + j, 2 * sizeof<T>()), f3 = v128.load_splat<T>(v + j, 3 * sizeof<T>());
    let d0 = v128.splat<T>(<T>0), d1 = d0, d2 = d0, d3 = d0;
    for (let i = j + group; i < vectorBytes<T>(); i += VECTOR_BYTES) {
      const vi = v128.load(v + i);
      const x0 = v128.load(c0 + i), x1 = v128.load(c1 + i), x2 = v128.load(c2 + i), x3 = v128.load(c3 + i);
      const first = multiplyAdd<T>(x1, f1, multiplyAdd<T>(x0, f0, v128.load(w + i)));
      const second = multiplyAdd<T>(x3, f3, v128.mul<T>(x2, f2));
      v128.store(w + i, v128.add<T>(first, second));
      d0 = multiplyAdd<T>(x0, vi, d0);
      d1 = multiplyAdd<T>(x1, vi, d1);
      d2 = multiplyAdd<T>(x2, vi, d2);
      d3 = multiplyAdd<T>(x3, vi, d3);
    }
    addTo<T>(dots + j, sum<T>(d0));
    addTo<T>(dots + j + sizeof<T>(), sum<T>(d1));
    addTo<T>(dots + j + 2 * sizeof<T>(), sum<T>(d2));
    addTo<T>(dots + j + 3 * sizeof<T>(), sum<T>(d3));
  }
  for (let i: usize = 0; i < vectorBytes<T>(); i += VECTOR_BYTES) {
    v128.store(w + i, v128.add<T>(v128.load(w + i), v128.load(dots + i)));
  }
}

/** D <- D + v w^T + w v^T on the lower triangle, four columns at a time. */
function updateTriangle<T>(diagonal: usize, v: usize, w: usize): void {
  const group = 4 * sizeof<T>();
  for (let j: usize = 0, c0 = diagonal; j < vectorBytes<T>(); j += group, c0 += 4 * columnBytes<T>()) {
    for (let q = j, column = c0; q < j + group; q += sizeof<T>(), column += columnBytes<T>()) {
      const head = q / VECTOR_BYTES * VECTOR_BYTES;
      const vq = v128.load_splat<T>(v + q), wq = v128.load_splat<T>(w + q);
      const x = v128.load(column + head);
      const updated = multiplyAdd<T>(v128.load(w + head), vq, multiplyAdd<T>(v128.load(v + head), wq, x));
      v128.store(column + head, v128.bitselect(updated, x, lanesFrom<T>((q - head) / sizeof<T>())));
      if (sizeof<T>() == 8 && head == j) {
        const y = multiplyAdd<T>(v128.load(v + j, 16), wq, v128.load(column + j, 16));
        v128.store(column + j, multiplyAdd<T>(v128.load(w + j, 16), vq, y), 16);
      }
    }
    updateColumns<T>(c0, j + group, v, w + j, w, v + j);
  }
}

/** c_k[i] <- c_k[i] + x[i] f[k] + y[i] g[k] for the four columns from c0 on and i from `start` to the end. */
// @ts-ignore: decorator
@inline function updateColumns<T>(c0: usize, start: usize, x: usize, f: usize, y: usize, g: usize): void {
  const c1 = c0 + columnBytes<T>(), c2 = c1 + columnBytes<T>(), c3 = c2 + columnBytes<T>();
  const f0 = v128.load_splat<T>(f), f1 = v128.load_splat<T>(f, sizeof<T>());
  const f2 = v128.load_splat<T>(f, 2 * sizeof<T>()), f3 = v128.load_splat<T>(f, 3 * sizeof<T>());
  const g0 = v128.load_splat<T>(g), g1 = v128.load_splat<T>(g, sizeof<T>());
  const g2 = v128.load_splat<T>(g, 2 * sizeof<T>()), g3 = v128.load_splat<T>(g, 3 * sizeof<T>());
  for (let i = start; i < vectorBytes<T>(); i += VECTOR_BYTES) {
    const xi = v128.load(x + i), yi = v128.load(y + i);
    v128.store(c0 + i, multiplyAdd<T>(yi, g0, multiplyAdd<T>(xi, f0, v128.load(c0 + i))));
    v128.store(c1 + i, multiplyAdd<T>(yi, g1, multiplyAdd<T>(xi, f1, v128.load(c1 + i))));
    v128.store(c2 + i, multiplyAdd<T>(yi, g2, multiplyAdd<T>(xi, f2, v128.load(c2 + i))));
    v128.store(c3 + i, multiplyAdd<T>(yi, g3, multiplyAdd<T>(xi, f3, v128.load(c3 + i))));
  }
}

/**
 * Applies the reflector (v, tau) from the right to B, the 32 x 32 block below the diagonal block, finds
 * the reflector (next, t) that clears the first column, and applies it from the left:
 *
 *     u = -tau B v,   B <- B + u v^T + next g^T,   g = -t (B^T next + (next . u) v)
 *
 * @returns t
 */
function chaseBulge<T>(block: usize, v: usize, tau: T, next: usize, u: usize, g: usize): T {
  timesVector<T>(block, v, -tau, u);
  // The first column as it is after the first reflector; v[0] is 1.
  for (let i: usize = 0; i < vectorBytes<T>(); i += VECTOR_BYTES) {
    v128.store(next + i, v128.add<T>(v128.load(block + i), v128.load(u + i)));
  }
  const t = reflector<T>(next, g);
  const beta = load<T>(g);
  vectorTimes<T>(block, next, g);
  const share = v128.splat<T>(dot<T>(next, u)), factor = v128.splat<T>(-t);
  for (let i: usize = 0; i < vectorBytes<T>(); i += VECTOR_BYTES) {
    v128.store(g + i, v128.mul<T>(factor, multiplyAdd<T>(share, v128.load(v + i), v128.load(g + i))));
  }
  for (let j: usize = 0, column = block; j < vectorBytes<T>(); j += 4 * sizeof<T>(), column += 4 * columnBytes<T>()) {
    updateColumns<T>(column, 0, u, v + j, next, g + j);
  }
  // What rounding left of the first column.
  clear<T>(block);
  store<T>(block, beta);
  return t;
}

/** u = factor B v, eight vectors of u in registers. */
function timesVector<T>(block: usize, v: usize, factor: T, u: usize): void {
  const factors = v128.splat<T>(factor);
  for (let i: usize = 0; i < vectorBytes<T>(); i += 8 * VECTOR_BYTES) {
    let u0 = v128.splat<T>(<T>0), u1 = u0, u2 = u0, u3 = u0, u4 = u0, u5 = u0, u6 = u0, u7 = u0;
    for (let column = block + i, p = v; p < v + vectorBytes<T>(); column += columnBytes<T>(), p += sizeof<T>()) {
      const s = v128.load_splat<T>(p);
      u0 = multiplyAdd<T>(v128.load(column), s, u0);
      u1 = multiplyAdd<T>(v128.load(column, 16), s, u1);
      u2 = multiplyAdd<T>(v128.load(column, 32), s, u2);
      u3 = multiplyAdd<T>(v128.load(column, 48), s, u3);
      u4 = multiplyAdd<T>(v128.load(column, 64), s, u4);
      u5 = multiplyAdd<T>(v128.load(column, 80), s, u5);
      u6 = multiplyAdd<T>(v128.load(column, 96), s, u6);
      u7 = multiplyAdd<T>(v128.load(column, 112), s, u7);
    }
    const target = u + i;
    v128.store(target, v128.mul<T>(u0, factors));
    v128.store(target, v128.mul<T>(u1, factors), 16);
    v128.store(target, v128.mul<T>(u2, factors), 32);
    v128.store(target, v128.mul<T>(u3, factors), 48);
    v128.store(target, v128.mul<T>(u4, factors), 64);
    v128.store(target, v128.mul<T>(u5, factors), 80);
    v128.store(target, v128.mul<T>(u6, factors), 96);
    v128.store(target, v128.mul<T>(u7, factors), 112);
  }
}

/** g = B^T x, four columns at a time. */
function vectorTimes<T>(block: usize, x: usize, g: usize): void {
  for (let end = g + vectorBytes<T>(), c0 = block; g < end; g += 4 * sizeof<T>(), c0 += 4 * columnBytes<T>()) {
    const c1 = c0 + columnBytes<T>(), c2 = c1 + columnBytes<T>(), c3 = c2 + columnBytes<T>();
    let d0 = v128.splat<T>(<T>0), d1 = d0, d2 = d0, d3 = d0;
    for (let i: usize = 0; i < vectorBytes<T>(); i += VECTOR_BYTES) {
      const xi = v128.load(x + i);
      d0 = multiplyAdd<T>(v128.load(c0 + i), xi, d0);
      d1 = multiplyAdd<T>(v128.load(c1 + i), xi, d1);
      d2 = multiplyAdd<T>(v128.load(c2 + i), xi, d2);
      d3 = multiplyAdd<T>(v128.load(c3 + i), xi, d3);
    }
    store<T>(g, sum<T>(d0));
    store<T>(g + sizeof<T>(), sum<T>(d1));
    store<T>(g + 2 * sizeof<T>(), sum<T>(d2));
    store<T>(g + 3 * sizeof<T>(), sum<T>(d3));
  }
}

/** Copies the diagonal and the subdiagonal of the chased band to float64 vectors. */
export function extractTridiagonal<T>(order: usize, band: usize, diagonal: usize, offDiagonal: usize): void {
  for (let i: usize = 0; i < order; i++) {
    const column = band + i * BAND_STRIDE * sizeof<T>();
    store<f64>(diagonal + i * 8, <f64>load<T>(column));
    store<f64>(offDiagonal + i * 8, <f64>load<T>(column + sizeof<T>()));
  }
}
