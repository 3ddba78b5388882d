//! Memory that the program gives back: what was stored there has no part in what will be.

use core::ffi::c_void;

use crate::{orders, token};

// glibc's own names of the functions that are replaced here.
unsafe extern "C" {
    fn __libc_free(memory: *mut c_void);
    fn __libc_realloc(memory: *mut c_void, size: usize) -> *mut c_void;
    fn malloc_usable_size(memory: *mut c_void) -> usize;
}

fn tell(memory: *mut c_void) {
    if token::me().is_some() {
        let _inside = token::Inside::new();
        // SAFETY: what the caller gives back is a block of libc's, or null, which has no size.
        orders::freed(memory as usize, || unsafe { malloc_usable_size(memory) });
    }
}

#[unsafe(no_mangle)]
extern "C" fn free(memory: *mut c_void) {
    tell(memory);
    // SAFETY: the caller's own argument.
    unsafe { __libc_free(memory) }
}

/// Whoever makes a block larger is alone with it: what is in it is known.
#[unsafe(no_mangle)]
extern "C" fn realloc(memory: *mut c_void, size: usize) -> *mut c_void {
    tell(memory);
    // SAFETY: the caller's own arguments.
    unsafe { __libc_realloc(memory, size) }
}
