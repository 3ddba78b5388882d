//! Where the program's hooks lead (`grader/hooks`): the compiler's thread-sanitizer pass calls them in place of atomic
//! operations (LLVM: compiler-rt/include/sanitizer/tsan_interface_atomic.h).
//!
//! Each function is a few instructions that hand its frame to a function here, which asks the scheduler
//! before the operation, does it, and asks again. Orderings are ignored: one thread runs at a
//! time, so every run is sequentially consistent.

use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

use schedule::protocol::Operation;

use crate::arch::entry;
use crate::record::{self, Done};
use crate::{scheduler, token};

/// What an operation came to.
struct Came<T> {
    /// For the program.
    result: T,
    /// For the picture.
    operation: Operation,
    /// Whether the object has another value now.
    changed: bool,
}

/// Runs `operation` on the object at `address` with a scheduling point on both sides.
fn scheduled<T: Copy + Into<u64>>(
    address: *mut T,
    writes: bool,
    frame: *const u64,
    operation: impl FnOnce() -> Came<T>,
) -> T {
    if token::me().is_none() {
        return operation().result;
    }
    let object = address as u64;
    record::get().atomics += 1;
    scheduler::before(object, writes);
    let Came { result, operation, changed } = operation();
    let value: u64 = result.into();
    if !changed {
        // SAFETY: the hook's own frame: the saved frame pointer, then the return address.
        let site = unsafe { *frame.add(1) };
        scheduler::reads(object, site, value);
    }
    scheduler::after(Done { operation, object, value }, changed, frame);
    result
}

macro_rules! update {
    ($name:ident, $inner:ident, $int:ty, $atomic:ty, $method:ident, $operation:ident) => {
        extern "C" fn $inner(address: *mut $int, value: $int, _order: i32, frame: *const u64) -> $int {
            scheduled(address, true, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let atomic = unsafe { <$atomic>::from_ptr(address) };
                let result = atomic.$method(value, SeqCst);
                let changed = atomic.load(SeqCst) != result;
                Came { result, operation: Operation::$operation, changed }
            })
        }
        entry!(local $name, 3, $inner);
    };
}

macro_rules! atomics_of_size {
    ($int:ty, $atomic:ty, $load:ident $load_inner:ident, $store:ident $store_inner:ident,
     $cas:ident $cas_inner:ident, [$($name:ident $inner:ident $method:ident $operation:ident),*]) => {
        extern "C" fn $load_inner(address: *mut $int, _order: i32, frame: *const u64) -> $int {
            scheduled(address, false, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let atomic = unsafe { <$atomic>::from_ptr(address) };
                Came { result: atomic.load(SeqCst), operation: Operation::Load, changed: false }
            })
        }
        entry!(local $load, 2, $load_inner);

        extern "C" fn $store_inner(address: *mut $int, value: $int, _order: i32, frame: *const u64) {
            scheduled(address, true, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let before = unsafe { <$atomic>::from_ptr(address) }.swap(value, SeqCst);
                Came { result: value, operation: Operation::Store, changed: before != value }
            });
        }
        entry!(local $store, 3, $store_inner);

        extern "C" fn $cas_inner(
            address: *mut $int, expected: $int, value: $int, _order: i32, _fail: i32, frame: *const u64,
        ) -> $int {
            scheduled(address, true, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let atomic = unsafe { <$atomic>::from_ptr(address) };
                match atomic.compare_exchange(expected, value, SeqCst, SeqCst) {
                    Ok(result) => Came { result, operation: Operation::CompareSwap, changed: result != value },
                    Err(result) => Came { result, operation: Operation::CompareFail, changed: false },
                }
            })
        }
        entry!(local $cas, 5, $cas_inner);

        $(update!($name, $inner, $int, $atomic, $method, $operation);)*
    };
}

atomics_of_size!(u8, AtomicU8,
    __tsan_atomic8_load load8, __tsan_atomic8_store store8, __tsan_atomic8_compare_exchange_val cas8,
    [__tsan_atomic8_exchange swap8 swap Swap, __tsan_atomic8_fetch_add add8 fetch_add Update,
     __tsan_atomic8_fetch_sub sub8 fetch_sub Update, __tsan_atomic8_fetch_and and8 fetch_and Update,
     __tsan_atomic8_fetch_or or8 fetch_or Update, __tsan_atomic8_fetch_xor xor8 fetch_xor Update,
     __tsan_atomic8_fetch_nand nand8 fetch_nand Update]);
