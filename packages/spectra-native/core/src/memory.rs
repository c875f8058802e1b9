//! The caller's memory, and addresses in it that are known to lie inside.

use std::fmt;
use std::marker::PhantomData;

/// Bytes that nobody else looks at while a stage works in them.
pub struct Memory<'a> {
    base: *mut u8,
    length: usize,
    borrowed: PhantomData<&'a mut [u8]>,
}

/// An area that does not lie inside of the memory, or not at a multiple of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub address: usize,
    pub bytes: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no area of {} bytes at address {} of the memory", self.bytes, self.address)
    }
}

impl std::error::Error for Fault {}

impl<'a> Memory<'a> {
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Memory { base: bytes.as_mut_ptr(), length: bytes.len(), borrowed: PhantomData }
    }

    /// The address of `count` elements.
    pub(crate) fn area<T>(&self, address: usize, count: usize) -> Result<*mut T, Fault> {
        let bytes = count.checked_mul(size_of::<T>());
        let end = bytes.and_then(|bytes| address.checked_add(bytes));
        let pointer = self.base.wrapping_add(address).cast::<T>();
        match end {
            Some(end) if end <= self.length && pointer.is_aligned() => Ok(pointer),
            _ => Err(Fault { address, bytes: bytes.unwrap_or(usize::MAX) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_ends_inside_and_is_aligned() {
        let mut numbers = [0u64; 4];
        // SAFETY: any bytes are bytes.
        let bytes = unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast::<u8>(), 32) };
        let memory = Memory::new(bytes);
        assert!(memory.area::<f64>(0, 4).is_ok());
        assert!(memory.area::<f64>(8, 3).is_ok());
        assert_eq!(memory.area::<f64>(8, 4), Err(Fault { address: 8, bytes: 32 }));
        assert_eq!(memory.area::<f64>(4, 1), Err(Fault { address: 4, bytes: 8 }));
        assert!(memory.area::<f64>(usize::MAX - 7, 1).is_err());
        assert!(memory.area::<f64>(8, usize::MAX / 2).is_err());
    }
}
