//! libc's own functions, behind those of the same name here.

use core::ffi::{CStr, c_char, c_void};

unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// `RTLD_NEXT`: the next library after this one that has the symbol.
const NEXT: *mut c_void = -1isize as *mut c_void;

/// The function of that name that this library stands before: libc's.
pub(crate) fn next(name: &CStr) -> *mut c_void {
    // SAFETY: the name ends with a zero.
    unsafe { dlsym(NEXT, name.as_ptr()) }
}
