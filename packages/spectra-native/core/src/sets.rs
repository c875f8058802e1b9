//! The stages compiled for each instruction set, and which of them this processor has.

use crate::band::{self, Reduction};
use crate::chase;
use crate::crew::Team;
use crate::gram::{self, Pack, Product};
use crate::simd::plain::Plain;
use crate::simd::Simd;
use crate::tridiagonal;
use crate::BAND;

/// An instruction set that the stages are compiled for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Set {
    /// AVX-512 with products of bfloat16 pairs.
    Avx512Bf16,
    Avx512,
    /// AVX2 with fused multiply-add.
    Avx2,
    Neon,
    /// What every processor has.
    Plain,
}

impl Set {
    /// The fastest first.
    pub const ALL: [Set; 5] = [Set::Avx512Bf16, Set::Avx512, Set::Avx2, Set::Neon, Set::Plain];

    pub fn name(self) -> &'static str {
        match self {
            Set::Avx512Bf16 => "avx512bf16",
            Set::Avx512 => "avx512",
            Set::Avx2 => "avx2",
            Set::Neon => "neon",
            Set::Plain => "plain",
        }
    }

    pub fn named(name: &str) -> Option<Set> {
        Set::ALL.into_iter().find(|set| set.name() == name)
    }

    /// Whether this processor, and this binary, have it.
    pub fn is_here(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512Bf16 => Set::Avx512.is_here() && is_x86_feature_detected!("avx512bf16"),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => {
                Set::Avx2.is_here()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Set::Neon => true,
            Set::Plain => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// # Panics
    /// where it is not here
    pub(crate) fn forms(self) -> Forms {
        assert!(self.is_here(), "this processor has no {}", self.name());
        match self {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512Bf16 => Forms { pairs: Some(avx512bf16::PAIRS), ..Set::Avx512.forms() },
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => Forms { f32: avx512_f32::FORM, f64: avx512_f64::FORM, pairs: None },
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => Forms { f32: avx2_f32::FORM, f64: avx2_f64::FORM, pairs: None },
            #[cfg(target_arch = "aarch64")]
            Set::Neon => Forms { f32: neon_f32::FORM, f64: neon_f64::FORM, pairs: None },
            _ => Forms { f32: plain_f32::FORM, f64: plain_f64::FORM, pairs: None },
        }
    }
}

/// The stages in one arithmetic. All need the instruction set, and areas as `solver.rs` checks them.
#[derive(Clone, Copy)]
pub struct Form<T> {
    /// Rows of a panel.
    pub panel_rows: usize,
    pub pack: unsafe fn(&Pack<T>, &Team, usize),
    pub update: unsafe fn(&Product<T, T>, &Team, usize),
    pub reduce: unsafe fn(&Reduction<T>, &Team, usize),
    pub chase: unsafe fn(usize, usize, usize, *mut T),
    pub solve: unsafe fn(&mut [f64], &mut [f64], usize, usize) -> Option<usize>,
}

/// The product of bfloat16 in pairs.
#[derive(Clone, Copy)]
pub struct Pairs {
    pub pack: unsafe fn(&Pack<u32>, &Team, usize),
    pub update: unsafe fn(&Product<u32, f32>, &Team, usize),
}

#[derive(Clone, Copy)]
pub struct Forms {
    pub f32: Form<f32>,
    pub f64: Form<f64>,
    pub pairs: Option<Pairs>,
}

/// Entry points for vectors `$s`, a kernel of `$m` of them by `$nr` columns.
macro_rules! form {
    ($name:ident, $s:ty, $m:literal, $nr:literal $(, $features:literal)?) => {
        mod $name {
            use super::*;
            type T = <$s as Simd>::T;
            const VECTORS: usize = BAND / <$s as Simd>::LANES;
            const PANEL_ROWS: usize = $m * <$s as Simd>::LANES;

            $(#[target_feature(enable = $features)])?
            unsafe fn pack(job: &Pack<T>, team: &Team, me: usize) {
                gram::pack::<T>(job, PANEL_ROWS, team, me)
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn update(job: &Product<T, T>, team: &Team, me: usize) {
                gram::update::<$s, $m, $nr>(job, team, me)
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn reduce(job: &Reduction<T>, team: &Team, me: usize) {
                band::reduce_panel::<$s, $m, $nr, BAND>(job, team, me)
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn chase(order: usize, first: usize, last: usize, band: *mut T) {
                chase::chase::<$s, BAND, VECTORS>(order, first, last, band)
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn solve(d: &mut [f64], e: &mut [f64], first: usize, last: usize) -> Option<usize> {
                tridiagonal::solve(d, e, first, last)
            }

            pub const FORM: Form<T> = Form { panel_rows: PANEL_ROWS, pack, update, reduce, chase, solve };
        }
    };
}

#[cfg(target_arch = "x86_64")]
use crate::simd::x86::{Avx2F32, Avx2F64, Avx512F32, Avx512F64};
#[cfg(target_arch = "x86_64")]
form!(avx512_f32, Avx512F32, 2, 8, "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma");
#[cfg(target_arch = "x86_64")]
form!(avx512_f64, Avx512F64, 2, 8, "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma");
#[cfg(target_arch = "x86_64")]
form!(avx2_f32, Avx2F32, 2, 4, "avx2,fma");
#[cfg(target_arch = "x86_64")]
form!(avx2_f64, Avx2F64, 2, 4, "avx2,fma");

#[cfg(target_arch = "x86_64")]
mod avx512bf16 {
    use super::*;

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512bf16,avx2,fma")]
    unsafe fn pack(job: &Pack<u32>, team: &Team, me: usize) {
        gram::pack_pairs(job, 32, team, me)
    }
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512bf16,avx2,fma")]
    unsafe fn update(job: &Product<u32, f32>, team: &Team, me: usize) {
        gram::update_pairs::<2, 8>(job, team, me)
    }

    pub const PAIRS: Pairs = Pairs { pack, update };
}

#[cfg(target_arch = "aarch64")]
use crate::simd::neon::{NeonF32, NeonF64};
#[cfg(target_arch = "aarch64")]
form!(neon_f32, NeonF32, 4, 4, "neon");
#[cfg(target_arch = "aarch64")]
form!(neon_f64, NeonF64, 4, 4, "neon");

form!(plain_f32, Plain<f32>, 2, 4);
form!(plain_f64, Plain<f64>, 1, 4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_known() {
        for set in Set::ALL {
            assert_eq!(Set::named(set.name()), Some(set));
        }
        assert_eq!(Set::named("sse"), None);
        assert!(Set::Plain.is_here());
    }

    #[test]
    fn panels_take_the_same_bytes_in_both_arithmetics() {
        for set in Set::ALL.into_iter().filter(|set| set.is_here()) {
            let Forms { f32, f64, .. } = set.forms();
            assert_eq!(f32.panel_rows * 4, f64.panel_rows * 8, "{set:?}");
        }
    }
}
