//! Buffers of vectored calls.

use core::ffi::c_int;

/// `struct iovec`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) base: *mut u8,
    pub(super) length: usize,
}

impl Part {
    /// # Safety
    /// The buffer is valid.
    unsafe fn bytes<'a>(&self) -> &'a [u8] {
        // SAFETY: the caller vouches for it.
        unsafe { core::slice::from_raw_parts(self.base, self.length) }
    }
}

/// The buffers of a vectored call, each a valid one.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a>(pub(super) &'a [Part]);

impl<'a> Parts<'a> {
    /// None where the kernel would refuse them.
    ///
    /// # Safety
    /// There are `count` valid parts.
    pub(super) unsafe fn new(parts: *const Part, count: c_int) -> Option<Self> {
        const MOST: c_int = 1024;
        match count {
            0 => Some(Self(&[])),
            1..=MOST if !parts.is_null() => {
                // SAFETY: the caller vouches for it.
                let parts = unsafe { core::slice::from_raw_parts(parts, count as usize) };
                Some(Self(parts))
            }
            _ => None,
        }
    }

    /// The bytes of each part that has some.
    pub(super) fn slices(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        // SAFETY: each part is a valid buffer, as who made this vouches for.
        self.0.iter().filter(|part| part.length > 0).map(|part| unsafe { part.bytes() })
    }

    pub(super) fn length(self) -> usize {
        self.0.iter().map(|part| part.length).sum()
    }

    /// The bytes that follow the first `done`, as far as they stand together and at most `most` of them.
    pub(super) fn piece(self, done: usize, most: usize) -> (*const u8, usize) {
        let mut before = done;
        for part in self.0 {
            if before < part.length {
                return (part.base.wrapping_add(before), (part.length - before).min(most));
            }
            before -= part.length;
        }
        (core::ptr::null(), 0)
    }
}
