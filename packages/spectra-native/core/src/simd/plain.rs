//! Vectors that are arrays, for processors without an instruction set of their own here. Multiplication
//! and addition round apart, as a fused one would be a call of a function.

use super::{Scalar, Simd};
use std::marker::PhantomData;

#[derive(Clone, Copy)]
pub struct Plain<T>(PhantomData<T>);

const LANES: usize = 4;

impl<T: Scalar> Simd for Plain<T> {
    type T = T;
    type V = [T; LANES];
    const LANES: usize = LANES;
    #[inline(always)]
    unsafe fn load(p: *const T) -> [T; LANES] {
        p.cast::<[T; LANES]>().read_unaligned()
    }
    #[inline(always)]
    unsafe fn store(p: *mut T, x: [T; LANES]) {
        p.cast::<[T; LANES]>().write_unaligned(x)
    }
    #[inline(always)]
    unsafe fn splat(x: T) -> [T; LANES] {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn fma(a: [T; LANES], b: [T; LANES], c: [T; LANES]) -> [T; LANES] {
        std::array::from_fn(|i| a[i].mul(b[i]).add(c[i]))
    }
    #[inline(always)]
    unsafe fn add(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        std::array::from_fn(|i| a[i].add(b[i]))
    }
    #[inline(always)]
    unsafe fn mul(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        std::array::from_fn(|i| a[i].mul(b[i]))
    }
    #[inline(always)]
    unsafe fn from_lane(lane: usize, x: [T; LANES], other: [T; LANES]) -> [T; LANES] {
        std::array::from_fn(|i| if i < lane { other[i] } else { x[i] })
    }
    #[inline(always)]
    unsafe fn sum(x: [T; LANES]) -> T {
        x[0].add(x[1]).add(x[2].add(x[3]))
    }
    #[inline(always)]
    unsafe fn sums(xs: *const [T; LANES]) -> [T; LANES] {
        std::array::from_fn(|i| Self::sum(*xs.add(i)))
    }
}
