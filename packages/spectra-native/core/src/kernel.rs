//! The micro-kernels: a block of M vectors x NR columns of C stays in registers over the whole depth.

#[cfg(target_arch = "x86_64")]
use crate::simd::x86::Avx512F32;
use crate::simd::Simd;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Brings the block of C that is `blocks` further on towards the cache: tiles are contiguous, and walked
/// through from start to end.
#[inline(always)]
unsafe fn prefetch<S: Simd>(c: *const S::T, block: usize, blocks: usize) {
    let line = 64 / size_of::<S::T>();
    let c = c.wrapping_add(blocks * block);
    let mut i = 0;
    while i < block {
        S::prefetch(c.wrapping_add(i));
        i += line;
    }
}

/// C (M vectors x NR, columns `c_step` apart) += A (depth columns `a_step` apart) * B, where element
/// (k, j) of B is at `k * b_step + j * b_column`.
#[inline(always)]
pub unsafe fn multiply<S: Simd, const M: usize, const NR: usize>(
    depth: usize,
    a: *const S::T,
    a_step: usize,
    b: *const S::T,
    b_step: usize,
    b_column: usize,
    c: *mut S::T,
    c_step: usize,
    ahead: usize,
) {
    if ahead > 0 {
        prefetch::<S>(c, NR * M * S::LANES, ahead)
    }
    let mut acc = [[S::splat(S::T::default()); M]; NR];
    for j in 0..NR {
        for m in 0..M {
            acc[j][m] = S::load(c.add(j * c_step + m * S::LANES))
        }
    }
    let (mut a, mut b) = (a, b);
    for _ in 0..depth {
        let mut x = [S::splat(S::T::default()); M];
        for m in 0..M {
            x[m] = S::load(a.add(m * S::LANES))
        }
        for j in 0..NR {
            let s = S::splat(*b.add(j * b_column));
            for m in 0..M {
                acc[j][m] = S::fma(x[m], s, acc[j][m])
            }
        }
        a = a.add(a_step);
        b = b.add(b_step);
    }
    for j in 0..NR {
        for m in 0..M {
            S::store(c.add(j * c_step + m * S::LANES), acc[j][m])
        }
    }
}

/// `multiply` for bfloat16: an element of A and B is a pair of neighbours in depth, two products each.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub unsafe fn multiply_bf16<const M: usize, const NR: usize>(
    depth: usize,
    a: *const u32,
    b: *const u32,
    c: *mut f32,
) {
    let step = M * 16;
    prefetch::<Avx512F32>(c, NR * step, 1);
    let mut acc = [[_mm512_setzero_ps(); M]; NR];
    for j in 0..NR {
        for m in 0..M {
            acc[j][m] = _mm512_loadu_ps(c.add(j * step + m * 16))
        }
    }
    let (mut a, mut b) = (a, b);
    for _ in 0..depth {
        let mut x = [_mm512_setzero_si512(); M];
        for m in 0..M {
            x[m] = _mm512_loadu_si512(a.add(m * 16) as *const __m512i)
        }
        for j in 0..NR {
            let s = std::mem::transmute::<__m512i, __m512bh>(_mm512_set1_epi32(*b.add(j) as i32));
            for m in 0..M {
                acc[j][m] = _mm512_dpbf16_ps(acc[j][m], std::mem::transmute::<__m512i, __m512bh>(x[m]), s)
            }
        }
        a = a.add(step);
        b = b.add(step);
    }
    for j in 0..NR {
        for m in 0..M {
            _mm512_storeu_ps(c.add(j * step + m * 16), acc[j][m])
        }
    }
}

/// C (M vectors x NR, columns `c_step` apart) += A * B^T, B being `panels` panels of MR rows,
/// `panel_step` apart: element (j, k) at `k / MR * panel_step + j * MR + k % MR`. So a tile that lies in
/// memory as panels of rows serves as its own transpose.
#[inline(always)]
pub unsafe fn multiply_transposed<S: Simd, const M: usize, const NR: usize>(
    panels: usize,
    a: *const S::T,
    a_step: usize,
    b: *const S::T,
    panel_step: usize,
    c: *mut S::T,
    c_step: usize,
) {
    let mr = M * S::LANES;
    let mut acc = [[S::splat(S::T::default()); M]; NR];
    for j in 0..NR {
        for m in 0..M {
            acc[j][m] = S::load(c.add(j * c_step + m * S::LANES))
        }
    }
    let (mut a, mut b) = (a, b);
    for _ in 0..panels {
        for k in 0..mr {
            let mut x = [S::splat(S::T::default()); M];
            for m in 0..M {
                x[m] = S::load(a.add(m * S::LANES))
            }
            for j in 0..NR {
                let s = S::splat(*b.add(j * mr + k));
                for m in 0..M {
                    acc[j][m] = S::fma(x[m], s, acc[j][m])
                }
            }
            a = a.add(a_step);
        }
        b = b.add(panel_step);
    }
    for j in 0..NR {
        for m in 0..M {
            S::store(c.add(j * c_step + m * S::LANES), acc[j][m])
        }
    }
}

/// C (M vectors x MR columns) += A * B, element (k, j) of B at `k * b_step + j`. AVX2's sixteen registers
/// hold 2 x 6 sums (98 % of the peak; 2 x 4 reach 85 %), and 16 = 6 + 6 + 4.
#[inline(always)]
pub unsafe fn multiply_panel<S: Simd, const M: usize, const NR: usize>(
    depth: usize,
    a: *const S::T,
    b: *const S::T,
    b_step: usize,
    c: *mut S::T,
    ahead: usize,
) {
    let mr = M * S::LANES;
    if NR == 4 && mr == 16 {
        multiply::<S, M, 6>(depth, a, mr, b, b_step, 1, c, mr, ahead);
        multiply::<S, M, 6>(depth, a, mr, b.add(6), b_step, 1, c.add(6 * mr), mr, ahead);
        multiply::<S, M, 4>(depth, a, mr, b.add(12), b_step, 1, c.add(12 * mr), mr, ahead);
        return;
    }
    for j in (0..mr).step_by(NR) {
        multiply::<S, M, NR>(depth, a, mr, b.add(j), b_step, 1, c.add(j * mr), mr, ahead);
    }
}

/// `multiply_transposed` for MR columns of C, likewise.
#[inline(always)]
pub unsafe fn multiply_panel_transposed<S: Simd, const M: usize, const NR: usize>(
    panels: usize,
    a: *const S::T,
    a_step: usize,
    b: *const S::T,
    panel_step: usize,
    c: *mut S::T,
    c_step: usize,
) {
    let mr = M * S::LANES;
    if NR == 4 && mr == 16 {
        multiply_transposed::<S, M, 6>(panels, a, a_step, b, panel_step, c, c_step);
        multiply_transposed::<S, M, 6>(
            panels,
            a,
            a_step,
            b.add(6 * mr),
            panel_step,
            c.add(6 * c_step),
            c_step,
        );
        multiply_transposed::<S, M, 4>(
            panels,
            a,
            a_step,
            b.add(12 * mr),
            panel_step,
            c.add(12 * c_step),
            c_step,
        );
        return;
    }
    for j in (0..mr).step_by(NR) {
        multiply_transposed::<S, M, NR>(
            panels,
            a,
            a_step,
            b.add(j * mr),
            panel_step,
            c.add(j * c_step),
            c_step,
        );
    }
}
