/**
 * Stored weights to arithmetic: F32, F64, BF16 and F16 elements, little-endian, become `T`.
 *
 * bfloat16 is the upper half of a float32. A float16 is shifted to the float32's fields and its
 * exponent re-biased by a multiplication with 2^112, which is exact for subnormals too
 * (Giesen, "Half to float done quick", 2012).
 */


/** Codes of the stored types; `src/layout.ts` holds the same table. */
// @ts-ignore: decorator
@inline export const F32: i32 = 0;
// @ts-ignore: decorator
@inline export const F64: i32 = 1;
// @ts-ignore: decorator
@inline export const BF16: i32 = 2;
// @ts-ignore: decorator
@inline export const F16: i32 = 3;

/** Bytes of one stored element. */
export function elementBytes(kind: i32): usize {
  return kind == F64 ? 8 : kind == F32 ? 4 : 2;
}

// @ts-ignore: decorator
@inline function fromF16(bits: v128): v128 {
  const sign = v128.shl<i32>(v128.and(bits, i32x4.splat(0x8000)), 16);
  const magnitude = v128.and(bits, i32x4.splat(0x7fff));
  const special = v128.and(v128.ge<i32>(magnitude, i32x4.splat(0x7c00)), i32x4.splat(0x7f800000));
  const value = v128.mul<f32>(v128.shl<i32>(magnitude, 13), f32x4.splat(<f32>5.192296858534828e33));
  return v128.or(v128.or(value, special), sign);
}

// @ts-ignore: decorator
@inline function loadFour(kind: i32, source: usize): v128 {
  if (kind == F32) return v128.load(source);
  const bits = v128.load_ext<u16>(source);
  return kind == BF16 ? v128.shl<i32>(bits, 16) : fromF16(bits);
}

/**
 * Decodes `count` elements at `source` into `T`s at `target`, multiplied by `scale` (a power of two).
 * Works in steps of four: reads and writes up to three elements more.
 */
export function decode<T>(kind: i32, source: usize, count: usize, scale: f64, target: usize): void {
  // One loop for each type: the branch on `kind` inside it would cost more than the conversion.
  if (kind == F64) decodeF64<T>(source, count, scale, target);
  else if (kind == F32) decodeNarrow<T>(F32, source, count, scale, target);
  else if (kind == BF16) decodeNarrow<T>(BF16, source, count, scale, target);
  else decodeNarrow<T>(F16, source, count, scale, target);
}

// @ts-ignore: decorator
@inline function decodeNarrow<T>(kind: i32, source: usize, count: usize, scale: f64, target: usize): void {
  const step: usize = kind == F32 ? 16 : 8;
  const factor = v128.splat<T>(<T>scale);
  for (const end = target + count * sizeof<T>(); target < end; target += 4 * sizeof<T>(), source += step) {
    const x = loadFour(kind, source);
    if (sizeof<T>() == 4) {
      v128.store(target, v128.mul<T>(x, factor));
    } else {
      v128.store(target, v128.mul<T>(f64x2.promote_low_f32x4(x), factor));
      const high = v128.shuffle<i32>(x, x, 2, 3, 2, 3);
      v128.store(target, v128.mul<T>(f64x2.promote_low_f32x4(high), factor), 16);
    }
  }
}

// @ts-ignore: decorator
@inline function decodeF64<T>(source: usize, count: usize, scale: f64, target: usize): void {
  const factor = f64x2.splat(scale);
  for (const end = target + count * sizeof<T>(); target < end; target += 2 * sizeof<T>(), source += 16) {
    const x = v128.mul<f64>(v128.load(source), factor);
    if (sizeof<T>() == 4) v128.store64_lane(target, f32x4.demote_f64x2_zero(x), 0);
    else v128.store(target, x);
  }
}

/** Largest magnitude of `count` elements; NaN when there is one. */
export function largest(kind: i32, source: usize, count: usize): f64 {
  const bytes = elementBytes(kind);
  let result: f64 = 0;
  for (let i: usize = 0; i < count; i++, source += bytes) {
    let x: f64;
    if (kind == F64) x = load<f64>(source);
    else if (kind == F32) x = <f64>load<f32>(source);
    else {
      const bits = i32x4.splat(<i32>load<u16>(source));
      x = <f64>f32x4.extract_lane(kind == BF16 ? v128.shl<i32>(bits, 16) : fromF16(bits), 0);
    }
    result = max(result, abs(x));
  }
  return result;
}
