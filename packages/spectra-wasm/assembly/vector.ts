/**
 * SIMD vocabulary of the engine: one generic source for float32 and float64, one for both builds.
 *
 * `T` is `f32` or `f64` throughout. `sizeof<T>()` and the ASC_FEATURE constant fold at compile time,
 * so nothing here costs anything at run time.
 *
 * A matrix that the micro-kernels read or write is cut into panels of `PANEL_BYTES` high columns:
 * element (row, column) of a panel lies at `column * PANEL_BYTES + row * sizeof<T>()`. The height in
 * bytes is the same for both types, which keeps address arithmetic free of `T`.
 */

/** Vectors in a kernel's column: with fused multiply-add, more accumulators hide its latency. */
// @ts-ignore: decorator
@inline export const VECTORS: usize = ASC_FEATURE_RELAXED_SIMD ? 4 : 2;
// @ts-ignore: decorator
@inline export const VECTOR_BYTES: usize = 16;
/** Height of a panel in bytes: 8 or 16 rows in float32, 4 or 8 in float64. */
// @ts-ignore: decorator
@inline export const PANEL_BYTES: usize = VECTORS * VECTOR_BYTES;
/** Columns that a kernel computes at once. */
// @ts-ignore: decorator
@inline export const COLUMNS: usize = 4;
/** Rows and columns of a tile of the Gram matrix. */
// @ts-ignore: decorator
@inline export const TILE: usize = 128;
/** Width of a reduction step, and bandwidth of the band matrix. */
// @ts-ignore: decorator
@inline export const BAND: usize = 32;

// @ts-ignore: decorator
@inline export function lanes<T>(): usize {
  return VECTOR_BYTES / sizeof<T>();
}

// @ts-ignore: decorator
@inline export function panelRows<T>(): usize {
  return PANEL_BYTES / sizeof<T>();
}

/** x * y + z; fused where the build allows it. */
// @ts-ignore: decorator
@inline export function multiplyAdd<T>(x: v128, y: v128, z: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD
    ? v128.relaxed_madd<T>(x, y, z)
    : v128.add<T>(v128.mul<T>(x, y), z);
}

/** Sum of the lanes. */
// @ts-ignore: decorator
@inline export function sum<T>(x: v128): T {
  if (sizeof<T>() == 8) {
    return <T>(f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1));
  }
  const pairs = v128.add<f32>(x, v128.shuffle<i32>(x, x, 2, 3, 2, 3));
  return <T>(f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1));
}

/** Address of tile (row, column), row >= column, of a tiled lower triangle. */
// @ts-ignore: decorator
@inline export function tileAt<T>(triangle: usize, row: usize, column: usize): usize {
  return triangle + (row * (row + 1) / 2 + column) * (TILE * TILE * sizeof<T>());
}

/** Bytes from one panel of a tile to the next. */
// @ts-ignore: decorator
@inline export const TILE_PANEL_BYTES: usize = TILE * PANEL_BYTES;
