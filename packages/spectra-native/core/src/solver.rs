//! The stages by name, on areas of the caller's memory that are checked before anything is touched.

use crate::band::{self, Reduction, Work};
use crate::crew::Crew;
use crate::gram::{self, Bf16, Pack, Product, Source, F16};
use crate::memory::{Fault, Memory};
use crate::sets::{Form, Forms, Set};
use crate::simd::Scalar;
use crate::{BAND, BAND_STRIDE, TILE};

/// The arithmetic of a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    F32,
    F64,
    /// float32, and bfloat16 as stored for the operands of the product.
    Pairs,
}

/// Rows of the stored matrix, `depth` elements of each, that become rows of the Gram matrix.
pub struct Rows {
    /// Stored type: 0 float32, 1 float64, 2 bfloat16, 3 float16.
    pub kind: u32,
    pub source: usize,
    pub row_bytes: usize,
    pub rows: usize,
    pub depth: usize,
    /// A power of two; ignored by `Pairs`.
    pub scale: f64,
    pub panels: usize,
}

/// `depth` whole rows of the stored matrix, one after another, whose columns become rows of the Gram
/// matrix.
pub struct Columns {
    pub kind: u32,
    pub source: usize,
    pub columns: usize,
    pub depth: usize,
    pub scale: f64,
    pub panels: usize,
}

/// Adds A B^T to tiles (row, first) .. (row, last - 1) of the triangle.
pub struct TileRow {
    pub row: usize,
    pub first: usize,
    pub last: usize,
    pub depth: usize,
    /// Panels of the tile row's rows.
    pub a: usize,
    /// Panels of the rows from tile `first` on.
    pub b: usize,
    pub triangle: usize,
}

/// The stages of one instruction set and the threads that work on them together.
pub struct Solver {
    set: Set,
    forms: Forms,
    crew: Crew,
}

impl Solver {
    /// None where this processor does not have the instruction set.
    pub fn new(set: Set, threads: usize) -> Option<Self> {
        set.is_here().then(|| Solver { set, forms: set.forms(), crew: Crew::new(threads.clamp(1, 256)) })
    }

    /// Has so many threads work together from now on. That changes no bit.
    pub fn use_threads(&mut self, threads: usize) {
        let threads = threads.clamp(1, 256);
        if threads != self.crew.size() {
            self.crew = Crew::new(threads)
        }
    }

    pub fn set(&self) -> Set {
        self.set
    }

    /// Whether bfloat16 is multiplied as it is stored.
    pub fn has_pairs(&self) -> bool {
        self.forms.pairs.is_some()
    }

    /// Bytes of a panel's column, which are the same in both arithmetics.
    pub fn panel_bytes(&self) -> usize {
        self.forms.f32.panel_rows * size_of::<f32>()
    }

    /// Arrays of order x BAND elements, and blocks of BAND x BAND, in the workspace of the reduction.
    pub fn workspace(&self) -> (usize, usize) {
        band::WORKSPACE
    }

    /// Packs rows; what is missing to the next multiple of the tile is zero.
    pub fn pack_rows(&mut self, memory: &Memory, precision: Precision, rows: &Rows) -> Result<(), Fault> {
        let &Rows { kind, source, row_bytes, rows: sides, depth, scale, panels } = rows;
        checked([sides, depth])?;
        let source = stored(memory, kind, source, row_bytes, sides, depth)?;
        let block = Block { source, transposed: false, row_bytes, sides, depth, scale };
        self.pack(memory, precision, panels, block)
    }

    /// Packs columns; what is missing to the next multiple of the tile is zero.
    pub fn pack_columns(
        &mut self,
        memory: &Memory,
        precision: Precision,
        columns: &Columns,
    ) -> Result<(), Fault> {
        let &Columns { kind, source, columns: sides, depth, scale, panels } = columns;
        checked([sides, depth])?;
        let row_bytes = sides * element_bytes(kind);
        let source = stored(memory, kind, source, row_bytes, depth, sides)?;
        let block = Block { source, transposed: true, row_bytes, sides, depth, scale };
        self.pack(memory, precision, panels, block)
    }

