//! Linked into each graded program: what the compiler's thread-sanitizer pass calls in place of atomic operations
//! (LLVM: compiler-rt/include/sanitizer/tsan_interface_atomic.h).
//!
//! Each entry point goes on where `HOOKS` says. By itself that is a function here, which does what the operation asks for,
//! with its own ordering: the program is one like any other, and needs nothing else. Where the library that chooses
//! schedules is preloaded, its functions stand there instead, from before `main` on.
//!
//! Nothing here may be compiled with the pass itself: it would call itself for ever.

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![no_std]

use core::ffi::{CStr, c_char, c_void};
use core::ptr;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, fence};

/// Where the library that chooses schedules has its own functions, in the order of [`HOOKS`].
const OF_RUNTIME: &CStr = c"lockstep_hooks";

/// How many entry points can lead elsewhere: ten for each size, and the fence.
const COUNT: usize = 41;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// Called by the dynamic linker before all constructors, those of libraries included: nothing of the program has run.
#[used]
#[unsafe(link_section = ".preinit_array")]
static CONSTRUCTOR: extern "C" fn() = find_runtime;

extern "C" fn find_runtime() {
    // SAFETY: a null handle is `RTLD_DEFAULT` (dlsym(3)), and the name ends with a zero.
    let found = unsafe { dlsym(ptr::null_mut(), OF_RUNTIME.as_ptr()) };
    if found.is_null() {
        return;
    }
    // SAFETY: only the library has this name, and what it names is an array of this type, which nobody writes to.
    let functions = unsafe { &*found.cast::<[*mut (); COUNT]>() };
    for (hook, function) in HOOKS.iter().zip(functions) {
        hook.store(*function, Relaxed);
    }
}

/// Defines the entry point `$name`, which jumps to where the hook at `$place` leads: arguments, stack and frame are as its
/// caller left them.
macro_rules! entry {
    ($place:expr, $name:ident) => {
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        extern "C" fn $name() {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!("jmp qword ptr [rip + {hooks} + 8 * {place}]", hooks = sym HOOKS, place = const $place);
            // The register is one that linkers use for the same (AAPCS64, 6.1.1).
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "adrp x16, {hooks} + 8 * {place}",
                "ldr x16, [x16, :lo12:{hooks} + 8 * {place}]",
                "br x16",
                hooks = sym HOOKS,
                place = const $place,
            );
        }
    };
}

/// A read and write with one of the orderings that it can have. The numbers are those of C's `memory_order`.
macro_rules! with_order {
    ($order:expr, $atomic:ident.$method:ident($($argument:expr),*)) => {
        match $order {
            0 => $atomic.$method($($argument,)* Relaxed),
            1 | 2 => $atomic.$method($($argument,)* Acquire),
            3 => $atomic.$method($($argument,)* Release),
            4 => $atomic.$method($($argument,)* AcqRel),
            _ => $atomic.$method($($argument,)* SeqCst),
        }
    };
}

/// Every pair of orderings that a comparison can have.
macro_rules! with_orders {
    ($order:expr, $of_failure:expr, $exchange:ident) => {
        match ($order, $of_failure) {
            (0, 0) => $exchange(Relaxed, Relaxed),
            (0, 1 | 2) => $exchange(Relaxed, Acquire),
            (1 | 2, 0) => $exchange(Acquire, Relaxed),
            (1 | 2, 1 | 2) => $exchange(Acquire, Acquire),
            (3, 0) => $exchange(Release, Relaxed),
            (3, 1 | 2) => $exchange(Release, Acquire),
            (4, 0) => $exchange(AcqRel, Relaxed),
            (4, 1 | 2) => $exchange(AcqRel, Acquire),
            (5, 0) => $exchange(SeqCst, Relaxed),
            (5, 1 | 2) => $exchange(SeqCst, Acquire),
            _ => $exchange(SeqCst, SeqCst),
        }
    };
}

macro_rules! update {
    ($int:ty, $atomic:ty, $native:ident $method:ident) => {
        extern "C" fn $native(address: *mut $int, value: $int, order: i32) -> $int {
            // SAFETY: the compiler passes a valid, aligned address, used atomically only.
            let atomic = unsafe { <$atomic>::from_ptr(address) };
            with_order!(order, atomic.$method(value))
        }
    };
}

