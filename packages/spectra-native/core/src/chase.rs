//! Stage 3: band to tridiagonal by bulge chasing, several sweeps in a staggered row so that the part of
//! the band they work on stays in the nearest cache.

use crate::simd::{Scalar, Simd};

/// Sweeps that follow each other, two blocks apart.
const GROUP: usize = 8;

#[derive(Clone, Copy)]
struct Sweep<T, const B: usize> {
    v: [T; B],
    tau: T,
    at: usize,
    done: bool,
}

/// Sweeps `first` .. `last - 1` of the `n - 2` that lead to tridiagonal form. `band` needs 2 B zero
/// columns beyond the order.
#[inline(always)]
pub unsafe fn chase<S: Simd, const B: usize, const NV: usize>(
    n: usize,
    first: usize,
    last: usize,
    band: *mut S::T,
) {
    let zero = S::T::default();
    let mut first = first;
    while first < last {
        let count = GROUP.min(last - first);
        let mut sweeps = [Sweep { v: [zero; B], tau: zero, at: 0, done: false }; GROUP];
        let mut left = count;
        let mut wave = 0;
        while left > 0 {
            for g in 0..count.min(wave / 2 + 1) {
                let s = &mut sweeps[g];
                if s.done {
                    continue;
                }
                if wave == 2 * g {
                    let column = band.add((first + g) * 2 * B + 1);
                    std::ptr::copy_nonoverlapping(column, s.v.as_mut_ptr(), B);
                    s.tau = reflector::<S, B, NV>(s.v.as_mut_ptr(), column);
                    s.at = first + g + 1;
                }
                let diagonal = band.add(s.at * 2 * B);
                both_sides::<S, B, NV>(diagonal, s.v.as_ptr(), s.tau);
                if s.at + B >= n {
                    s.done = true;
                    left -= 1;
                    continue;
                }
                s.tau = bulge::<S, B, NV>(diagonal.add(B), s.v.as_mut_ptr(), s.tau);
                s.at += B;
            }
            wave += 1;
        }
        first += count;
    }
}

/// Replaces x by v of I - tau v v^T, v[0] = 1, that maps x to a multiple of the first unit vector, which
/// goes to `image`.
#[inline(always)]
unsafe fn reflector<S: Simd, const B: usize, const NV: usize>(x: *mut S::T, image: *mut S::T) -> S::T {
    let l = S::LANES;
    let zero = S::splat(S::T::default());
    let alpha = (*x).to_f64();
    let mut v = [zero; NV];
    for q in 0..NV {
        v[q] = S::load(x.add(q * l))
    }
    let head = S::from_lane(1, v[0], zero);
    let mut s = S::mul(head, head);
    for q in 1..NV {
        s = S::fma(v[q], v[q], s)
    }
    let squares = S::sum(s).to_f64();
    for q in 0..NV {
        S::store(image.add(q * l), zero)
    }
    if squares == 0.0 {
        *image = S::T::from_f64(alpha);
        for q in 0..NV {
            S::store(x.add(q * l), zero)
        }
        return S::T::default();
    }
    let beta = -(alpha * alpha + squares).sqrt().copysign(alpha);
    *image = S::T::from_f64(beta);
    let scale = S::splat(S::T::from_f64(1.0 / (alpha - beta)));
    for q in 0..NV {
        S::store(x.add(q * l), S::mul(v[q], scale))
    }
    *x = S::T::from_f64(1.0);
    S::T::from_f64((beta - alpha) / beta)
}

