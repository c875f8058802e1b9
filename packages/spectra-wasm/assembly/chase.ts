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

/** Elements from (row, column) to (row, column + 1): one less than the stride, the diagonal moves down. */
// @ts-ignore: decorator
@inline const NEXT_COLUMN: usize = BAND_STRIDE - 1;

/** Bytes that `chaseSweeps` needs: four vectors of 32 elements. */
export function chaseWorkspaceBytes<T>(): usize {
  return 4 * BAND * sizeof<T>();
}

/** Sweeps `first` .. `last - 1` of the `order - 2` that lead to tridiagonal form. */
export function chaseSweeps<T>(order: usize, first: usize, last: usize, band: usize, workspace: usize): void {
  const vectorBytes = BAND * sizeof<T>();
  const w = workspace, u = w + vectorBytes;
  let v = u + vectorBytes, next = v + vectorBytes;
  for (let sweep = first; sweep < last; sweep++) {
    let at = sweep + 1;
    let tau = reflector<T>(band + (sweep * BAND_STRIDE + 1) * sizeof<T>(), v);
    for (;;) {
      const diagonal = band + at * BAND_STRIDE * sizeof<T>();
      reflectBothSides<T>(diagonal, v, tau, w);
      if (at + BAND >= order) break;
      tau = chaseBulge<T>(diagonal + BAND * sizeof<T>(), v, tau, next, u);
      const used = v;
      v = next;
      next = used;
      at += BAND;
    }
  }
}

/**
 * The reflector I - tau v v^T (v[0] = 1) that maps the 32 elements at `x` to a multiple of the first
 * unit vector; replaces them by the result and returns tau.
 */
function reflector<T>(x: usize, v: usize): T {
  const alpha = <f64>load<T>(x);
  let squares: f64 = 0;
  for (let i = sizeof<T>(); i < BAND * sizeof<T>(); i += sizeof<T>()) {
    const value = <f64>load<T>(x + i);
    squares += value * value;
  }
  if (squares == 0) {
    memory.fill(v, 0, BAND * sizeof<T>());
    return <T>0;
  }
  const beta = -copysign(sqrt(alpha * alpha + squares), alpha);
  const scale = v128.splat<T>(<T>(1 / (alpha - beta)));
  const zero = v128.splat<T>(<T>0);
  for (let i: usize = 0; i < BAND * sizeof<T>(); i += VECTOR_BYTES) {
    v128.store(v + i, v128.mul<T>(v128.load(x + i), scale));
    v128.store(x + i, zero);
  }
  store<T>(v, <T>1);
  store<T>(x, <T>beta);
  return <T>((beta - alpha) / beta);
}

/** All ones in the lanes from `lane` on, zero before. */
// @ts-ignore: decorator
@inline function lanesFrom<T>(lane: usize): v128 {
  return v128.load(MASKS + (lanes<T>() - lane) * sizeof<T>());
}
const MASKS: usize = memory.data<u64>([0, 0, u64.MAX_VALUE, u64.MAX_VALUE], 16);

/**
 * D <- (I - tau v v^T) D (I - tau v v^T) = D - v w^T - w v^T on the lower triangle of a 32 x 32
 * diagonal block, w = tau (D v - tau/2 (v^T D v) v).
 */
function reflectBothSides<T>(diagonal: usize, v: usize, tau: T, w: usize): void {
  const columnBytes = NEXT_COLUMN * sizeof<T>(), length = BAND * sizeof<T>();
  memory.fill(w, 0, length);
  for (let j: usize = 0, column = diagonal; j < length; j += sizeof<T>(), column += columnBytes) {
    // The vector that holds the diagonal element starts above it: mask what belongs to other columns.
    const head = j / VECTOR_BYTES * VECTOR_BYTES;
    const lane = (j - head) / sizeof<T>();
    const factor = v128.load_splat<T>(v + j);
    let x = v128.and(v128.load(column + head), lanesFrom<T>(lane));
    v128.store(w + head, multiplyAdd<T>(x, factor, v128.load(w + head)));
    let dots = v128.mul<T>(v128.and(x, lanesFrom<T>(lane + 1)), v128.load(v + head));
    for (let i = head + VECTOR_BYTES; i < length; i += VECTOR_BYTES) {
      x = v128.load(column + i);
      v128.store(w + i, multiplyAdd<T>(x, factor, v128.load(w + i)));
      dots = multiplyAdd<T>(x, v128.load(v + i), dots);
    }
    store<T>(w + j, load<T>(w + j) + sum<T>(dots));
  }
  let dots = v128.splat<T>(<T>0);
  for (let i: usize = 0; i < length; i += VECTOR_BYTES) {
    dots = multiplyAdd<T>(v128.load(w + i), v128.load(v + i), dots);
  }
  const taus = v128.splat<T>(tau);
  const shift = v128.splat<T>(<T>-0.5 * tau * tau * sum<T>(dots));
  for (let i: usize = 0; i < length; i += VECTOR_BYTES) {
    v128.store(w + i, multiplyAdd<T>(v128.load(v + i), shift, v128.mul<T>(v128.load(w + i), taus)));
  }
  for (let j: usize = 0, column = diagonal; j < length; j += sizeof<T>(), column += columnBytes) {
    const head = j / VECTOR_BYTES * VECTOR_BYTES;
    const vj = v128.neg<T>(v128.load_splat<T>(v + j)), wj = v128.neg<T>(v128.load_splat<T>(w + j));
    const mask = lanesFrom<T>((j - head) / sizeof<T>());
    const x = v128.load(column + head);
    const y = multiplyAdd<T>(v128.load(w + head), vj, multiplyAdd<T>(v128.load(v + head), wj, x));
    v128.store(column + head, v128.bitselect(y, x, mask));
    for (let i = head + VECTOR_BYTES; i < length; i += VECTOR_BYTES) {
      v128.store(
        column + i,
        multiplyAdd<T>(v128.load(w + i), vj, multiplyAdd<T>(v128.load(v + i), wj, v128.load(column + i))),
      );
    }
  }
}

