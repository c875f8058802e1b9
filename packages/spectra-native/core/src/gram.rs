//! Stage 1: the Gram matrix of the smaller side, its lower triangle in TILE x TILE tiles, each tile in
//! panels of MR rows (column by column within a panel). What is stored is decoded while it is packed.
//!
//! bfloat16 is the upper half of a float32. A float16 is shifted to the float32's fields and its
//! exponent re-biased by a multiplication with 2^112, which is exact for subnormals too (Giesen, "Half
//! to float done quick", 2012).

use crate::crew::Team;
#[cfg(target_arch = "x86_64")]
use crate::kernel::multiply_bf16;
use crate::kernel::multiply_panel;
use crate::simd::{Scalar, Simd};
use crate::TILE;

/// Elements of the tiles before (row, column).
#[inline(always)]
pub fn tile_at(row: usize, column: usize) -> usize {
    (row * (row + 1) / 2 + column) * TILE * TILE
}

/// A stored element type.
pub trait Stored: Copy {
    /// The value, times a power of two.
    fn value<T: Scalar>(self, scale: f64) -> T;
}

impl Stored for f32 {
    #[inline(always)]
    fn value<T: Scalar>(self, scale: f64) -> T {
        T::from_f32(self).mul(T::from_f64(scale))
    }
}

impl Stored for f64 {
    #[inline(always)]
    fn value<T: Scalar>(self, scale: f64) -> T {
        T::from_f64(self * scale)
    }
}

#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Bf16(u16);

impl Stored for Bf16 {
    #[inline(always)]
    fn value<T: Scalar>(self, scale: f64) -> T {
        f32::from_bits((self.0 as u32) << 16).value(scale)
    }
}

#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F16(u16);

impl Stored for F16 {
    #[inline(always)]
    fn value<T: Scalar>(self, scale: f64) -> T {
        let magnitude = (self.0 & 0x7fff) as u32;
        let special = if magnitude >= 0x7c00 { 0x7f80_0000 } else { 0 };
        let value = f32::from_bits(magnitude << 13) * f32::from_bits(0x7780_0000);
        f32::from_bits(value.to_bits() | special | ((self.0 & 0x8000) as u32) << 16).value(scale)
    }
}

/// Elements as they are stored.
#[derive(Clone, Copy)]
pub enum Source {
    F32(*const f32),
    F64(*const f64),
    Bf16(*const Bf16),
    F16(*const F16),
}

/// A block of the matrix to be packed: `sides` rows of the Gram matrix, `depth` elements of each.
pub struct Pack<T> {
    pub source: Source,
    /// Whether rows of the Gram matrix are columns of what is stored.
    pub transposed: bool,
    /// Bytes from one stored row to the next.
    pub row_bytes: usize,
    pub sides: usize,
    pub depth: usize,
    pub scale: f64,
    pub panels: *mut T,
}

/// Rows up to the next multiple of the tile are filled with zeros.
#[inline(always)]
pub unsafe fn pack<T: Scalar>(job: &Pack<T>, mr: usize, team: &Team, me: usize) {
    for panel in team.share(me, job.sides.div_ceil(TILE) * TILE / mr) {
        match job.source {
            Source::F32(w) => pack_panel(job, w, panel, mr),
            Source::F64(w) => pack_panel(job, w, panel, mr),
            Source::Bf16(w) => pack_panel(job, w, panel, mr),
            Source::F16(w) => pack_panel(job, w, panel, mr),
        }
    }
}

#[inline(always)]
unsafe fn pack_panel<T: Scalar, E: Stored>(job: &Pack<T>, w: *const E, panel: usize, mr: usize) {
    let &Pack { row_bytes, sides, depth, scale, .. } = job;
    let row = panel * mr;
    let target = job.panels.add(row * depth);
    let own = mr.min(sides.saturating_sub(row));
    if own < mr {
        std::ptr::write_bytes(target, 0, depth * mr)
    }
    if job.transposed {
        for k in 0..depth {
            let source = w.byte_add(k * row_bytes).add(row);
            for r in 0..own {
                *target.add(k * mr + r) = (*source.add(r)).value(scale)
            }
        }
        return;
    }
    // Eight columns at a time: a cache line of the panel takes all of its rows while it is near.
    for k in (0..depth).step_by(8) {
        for r in 0..own {
            let source = w.byte_add((row + r) * row_bytes).add(k);
            for i in 0..8.min(depth - k) {
                *target.add((k + i) * mr + r) = (*source.add(i)).value(scale)
            }
        }
    }
}

