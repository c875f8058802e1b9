//! Matrices of known spectra, and the way through the stages.

use alphalora_spectra::{Columns, Memory, Precision, Rows, Set, Solver, TileRow, BAND, BAND_STRIDE, TILE};

#[derive(Clone, Copy, Debug)]
pub enum Stored {
    F32,
    F64,
    Bf16,
    F16,
}

impl Stored {
    pub const ALL: [Stored; 4] = [Stored::F32, Stored::F64, Stored::Bf16, Stored::F16];

    fn kind(self) -> u32 {
        match self {
            Stored::F32 => 0,
            Stored::F64 => 1,
            Stored::Bf16 => 2,
            Stored::F16 => 3,
        }
    }

    /// Bytes of a value that the type holds exactly.
    fn bytes(self, x: f64) -> Vec<u8> {
        let bits = (x as f32).to_bits();
        match self {
            Stored::F32 => (x as f32).to_le_bytes().into(),
            Stored::F64 => x.to_le_bytes().into(),
            Stored::Bf16 => ((bits >> 16) as u16).to_le_bytes().into(),
            Stored::F16 if x == 0.0 => vec![0, 0],
            Stored::F16 => {
                let exponent = ((bits >> 23 & 255) as i32 - 127 + 15) as u32;
                ((bits >> 16 & 0x8000 | exponent << 10 | bits >> 13 & 1023) as u16).to_le_bytes().into()
            }
        }
    }
}

pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    kind: u32,
    bytes: Vec<u8>,
}

impl Matrix {
    pub fn new(rows: usize, columns: usize, values: &[f64], stored: Stored) -> Matrix {
        assert_eq!(values.len(), rows * columns);
        let bytes = values.iter().flat_map(|&x| stored.bytes(x)).collect();
        Matrix { rows, columns, kind: stored.kind(), bytes }
    }
}

/// H_u D H_v with Householder reflections H: D are its singular values.
pub fn reflected(rows: usize, columns: usize, singular_values: &[f64]) -> Matrix {
    let mut w = vec![0.0; rows * columns];
    for (i, &value) in singular_values.iter().enumerate() {
        w[i * columns + i] = value
    }
    let u: Vec<f64> = (0..rows).map(|i| (i as f64 + 1.0).sin()).collect();
    let v: Vec<f64> = (0..columns).map(|i| (3.0 * i as f64).cos()).collect();
    let (uu, vv) = (u.iter().map(|x| x * x).sum::<f64>(), v.iter().map(|x| x * x).sum::<f64>());
    for j in 0..columns {
        let dot: f64 = (0..rows).map(|i| u[i] * w[i * columns + j]).sum();
        for i in 0..rows {
            w[i * columns + j] -= 2.0 / uu * dot * u[i]
        }
    }
    for row in w.chunks_mut(columns) {
        let dot: f64 = row.iter().zip(&v).map(|(x, y)| x * y).sum();
        for (x, y) in row.iter_mut().zip(&v) {
            *x -= 2.0 / vv * dot * y
        }
    }
    Matrix::new(rows, columns, &w, Stored::F64)
}

/// Largest difference of the eigenvalues (squares), as a share of the largest.
pub fn largest_error(found: &[f64], expected: &[f64]) -> f64 {
    let mut expected = expected.to_vec();
    expected.sort_by(f64::total_cmp);
    assert_eq!(found.len(), expected.len());
    let largest = expected.last().unwrap().powi(2);
    found.iter().zip(&expected).map(|(a, b)| (a * a - b * b).abs() / largest).fold(0.0, f64::max)
}

/// All singular values, ascending, times `scale`.
pub fn solve(set: Set, threads: usize, precision: Precision, matrix: &Matrix, scale: f64) -> Vec<f64> {
    let mut solver = Solver::new(set, threads).unwrap();
    let &Matrix { rows, columns, kind, ref bytes } = matrix;
    let size = if precision == Precision::F64 { 8 } else { 4 };
    let (order, long) = (rows.min(columns), rows.max(columns));
    let tiles = order.div_ceil(TILE);
    let reduced = order.div_ceil(BAND) * BAND;
    let depth = 1024 / if precision == Precision::Pairs { 2 } else { size };
    let (arrays, blocks) = solver.workspace();

    let mut end = 0;
    let mut area = |bytes: usize| {
        let start = end;
        end += bytes.div_ceil(64) * 64 + 64;
        start
    };
    let source = area(bytes.len());
    let triangle = area(tiles * (tiles + 1) / 2 * TILE * TILE * size);
    let panels = area(tiles * TILE * 1024);
    let band = area((reduced + 2 * BAND) * BAND_STRIDE * size);
    let workspace = area((arrays * reduced + blocks * BAND) * BAND * size);
    let (diagonal, off_diagonal) = (area(8 * order), area(8 * order));

    let mut words = vec![0u64; end / 8];
    // SAFETY: any bytes are bytes.
    let all = unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), end) };
    all[source..source + bytes.len()].copy_from_slice(bytes);
    let memory = Memory::new(all);

    let element = bytes.len() / (rows * columns);
    for k in (0..long).step_by(depth) {
        let depth = depth.min(long - k);
        if rows <= columns {
            let (row_bytes, source) = (columns * element, source + k * element);
            let job = Rows { kind, source, row_bytes, rows, depth, scale, panels };
            solver.pack_rows(&memory, precision, &job).unwrap();
        } else {
            let source = source + k * columns * element;
            let job = Columns { kind, source, columns, depth, scale, panels };
            solver.pack_columns(&memory, precision, &job).unwrap();
        }
        let row_bytes = if precision == Precision::Pairs { depth.div_ceil(2) * 4 } else { depth * size };
        for row in 0..tiles {
            let a = panels + row * TILE * row_bytes;
            let job = TileRow { row, first: 0, last: row + 1, depth, a, b: panels, triangle };
            solver.update_tile_row(&memory, precision, &job).unwrap();
        }
    }
    for first in (0..reduced).step_by(BAND) {
        solver.reduce_panel(&memory, precision, reduced, first, triangle, band, workspace).unwrap();
    }
    // In two parts, as a caller does that reports progress.
    let sweeps = order.saturating_sub(2);
    solver.chase_sweeps(&memory, precision, order, 0, sweeps / 2, band).unwrap();
    solver.chase_sweeps(&memory, precision, order, sweeps / 2, sweeps, band).unwrap();
    solver.extract_tridiagonal(&memory, precision, order, band, diagonal, off_diagonal).unwrap();
    solver.square_off_diagonal(&memory, order, off_diagonal).unwrap();
    let mut done = 0;
    while done < order {
        let last = order.min(done + 64);
        done = solver.solve_tridiagonal(&memory, order, done, last, diagonal, off_diagonal).unwrap().unwrap();
    }
    let mut values: Vec<f64> = words[diagonal / 8..diagonal / 8 + order]
        .iter()
        .map(|&bits| f64::from_bits(bits).max(0.0).sqrt())
        .collect();
    values.sort_by(f64::total_cmp);
    values
}
