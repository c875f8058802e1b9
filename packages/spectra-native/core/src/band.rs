//! Stage 2: dense symmetric to band of B, A <- Q^T A Q panel by panel, Q = I - V T V^T:
//!
//! ```text
//! W = A V,  X = W T - 1/2 V (T^T V^T W T),  A <- A - V X^T - X V^T
//! ```
//!
//! The update of one step and the product of the next share one pass over the triangle: the columns of
//! the next panel are updated first, and factored, and then each tile is updated and multiplied while
//! it is in the cache.

use crate::crew::Team;
use crate::gram::tile_at;
use crate::kernel::{multiply, multiply_panel, multiply_panel_transposed, multiply_transposed};
use crate::simd::{Scalar, Simd};
use crate::{BAND, BAND_STRIDE, TILE};

/// One step of the reduction: columns `first` .. `first + 31`, of a matrix whose order is a multiple of
/// BAND. Steps follow one another from 0 on and leave the rest of the matrix half updated in between.
pub struct Reduction<T> {
    pub order: usize,
    pub first: usize,
    pub triangle: *mut T,
    /// Column-major, BAND_STRIDE elements a column: (row, column) at column * BAND_STRIDE + row - column.
    pub band: *mut T,
    pub work: Work<T>,
}

/// Areas of the reduction, kept from step to step.
pub struct Work<T> {
    /// V by rows.
    v: *mut T,
    /// (V | X) in panels, for the step at hand and the step before.
    pair: [*mut T; 2],
    /// -(X | V), likewise. Where the one of the step at hand will be, the panel lies by columns before.
    swapped: [*mut T; 2],
    /// A V in panels, from the tiles as they are.
    direct: *mut T,
    /// A V by rows, from the tiles as transposes; one for each part.
    mirrored: *mut T,
    /// T, V^T V, core and scratch (BAND x BAND each), then one BAND x BAND product for each part.
    small: *mut T,
}

// SAFETY: the threads of a team write to parts of their own between two barriers.
unsafe impl<T> Sync for Reduction<T> {}

/// Parts that sums over rows are made in, each by one thread. They depend on the order alone, so the
/// number of threads changes no bit.
const PARTS: usize = 4;

/// A part takes at least so many rows of tiles: what it saves must be worth the sum over the parts.
const ROWS_OF_PART: usize = 8;

fn parts_of(order: usize) -> usize {
    (order / TILE / ROWS_OF_PART).clamp(1, PARTS)
}

/// The parts that a member of the team makes.
fn parts_by(team: &Team, me: usize, parts: usize) -> impl Iterator<Item = usize> {
    (me..parts).step_by(team.size)
}

/// The part's rows of tiles, counted from the last one up: in turns, there and back, as the rows get shorter.
fn rows_of_part(part: usize, parts: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count.div_ceil(parts))
        .map(move |turn| turn * parts + if turn % 2 == 0 { part } else { parts - 1 - part })
        .filter(move |&row| row < count)
}

/// Arrays of order x BAND elements, and blocks of BAND x BAND, in the workspace.
pub const WORKSPACE: (usize, usize) = (10 + PARTS, 5 + PARTS);

impl<T> Work<T> {
    /// Cuts a workspace into areas. Each begins a different number of cache lines after a multiple of
    /// their size, or they would meet in the same lines of the cache.
    pub fn new(workspace: *mut T, order: usize) -> Self {
        let array = order * BAND;
        let mut next = workspace;
        let mut cut = |elements: usize| {
            let area = next;
            next = next.wrapping_add(elements + 5 * 64 / size_of::<T>());
            area
        };
        Work {
            v: cut(array),
            pair: [cut(2 * array), cut(2 * array)],
            swapped: [cut(2 * array), cut(2 * array)],
            direct: cut(array),
            mirrored: cut(array * PARTS),
            small: cut((4 + PARTS) * BAND * BAND),
        }
    }
}

#[inline(always)]
unsafe fn fill_zero<T: Scalar>(p: *mut T, count: usize) {
    std::ptr::write_bytes(p, 0, count);
}

