//! All stages together, on matrices whose spectra are known without computing them, with every
//! instruction set of this processor, alone and by several threads.

mod support;

use alphalora_spectra::{Precision, Set};
use support::{largest_error, reflected, solve, Matrix, Stored};

const SHAPES: [(usize, usize); 14] = [
    (1, 1),
    (1, 9),
    (9, 1),
    (2, 2),
    (3, 2),
    (31, 33),
    (32, 32),
    (127, 127),
    (128, 130),
    (129, 128),
    (161, 200),
    (300, 257),
    (257, 300),
    (40, 700),
];

/// Miri is a thousand times slower.
const ORDER: usize = if cfg!(miri) { 32 } else { 256 };

fn shapes() -> impl Iterator<Item = (usize, usize)> {
    SHAPES.into_iter().filter(|(rows, columns)| !cfg!(miri) || rows * columns < 1100)
}

fn here() -> Vec<Set> {
    Set::ALL.into_iter().filter(|set| set.is_here()).collect()
}

#[test]
fn known_spectra_in_both_arithmetics() {
    for set in here() {
        for threads in [1, 3] {
            for (rows, columns) in shapes() {
                let order = rows.min(columns);
                let expected: Vec<f64> =
                    (0..order).map(|i| 0.01 + (i as f64 / order as f64).powi(3)).collect();
                let matrix = reflected(rows, columns, &expected);
                for (precision, tolerance) in [(Precision::F64, 1e-13), (Precision::F32, 4e-6)] {
                    let found = solve(set, threads, precision, &matrix, 1.0);
                    let error = largest_error(&found, &expected);
                    assert!(
                        error < tolerance,
                        "{set:?} {threads} {precision:?} {rows} x {columns}: {error:e}"
                    );
                }
            }
        }
    }
}

/// B with 1 on the diagonal and -1 below has the singular values 2 sin((2 k - 1) pi / (4 n + 2)). Times a
/// Hadamard matrix of order n all elements are 0, 1, -1, 2 or -2, which every stored type holds exactly.
fn differences_of_hadamard(order: usize) -> (Vec<f64>, Vec<f64>) {
    let sign = |i: usize, j: usize| if (i & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    let values = (0..order * order)
        .map(|at| {
            let (i, j) = (at / order, at % order);
            sign(i, j) - if i > 0 { sign(i - 1, j) } else { 0.0 }
        })
        .collect();
    let angle = |k: usize| (2 * k - 1) as f64 * std::f64::consts::PI / (4 * order + 2) as f64;
    let root = (order as f64).sqrt();
    (values, (1..=order).map(|k| root * 2.0 * angle(k).sin()).collect())
}

#[test]
fn every_stored_type() {
    let order = ORDER;
    let (values, expected) = differences_of_hadamard(order);
    for set in here() {
        for stored in Stored::ALL {
            // A column less is another matrix, whose pairs lack a neighbour: see the next test.
            let matrix = Matrix::new(order, order, &values, stored);
            for (precision, tolerance) in [(Precision::F64, 1e-13), (Precision::F32, 4e-6)] {
                let error = largest_error(&solve(set, 1, precision, &matrix, 1.0), &expected);
                assert!(error < tolerance, "{set:?} {stored:?} {precision:?}: {error:e}");
            }
        }
    }
}

#[test]
fn pairs_equal_single_products() {
    let mut some = false;
    for set in here().into_iter().filter(|&set| set == Set::Avx512Bf16) {
        some = true;
        let (values, expected) = differences_of_hadamard(256);
        let whole = Matrix::new(256, 256, &values, Stored::Bf16);
        assert!(largest_error(&solve(set, 2, Precision::Pairs, &whole, 1.0), &expected) < 4e-6);
        for (rows, columns) in [(256, 255), (255, 256), (100, 333), (333, 100), (1, 1), (5, 1), (1, 5)] {
            let part: Vec<f64> =
                (0..rows * columns).map(|i| values[(i * 7 + i / 91) % values.len()]).collect();
            let matrix = Matrix::new(rows, columns, &part, Stored::Bf16);
            let expected = solve(set, 1, Precision::F64, &matrix, 1.0);
            let found = solve(set, 1, Precision::Pairs, &matrix, 1.0);
            let error = largest_error(&found, &expected);
            assert!(error < 4e-6, "{rows} x {columns}: {error:e}");
        }
    }
    if !some {
        println!("this processor has no products of bfloat16");
    }
}

#[test]
fn a_power_of_two_scales_exactly() {
    if cfg!(miri) {
        return;
    }
    let expected: Vec<f64> = (0..90).map(|i| 1.0 + i as f64).collect();
    let matrix = reflected(90, 120, &expected);
    for set in here() {
        for precision in [Precision::F32, Precision::F64] {
            let plain = solve(set, 1, precision, &matrix, 1.0);
            let scaled = solve(set, 1, precision, &matrix, 2f64.powi(-20));
            assert_eq!(scaled, plain.iter().map(|x| x * 2f64.powi(-20)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn threads_change_no_bit() {
    // Orders of one part and of several.
    for (rows, columns) in [(300, 500), (2100, 2200)] {
        if cfg!(miri) {
            return;
        }
        let values: Vec<f64> =
            (0..rows * columns).map(|i| ((i * 7919 + i / 91) % 2003) as f64 / 1024.0 - 1.0).collect();
        let matrix = Matrix::new(rows, columns, &values, Stored::F64);
        let set = here()[0];
        for precision in [Precision::F64, Precision::F32] {
            let alone = solve(set, 1, precision, &matrix, 1.0);
            for threads in [2, 3, 7] {
                assert!(
                    solve(set, threads, precision, &matrix, 1.0) == alone,
                    "{precision:?}, {threads}, {rows}"
                );
            }
            if rows > 2000 && precision == Precision::F64 {
                let trace: f64 = values.iter().map(|x| x * x).sum();
                let sum: f64 = alone.iter().map(|x| x * x).sum();
                assert!((sum / trace - 1.0).abs() < 1e-13);
            }
        }
    }
}
