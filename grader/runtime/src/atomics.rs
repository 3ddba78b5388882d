//! Where the program's hooks lead (`grader/hooks`): the compiler's thread-sanitizer pass calls them in place of atomic
//! operations (LLVM: compiler-rt/include/sanitizer/tsan_interface_atomic.h).
//!
//! Each function is a few instructions that hand its frame to a function here, which asks the scheduler
//! before the operation, does it, and asks again. One thread runs at a time, so the operation itself is sequentially
//! consistent, whatever its order: what that allows besides, `orders` says.

use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

use memory::Place;
use schedule::protocol::Operation;

use crate::arch::entry;
use crate::orders::{self, Atomic};
use crate::record::{self, Done};
use crate::{mutexes, scheduler, sites, token};

/// A number that is back from among others.
trait Narrow {
    /// Of this many bits.
    fn narrow(wide: u64) -> Self;
}

/// What an operation is about to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Intends {
    Read,
    Write,
    /// Take a mutex of std, which it does only when that is free.
    Lock,
}

/// What an operation came to.
struct Came<T> {
    operation: Operation,
    /// What was there.
    before: T,
    /// What is there now.
    after: T,
    /// The memory order, as C has it.
    order: i32,
}

/// Runs `operation` on the object at `address` with a scheduling point on both sides. What the program is to get, where that
/// is not what it has stored.
fn scheduled<T: Copy + Into<u64> + Narrow>(
    address: *mut T,
    intends: Intends,
    frame: *const u64,
    operation: impl FnOnce() -> Came<T>,
) -> T {
    let Some(me) = token::me() else { return operation().before };
    let object = address as u64;
    record::get().atomics += 1;
    match intends {
        Intends::Lock => scheduler::before_lock(object, frame),
        _ => scheduler::before(object, intends == Intends::Write),
    }
    let Came { operation, before, after, order } = operation();
    let (before, after): (u64, u64) = (before.into(), after.into());
    match (intends, operation) {
        (Intends::Lock, Operation::CompareSwap) => mutexes::take(me, object),
        (_, Operation::Swap) if after == 0 => mutexes::give_back(object),
        _ => {}
    }
    let order = orders::noted(order);
    let place = Place { address: object, size: size_of::<T>() as u8, value: before };
    let (read, age) =
        orders::operate(me, Atomic { operation, place, after, order, frame }, scheduler::choose_age);
    let value = if operation == Operation::Store { after } else { read };
    if before == after {
        // SAFETY: the hook's own frame: the saved frame pointer, then the return address.
        let site = unsafe { *frame.add(1) };
        scheduler::reads(object, site, value);
    }
    let done = Done { order, age, ..Done::new(operation, object, value) };
    scheduler::after(done, before != after, frame);
    T::narrow(read)
}

/// What a mutex of std holds: `library/std/src/sys/sync/mutex/futex.rs`.
const FREE: u8 = 0;
const LOCKED: u8 = 1;

macro_rules! update {
    ($name:ident, $inner:ident, $int:ty, $atomic:ty, $method:ident, $operation:ident) => {
        extern "C" fn $inner(address: *mut $int, value: $int, order: i32, frame: *const u64) -> $int {
            scheduled(address, Intends::Write, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let atomic = unsafe { <$atomic>::from_ptr(address) };
                let before = atomic.$method(value, SeqCst);
                Came { operation: Operation::$operation, before, after: atomic.load(SeqCst), order }
            })
        }
        entry!(local $name, 3, $inner);
    };
}

macro_rules! atomics_of_size {
    ($int:ty, $atomic:ty, $load:ident $load_inner:ident, $store:ident $store_inner:ident,
     $cas:ident $cas_inner:ident, [$($name:ident $inner:ident $method:ident $operation:ident),*]) => {
        extern "C" fn $load_inner(address: *mut $int, order: i32, frame: *const u64) -> $int {
            scheduled(address, Intends::Read, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let before = unsafe { <$atomic>::from_ptr(address) }.load(SeqCst);
                Came { operation: Operation::Load, before, after: before, order }
            })
        }
        entry!(local $load, 2, $load_inner);

        extern "C" fn $store_inner(address: *mut $int, after: $int, order: i32, frame: *const u64) {
            scheduled(address, Intends::Write, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let before = unsafe { <$atomic>::from_ptr(address) }.swap(after, SeqCst);
                Came { operation: Operation::Store, before, after, order }
            });
        }
        entry!(local $store, 3, $store_inner);

        extern "C" fn $cas_inner(
            address: *mut $int, expected: $int, after: $int, order: i32, fail: i32, frame: *const u64,
        ) -> $int {
            let may_lock = size_of::<$int>() == size_of::<u32>() && expected == FREE.into() && after == LOCKED.into();
            let intends = if may_lock && sites::is_lock(frame) { Intends::Lock } else { Intends::Write };
            scheduled(address, intends, frame, || {
                // SAFETY: the compiler passes a valid, aligned address, used atomically only.
                let atomic = unsafe { <$atomic>::from_ptr(address) };
                match atomic.compare_exchange(expected, after, SeqCst, SeqCst) {
                    Ok(before) => Came { operation: Operation::CompareSwap, before, after, order },
                    Err(before) => Came { operation: Operation::CompareFail, before, after: before, order: fail },
                }
            })
        }
        entry!(local $cas, 5, $cas_inner);

        $(update!($name, $inner, $int, $atomic, $method, $operation);)*
    };
}

macro_rules! narrow {
    ($($int:ty)*) => { $(
        impl Narrow for $int {
            fn narrow(wide: u64) -> Self {
                wide as Self
            }
        }
    )* };
}
narrow!(u8 u16 u32 u64);

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

/// A place to switch, too.
extern "C" fn __tsan_atomic_thread_fence(order: i32) {
    if let Some(me) = token::me() {
        scheduler::before(0, false);
        orders::fence(me, order);
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
