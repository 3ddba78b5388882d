//! Memory orders: what the program's own atomic loads return where more than the newest value is allowed, in runs that ask
//! for it ([`memory`]).
//!
//! Only the atomic operations that the program's own source asks for have their orders ([`sites`]). All
//! others are of code that is partly unseen, as the standard library is compiled already, and are as strong as can be.
//!
//! All functions but [`begin`] are called by the token's holder; all but [`operate`], [`fence`] and [`give_up`] inside of the
//! scheduler.

use core::cell::UnsafeCell;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use memory::{MOST_STORES, Memory, Order, Place};
use schedule::protocol::{MemoryOrder, Operation};
use schedule::{MOST_AGE, ThreadId};

use crate::token::{self, Global};
use crate::{contexts, sites};

const _: () = assert!(MOST_STORES == MOST_AGE as usize + 1);

/// Whether the run asks for it.
static IS_ASKED_FOR: AtomicBool = AtomicBool::new(false);
/// Whether there is a second thread since. With one there is nothing that it does not know.
static IS_ON: AtomicBool = AtomicBool::new(false);

static MEMORY: Global<Memory> = Global(UnsafeCell::new(Memory::new()));

/// Lends the memory, where it is asked for. `act` must not hand the token over, nor come back here.
fn with<T>(act: impl FnOnce(&mut Memory) -> T) -> Option<T> {
    // SAFETY: the caller holds the token, so no other thread is here; `act` does not come back here, so this is the only
    // reference.
    are_on().then(|| act(unsafe { &mut *MEMORY.0.get() }))
}

/// A run begins, which asks for it or does not. Stacks of kernel threads come and go unseen: with them there is none of it.
pub(crate) fn begin(is_asked_for: bool) {
    let is_possible = contexts::are_on() && sites::are_own();
    IS_ASKED_FOR.store(is_asked_for && is_possible, Ordering::Relaxed);
}

/// `parent` creates `child`, whose stack is new memory.
pub(crate) fn spawned(parent: ThreadId, child: ThreadId) {
    if IS_ASKED_FOR.load(Ordering::Relaxed) && !IS_ON.swap(true, Ordering::Relaxed) {
        with(Memory::begin);
    }
    with(|memory| {
        let (start, length) = contexts::stack(child);
        memory.free(start as u64..(start + length) as u64);
        memory.start(parent.into(), child.into());
    });
}

/// `thread` has waited for the end of another one; one that is not found may be any.
pub(crate) fn joined(thread: ThreadId, ended: Option<ThreadId>) {
    with(|memory| match ended {
        Some(ended) => memory.join(thread.into(), ended.into()),
        None => memory.know_all(thread.into()),
    });
}

/// Whether anything here has an effect.
#[inline]
pub(crate) fn are_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

/// `thread` comes out of the program.
pub(crate) fn look(thread: ThreadId) {
    with(|memory| memory.look(thread.into(), peek));
}

/// `thread` deals with an object of the system's, or of C code.
pub(crate) fn pass(thread: ThreadId, object: u64) {
    with(|memory| memory.pass(thread.into(), object));
}

/// `thread` has let time pass: all that was stored has long arrived.
pub(crate) fn has_waited(thread: ThreadId) {
    with(|memory| memory.know_all(thread.into()));
}

/// This memory is given back.
pub(crate) fn freed(memory: Range<u64>) {
    with(|kept| kept.free(memory));
}

/// Memory is taken away of which nobody knows where it is.
pub(crate) fn give_up() {
    let _inside = token::Inside::new();
    IS_ON.store(false, Ordering::Relaxed);
}

/// A fence.
pub(crate) fn fence(thread: ThreadId, order: i32) {
    let _inside = token::Inside::new();
    with(|memory| memory.fence(thread.into(), modelled(noted(order))));
}

/// An atomic operation that was done.
#[derive(Clone, Copy)]
pub(crate) struct Atomic {
    pub(crate) operation: Operation,
    /// As it was before.
    pub(crate) place: Place,
    /// What is there now.
    pub(crate) after: u64,
    pub(crate) order: MemoryOrder,
    /// The hook's frame.
    pub(crate) frame: *const u64,
}

/// What the program gets for the value that was there before, and how many stores are newer. `choose` says how many, of so
/// many values.
pub(crate) fn operate(thread: ThreadId, atomic: Atomic, choose: impl FnOnce(usize) -> usize) -> (u64, u8) {
    let _inside = token::Inside::new();
    let Atomic { operation, place, after, order, frame } = atomic;
    let me = usize::from(thread);
    let newest = (place.value, 0);
    let read = with(|memory| {
        let Some(site) = sites::own(frame) else {
            memory.meet(me, place, after, modelled(order));
            return newest;
        };
        let order = modelled(sites::raised(site).map_or(order, |to| order.raised(operation, to)));
        match operation {
            Operation::Load => memory.load(me, place, order, choose),
            // Which may fail for what is there no more; that is never seen here.
            Operation::CompareFail => memory.load(me, place, order, |_| 0),
            Operation::Store => {
                memory.store(me, place, after, order);
                newest
            }
            _ => {
                memory.update(me, place, after, order);
                newest
            }
        }
    });
    let (value, age) = read.unwrap_or(newest);
    (value, age as u8)
}

/// `memory_order` of C; what it calls consume is acquire (C++20, `[atomics.order]`).
pub(crate) fn noted(order: i32) -> MemoryOrder {
    match order {
        0 => MemoryOrder::Relaxed,
        1 | 2 => MemoryOrder::Acquire,
        3 => MemoryOrder::Release,
        4 => MemoryOrder::AcqRel,
        _ => MemoryOrder::SeqCst,
    }
}

/// As the model of memory has it; an operation without an order is as strong as can be.
fn modelled(order: MemoryOrder) -> Order {
    match order {
        MemoryOrder::Relaxed => Order::Relaxed,
        MemoryOrder::Acquire => Order::Acquire,
        MemoryOrder::Release => Order::Release,
        MemoryOrder::AcqRel => Order::AcqRel,
        MemoryOrder::SeqCst | MemoryOrder::None => Order::SeqCst,
    }
}

/// What so many bytes hold.
fn peek(address: u64, size: u8) -> u64 {
    let address = core::ptr::with_exposed_provenance::<u8>(address as usize);
    // SAFETY: an atomic operation was done there, and the memory was not given back since, nor taken away: what does that,
    // by libc's functions or by number, says so. Nobody else runs.
    unsafe {
        match size {
            1 => address.read_volatile().into(),
            2 => address.cast::<u16>().read_volatile().into(),
            4 => address.cast::<u32>().read_volatile().into(),
            _ => address.cast::<u64>().read_volatile(),
        }
    }
}
