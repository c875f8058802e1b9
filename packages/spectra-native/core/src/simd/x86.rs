//! 512-bit and 256-bit vectors of x86-64.

use super::Simd;
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
pub struct Avx512F32;
#[derive(Clone, Copy)]
pub struct Avx512F64;
#[derive(Clone, Copy)]
pub struct Avx2F32;
#[derive(Clone, Copy)]
pub struct Avx2F64;

impl Simd for Avx512F32 {
    type T = f32;
    type V = __m512;
    const LANES: usize = 16;
    #[inline(always)]
    unsafe fn prefetch(p: *const f32) {
        _mm_prefetch::<_MM_HINT_T0>(p as *const i8)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> __m512 {
        _mm512_loadu_ps(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, x: __m512) {
        _mm512_storeu_ps(p, x)
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> __m512 {
        _mm512_set1_ps(x)
    }
    #[inline(always)]
    unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
        _mm512_fmadd_ps(a, b, c)
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        _mm512_add_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        _mm512_mul_ps(a, b)
    }
    #[inline(always)]
    unsafe fn from_lane(lane: usize, x: __m512, other: __m512) -> __m512 {
        _mm512_mask_blend_ps((0xffffu32 << lane) as u16, other, x)
    }
    #[inline(always)]
    unsafe fn sum(x: __m512) -> f32 {
        _mm512_reduce_add_ps(x)
    }
    #[inline(always)]
    unsafe fn sums(xs: *const __m512) -> __m512 {
        // Four rounds: each adds pairs of vectors into one, halving what is left of every sum.
        let mut a = [_mm512_setzero_ps(); 8];
        for i in 0..8 {
            let (x, y) = (*xs.add(2 * i), *xs.add(2 * i + 1));
            a[i] = _mm512_add_ps(_mm512_unpacklo_ps(x, y), _mm512_unpackhi_ps(x, y));
        }
        let mut b = [_mm512_setzero_ps(); 4];
        for i in 0..4 {
            let x = _mm512_castps_pd(a[2 * i]);
            let y = _mm512_castps_pd(a[2 * i + 1]);
            b[i] = _mm512_add_ps(
                _mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)),
            );
        }
        // Each b[i] holds 4 sums in each of its four 128-bit parts.
        let c0 =
            _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(b[0], b[1]), _mm512_shuffle_f32x4::<0xdd>(b[0], b[1]));
        let c1 =
            _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(b[2], b[3]), _mm512_shuffle_f32x4::<0xdd>(b[2], b[3]));
        _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(c0, c1), _mm512_shuffle_f32x4::<0xdd>(c0, c1))
    }
}