atomics_of_size!(u16, AtomicU16,
    __tsan_atomic16_load load16, __tsan_atomic16_store store16, __tsan_atomic16_compare_exchange_val cas16,
    [__tsan_atomic16_exchange swap16 swap Swap, __tsan_atomic16_fetch_add add16 fetch_add Update,
     __tsan_atomic16_fetch_sub sub16 fetch_sub Update, __tsan_atomic16_fetch_and and16 fetch_and Update,
     __tsan_atomic16_fetch_or or16 fetch_or Update, __tsan_atomic16_fetch_xor xor16 fetch_xor Update,
     __tsan_atomic16_fetch_nand nand16 fetch_nand Update]);
atomics_of_size!(u32, AtomicU32,
    __tsan_atomic32_load load32, __tsan_atomic32_store store32, __tsan_atomic32_compare_exchange_val cas32,
    [__tsan_atomic32_exchange swap32 swap Swap, __tsan_atomic32_fetch_add add32 fetch_add Update,
     __tsan_atomic32_fetch_sub sub32 fetch_sub Update, __tsan_atomic32_fetch_and and32 fetch_and Update,
     __tsan_atomic32_fetch_or or32 fetch_or Update, __tsan_atomic32_fetch_xor xor32 fetch_xor Update,
     __tsan_atomic32_fetch_nand nand32 fetch_nand Update]);
atomics_of_size!(u64, AtomicU64,
    __tsan_atomic64_load load64, __tsan_atomic64_store store64, __tsan_atomic64_compare_exchange_val cas64,
    [__tsan_atomic64_exchange swap64 swap Swap, __tsan_atomic64_fetch_add add64 fetch_add Update,
     __tsan_atomic64_fetch_sub sub64 fetch_sub Update, __tsan_atomic64_fetch_and and64 fetch_and Update,
     __tsan_atomic64_fetch_or or64 fetch_or Update, __tsan_atomic64_fetch_xor xor64 fetch_xor Update,
     __tsan_atomic64_fetch_nand nand64 fetch_nand Update]);

/// A fence orders nothing that is not ordered already, but it is a place to switch.
extern "C" fn __tsan_atomic_thread_fence(_order: i32) {
    if token::me().is_some() {
        scheduler::before(0, false);
    }
}

/// Addresses of functions.
#[repr(transparent)]
struct Hooks([*const (); 41]);

// SAFETY: they are constants, and nobody writes through them.
unsafe impl Sync for Hooks {}

macro_rules! hooks {
    ($($name:ident),* $(,)?) => {
        /// What the program's hooks take over before `main`; the places are those in `grader/hooks`.
        #[unsafe(export_name = "lockstep_hooks")]
        static HOOKS: Hooks = Hooks([$($name as *const ()),*]);
    };
}

hooks![
    __tsan_atomic8_load,
    __tsan_atomic8_store,
    __tsan_atomic8_compare_exchange_val,
    __tsan_atomic8_exchange,
    __tsan_atomic8_fetch_add,
    __tsan_atomic8_fetch_sub,
    __tsan_atomic8_fetch_and,
    __tsan_atomic8_fetch_or,
    __tsan_atomic8_fetch_xor,
    __tsan_atomic8_fetch_nand,
    __tsan_atomic16_load,
    __tsan_atomic16_store,
    __tsan_atomic16_compare_exchange_val,
    __tsan_atomic16_exchange,
    __tsan_atomic16_fetch_add,
    __tsan_atomic16_fetch_sub,
    __tsan_atomic16_fetch_and,
    __tsan_atomic16_fetch_or,
    __tsan_atomic16_fetch_xor,
    __tsan_atomic16_fetch_nand,
    __tsan_atomic32_load,
    __tsan_atomic32_store,
    __tsan_atomic32_compare_exchange_val,
    __tsan_atomic32_exchange,
    __tsan_atomic32_fetch_add,
    __tsan_atomic32_fetch_sub,
    __tsan_atomic32_fetch_and,
    __tsan_atomic32_fetch_or,
    __tsan_atomic32_fetch_xor,
    __tsan_atomic32_fetch_nand,
    __tsan_atomic64_load,
    __tsan_atomic64_store,
    __tsan_atomic64_compare_exchange_val,
    __tsan_atomic64_exchange,
    __tsan_atomic64_fetch_add,
    __tsan_atomic64_fetch_sub,
    __tsan_atomic64_fetch_and,
    __tsan_atomic64_fetch_or,
    __tsan_atomic64_fetch_xor,
    __tsan_atomic64_fetch_nand,
    __tsan_atomic_thread_fence,
];