/// The same for bfloat16 in pairs of neighbours in depth, as they are stored: the first in the lower
/// half. A last one without a neighbour has zero.
#[inline(always)]
pub unsafe fn pack_pairs(job: &Pack<u32>, mr: usize, team: &Team, me: usize) {
    let &Pack { source: Source::Bf16(w), row_bytes, sides, depth, .. } = job else { unreachable!() };
    let w = w.cast::<u16>();
    let pairs = depth.div_ceil(2);
    for panel in team.share(me, sides.div_ceil(TILE) * TILE / mr) {
        let row = panel * mr;
        let target = job.panels.add(row * pairs);
        let own = mr.min(sides.saturating_sub(row));
        if own < mr {
            std::ptr::write_bytes(target, 0, pairs * mr)
        }
        if job.transposed {
            for k in 0..pairs {
                let low = w.byte_add(2 * k * row_bytes).add(row);
                let both = 2 * k + 1 < depth;
                for r in 0..own {
                    let high = if both { *low.byte_add(row_bytes).add(r) as u32 } else { 0 };
                    *target.add(k * mr + r) = *low.add(r) as u32 | high << 16;
                }
            }
            continue;
        }
        for r in 0..own {
            let source = w.byte_add((row + r) * row_bytes);
            for k in 0..depth / 2 {
                *target.add(k * mr + r) = source.add(2 * k).cast::<u32>().read_unaligned()
            }
            if depth % 2 == 1 {
                *target.add(depth / 2 * mr + r) = *source.add(depth - 1) as u32
            }
        }
    }
}

/// A product of packed rows that is added to tiles (row, first) .. (row, last - 1).
pub struct Product<A, C> {
    pub row: usize,
    pub first: usize,
    pub last: usize,
    pub depth: usize,
    /// Panels of the tile row's rows.
    pub a: *const A,
    /// Panels of the rows from tile `first` on.
    pub b: *const A,
    pub triangle: *mut C,
}

#[inline(always)]
pub unsafe fn update<S: Simd, const M: usize, const NR: usize>(
    job: &Product<S::T, S::T>,
    team: &Team,
    me: usize,
) {
    let mr = M * S::LANES;
    let depth = job.depth;
    for column in team.share(me, job.last - job.first) {
        let tile = job.triangle.add(tile_at(job.row, job.first + column));
        for p in 0..TILE / mr {
            let a = job.a.add(p * mr * depth);
            for j in (0..TILE).step_by(mr) {
                let b = job.b.add((column * TILE + j) * depth);
                multiply_panel::<S, M, NR>(depth, a, b, mr, tile.add(p * TILE * mr + j * mr), 1);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub unsafe fn update_pairs<const M: usize, const NR: usize>(job: &Product<u32, f32>, team: &Team, me: usize) {
    let mr = M * 16;
    let pairs = job.depth.div_ceil(2);
    for column in team.share(me, job.last - job.first) {
        let tile = job.triangle.add(tile_at(job.row, job.first + column));
        for p in 0..TILE / mr {
            let a = job.a.add(p * mr * pairs);
            for j in (0..TILE).step_by(NR) {
                let b = job.b.add((column * TILE + j / mr * mr) * pairs + j % mr);
                multiply_bf16::<M, NR>(pairs, a, b, tile.add(p * TILE * mr + j * mr));
            }
        }
    }
}

/// Largest element of the diagonal, which no other exceeds; NaN when there is one.
pub unsafe fn largest_diagonal<T: Scalar>(order: usize, mr: usize, triangle: *const T) -> f64 {
    let mut result = 0.0;
    for i in 0..order {
        let r = i % TILE;
        let at = tile_at(i / TILE, i / TILE) + r / mr * mr * TILE + r * mr + r % mr;
        result = larger(result, (*triangle.add(at)).to_f64());
    }
    result
}

/// Largest magnitude; NaN when there is one.
pub unsafe fn largest(source: Source, count: usize) -> f64 {
    unsafe fn of<E: Stored>(w: *const E, count: usize) -> f64 {
        (0..count).fold(0.0, |result, i| larger(result, (*w.add(i)).value::<f64>(1.0).abs()))
    }
    match source {
        Source::F32(w) => of(w, count),
        Source::F64(w) => of(w, count),
        Source::Bf16(w) => of(w, count),
        Source::F16(w) => of(w, count),
    }
}

fn larger(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() {
        b
    } else {
        a
    }
}