    fn pack(
        &mut self,
        memory: &Memory,
        precision: Precision,
        panels: usize,
        block: Block,
    ) -> Result<(), Fault> {
        let padded = block.sides.div_ceil(TILE) * TILE;
        let Solver { forms, crew, .. } = self;
        // SAFETY (all three): the processor has the set, the areas were found in the memory, and each
        // thread writes to panels of its own.
        match precision {
            Precision::F32 => {
                let job = Shared(block.onto(memory.area::<f32>(panels, product(padded, block.depth))?));
                crew.run(|team, me| unsafe { (forms.f32.pack)(job.get(), team, me) });
            }
            Precision::F64 => {
                let job = Shared(block.onto(memory.area::<f64>(panels, product(padded, block.depth))?));
                crew.run(|team, me| unsafe { (forms.f64.pack)(job.get(), team, me) });
            }
            Precision::Pairs => {
                let pairs = pairs_of(forms, &block.source)?;
                let count = product(padded, block.depth.div_ceil(2));
                let job = Shared(block.onto(memory.area::<u32>(panels, count)?));
                crew.run(|team, me| unsafe { (pairs.pack)(job.get(), team, me) });
            }
        }
        Ok(())
    }

    pub fn update_tile_row(
        &mut self,
        memory: &Memory,
        precision: Precision,
        tiles: &TileRow,
    ) -> Result<(), Fault> {
        let Solver { forms, crew, .. } = self;
        // SAFETY (all three): the processor has the set, the areas were found in the memory, and each
        // thread writes to tiles of its own.
        match precision {
            Precision::F32 => {
                let job = Shared(tiles.on::<f32, f32>(memory, tiles.depth)?);
                crew.run(|team, me| unsafe { (forms.f32.update)(job.get(), team, me) });
            }
            Precision::F64 => {
                let job = Shared(tiles.on::<f64, f64>(memory, tiles.depth)?);
                crew.run(|team, me| unsafe { (forms.f64.update)(job.get(), team, me) });
            }
            Precision::Pairs => {
                let pairs = forms.pairs.ok_or(NOWHERE)?;
                let job = Shared(tiles.on::<u32, f32>(memory, tiles.depth.div_ceil(2))?);
                crew.run(|team, me| unsafe { (pairs.update)(job.get(), team, me) });
            }
        }
        Ok(())
    }

    /// Largest element of the diagonal of the triangle, which no other exceeds; NaN when there is one.
    pub fn largest_diagonal(
        &self,
        memory: &Memory,
        precision: Precision,
        order: usize,
        triangle: usize,
    ) -> Result<f64, Fault> {
        checked([order])?;
        let count = triangle_elements(order);
        // SAFETY (both): the triangle was found in the memory.
        Ok(match precision {
            Precision::F64 => {
                let triangle = memory.area::<f64>(triangle, count)?;
                unsafe { gram::largest_diagonal(order, self.forms.f64.panel_rows, triangle) }
            }
            _ => {
                let triangle = memory.area::<f32>(triangle, count)?;
                unsafe { gram::largest_diagonal(order, self.forms.f32.panel_rows, triangle) }
            }
        })
    }

    /// Largest magnitude of `count` stored elements; NaN when there is one.
    pub fn largest(&self, memory: &Memory, kind: u32, source: usize, count: usize) -> Result<f64, Fault> {
        let source = stored(memory, kind, source, 0, 1, count)?;
        // SAFETY: the elements were found in the memory.
        Ok(unsafe { gram::largest(source, count) })
    }

    /// Reduces columns `first` .. `first + 31`; `first` runs through the multiples of BAND below `order`,
    /// which is one itself. In between the workspace must be left alone.
    pub fn reduce_panel(
        &mut self,
        memory: &Memory,
        precision: Precision,
        order: usize,
        first: usize,
        triangle: usize,
        band: usize,
        workspace: usize,
    ) -> Result<(), Fault> {
        let Solver { forms, crew, .. } = self;
        match precision {
            Precision::F64 => reduce(&forms.f64, crew, memory, order, first, triangle, band, workspace),
            _ => reduce(&forms.f32, crew, memory, order, first, triangle, band, workspace),
        }
    }

