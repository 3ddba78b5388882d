//! Memory orders: what the program's own atomic loads return where more than the newest value is allowed, in runs that ask
//! for it ([`memory`]).
//!
//! Only the atomic operations that the program's own source asks for have their orders ([`sites`]). All
//! others are of code that is partly unseen, as the standard library is compiled already, and are as strong as can be.
//!
//! All functions but [`begin`] are called by the token's holder; all but [`operate`], [`fence`] and [`give_up`] inside of the
//! scheduler.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use memory::{MOST_STORES, Memory, Order, Place};
use schedule::protocol::{MemoryOrder, Operation};
use schedule::{MOST_AGE, ThreadId};

use crate::{contexts, sites, token};

const _: () = assert!(MOST_STORES == MOST_AGE as usize + 1);

/// Whether the run asks for it.
static IS_ASKED_FOR: AtomicBool = AtomicBool::new(false);
/// Whether there is a second thread since. With one there is nothing that it does not know.
static IS_ON: AtomicBool = AtomicBool::new(false);

struct Global(UnsafeCell<Memory>);

// SAFETY: only the token's holder uses it, and handing the token over is a release/acquire pair.
unsafe impl Sync for Global {}

static MEMORY: Global = Global(UnsafeCell::new(Memory::new()));

/// Lends the memory, where it is asked for. `act` must not hand the token over, nor come back here.
fn with<T>(act: impl FnOnce(&mut Memory) -> T) -> Option<T> {
    // SAFETY: the caller holds the token, so no other thread is here; `act` does not come back here, so this is the only
    // reference.
    IS_ON.load(Ordering::Relaxed).then(|| act(unsafe { &mut *MEMORY.0.get() }))
}

/// A run begins, which asks for it or does not. Stacks of kernel threads come and go unseen: with them there is none of it.
pub(crate) fn begin(is_asked_for: bool) {
    let is_possible = contexts::are_on() && sites::are_known();
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
pub(crate) fn freed(start: usize, length: impl FnOnce() -> usize) {
    with(|memory| memory.free(start as u64..(start.saturating_add(length())) as u64));
}

/// Memory is taken away of which nobody knows where it is.
pub(crate) fn give_up() {
    let _inside = token::Inside::new();
    IS_ON.store(false, Ordering::Relaxed);
}

/// A fence.
pub(crate) fn fence(thread: ThreadId, order: i32) {
    let _inside = token::Inside::new();
    with(|memory| memory.fence(thread.into(), decoded(order)));
}

/// An atomic operation that was done.
#[derive(Clone, Copy)]
pub(crate) struct Atomic {
    pub(crate) operation: Operation,
    /// As it was before.
    pub(crate) place: Place,
    /// What is there now.
    pub(crate) after: u64,
    /// As C has it.
    pub(crate) order: i32,
    /// The hook's frame.
    pub(crate) frame: *const u64,
}

/// What the program gets for the value that was there before, and how many stores are newer. `choose` says how many, of so
/// many values.
pub(crate) fn operate(thread: ThreadId, atomic: Atomic, choose: impl FnOnce(usize) -> usize) -> (u64, u8) {
    let _inside = token::Inside::new();
    let Atomic { operation, place, after, frame, .. } = atomic;
    let (me, order) = (usize::from(thread), decoded(atomic.order));
    let newest = (place.value, 0);
    let read = with(|memory| {
        let Some(site) = sites::own(frame) else {
            memory.meet(me, place, after, order);
            return newest;
        };
        let order = sites::raised(site).map_or(order, |to| raised(order, operation, to));
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

/// The order of an operation that is made as strong as `to`, as far as it can be.
fn raised(order: Order, operation: Operation, to: MemoryOrder) -> Order {
    match (order, to, operation) {
        (Order::SeqCst, ..) | (_, MemoryOrder::SeqCst, _) => Order::SeqCst,
        (_, _, Operation::Load | Operation::CompareFail) => Order::Acquire,
        (_, _, Operation::Store) => Order::Release,
        _ => Order::AcqRel,
    }
}

/// `memory_order` of C; what it calls consume is acquire (C++20, `[atomics.order]`).
fn decoded(order: i32) -> Order {
    match order {
        0 => Order::Relaxed,
        1 | 2 => Order::Acquire,
        3 => Order::Release,
        4 => Order::AcqRel,
        _ => Order::SeqCst,
    }
}

/// The same for a trace.
pub(crate) fn noted(order: i32) -> MemoryOrder {
    match decoded(order) {
        Order::Relaxed => MemoryOrder::Relaxed,
        Order::Acquire => MemoryOrder::Acquire,
        Order::Release => MemoryOrder::Release,
        Order::AcqRel => MemoryOrder::AcqRel,
        Order::SeqCst => MemoryOrder::SeqCst,
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
