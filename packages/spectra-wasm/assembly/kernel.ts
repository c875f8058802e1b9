/**
 * The micro-kernels: every floating-point operation of the Gram product and nearly all of the
 * reduction to a band go through these two functions.
 *
 * Both add a product to a block C of one panel of rows x 4 columns that stays in registers over the
 * whole depth (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).
 * They differ in how the second factor lies in memory:
 *
 * - `multiply`: C[r, j] += sum_k A[k][r] * B[k][j], the four values of B side by side;
 * - `multiplyTransposed`: C[q, j] += sum_k A[k][q] * B[j][k], B in panels, so that a tile serves as
 *   its own transpose and a symmetric matrix needs only its lower triangle.
 *
 * The accumulators are named one by one because WebAssembly has no register arrays. V8 pairs the
 * neighbouring loads, stores and operations into 256-bit ones (`--experimental-wasm-revectorize`).
 * All steps are in bytes.
 */
import { multiplyAdd, PANEL_BYTES, VECTOR_BYTES, VECTORS } from './vector';

let wide: bool = false;

/**
 * Whether registers hold 16 accumulators: they do when the engine pairs them into 256-bit ones,
 * and spill to the stack when it does not.
 */
export function useWideKernel(on: bool): void {
  wide = on;
}

/** C (panel x 4, columns `cStep` apart) += A (depth columns `aStep` apart) * B (depth rows `bStep` apart). */
export function multiply<T>(depth: usize, a: usize, aStep: usize, b: usize, bStep: usize, c: usize, cStep: usize): void {
  if (VECTORS == 4 && wide) {
    multiplyFour<T>(depth, a, aStep, b, bStep, c, cStep);
    return;
  }
  for (let half: usize = 0; half < PANEL_BYTES; half += 2 * VECTOR_BYTES) {
    multiplyTwo<T>(depth, a + half, aStep, b, bStep, c + half, cStep);
  }
}

/** C (panel x 4, columns `cStep` apart) += A * B^T, the depth being the rows of B's panels `bPanelStep` apart. */
export function multiplyTransposed<T>(panels: usize, a: usize, aStep: usize, b: usize, bPanelStep: usize, c: usize, cStep: usize): void {
  if (VECTORS == 4 && wide) {
    multiplyTransposedFour<T>(panels, a, aStep, b, bPanelStep, c, cStep);
    return;
  }
  for (let half: usize = 0; half < PANEL_BYTES; half += 2 * VECTOR_BYTES) {
    multiplyTransposedTwo<T>(panels, a + half, aStep, b, bPanelStep, c + half, cStep);
  }
}

function multiplyTwo<T>(depth: usize, a: usize, aStep: usize, b: usize, bStep: usize, c: usize, cStep: usize): void {
  const d1 = c + cStep, d2 = d1 + cStep, d3 = d2 + cStep;
  let c00 = v128.load(c), c01 = v128.load(c, 16);
  let c10 = v128.load(d1), c11 = v128.load(d1, 16);
  let c20 = v128.load(d2), c21 = v128.load(d2, 16);
  let c30 = v128.load(d3), c31 = v128.load(d3, 16);
  for (const end = a + depth * aStep; a != end; a += aStep, b += bStep) {
    const x0 = v128.load(a), x1 = v128.load(a, 16);
    const s0 = v128.load_splat<T>(b), s1 = v128.load_splat<T>(b, sizeof<T>()), s2 = v128.load_splat<T>(b, 2 * sizeof<T>()), s3 = v128.load_splat<T>(b, 3 * sizeof<T>());
    c00 = multiplyAdd<T>(x0, s0, c00); c01 = multiplyAdd<T>(x1, s0, c01);
    c10 = multiplyAdd<T>(x0, s1, c10); c11 = multiplyAdd<T>(x1, s1, c11);
    c20 = multiplyAdd<T>(x0, s2, c20); c21 = multiplyAdd<T>(x1, s2, c21);
    c30 = multiplyAdd<T>(x0, s3, c30); c31 = multiplyAdd<T>(x1, s3, c31);
  }
  v128.store(c, c00); v128.store(c, c01, 16);
  v128.store(d1, c10); v128.store(d1, c11, 16);
  v128.store(d2, c20); v128.store(d2, c21, 16);
  v128.store(d3, c30); v128.store(d3, c31, 16);
}

