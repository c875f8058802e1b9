//! The stages as methods of a class of Node. Each is told the memory anew, since that moves when it grows;
//! addresses and sizes are numbers of bytes, and whatever does not lie inside is an error.

// Addresses and sizes of a stage, one by one: objects would cost more than the call.
#![allow(clippy::too_many_arguments)]

use alphalora_spectra::{Columns, Fault, Memory, Precision, Rows, Set, Solver, TileRow};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// Names of the instruction sets that this processor and this binary have, the fastest first.
#[napi]
pub fn instruction_sets() -> Vec<&'static str> {
    Set::ALL.into_iter().filter(|set| set.is_here()).map(Set::name).collect()
}

/// The stages of one instruction set.
#[napi]
pub struct Stages {
    solver: Solver,
}

/// `precision` is 0 for float32, 1 for float64, 2 for bfloat16 in pairs with sums in float32.
#[napi]
impl Stages {
    #[napi(constructor)]
    pub fn new(set: String) -> Result<Self> {
        let solver = Set::named(&set).and_then(|set| Solver::new(set, 1));
        solver
            .map(|solver| Stages { solver })
            .ok_or_else(|| Error::from_reason(format!("this processor has no instruction set '{set}'")))
    }

    /// Has so many threads work together from now on.
    #[napi]
    pub fn use_threads(&mut self, threads: u32) {
        self.solver.use_threads(threads as usize)
    }

    #[napi(getter)]
    pub fn has_pairs(&self) -> bool {
        self.solver.has_pairs()
    }

    #[napi(getter)]
    pub fn panel_bytes(&self) -> u32 {
        self.solver.panel_bytes() as u32
    }

    /// Arrays of order x 32 elements in the workspace of `reducePanel`.
    #[napi(getter)]
    pub fn workspace_arrays(&self) -> u32 {
        self.solver.workspace().0 as u32
    }

    /// Blocks of 32 x 32 elements there.
    #[napi(getter)]
    pub fn workspace_blocks(&self) -> u32 {
        self.solver.workspace().1 as u32
    }

    #[napi]
    pub fn pack_rows(
        &mut self,
        mut memory: Uint8ArraySlice,
        precision: u32,
        kind: u32,
        source: f64,
        row_bytes: f64,
        rows: f64,
        depth: f64,
        scale: f64,
        panels: f64,
    ) -> Result<()> {
        let rows = Rows {
            kind,
            source: source as usize,
            row_bytes: row_bytes as usize,
            rows: rows as usize,
            depth: depth as usize,
            scale,
            panels: panels as usize,
        };
        self.solver.pack_rows(&held(&mut memory), arithmetic(precision)?, &rows).map_err(outside)
    }

    #[napi]
    pub fn pack_columns(
        &mut self,
        mut memory: Uint8ArraySlice,
        precision: u32,
        kind: u32,
        source: f64,
        columns: f64,
        depth: f64,
        scale: f64,
        panels: f64,
    ) -> Result<()> {
        let columns = Columns {
            kind,
            source: source as usize,
            columns: columns as usize,
            depth: depth as usize,
            scale,
            panels: panels as usize,
        };
        self.solver.pack_columns(&held(&mut memory), arithmetic(precision)?, &columns).map_err(outside)
    }

    #[napi]
    pub fn update_tile_row(
        &mut self,
        mut memory: Uint8ArraySlice,
        precision: u32,
        row: f64,
        first: f64,
        last: f64,
        depth: f64,
        a: f64,
        b: f64,
        triangle: f64,
    ) -> Result<()> {
        let tiles = TileRow {
            row: row as usize,
            first: first as usize,
            last: last as usize,
            depth: depth as usize,
            a: a as usize,
            b: b as usize,
            triangle: triangle as usize,
        };
        self.solver.update_tile_row(&held(&mut memory), arithmetic(precision)?, &tiles).map_err(outside)
    }

    #[napi]
    pub fn largest_diagonal(
        &self,
        mut memory: Uint8ArraySlice,
        precision: u32,
        order: f64,
        triangle: f64,
    ) -> Result<f64> {
        let memory = held(&mut memory);
        self.solver
            .largest_diagonal(&memory, arithmetic(precision)?, order as usize, triangle as usize)
            .map_err(outside)
    }

    #[napi]
    pub fn largest(&self, mut memory: Uint8ArraySlice, kind: u32, source: f64, count: f64) -> Result<f64> {
        self.solver.largest(&held(&mut memory), kind, source as usize, count as usize).map_err(outside)
    }

    #[napi]
    pub fn reduce_panel(
        &mut self,
        mut memory: Uint8ArraySlice,
        precision: u32,
        order: f64,
        first: f64,
        triangle: f64,
        band: f64,
        workspace: f64,
    ) -> Result<()> {
        let (order, first, triangle) = (order as usize, first as usize, triangle as usize);
        let (memory, precision) = (held(&mut memory), arithmetic(precision)?);
        self.solver
            .reduce_panel(&memory, precision, order, first, triangle, band as usize, workspace as usize)
            .map_err(outside)
    }

    #[napi]
    pub fn chase_sweeps(
        &self,
        mut memory: Uint8ArraySlice,
        precision: u32,
        order: f64,
        first: f64,
        last: f64,
        band: f64,
    ) -> Result<()> {
        let (order, first, last) = (order as usize, first as usize, last as usize);
        self.solver
            .chase_sweeps(&held(&mut memory), arithmetic(precision)?, order, first, last, band as usize)
            .map_err(outside)
    }

    #[napi]
    pub fn extract_tridiagonal(
        &self,
        mut memory: Uint8ArraySlice,
        precision: u32,
        order: f64,
        band: f64,
        diagonal: f64,
        off_diagonal: f64,
    ) -> Result<()> {
        let (memory, precision) = (held(&mut memory), arithmetic(precision)?);
        let (order, band) = (order as usize, band as usize);
        self.solver
            .extract_tridiagonal(&memory, precision, order, band, diagonal as usize, off_diagonal as usize)
            .map_err(outside)
    }

    #[napi]
    pub fn square_off_diagonal(
        &self,
        mut memory: Uint8ArraySlice,
        order: f64,
        off_diagonal: f64,
    ) -> Result<()> {
        let memory = held(&mut memory);
        self.solver.square_off_diagonal(&memory, order as usize, off_diagonal as usize).map_err(outside)
    }

    /// How many elements are eigenvalues now; -1 when an iteration does not converge.
    #[napi]
    pub fn solve_tridiagonal(
        &self,
        mut memory: Uint8ArraySlice,
        order: f64,
        first: f64,
        last: f64,
        diagonal: f64,
        squares: f64,
    ) -> Result<f64> {
        let (order, first, last) = (order as usize, first as usize, last as usize);
        self.solver
            .solve_tridiagonal(&held(&mut memory), order, first, last, diagonal as usize, squares as usize)
            .map(|done| done.map_or(-1.0, |done| done as f64))
            .map_err(outside)
    }
}

fn held<'a>(memory: &'a mut Uint8ArraySlice) -> Memory<'a> {
    // SAFETY: the methods return before JavaScript runs again, and the memory is not shared with threads
    // other than the crew's, who work for one method at a time.
    Memory::new(unsafe { memory.as_mut() })
}

fn arithmetic(precision: u32) -> Result<Precision> {
    match precision {
        0 => Ok(Precision::F32),
        1 => Ok(Precision::F64),
        2 => Ok(Precision::Pairs),
        _ => Err(Error::from_reason(format!("no arithmetic {precision}"))),
    }
}

fn outside(fault: Fault) -> Error {
    Error::from_reason(fault.to_string())
}
