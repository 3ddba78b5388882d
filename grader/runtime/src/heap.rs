//! Memory that the program gives back: what was stored there has no part in what will be.

use core::ffi::c_void;

use crate::libc::real;
use crate::{mutexes, orders, token};

/// What comes of memory that is given back; its size is asked for where it matters.
pub(crate) fn given_back(start: usize, size: impl FnOnce() -> usize) {
    if orders::are_on() || mutexes::are_held() {
        let memory = start as u64..start.saturating_add(size()) as u64;
        mutexes::forget(&memory);
        orders::freed(memory);
    }
}

fn tell(memory: *mut c_void) {
    if token::me().is_some() {
        let _inside = token::Inside::new();
        type Size = extern "C" fn(*mut c_void) -> usize;
        // What the caller gives back is a block of the allocator's, or null, which has no size.
        given_back(memory as usize, || real!(malloc_usable_size as Size)(memory));
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