function multiplyFour<T>(depth: usize, a: usize, aStep: usize, b: usize, bStep: usize, c: usize, cStep: usize): void {
  const d1 = c + cStep, d2 = d1 + cStep, d3 = d2 + cStep;
  let c00 = v128.load(c), c01 = v128.load(c, 16), c02 = v128.load(c, 32), c03 = v128.load(c, 48);
  let c10 = v128.load(d1), c11 = v128.load(d1, 16), c12 = v128.load(d1, 32), c13 = v128.load(d1, 48);
  let c20 = v128.load(d2), c21 = v128.load(d2, 16), c22 = v128.load(d2, 32), c23 = v128.load(d2, 48);
  let c30 = v128.load(d3), c31 = v128.load(d3, 16), c32 = v128.load(d3, 32), c33 = v128.load(d3, 48);
  for (const end = a + depth * aStep; a != end; a += aStep, b += bStep) {
    const x0 = v128.load(a), x1 = v128.load(a, 16), x2 = v128.load(a, 32), x3 = v128.load(a, 48);
    const s0 = v128.load_splat<T>(b), s1 = v128.load_splat<T>(b, sizeof<T>()), s2 = v128.load_splat<T>(b, 2 * sizeof<T>()), s3 = v128.load_splat<T>(b, 3 * sizeof<T>());
    c00 = multiplyAdd<T>(x0, s0, c00); c01 = multiplyAdd<T>(x1, s0, c01); c02 = multiplyAdd<T>(x2, s0, c02); c03 = multiplyAdd<T>(x3, s0, c03);
    c10 = multiplyAdd<T>(x0, s1, c10); c11 = multiplyAdd<T>(x1, s1, c11); c12 = multiplyAdd<T>(x2, s1, c12); c13 = multiplyAdd<T>(x3, s1, c13);
    c20 = multiplyAdd<T>(x0, s2, c20); c21 = multiplyAdd<T>(x1, s2, c21); c22 = multiplyAdd<T>(x2, s2, c22); c23 = multiplyAdd<T>(x3, s2, c23);
    c30 = multiplyAdd<T>(x0, s3, c30); c31 = multiplyAdd<T>(x1, s3, c31); c32 = multiplyAdd<T>(x2, s3, c32); c33 = multiplyAdd<T>(x3, s3, c33);
  }
  v128.store(c, c00); v128.store(c, c01, 16); v128.store(c, c02, 32); v128.store(c, c03, 48);
  v128.store(d1, c10); v128.store(d1, c11, 16); v128.store(d1, c12, 32); v128.store(d1, c13, 48);
  v128.store(d2, c20); v128.store(d2, c21, 16); v128.store(d2, c22, 32); v128.store(d2, c23, 48);
  v128.store(d3, c30); v128.store(d3, c31, 16); v128.store(d3, c32, 32); v128.store(d3, c33, 48);
}

