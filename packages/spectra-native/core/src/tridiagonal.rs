//! Stage 4: eigenvalues of a symmetric tridiagonal matrix by the root-free QL iteration of Pal, Walker
//! and Kahan (Parlett, "The Symmetric Eigenvalue Problem", section 8.15), in float64.
//!
//! One sweep is a chain of divisions. So LANES sweeps run at once, each in a lane of a vector and each
//! one row behind the one before: with the eigenvalues of the leading LANES x LANES block as shifts, all
//! of that block converges together. Where that stalls, single sweeps with Wilkinson's shift go on.

const EPSILON_SQUARED: f64 = f64::EPSILON * f64::EPSILON;

/// Lanes of the sweeps that run at once, and the shortest block that is worth it.
const LANES: usize = 8;
const WORTH_LANES: usize = 40;
/// Iterations allowed for one eigenvalue, and those of them that try several sweeps at once.
const ITERATIONS: usize = 60;
const AT_ONCE: usize = 12;

/// Turns elements `first` .. at least `last - 1` of `d` into eigenvalues, in no order; `e` holds the
/// squares of the off-diagonal elements.
/// Returns how many elements are eigenvalues now: where to go on; None when it does not converge.
#[inline(always)]
pub fn solve(d: &mut [f64], e: &mut [f64], first: usize, last: usize) -> Option<usize> {
    let mut l = first;
    let mut tries = 0;
    while l < last {
        let m = end_of_block(d, e, l);
        if m <= l + 1 {
            if m == l + 1 {
                pair(d, e, l)
            }
            l = m + 1;
            tries = 0;
            continue;
        }
        tries += 1;
        if tries > ITERATIONS {
            return None;
        }
        if m - l > WORTH_LANES && tries < AT_ONCE {
            let shifts = leading_eigenvalues(&d[l..], &e[l..]);
            sweeps(&mut d[l..=m], &mut e[l..=m], &shifts);
        } else {
            let shift = wilkinson(d, e, l);
            sweep(&mut d[l..=m], &mut e[l..=m], shift);
        }
    }
    Some(l)
}

/// Where the unreduced block that begins at `l` ends.
#[inline(always)]
fn end_of_block(d: &[f64], e: &mut [f64], l: usize) -> usize {
    let mut m = l;
    while m + 1 < d.len() && e[m] > EPSILON_SQUARED * (d[m] * d[m + 1]).abs() {
        m += 1
    }
    if m + 1 < d.len() {
        e[m] = 0.0
    }
    m
}

fn wilkinson(d: &[f64], e: &[f64], l: usize) -> f64 {
    let root = e[l].sqrt();
    let ratio = (d[l + 1] - d[l]) / (2.0 * root);
    d[l] - root / (ratio + (ratio * ratio + 1.0).sqrt().copysign(ratio))
}

/// Both eigenvalues of a block of two, the smaller one by the determinant, without cancellation.
fn pair(d: &mut [f64], e: &mut [f64], l: usize) {
    let (a, c, square) = (d[l], d[l + 1], e[l]);
    let half = 0.5 * (a + c);
    let root = (0.25 * (a - c) * (a - c) + square).sqrt();
    let larger = half + root.copysign(half);
    d[l] = larger;
    d[l + 1] = if larger != 0.0 { (a * c - square) / larger } else { 0.0 };
    e[l] = 0.0;
}

/// Eigenvalues of the leading block of LANES, those that converge last first; its diagonal where they do
/// not.
fn leading_eigenvalues(d: &[f64], e: &[f64]) -> [f64; LANES] {
    let mut values: [f64; LANES] = d[..LANES].try_into().unwrap();
    let mut squares: [f64; LANES] = e[..LANES].try_into().unwrap();
    squares[LANES - 1] = 0.0;
    let mut l = 0;
    let mut tries = 0;
    while l < LANES {
        let m = end_of_block(&values, &mut squares, l);
        if m <= l + 1 {
            if m == l + 1 {
                pair(&mut values, &mut squares, l)
            }
            l = m + 1;
            tries = 0;
            continue;
        }
        tries += 1;
        if tries > ITERATIONS / 2 {
            return d[..LANES].try_into().unwrap();
        }
        let shift = wilkinson(&values, &squares, l);
        sweep(&mut values[l..=m], &mut squares[l..=m], shift);
    }
    values
}

/// One row of a sweep. c = p / r, s = b^2 / r, gamma = (p (alpha - shift) - b^2 gamma') / r,
/// p' = gamma^2 r / p. Returns what follows the row on the diagonal, and beside it.
///
/// Where p and b^2 are both zero, or so small that their quotients overflow, the matrix falls apart, and
/// the sweep begins anew.
#[inline(always)]
fn step(
    c: &mut f64,
    s: &mut f64,
    gamma: &mut f64,
    p: &mut f64,
    square: f64,
    alpha: f64,
    shift: f64,
) -> (f64, f64) {
    let r = *p + square;
    let apart = r < f64::MIN_POSITIVE;
    let beside = *s * r;
    let growth = r / *p;
    let inverse = 1.0 / r;
    let before = *gamma;
    let own = alpha - shift;
    let next = if apart { own } else { (*p * own - square * before) * inverse };
    let c_before = *c;
    *s = if apart { 0.0 } else { square * inverse };
    *c = if apart { 1.0 } else { *p * inverse };
    // Neither 0 / 0 nor an overflow passes the comparison.
    let grown = if growth < f64::MAX { next * next * growth } else { c_before * square };
    *p = if apart { next * next } else { grown };
    *gamma = next;
    (before + (alpha - next), beside)
}

