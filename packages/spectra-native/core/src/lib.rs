//! The stages of a two-stage solver for all eigenvalues of a Gram matrix: product, band, bulge chasing,
//! tridiagonal iteration. They work in the caller's memory, laid out by the caller, who walks over
//! blocks, panels and sweeps and so can report progress and stop between any two of them. The
//! WebAssembly engine has the same stages, and its host lays out the memory for both.
//!
//! One generic source is compiled for each instruction set (`sets.rs`) and chosen at run time. What is
//! `unsafe`: the vectors (`simd/`), the kernels and stages that are made of them and work on addresses
//! that `memory.rs` has checked, their entry points, and the threads (`crew.rs`).

// Kernels take addresses and strides, and walk over arrays of registers by number.
#![allow(clippy::too_many_arguments, clippy::needless_range_loop, clippy::missing_safety_doc)]

mod band;
mod chase;
mod crew;
mod gram;
mod kernel;
mod memory;
mod sets;
mod simd;
mod solver;
mod tridiagonal;

pub use memory::{Fault, Memory};
pub use sets::Set;
pub use solver::{Columns, Precision, Rows, Solver, TileRow};

/// Order of the tiles of the triangle.
pub const TILE: usize = 128;
/// Bandwidth of the intermediate matrix.
pub const BAND: usize = 32;
/// Elements from one column of the band to the next: room for the bulges.
pub const BAND_STRIDE: usize = 2 * BAND;