/**
 * Applies the reflector (v, tau) to the 32 x 32 block below the diagonal block from the right, finds
 * the reflector that clears the block's first column, and applies it to the other columns from the left.
 * @returns the new tau; the new vector goes to `next`
 */
function chaseBulge<T>(block: usize, v: usize, tau: T, next: usize, u: usize): T {
  const columnBytes = NEXT_COLUMN * sizeof<T>(), length = BAND * sizeof<T>();
  const end = block + BAND * columnBytes;
  // u = -tau B v, four vectors at a time in registers.
  const negative = v128.splat<T>(-tau);
  for (let i: usize = 0; i < length; i += 4 * VECTOR_BYTES) {
    let u0 = v128.splat<T>(<T>0), u1 = u0, u2 = u0, u3 = u0;
    for (let column = block + i, p = v; p < v + length; column += columnBytes, p += sizeof<T>()) {
      const factor = v128.load_splat<T>(p);
      u0 = multiplyAdd<T>(v128.load(column), factor, u0);
      u1 = multiplyAdd<T>(v128.load(column, 16), factor, u1);
      u2 = multiplyAdd<T>(v128.load(column, 32), factor, u2);
      u3 = multiplyAdd<T>(v128.load(column, 48), factor, u3);
    }
    v128.store(u + i, v128.mul<T>(u0, negative));
    v128.store(u + i, v128.mul<T>(u1, negative), 16);
    v128.store(u + i, v128.mul<T>(u2, negative), 32);
    v128.store(u + i, v128.mul<T>(u3, negative), 48);
  }
  for (let i: usize = 0; i < length; i += VECTOR_BYTES) {
    v128.store(block + i, v128.add<T>(v128.load(block + i), v128.load(u + i)));
  }
  const nextTau = reflector<T>(block, next);
  for (let column = block + columnBytes, p = v + sizeof<T>(); column < end; column += columnBytes, p += sizeof<T>()) {
    const factor = v128.load_splat<T>(p);
    let even = v128.splat<T>(<T>0), odd = even;
    for (let i: usize = 0; i < length; i += 2 * VECTOR_BYTES) {
      const x = multiplyAdd<T>(v128.load(u + i), factor, v128.load(column + i));
      const y = multiplyAdd<T>(v128.load(u + i, 16), factor, v128.load(column + i, 16));
      v128.store(column + i, x);
      v128.store(column + i, y, 16);
      even = multiplyAdd<T>(x, v128.load(next + i), even);
      odd = multiplyAdd<T>(y, v128.load(next + i, 16), odd);
    }
    const dot = v128.splat<T>(-nextTau * sum<T>(v128.add<T>(even, odd)));
    for (let i: usize = 0; i < length; i += VECTOR_BYTES) {
      v128.store(column + i, multiplyAdd<T>(v128.load(next + i), dot, v128.load(column + i)));
    }
  }
  return nextTau;
}

/** Copies the diagonal and the subdiagonal of the chased band to float64 vectors. */
export function extractTridiagonal<T>(order: usize, band: usize, diagonal: usize, offDiagonal: usize): void {
  for (let i: usize = 0; i < order; i++) {
    const column = band + i * BAND_STRIDE * sizeof<T>();
    store<f64>(diagonal + i * 8, <f64>load<T>(column));
    store<f64>(offDiagonal + i * 8, <f64>load<T>(column + sizeof<T>()));
  }
}