macro_rules! native {
    ($int:ty, $atomic:ty, $load:ident $store:ident $compare:ident, [$($update:ident $method:ident),*]) => {
        extern "C" fn $load(address: *mut $int, order: i32) -> $int {
            // SAFETY: the compiler passes a valid, aligned address, used atomically only.
            let atomic = unsafe { <$atomic>::from_ptr(address) };
            match order {
                0 => atomic.load(Relaxed),
                1 | 2 => atomic.load(Acquire),
                _ => atomic.load(SeqCst),
            }
        }

        extern "C" fn $store(address: *mut $int, value: $int, order: i32) {
            // SAFETY: the compiler passes a valid, aligned address, used atomically only.
            let atomic = unsafe { <$atomic>::from_ptr(address) };
            match order {
                0 => atomic.store(value, Relaxed),
                3 => atomic.store(value, Release),
                _ => atomic.store(value, SeqCst),
            }
        }

        extern "C" fn $compare(
            address: *mut $int, expected: $int, value: $int, order: i32, of_failure: i32,
        ) -> $int {
            // SAFETY: the compiler passes a valid, aligned address, used atomically only.
            let atomic = unsafe { <$atomic>::from_ptr(address) };
            let exchange = |success, failure| atomic.compare_exchange(expected, value, success, failure);
            let (Ok(found) | Err(found)) = with_orders!(order, of_failure, exchange);
            found
        }

        $(update!($int, $atomic, $update $method);)*
    };
}

native!(u8, AtomicU8, load8 store8 compare8, [swap8 swap, add8 fetch_add, sub8 fetch_sub,
    and8 fetch_and, or8 fetch_or, xor8 fetch_xor, nand8 fetch_nand]);
native!(u16, AtomicU16, load16 store16 compare16, [swap16 swap, add16 fetch_add, sub16 fetch_sub,
    and16 fetch_and, or16 fetch_or, xor16 fetch_xor, nand16 fetch_nand]);
native!(u32, AtomicU32, load32 store32 compare32, [swap32 swap, add32 fetch_add, sub32 fetch_sub,
    and32 fetch_and, or32 fetch_or, xor32 fetch_xor, nand32 fetch_nand]);
native!(u64, AtomicU64, load64 store64 compare64, [swap64 swap, add64 fetch_add, sub64 fetch_sub,
    and64 fetch_and, or64 fetch_or, xor64 fetch_xor, nand64 fetch_nand]);

extern "C" fn thread_fence(order: i32) {
    match order {
        // Such a fence orders nothing, and there is none.
        0 => {}
        1 | 2 => fence(Acquire),
        3 => fence(Release),
        4 => fence(AcqRel),
        _ => fence(SeqCst),
    }
}

macro_rules! hooks {
    ($($place:literal $name:ident $native:ident),* $(,)?) => {
        /// Where each entry point leads.
        static HOOKS: [AtomicPtr<()>; COUNT] = [$(AtomicPtr::new($native as *mut ())),*];

        $(entry!($place, $name);)*
    };
}

hooks! {
    0 __tsan_atomic8_load load8, 1 __tsan_atomic8_store store8,
    2 __tsan_atomic8_compare_exchange_val compare8, 3 __tsan_atomic8_exchange swap8,
    4 __tsan_atomic8_fetch_add add8, 5 __tsan_atomic8_fetch_sub sub8, 6 __tsan_atomic8_fetch_and and8,
    7 __tsan_atomic8_fetch_or or8, 8 __tsan_atomic8_fetch_xor xor8, 9 __tsan_atomic8_fetch_nand nand8,
    10 __tsan_atomic16_load load16, 11 __tsan_atomic16_store store16,
    12 __tsan_atomic16_compare_exchange_val compare16, 13 __tsan_atomic16_exchange swap16,
    14 __tsan_atomic16_fetch_add add16, 15 __tsan_atomic16_fetch_sub sub16, 16 __tsan_atomic16_fetch_and and16,
    17 __tsan_atomic16_fetch_or or16, 18 __tsan_atomic16_fetch_xor xor16, 19 __tsan_atomic16_fetch_nand nand16,
    20 __tsan_atomic32_load load32, 21 __tsan_atomic32_store store32,
    22 __tsan_atomic32_compare_exchange_val compare32, 23 __tsan_atomic32_exchange swap32,
    24 __tsan_atomic32_fetch_add add32, 25 __tsan_atomic32_fetch_sub sub32, 26 __tsan_atomic32_fetch_and and32,
    27 __tsan_atomic32_fetch_or or32, 28 __tsan_atomic32_fetch_xor xor32, 29 __tsan_atomic32_fetch_nand nand32,
    30 __tsan_atomic64_load load64, 31 __tsan_atomic64_store store64,
    32 __tsan_atomic64_compare_exchange_val compare64, 33 __tsan_atomic64_exchange swap64,
    34 __tsan_atomic64_fetch_add add64, 35 __tsan_atomic64_fetch_sub sub64, 36 __tsan_atomic64_fetch_and and64,
    37 __tsan_atomic64_fetch_or or64, 38 __tsan_atomic64_fetch_xor xor64, 39 __tsan_atomic64_fetch_nand nand64,
    40 __tsan_atomic_thread_fence thread_fence,
}

/// A fence for the compiler alone.
#[unsafe(no_mangle)]
extern "C" fn __tsan_atomic_signal_fence(_order: i32) {}

/// Called by the constructor that the compiler adds.
#[unsafe(no_mangle)]
extern "C" fn __tsan_init() {}