#[inline(always)]
pub unsafe fn reduce_panel<S: Simd, const M: usize, const NR: usize, const B: usize>(
    job: &Reduction<S::T>,
    team: &Team,
    me: usize,
) {
    let mr = M * S::LANES;
    let &Reduction { order: n, first: i, ref work, .. } = job;
    let tiles = n.div_ceil(TILE);
    let inside = |tile: usize| TILE.min(n - tile * TILE);
    let pair_panel = 2 * B * mr;
    let parts = parts_of(n);
    if i == 0 {
        for part in parts_by(team, me, parts) {
            fill_zero(work.mirrored.add(part * n * B), n * B)
        }
        if me == 0 {
            fill_zero(work.direct, n * B)
        }
    }
    team.barrier();
    let (old, new) = (i / B % 2, (i / B + 1) % 2);
    let (pair, swapped) = (work.pair[old], work.swapped[old]);
    let (home, offset) = (i / TILE, i % TILE);
    // 1. Bring the panel up to date.
    if i > 0 {
        loop {
            let row = home + team.task();
            if row >= tiles {
                break;
            }
            let tile = job.triangle.add(tile_at(row, home));
            let skip = if row == home { offset } else { 0 };
            for r in (skip..inside(row)).step_by(mr) {
                for j in (offset..offset + B).step_by(mr) {
                    let a = pair.add((row * TILE + r) / mr * pair_panel);
                    let b = swapped.add((home * TILE + j) * 2 * B);
                    multiply_panel::<S, M, NR>(2 * B, a, b, mr, tile.add(r * TILE + j * mr), 0);
                }
            }
        }
        team.barrier();
    }
    let start = i + B;
    // 2. Factor it.
    if me == 0 {
        store_diagonal::<S, M, B>(job);
        if start < n {
            factor::<S, M, B>(job, work.swapped[new], work.pair[new]);
            triangular_factor::<S, M, NR, B>(n, start, work, work.pair[new]);
        }
    }
    team.barrier();
    if start >= n {
        return;
    }
    // 3. Update and multiply what remains.
    let first = start / TILE;
    for part in parts_by(team, me, parts) {
        let mirrored = work.mirrored.add(part * n * B);
        for row in rows_of_part(part, parts, tiles - first) {
            let row = tiles - 1 - row;
            let skip_rows = if row == first { start % TILE } else { 0 };
            for column in first..=row {
                let skip_columns = if column == first { start % TILE } else { 0 };
                let tile = job.triangle.add(tile_at(row, column));
                for r in (skip_rows..inside(row)).step_by(mr) {
                    let c = tile.add(r * TILE);
                    if i > 0 {
                        let a = pair.add((row * TILE + r) / mr * pair_panel);
                        for j in (skip_columns..inside(column)).step_by(mr) {
                            let b = swapped.add((column * TILE + j) * 2 * B);
                            multiply_panel::<S, M, NR>(2 * B, a, b, mr, c.add(j * mr), 2);
                        }
                    }
                    let v = work.v.add((column * TILE + skip_columns) * B);
                    let direct = work.direct.add((row * TILE + r) * B);
                    let depth = inside(column) - skip_columns;
                    for j in (0..B).step_by(mr) {
                        let c = c.add(skip_columns * mr);
                        multiply_panel::<S, M, NR>(depth, c, v.add(j), B, direct.add(j * mr), 0);
                    }
                }
                if column == row {
                    continue;
                }
                let v = work.v.add((row * TILE + skip_rows) * B);
                let b = tile.add(skip_rows * TILE);
                let panels = (inside(row) - skip_rows) / mr;
                for j in (skip_columns..inside(column)).step_by(mr) {
                    for q in (0..B).step_by(mr) {
                        let c = mirrored.add((column * TILE + j) * B + q);
                        multiply_panel_transposed::<S, M, NR>(
                            panels,
                            v.add(q),
                            B,
                            b.add(j * mr),
                            TILE * mr,
                            c,
                            B,
                        );
                    }
                }
            }
        }
    }
    team.barrier();
    // 4. X and the operands of the next update.
    correct::<S, M, NR, B>(n, start, work, new, team, me);
    team.barrier();
}

#[inline(always)]
unsafe fn store_diagonal<S: Simd, const M: usize, const B: usize>(job: &Reduction<S::T>) {
    let mr = M * S::LANES;
    let i = job.first;
    let tile = job.triangle.add(tile_at(i / TILE, i / TILE));
    let offset = i % TILE;
    for c in 0..B {
        for r in c..B {
            let row = offset + r;
            *job.band.add((i + c) * BAND_STRIDE + r - c) =
                *tile.add(row / mr * mr * TILE + (offset + c) * mr + row % mr);
        }
    }
}