    /// Sweeps `first` .. `last - 1` of the `order - 2` that lead from the band to tridiagonal form.
    pub fn chase_sweeps(
        &self,
        memory: &Memory,
        precision: Precision,
        order: usize,
        first: usize,
        last: usize,
        band: usize,
    ) -> Result<(), Fault> {
        checked([order])?;
        let last = last.min(order.saturating_sub(2));
        let count = product(order + 2 * BAND, BAND_STRIDE);
        // SAFETY (both): the processor has the set, and the band was found in the memory, with the
        // columns beyond the order.
        match precision {
            Precision::F64 => {
                let band = memory.area::<f64>(band, count)?;
                unsafe { (self.forms.f64.chase)(order, first, last, band) }
            }
            _ => {
                let band = memory.area::<f32>(band, count)?;
                unsafe { (self.forms.f32.chase)(order, first, last, band) }
            }
        }
        Ok(())
    }

    /// The two diagonals of the band, in float64.
    pub fn extract_tridiagonal(
        &self,
        memory: &Memory,
        precision: Precision,
        order: usize,
        band: usize,
        diagonal: usize,
        off_diagonal: usize,
    ) -> Result<(), Fault> {
        match precision {
            Precision::F64 => extract::<f64>(memory, order, band, diagonal, off_diagonal),
            _ => extract::<f32>(memory, order, band, diagonal, off_diagonal),
        }
    }

    /// Squares the off-diagonal elements, as `solve_tridiagonal` wants them.
    pub fn square_off_diagonal(&self, memory: &Memory, order: usize, at: usize) -> Result<(), Fault> {
        for e in numbers(memory, at, order)? {
            *e *= *e
        }
        Ok(())
    }

    /// Turns elements `first` .. at least `last - 1` of the diagonal into eigenvalues, in no order.
    /// Returns how many elements are eigenvalues now; None when an iteration does not converge.
    pub fn solve_tridiagonal(
        &self,
        memory: &Memory,
        order: usize,
        first: usize,
        last: usize,
        diagonal: usize,
        squares: usize,
    ) -> Result<Option<usize>, Fault> {
        if diagonal.abs_diff(squares) < product(order, 8) {
            return Err(Fault { address: squares, bytes: product(order, 8) });
        }
        let (d, e) = (numbers(memory, diagonal, order)?, numbers(memory, squares, order)?);
        // SAFETY: the processor has the set.
        Ok(unsafe { (self.forms.f64.solve)(d, e, first.min(order), last.min(order)) })
    }
}

/// What a packing is of, before its arithmetic is known.
#[derive(Clone, Copy)]
struct Block {
    source: Source,
    transposed: bool,
    row_bytes: usize,
    sides: usize,
    depth: usize,
    scale: f64,
}

impl Block {
    fn onto<T>(self, panels: *mut T) -> Pack<T> {
        let Block { source, transposed, row_bytes, sides, depth, scale } = self;
        Pack { source, transposed, row_bytes, sides, depth, scale, panels }
    }
}

impl TileRow {
    /// `depth` packed elements a row, of which the memory has the panels and the triangle.
    fn on<A, C>(&self, memory: &Memory, depth: usize) -> Result<Product<A, C>, Fault> {
        let &TileRow { row, first, last, a, b, triangle, .. } = self;
        checked([row.saturating_mul(TILE), depth])?;
        if first > last || last > row + 1 {
            return Err(NOWHERE);
        }
        Ok(Product {
            row,
            first,
            last,
            depth: self.depth,
            a: memory.area::<A>(a, product(TILE, depth))?,
            b: memory.area::<A>(b, product((last - first) * TILE, depth))?,
            triangle: memory.area::<C>(triangle, gram::tile_at(row, last))?,
        })
    }
}

/// A job that threads look at together. Its addresses are of areas that each writes to its own part of.
struct Shared<J>(J);
// SAFETY: see above; the stages keep to their parts, and to barriers in between.
unsafe impl<J> Sync for Shared<J> {}
impl<J> Shared<J> {
    fn get(&self) -> &J {
        &self.0
    }
}

/// What is asked for can be nowhere.
const NOWHERE: Fault = Fault { address: usize::MAX, bytes: usize::MAX };