/// D <- (I - tau v v^T) D (I - tau v v^T) on the lower triangle of a diagonal block.
#[inline(always)]
unsafe fn both_sides<S: Simd, const B: usize, const NV: usize>(d: *mut S::T, v: *const S::T, tau: S::T) {
    let l = S::LANES;
    let step = 2 * B - 1;
    let zero = S::splat(S::T::default());
    let mut vs = [zero; NV];
    let mut w = [zero; NV];
    for q in 0..NV {
        vs[q] = S::load(v.add(q * l))
    }
    let mut partial = [zero; B];
    for h in 0..NV {
        for lane in 0..l {
            let j = h * l + lane;
            let c = d.add(j * step);
            let f = S::splat(*v.add(j));
            let x = S::load(c.add(h * l));
            w[h] = S::fma(S::from_lane(lane, x, zero), f, w[h]);
            let mut p = S::mul(S::from_lane(lane + 1, x, zero), vs[h]);
            for q in h + 1..NV {
                let x = S::load(c.add(q * l));
                w[q] = S::fma(x, f, w[q]);
                p = S::fma(x, vs[q], p);
            }
            partial[j] = p;
        }
    }
    let mut dot = zero;
    for q in 0..NV {
        w[q] = S::add(w[q], S::sums(partial.as_ptr().add(q * l)));
        dot = S::fma(w[q], vs[q], dot);
    }
    let dot = S::sum(dot).to_f64();
    let t = tau.to_f64();
    let (scale, shift) = (S::splat(S::T::from_f64(-t)), S::splat(S::T::from_f64(0.5 * t * t * dot)));
    // w is negated here, so that the update adds.
    let mut ws = [S::T::default(); B];
    for q in 0..NV {
        w[q] = S::fma(vs[q], shift, S::mul(w[q], scale));
        S::store(ws.as_mut_ptr().add(q * l), w[q]);
    }
    for h in 0..NV {
        for lane in 0..l {
            let j = h * l + lane;
            let c = d.add(j * step);
            let (fv, fw) = (S::splat(*v.add(j)), S::splat(ws[j]));
            let x = S::load(c.add(h * l));
            let y = S::fma(w[h], fv, S::fma(vs[h], fw, x));
            S::store(c.add(h * l), S::from_lane(lane, y, x));
            for q in h + 1..NV {
                let x = S::load(c.add(q * l));
                S::store(c.add(q * l), S::fma(w[q], fv, S::fma(vs[q], fw, x)));
            }
        }
    }
}

/// Applies (v, tau) from the right to the block below the diagonal block, finds the reflector that clears
/// its first column, applies that from the left, and leaves it in v.
#[inline(always)]
unsafe fn bulge<S: Simd, const B: usize, const NV: usize>(block: *mut S::T, v: *mut S::T, tau: S::T) -> S::T {
    let l = S::LANES;
    let step = 2 * B - 1;
    let zero = S::splat(S::T::default());
    let mut u = [zero; NV];
    for j in 0..B {
        let f = S::splat(*v.add(j));
        for q in 0..NV {
            u[q] = S::fma(S::load(block.add(j * step + q * l)), f, u[q])
        }
    }
    let factor = S::splat(tau.neg());
    let mut next = [S::T::default(); B];
    for q in 0..NV {
        u[q] = S::mul(u[q], factor);
        S::store(next.as_mut_ptr().add(q * l), S::add(S::load(block.add(q * l)), u[q]));
    }
    let mut image = [S::T::default(); B];
    let t = reflector::<S, B, NV>(next.as_mut_ptr(), image.as_mut_ptr());
    let mut x = [zero; NV];
    let mut share = zero;
    for q in 0..NV {
        x[q] = S::load(next.as_ptr().add(q * l));
        share = S::fma(x[q], u[q], share);
    }
    let share = S::splat(S::sum(share));
    let factor = S::splat(t.neg());
    let mut partial = [zero; B];
    for j in 0..B {
        let c = block.add(j * step);
        let mut p = S::mul(S::load(c), x[0]);
        for q in 1..NV {
            p = S::fma(S::load(c.add(q * l)), x[q], p)
        }
        partial[j] = p;
    }
    let mut g = [S::T::default(); B];
    for q in 0..NV {
        let sums = S::sums(partial.as_ptr().add(q * l));
        S::store(g.as_mut_ptr().add(q * l), S::mul(factor, S::fma(share, S::load(v.add(q * l)), sums)));
    }
    for j in 0..B {
        let c = block.add(j * step);
        let (fv, fg) = (S::splat(*v.add(j)), S::splat(g[j]));
        for q in 0..NV {
            S::store(c.add(q * l), S::fma(x[q], fg, S::fma(u[q], fv, S::load(c.add(q * l)))));
        }
    }
    std::ptr::copy_nonoverlapping(image.as_ptr(), block, B);
    std::ptr::copy_nonoverlapping(next.as_ptr(), v, B);
    t
}