/// Householder QR of the panel below the diagonal block; R to the band, V to `v` and to `pair`.
/// `columns` has room for the panel, by columns.
#[inline(always)]
unsafe fn factor<S: Simd, const M: usize, const B: usize>(
    job: &Reduction<S::T>,
    columns: *mut S::T,
    pair: *mut S::T,
) {
    let (mr, l) = (M * S::LANES, S::LANES);
    let &Reduction { order: n, first: i, work: ref w, .. } = job;
    let start = i + B;
    let m = n - start;
    for row in (start..n).step_by(mr) {
        let source = job.triangle.add(tile_at(row / TILE, i / TILE) + row % TILE * TILE + i % TILE * mr);
        for c in 0..B {
            let target = columns.add(c * m + row - start);
            for q in (0..mr).step_by(l) {
                S::store(target.add(q), S::load(source.add(c * mr + q)))
            }
        }
    }
    let zero = S::splat(S::T::default());
    for c in 0..B {
        let x = columns.add(c * m);
        // What lies above the pivot is final: it goes to the band and is cleared, so that whole vectors
        // can be used from here on.
        let target = job.band.add((i + c) * BAND_STRIDE + B - c);
        std::ptr::copy_nonoverlapping(x, target, c);
        fill_zero(x, c);
        let begin = c / l * l;
        let alpha = (*x.add(c)).to_f64();
        *x.add(c) = S::T::default();
        let mut s = [zero; 4];
        let mut r = begin;
        while r + 4 * l <= m {
            for q in 0..4 {
                let y = S::load(x.add(r + q * l));
                s[q] = S::fma(y, y, s[q]);
            }
            r += 4 * l;
        }
        while r < m {
            let y = S::load(x.add(r));
            s[0] = S::fma(y, y, s[0]);
            r += l;
        }
        let squares = S::sum(S::add(S::add(s[0], s[1]), S::add(s[2], s[3]))).to_f64();
        let (mut beta, mut tau) = (alpha, 0.0);
        if squares > 0.0 {
            beta = -(alpha * alpha + squares).sqrt().copysign(alpha);
            tau = (beta - alpha) / beta;
            let scale = S::splat(S::T::from_f64(1.0 / (alpha - beta)));
            let mut r = begin;
            while r < m {
                S::store(x.add(r), S::mul(S::load(x.add(r)), scale));
                r += l;
            }
        }
        *target.add(c) = S::T::from_f64(beta);
        *x.add(c) = S::T::from_f64(1.0);
        *w.small.add(3 * B * B + c) = S::T::from_f64(tau);
        if tau == 0.0 {
            continue;
        }
        for other in c + 1..B {
            reflect::<S>(m - begin, x.add(begin), columns.add(other * m + begin), tau);
        }
    }
    for row in (start..n).step_by(mr) {
        let panel = pair.add(row / mr * 2 * B * mr);
        let target = w.v.add(row * B);
        for c in 0..B {
            let source = columns.add(c * m + row - start);
            for q in (0..mr).step_by(l) {
                S::store(panel.add(c * mr + q), S::load(source.add(q)))
            }
        }
        for r in 0..mr {
            for c in 0..B {
                *target.add(r * B + c) = *panel.add(c * mr + r)
            }
        }
    }
}

/// y <- y - tau (x . y) x
#[inline(always)]
unsafe fn reflect<S: Simd>(count: usize, x: *const S::T, y: *mut S::T, tau: f64) {
    let l = S::LANES;
    let mut s = [S::splat(S::T::default()); 4];
    let mut r = 0;
    while r + 4 * l <= count {
        for q in 0..4 {
            s[q] = S::fma(S::load(x.add(r + q * l)), S::load(y.add(r + q * l)), s[q])
        }
        r += 4 * l;
    }
    while r < count {
        s[0] = S::fma(S::load(x.add(r)), S::load(y.add(r)), s[0]);
        r += l;
    }
    let dot = S::sum(S::add(S::add(s[0], s[1]), S::add(s[2], s[3]))).to_f64();
    let factor = S::splat(S::T::from_f64(-tau * dot));
    let mut r = 0;
    while r < count {
        S::store(y.add(r), S::fma(S::load(x.add(r)), factor, S::load(y.add(r))));
        r += l;
    }
}

/// C (B x B, column j at j * B) = V^T M over rows first .. last, M being B columns of the pair's panels.
#[inline(always)]
unsafe fn times_reflectors<S: Simd, const M: usize, const NR: usize, const B: usize>(
    first: usize,
    last: usize,
    v: *const S::T,
    m: *const S::T,
    c: *mut S::T,
) {
    let mr = M * S::LANES;
    fill_zero(c, B * B);
    for j in (0..B).step_by(NR) {
        for q in (0..B).step_by(mr) {
            multiply_transposed::<S, M, NR>(
                (last - first) / mr,
                v.add(first * B + q),
                B,
                m.add(first / mr * 2 * B * mr + j * mr),
                2 * B * mr,
                c.add(j * B + q),
                B,
            );
        }
    }
}

