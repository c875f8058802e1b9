//! The vectors that the solver is written in: one trait, one zero-sized type for each instruction set
//! and element type. Everything is `inline(always)`, so that it takes on the target features of the
//! entry point (`sets.rs`) that it is inlined into.

#[cfg(target_arch = "aarch64")]
pub mod neon;
pub mod plain;
#[cfg(target_arch = "x86_64")]
pub mod x86;

/// An element type: float32 or float64.
pub trait Scalar: Copy + Default + PartialEq + Send + Sync + 'static {
    fn from_f64(x: f64) -> Self;
    fn from_f32(x: f32) -> Self;
    fn to_f64(self) -> f64;
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn neg(self) -> Self;
}
macro_rules! scalar {
    ($t:ty) => {
        impl Scalar for $t {
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn from_f32(x: f32) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn neg(self) -> Self {
                -self
            }
        }
    };
}
scalar!(f32);
scalar!(f64);

/// A vector of `LANES` elements.
///
/// # Safety
/// All methods need the instruction set; loads and stores need `LANES` readable or writable elements.
pub trait Simd: Copy + 'static {
    type T: Scalar;
    type V: Copy;
    const LANES: usize;
    unsafe fn load(p: *const Self::T) -> Self::V;
    unsafe fn store(p: *mut Self::T, x: Self::V);
    unsafe fn splat(x: Self::T) -> Self::V;
    /// a * b + c
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    /// Lanes from `lane` on of `x`, those before of `other`.
    unsafe fn from_lane(lane: usize, x: Self::V, other: Self::V) -> Self::V;
    unsafe fn sum(x: Self::V) -> Self::T;
    /// Lane `i` is the sum of the lanes of `xs[i]`, for `LANES` vectors.
    unsafe fn sums(xs: *const Self::V) -> Self::V;
    /// Brings the cache line of `p`, which need not be readable, towards the processor.
    #[inline(always)]
    unsafe fn prefetch(_p: *const Self::T) {}
}