function multiplyTransposedTwo<T>(panels: usize, a: usize, aStep: usize, b: usize, bPanelStep: usize, c: usize, cStep: usize): void {
  const d1 = c + cStep, d2 = d1 + cStep, d3 = d2 + cStep;
  let c00 = v128.load(c), c01 = v128.load(c, 16);
  let c10 = v128.load(d1), c11 = v128.load(d1, 16);
  let c20 = v128.load(d2), c21 = v128.load(d2, 16);
  let c30 = v128.load(d3), c31 = v128.load(d3, 16);
  for (; panels > 0; panels--) {
    for (const end = b + PANEL_BYTES; b != end; a += aStep, b += sizeof<T>()) {
      const x0 = v128.load(a), x1 = v128.load(a, 16);
      const s0 = v128.load_splat<T>(b), s1 = v128.load_splat<T>(b, PANEL_BYTES), s2 = v128.load_splat<T>(b, 2 * PANEL_BYTES), s3 = v128.load_splat<T>(b, 3 * PANEL_BYTES);
      c00 = multiplyAdd<T>(x0, s0, c00); c01 = multiplyAdd<T>(x1, s0, c01);
      c10 = multiplyAdd<T>(x0, s1, c10); c11 = multiplyAdd<T>(x1, s1, c11);
      c20 = multiplyAdd<T>(x0, s2, c20); c21 = multiplyAdd<T>(x1, s2, c21);
      c30 = multiplyAdd<T>(x0, s3, c30); c31 = multiplyAdd<T>(x1, s3, c31);
    }
    b += bPanelStep - PANEL_BYTES;
  }
  v128.store(c, c00); v128.store(c, c01, 16);
  v128.store(d1, c10); v128.store(d1, c11, 16);
  v128.store(d2, c20); v128.store(d2, c21, 16);
  v128.store(d3, c30); v128.store(d3, c31, 16);
}

function multiplyTransposedFour<T>(panels: usize, a: usize, aStep: usize, b: usize, bPanelStep: usize, c: usize, cStep: usize): void {
  const d1 = c + cStep, d2 = d1 + cStep, d3 = d2 + cStep;
  let c00 = v128.load(c), c01 = v128.load(c, 16), c02 = v128.load(c, 32), c03 = v128.load(c, 48);
  let c10 = v128.load(d1), c11 = v128.load(d1, 16), c12 = v128.load(d1, 32), c13 = v128.load(d1, 48);
  let c20 = v128.load(d2), c21 = v128.load(d2, 16), c22 = v128.load(d2, 32), c23 = v128.load(d2, 48);
  let c30 = v128.load(d3), c31 = v128.load(d3, 16), c32 = v128.load(d3, 32), c33 = v128.load(d3, 48);
  for (; panels > 0; panels--) {
    for (const end = b + PANEL_BYTES; b != end; a += aStep, b += sizeof<T>()) {
      const x0 = v128.load(a), x1 = v128.load(a, 16), x2 = v128.load(a, 32), x3 = v128.load(a, 48);
      const s0 = v128.load_splat<T>(b), s1 = v128.load_splat<T>(b, PANEL_BYTES), s2 = v128.load_splat<T>(b, 2 * PANEL_BYTES), s3 = v128.load_splat<T>(b, 3 * PANEL_BYTES);
      c00 = multiplyAdd<T>(x0, s0, c00); c01 = multiplyAdd<T>(x1, s0, c01); c02 = multiplyAdd<T>(x2, s0, c02); c03 = multiplyAdd<T>(x3, s0, c03);
      c10 = multiplyAdd<T>(x0, s1, c10); c11 = multiplyAdd<T>(x1, s1, c11); c12 = multiplyAdd<T>(x2, s1, c12); c13 = multiplyAdd<T>(x3, s1, c13);
      c20 = multiplyAdd<T>(x0, s2, c20); c21 = multiplyAdd<T>(x1, s2, c21); c22 = multiplyAdd<T>(x2, s2, c22); c23 = multiplyAdd<T>(x3, s2, c23);
      c30 = multiplyAdd<T>(x0, s3, c30); c31 = multiplyAdd<T>(x1, s3, c31); c32 = multiplyAdd<T>(x2, s3, c32); c33 = multiplyAdd<T>(x3, s3, c33);
    }
    b += bPanelStep - PANEL_BYTES;
  }
  v128.store(c, c00); v128.store(c, c01, 16); v128.store(c, c02, 32); v128.store(c, c03, 48);
  v128.store(d1, c10); v128.store(d1, c11, 16); v128.store(d1, c12, 32); v128.store(d1, c13, 48);
  v128.store(d2, c20); v128.store(d2, c21, 16); v128.store(d2, c22, 32); v128.store(d2, c23, 48);
  v128.store(d3, c30); v128.store(d3, c31, 16); v128.store(d3, c32, 32); v128.store(d3, c33, 48);
}
