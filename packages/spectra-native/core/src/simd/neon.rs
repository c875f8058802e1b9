//! 128-bit vectors of aarch64, where NEON always is.

use super::Simd;
use std::arch::aarch64::*;

#[derive(Clone, Copy)]
pub struct NeonF32;
#[derive(Clone, Copy)]
pub struct NeonF64;

impl Simd for NeonF32 {
    type T = f32;
    type V = float32x4_t;
    const LANES: usize = 4;
    #[inline(always)]
    unsafe fn load(p: *const f32) -> float32x4_t {
        vld1q_f32(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, x: float32x4_t) {
        vst1q_f32(p, x)
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> float32x4_t {
        vdupq_n_f32(x)
    }
    #[inline(always)]
    unsafe fn fma(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        vfmaq_f32(c, a, b)
    }
    #[inline(always)]
    unsafe fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        vaddq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        vmulq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn from_lane(lane: usize, x: float32x4_t, other: float32x4_t) -> float32x4_t {
        const MASKS: [u32; 8] = [0, 0, 0, 0, !0, !0, !0, !0];
        vbslq_f32(vld1q_u32(MASKS.as_ptr().add(4 - lane)), x, other)
    }
    #[inline(always)]
    unsafe fn sum(x: float32x4_t) -> f32 {
        vaddvq_f32(x)
    }
    #[inline(always)]
    unsafe fn sums(xs: *const float32x4_t) -> float32x4_t {
        vpaddq_f32(vpaddq_f32(*xs, *xs.add(1)), vpaddq_f32(*xs.add(2), *xs.add(3)))
    }
}

impl Simd for NeonF64 {
    type T = f64;
    type V = float64x2_t;
    const LANES: usize = 2;
    #[inline(always)]
    unsafe fn load(p: *const f64) -> float64x2_t {
        vld1q_f64(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f64, x: float64x2_t) {
        vst1q_f64(p, x)
    }
    #[inline(always)]
    unsafe fn splat(x: f64) -> float64x2_t {
        vdupq_n_f64(x)
    }
    #[inline(always)]
    unsafe fn fma(a: float64x2_t, b: float64x2_t, c: float64x2_t) -> float64x2_t {
        vfmaq_f64(c, a, b)
    }
    #[inline(always)]
    unsafe fn add(a: float64x2_t, b: float64x2_t) -> float64x2_t {
        vaddq_f64(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: float64x2_t, b: float64x2_t) -> float64x2_t {
        vmulq_f64(a, b)
    }
    #[inline(always)]
    unsafe fn from_lane(lane: usize, x: float64x2_t, other: float64x2_t) -> float64x2_t {
        const MASKS: [u64; 4] = [0, 0, !0, !0];
        vbslq_f64(vld1q_u64(MASKS.as_ptr().add(2 - lane)), x, other)
    }
    #[inline(always)]
    unsafe fn sum(x: float64x2_t) -> f64 {
        vaddvq_f64(x)
    }
    #[inline(always)]
    unsafe fn sums(xs: *const float64x2_t) -> float64x2_t {
        vpaddq_f64(*xs, *xs.add(1))
    }
}