/// One sweep from the end to the start of an unreduced block.
#[inline(always)]
fn sweep(d: &mut [f64], e: &mut [f64], shift: f64) {
    let m = d.len() - 1;
    let (mut c, mut s) = (1.0, 0.0);
    let mut gamma = d[m] - shift;
    let mut p = gamma * gamma;
    for i in (0..m).rev() {
        let (on, beside) = step(&mut c, &mut s, &mut gamma, &mut p, e[i], d[i], shift);
        d[i + 1] = on;
        if i + 1 < m {
            e[i + 1] = beside
        }
    }
    e[0] = s * p;
    d[0] = shift + gamma;
}

/// Several sweeps at once: lane k works two rows above (nearer the end) of lane k - 1.
#[inline(always)]
fn sweeps(d: &mut [f64], e: &mut [f64], shifts: &[f64; LANES]) {
    const K: usize = LANES;
    let m = d.len() - 1;
    let mut c = [1.0; K];
    let mut s = [0.0; K];
    let mut gamma = [0.0; K];
    let mut p = [0.0; K];
    // Wave t: lane k handles row i = m - 1 - (t - 2 k).
    for t in 0..m + 2 * (K - 1) {
        let low = if t >= m { (t - m) / 2 + 1 } else { 0 };
        let high = K.min(t / 2 + 1);
        if t % 2 == 0 && t / 2 < K {
            let k = t / 2;
            gamma[k] = d[m] - shifts[k];
            p[k] = gamma[k] * gamma[k];
        }
        let row = |k: usize| m - 1 + 2 * k - t;
        if low == 0 && high == K {
            let square: [f64; K] = std::array::from_fn(|k| e[row(k)]);
            let alpha: [f64; K] = std::array::from_fn(|k| d[row(k)]);
            let (mut on, mut beside) = ([0.0; K], [0.0; K]);
            for k in 0..K {
                (on[k], beside[k]) =
                    step(&mut c[k], &mut s[k], &mut gamma[k], &mut p[k], square[k], alpha[k], shifts[k]);
            }
            for k in 0..K {
                d[row(k) + 1] = on[k];
                if row(k) + 1 < m {
                    e[row(k) + 1] = beside[k]
                }
            }
        } else {
            for k in low..high {
                let i = row(k);
                let (on, beside) =
                    step(&mut c[k], &mut s[k], &mut gamma[k], &mut p[k], e[i], d[i], shifts[k]);
                d[i + 1] = on;
                if i + 1 < m {
                    e[i + 1] = beside
                }
            }
        }
        // A lane that has just done its first row ends its sweep.
        for k in low..high {
            if row(k) == 0 {
                e[0] = s[k] * p[k];
                d[0] = shifts[k] + gamma[k];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);
    impl Random {
        fn next(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    fn sorted(mut d: Vec<f64>) -> Vec<f64> {
        d.sort_by(f64::total_cmp);
        d
    }

    /// Eigenvalues of the tridiagonal matrix below `x`, by the signs of Sturm's sequence.
    fn count_below(d: &[f64], e: &[f64], x: f64) -> usize {
        let mut q = 1.0;
        let mut count = 0;
        for i in 0..d.len() {
            let before = if i == 0 { 0.0 } else { e[i - 1] / q };
            q = d[i] - x - before;
            if q == 0.0 {
                q = f64::MIN_POSITIVE
            }
            count += usize::from(q < 0.0);
        }
        count
    }

    #[test]
    fn eigenvalues_lie_where_sturm_counts_them() {
        let mut random = Random(88172645463325252);
        for case in 0..if cfg!(miri) { 3 } else { 3000 } {
            let n = 1 + (random.next() * 200.0) as usize;
            let (decades, coupling, zeros) =
                (random.next() * 160.0, 10f64.powf(-random.next() * 80.0), random.next() < 0.3);
            let up = random.next() < 0.5;
            let scale: Vec<f64> = (0..n)
                .map(|i| {
                    let share = i as f64 / n as f64;
                    let grade = 10f64.powf(-decades * if up { 1.0 - share } else { share });
                    if zeros && random.next() < 0.2 {
                        0.0
                    } else {
                        grade
                    }
                })
                .collect();
            // Positive definite as Gram matrices are: B B^T of a bidiagonal B.
            let a: Vec<f64> = scale.iter().map(|s| s * (0.5 + random.next())).collect();
            let b: Vec<f64> = scale.iter().map(|s| s * coupling * (0.5 + random.next())).collect();
            let d: Vec<f64> =
                (0..n).map(|i| a[i] * a[i] + if i > 0 { b[i - 1] * b[i - 1] } else { 0.0 }).collect();
            let e: Vec<f64> = (0..n).map(|i| if i + 1 < n { (a[i] * b[i]).powi(2) } else { 0.0 }).collect();
            let (mut values, mut squares) = (d.clone(), e.clone());
            let mut done = 0;
            while done < n {
                done = solve(&mut values, &mut squares, done, n.min(done + 64)).unwrap();
            }
            let values = sorted(values);
            let largest = values[n - 1];
            assert!(largest.is_finite(), "case {case}, order {n}");
            let allowed = 1e-13 * largest + f64::MIN_POSITIVE;
            for (i, &value) in values.iter().enumerate() {
                let (below, up_to) =
                    (count_below(&d, &e, value - allowed), count_below(&d, &e, value + allowed));
                assert!(
                    below <= i && i < up_to.max(1),
                    "case {case}, order {n}: value {i} is {value:e} of {largest:e}: {below} {up_to}"
                );
            }
        }
    }
}