impl Simd for Avx512F64 {
    type T = f64;
    type V = __m512d;
    const LANES: usize = 8;
    #[inline(always)]
    unsafe fn prefetch(p: *const f64) {
        _mm_prefetch::<_MM_HINT_T0>(p as *const i8)
    }
    #[inline(always)]
    unsafe fn load(p: *const f64) -> __m512d {
        _mm512_loadu_pd(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f64, x: __m512d) {
        _mm512_storeu_pd(p, x)
    }
    #[inline(always)]
    unsafe fn splat(x: f64) -> __m512d {
        _mm512_set1_pd(x)
    }
    #[inline(always)]
    unsafe fn fma(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        _mm512_fmadd_pd(a, b, c)
    }
    #[inline(always)]
    unsafe fn add(a: __m512d, b: __m512d) -> __m512d {
        _mm512_add_pd(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: __m512d, b: __m512d) -> __m512d {
        _mm512_mul_pd(a, b)
    }
    #[inline(always)]
    unsafe fn from_lane(lane: usize, x: __m512d, other: __m512d) -> __m512d {
        _mm512_mask_blend_pd((0xffu32 << lane) as u8, other, x)
    }
    #[inline(always)]
    unsafe fn sum(x: __m512d) -> f64 {
        _mm512_reduce_add_pd(x)
    }
    #[inline(always)]
    unsafe fn sums(xs: *const __m512d) -> __m512d {
        let mut b = [_mm512_setzero_pd(); 4];
        for i in 0..4 {
            let (x, y) = (*xs.add(2 * i), *xs.add(2 * i + 1));
            b[i] = _mm512_add_pd(_mm512_unpacklo_pd(x, y), _mm512_unpackhi_pd(x, y));
        }
        let c0 =
            _mm512_add_pd(_mm512_shuffle_f64x2::<0x88>(b[0], b[1]), _mm512_shuffle_f64x2::<0xdd>(b[0], b[1]));
        let c1 =
            _mm512_add_pd(_mm512_shuffle_f64x2::<0x88>(b[2], b[3]), _mm512_shuffle_f64x2::<0xdd>(b[2], b[3]));
        _mm512_add_pd(_mm512_shuffle_f64x2::<0x88>(c0, c1), _mm512_shuffle_f64x2::<0xdd>(c0, c1))
    }
}

impl Simd for Avx2F32 {
    type T = f32;
    type V = __m256;
    const LANES: usize = 8;
    #[inline(always)]
    unsafe fn prefetch(p: *const f32) {
        _mm_prefetch::<_MM_HINT_T0>(p as *const i8)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> __m256 {
        _mm256_loadu_ps(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, x: __m256) {
        _mm256_storeu_ps(p, x)
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> __m256 {
        _mm256_set1_ps(x)
    }
    #[inline(always)]
    unsafe fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
        _mm256_fmadd_ps(a, b, c)
    }
    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        _mm256_add_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: __m256, b: __m256) -> __m256 {
        _mm256_mul_ps(a, b)
    }
    #[inline(always)]
    unsafe fn from_lane(lane: usize, x: __m256, other: __m256) -> __m256 {
        const MASKS: [i32; 16] = [0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1];
        let mask = _mm256_loadu_ps(MASKS.as_ptr().add(8 - lane) as *const f32);
        _mm256_blendv_ps(other, x, mask)
    }
    #[inline(always)]
    unsafe fn sum(x: __m256) -> f32 {
        let h = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        let h = _mm_add_ps(h, _mm_movehl_ps(h, h));
        _mm_cvtss_f32(_mm_add_ss(h, _mm_shuffle_ps::<1>(h, h)))
    }
    #[inline(always)]
    unsafe fn sums(xs: *const __m256) -> __m256 {
        let h = |i: usize| _mm256_hadd_ps(*xs.add(i), *xs.add(i + 1));
        let a = _mm256_hadd_ps(h(0), h(2));
        let b = _mm256_hadd_ps(h(4), h(6));
        _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b))
    }
}

impl Simd for Avx2F64 {
    type T = f64;
    type V = __m256d;
    const LANES: usize = 4;
    #[inline(always)]
    unsafe fn prefetch(p: *const f64) {
        _mm_prefetch::<_MM_HINT_T0>(p as *const i8)
    }
    #[inline(always)]
    unsafe fn load(p: *const f64) -> __m256d {
        _mm256_loadu_pd(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f64, x: __m256d) {
        _mm256_storeu_pd(p, x)
    }
    #[inline(always)]
    unsafe fn splat(x: f64) -> __m256d {
        _mm256_set1_pd(x)
    }
    #[inline(always)]
    unsafe fn fma(a: __m256d, b: __m256d, c: __m256d) -> __m256d {
        _mm256_fmadd_pd(a, b, c)
    }
    #[inline(always)]
    unsafe fn add(a: __m256d, b: __m256d) -> __m256d {
        _mm256_add_pd(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: __m256d, b: __m256d) -> __m256d {
        _mm256_mul_pd(a, b)
    }
    #[inline(always)]
    unsafe fn from_lane(lane: usize, x: __m256d, other: __m256d) -> __m256d {
        const MASKS: [i64; 8] = [0, 0, 0, 0, -1, -1, -1, -1];
        let mask = _mm256_loadu_pd(MASKS.as_ptr().add(4 - lane) as *const f64);
        _mm256_blendv_pd(other, x, mask)
    }
    #[inline(always)]
    unsafe fn sum(x: __m256d) -> f64 {
        let h = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
        _mm_cvtsd_f64(_mm_add_sd(h, _mm_unpackhi_pd(h, h)))
    }
    #[inline(always)]
    unsafe fn sums(xs: *const __m256d) -> __m256d {
        let a = _mm256_hadd_pd(*xs, *xs.add(1));
        let b = _mm256_hadd_pd(*xs.add(2), *xs.add(3));
        _mm256_add_pd(_mm256_permute2f128_pd::<0x20>(a, b), _mm256_permute2f128_pd::<0x31>(a, b))
    }
}