fn pairs_of(forms: &Forms, source: &Source) -> Result<crate::sets::Pairs, Fault> {
    match source {
        Source::Bf16(_) => forms.pairs.ok_or(NOWHERE),
        _ => Err(NOWHERE),
    }
}

/// Sides, orders and counts beyond this are refused, so that no number of elements overflows.
const LARGEST: usize = 1 << 31;

fn checked<const N: usize>(counts: [usize; N]) -> Result<(), Fault> {
    if counts.iter().all(|&count| count < LARGEST) {
        Ok(())
    } else {
        Err(NOWHERE)
    }
}

/// A count that no memory holds, where it would overflow.
fn product(a: usize, b: usize) -> usize {
    a.saturating_mul(b)
}

fn element_bytes(kind: u32) -> usize {
    match kind {
        0 => 4,
        1 => 8,
        _ => 2,
    }
}

/// `count` elements of `rows` rows, `row_bytes` apart.
fn stored(
    memory: &Memory,
    kind: u32,
    source: usize,
    row_bytes: usize,
    rows: usize,
    count: usize,
) -> Result<Source, Fault> {
    let bytes = element_bytes(kind);
    if rows > 1 && !row_bytes.is_multiple_of(bytes) {
        return Err(NOWHERE);
    }
    let span = product(row_bytes, rows.saturating_sub(1)) / bytes;
    let elements = span.saturating_add(if rows == 0 { 0 } else { count });
    Ok(match kind {
        0 => Source::F32(memory.area::<f32>(source, elements)?),
        1 => Source::F64(memory.area::<f64>(source, elements)?),
        2 => Source::Bf16(memory.area::<Bf16>(source, elements)?),
        3 => Source::F16(memory.area::<F16>(source, elements)?),
        _ => return Err(NOWHERE),
    })
}

fn triangle_elements(order: usize) -> usize {
    let tiles = order.div_ceil(TILE);
    product(product(tiles, tiles + 1) / 2, TILE * TILE)
}

fn reduce<T: Scalar>(
    form: &Form<T>,
    crew: &mut Crew,
    memory: &Memory,
    order: usize,
    first: usize,
    triangle: usize,
    band: usize,
    workspace: usize,
) -> Result<(), Fault> {
    checked([order])?;
    if !order.is_multiple_of(BAND) || !first.is_multiple_of(BAND) || first >= order {
        return Err(NOWHERE);
    }
    let (arrays, blocks) = band::WORKSPACE;
    let room = product(BAND, product(arrays, order) + blocks * BAND);
    let job = Reduction {
        order,
        first,
        triangle: memory.area::<T>(triangle, triangle_elements(order))?,
        band: memory.area::<T>(band, product(order + 2 * BAND, BAND_STRIDE))?,
        work: Work::new(memory.area::<T>(workspace, room)?, order),
    };
    // SAFETY: the processor has the set, and the areas were found in the memory.
    crew.run(|team, me| unsafe { (form.reduce)(&job, team, me) });
    Ok(())
}

fn extract<T: Scalar>(
    memory: &Memory,
    order: usize,
    band: usize,
    diagonal: usize,
    off_diagonal: usize,
) -> Result<(), Fault> {
    checked([order])?;
    let band = memory.area::<T>(band, product(order + 2 * BAND, BAND_STRIDE))?;
    let (d, e) = (memory.area::<f64>(diagonal, order)?, memory.area::<f64>(off_diagonal, order)?);
    for i in 0..order {
        // SAFETY: the three areas were found in the memory.
        unsafe {
            let column = band.add(i * BAND_STRIDE);
            *d.add(i) = (*column).to_f64();
            *e.add(i) = if i + 1 < order { (*column.add(1)).to_f64() } else { 0.0 };
        }
    }
    Ok(())
}

/// Some float64 numbers. Two calls must not overlap.
#[allow(clippy::mut_from_ref)]
fn numbers<'a>(memory: &'a Memory, address: usize, count: usize) -> Result<&'a mut [f64], Fault> {
    let area = memory.area::<f64>(address, count)?;
    // SAFETY: the area was found in the memory, which nobody else looks at.
    Ok(unsafe { std::slice::from_raw_parts_mut(area, count) })
}
