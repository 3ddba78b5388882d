//! libc's own functions, behind those of the same name here.

pub(crate) use core::sync::atomic::{AtomicPtr, Ordering};

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

/// The function of libc's with this name and type, which every libc with threads has; it is looked for once.
macro_rules! real {
    ($name:ident as $type:ty) => {{
        static REAL: $crate::libc::AtomicPtr<core::ffi::c_void> =
            $crate::libc::AtomicPtr::new(core::ptr::null_mut());
        let mut real = REAL.load($crate::libc::Ordering::Relaxed);
        if real.is_null() {
            let name = concat!(stringify!($name), "\0").as_bytes();
            // SAFETY: the text ends with its only zero.
            real = $crate::libc::next(unsafe { core::ffi::CStr::from_bytes_with_nul_unchecked(name) });
            REAL.store(real, $crate::libc::Ordering::Relaxed);
        }
        // SAFETY: libc's function of this name has this type.
        unsafe { core::mem::transmute::<*mut core::ffi::c_void, $type>(real) }
    }};
}
pub(crate) use real;
