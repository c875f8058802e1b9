//! Nothing outside of the memory is touched, whatever a caller asks for.

use alphalora_spectra::{Columns, Memory, Precision, Rows, Set, Solver, TileRow};

const EVERY: [Precision; 3] = [Precision::F32, Precision::F64, Precision::Pairs];

#[test]
fn areas_beyond_the_memory_are_errors() {
    let mut words = vec![0u64; 8192];
    // SAFETY: any bytes are bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), 65_536) };
    let memory = Memory::new(bytes);
    for set in Set::ALL.into_iter().filter(|set| set.is_here()) {
        let mut solver = Solver::new(set, 1).unwrap();
        for precision in EVERY {
            for huge in [65_536, usize::MAX / 2, usize::MAX] {
                let rows =
                    Rows { kind: 2, source: huge, row_bytes: 8, rows: 4, depth: 4, scale: 1.0, panels: 0 };
                assert!(solver.pack_rows(&memory, precision, &rows).is_err());
                let rows = Rows { source: 0, row_bytes: huge & !7, ..rows };
                assert!(solver.pack_rows(&memory, precision, &rows).is_err());
                let rows = Rows { row_bytes: 8, panels: huge, ..rows };
                assert!(solver.pack_rows(&memory, precision, &rows).is_err());
                let columns = Columns { kind: 2, source: 0, columns: huge, depth: 2, scale: 1.0, panels: 0 };
                assert!(solver.pack_columns(&memory, precision, &columns).is_err());
                let tiles = TileRow { row: huge, first: 0, last: 1, depth: 1, a: 0, b: 0, triangle: 0 };
                // Tile (huge, 0) lies where tile (0, 0) does not.
                assert!(solver.update_tile_row(&memory, precision, &tiles).is_err());
                assert!(solver.largest_diagonal(&memory, precision, huge, 0).is_err());
                assert!(solver.reduce_panel(&memory, precision, huge & !31, 0, 0, 0, 0).is_err());
                assert!(solver.chase_sweeps(&memory, precision, huge, 0, 1, 0).is_err());
                assert!(solver.extract_tridiagonal(&memory, precision, 4, huge, 0, 64).is_err());
            }
            assert!(solver.reduce_panel(&memory, precision, 33, 0, 0, 0, 0).is_err());
            assert!(solver.reduce_panel(&memory, precision, 32, 32, 0, 0, 0).is_err());
        }
        assert!(solver.largest(&memory, 4, 0, 1).is_err());
        assert!(solver.largest(&memory, 1, 4, 1).is_err());
        assert!(solver.solve_tridiagonal(&memory, 100, 0, 100, 0, 64).is_err());
        assert!(solver.square_off_diagonal(&memory, 9000, 0).is_err());
    }
}

#[test]
fn nan_and_infinity_are_seen() {
    let mut words = [0u64; 8];
    words[3] = f64::NAN.to_bits();
    words[5] = f64::NEG_INFINITY.to_bits();
    // SAFETY: any bytes are bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), 64) };
    let memory = Memory::new(bytes);
    let solver = Solver::new(Set::Plain, 1).unwrap();
    assert!(solver.largest(&memory, 1, 0, 8).unwrap().is_nan());
    assert_eq!(solver.largest(&memory, 1, 32, 4).unwrap(), f64::INFINITY);
    assert_eq!(solver.largest(&memory, 1, 0, 3).unwrap(), 0.0);
}
