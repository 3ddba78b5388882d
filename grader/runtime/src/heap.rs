//! Memory that the program gives back: what was stored there has no part in what will be.

use core::ffi::c_void;

use crate::libc::real;
use crate::{orders, token};

fn tell(memory: *mut c_void) {
    if token::me().is_some() {
        let _inside = token::Inside::new();
        type Size = extern "C" fn(*mut c_void) -> usize;
        // What the caller gives back is a block of the allocator's, or null, which has no size.
        orders::freed(memory as usize, || real!(malloc_usable_size as Size)(memory));
    }
}

#[unsafe(no_mangle)]
extern "C" fn free(memory: *mut c_void) {
    tell(memory);
    real!(free as extern "C" fn(*mut c_void))(memory);
}

/// Whoever makes a block larger is alone with it: what is in it is known.
#[unsafe(no_mangle)]
extern "C" fn realloc(memory: *mut c_void, size: usize) -> *mut c_void {
    tell(memory);
    real!(realloc as extern "C" fn(*mut c_void, usize) -> *mut c_void)(memory, size)
}