/// T, upper triangular, by rows: T[0..j, j] = -tau_j T[0..j, 0..j] (V^T V)[0..j, j].
#[inline(always)]
unsafe fn triangular_factor<S: Simd, const M: usize, const NR: usize, const B: usize>(
    n: usize,
    start: usize,
    w: &Work<S::T>,
    pair: *const S::T,
) {
    let (t, product, taus) = (w.small, w.small.add(B * B), w.small.add(3 * B * B));
    times_reflectors::<S, M, NR, B>(start, n, w.v, pair, product);
    fill_zero(t, B * B);
    for j in 0..B {
        let tau = *taus.add(j);
        *t.add(j * B + j) = tau;
        for r in 0..j {
            let mut s = S::T::default();
            for k in r..j {
                s = s.add((*t.add(r * B + k)).mul(*product.add(j * B + k)))
            }
            *t.add(r * B + j) = tau.mul(s).neg();
        }
    }
}

#[inline(always)]
unsafe fn correct<S: Simd, const M: usize, const NR: usize, const B: usize>(
    n: usize,
    start: usize,
    w: &Work<S::T>,
    new: usize,
    team: &Team,
    me: usize,
) {
    let mr = M * S::LANES;
    let (pair, swapped) = (w.pair[new], w.swapped[new]);
    let t = w.small;
    let parts = parts_of(n);
    let rows = |part: usize| {
        let panels = (n - start) / mr;
        start + part * panels / parts * mr..start + (part + 1) * panels / parts * mr
    };
    for part in parts_by(team, me, parts) {
        for row in rows(part).step_by(mr) {
            let panel = w.direct.add(row * B);
            let mirror = w.mirrored.add(row * B);
            for other in 1..parts {
                let other = mirror.add(other * n * B);
                for q in (0..mr * B).step_by(S::LANES) {
                    S::store(mirror.add(q), S::add(S::load(mirror.add(q)), S::load(other.add(q))))
                }
                fill_zero(other, mr * B);
            }
            for r in 0..mr {
                for c in 0..B {
                    let at = panel.add(c * mr + r);
                    *at = (*at).add(*mirror.add(r * B + c));
                }
            }
            fill_zero(mirror, mr * B);
            let x = pair.add(row / mr * 2 * B * mr + B * mr);
            fill_zero(x, B * mr);
            for j in (0..B).step_by(NR) {
                multiply::<S, M, NR>(B, panel, mr, t.add(j), B, 1, x.add(j * mr), mr, 0);
            }
            fill_zero(panel, mr * B);
        }
        // T^T (V^T W T) is symmetric, so its rows can be written as its columns.
        let (first, partial) = (rows(part).start, w.small.add((4 + part) * B * B));
        times_reflectors::<S, M, NR, B>(first, rows(part).end, w.v, pair.add(B * mr), partial);
    }
    team.barrier();
    let mut core = [[S::T::default(); B]; B];
    let mut product = [[S::T::default(); B]; B];
    for part in 0..parts {
        let part = w.small.add((4 + part) * B * B);
        for c in 0..B {
            for k in 0..B {
                product[c][k] = product[c][k].add(*part.add(c * B + k))
            }
        }
    }
    for a in 0..B {
        for c in 0..B {
            let mut s = S::T::default();
            for k in 0..=a {
                s = s.add((*t.add(k * B + a)).mul(product[c][k]))
            }
            core[a][c] = s.mul(S::T::from_f64(-0.5));
        }
    }
    for row in parts_by(team, me, parts).flat_map(|part| rows(part).step_by(mr)) {
        let panel = pair.add(row / mr * 2 * B * mr);
        for j in (0..B).step_by(NR) {
            multiply::<S, M, NR>(
                B,
                panel,
                mr,
                core.as_ptr().cast::<S::T>().add(j),
                B,
                1,
                panel.add((B + j) * mr),
                mr,
                0,
            );
        }
        let target = swapped.add(row * 2 * B);
        for k in 0..2 * B {
            let source = panel.add((if k < B { k + B } else { k - B }) * mr);
            for j in 0..mr {
                *target.add(k * mr + j) = (*source.add(j)).neg()
            }
        }
    }
}
