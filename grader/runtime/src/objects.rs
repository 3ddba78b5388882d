//! What locks of C code have in common. libc's own calls of the futex cannot be interposed, so its objects are tried
//! without waiting, and their waiters wait for a futex of the scheduler's at the object's address.

use core::ffi::{CStr, c_int};
use core::sync::atomic::{AtomicUsize, Ordering};

use schedule::protocol::Operation;

use crate::libc::next;
use crate::record::Done;
use crate::scheduler::{self, Wait, Woken};

pub(crate) const EBUSY: c_int = 16;
pub(crate) const ETIMEDOUT: c_int = 110;
/// Wakes all waiters.
pub(crate) const ALL: u32 = u32::MAX;

/// A function of libc that this library has another one for.
pub(crate) struct Function {
    name: &'static CStr,
    address: AtomicUsize,
}

impl Function {
    pub(crate) const fn new(name: &'static CStr) -> Self {
        Self { name, address: AtomicUsize::new(0) }
    }

    /// Calls it with what may be any of its arguments: integers and pointers go the same way.
    ///
    /// # Safety
    /// The arguments must be right for it, and it takes four at most.
    pub(crate) unsafe fn call(&self, arguments: [usize; 4]) -> c_int {
        let mut address = self.address.load(Ordering::Relaxed);
        if address == 0 {
            address = next(self.name) as usize;
            self.address.store(address, Ordering::Relaxed);
        }
        let [a, b, c, d] = arguments;
        // SAFETY: a function of C that ignores arguments beyond its own; the caller vouches for the others.
        unsafe {
            let function: extern "C" fn(usize, usize, usize, usize) -> c_int = core::mem::transmute(address);
            function(a, b, c, d)
        }
    }
}

/// Takes an object: `attempt` gives libc's result without waiting, [`EBUSY`] while others have it.
pub(crate) fn take(
    object: usize,
    deadline: Option<u64>,
    frame: *const u64,
    attempt: impl Fn() -> c_int,
) -> c_int {
    scheduler::before_call(object as u64, true);
    loop {
        let result = attempt();
        if result != EBUSY {
            scheduler::after(done(Operation::Update, object, 0), true, frame);
            return result;
        }
        if wait(object, deadline, frame) == Woken::TimedOut {
            return ETIMEDOUT;
        }
    }
}

/// Takes an object, as `act` does if nobody has it, and does not wait.
pub(crate) fn attempt(object: usize, frame: *const u64, act: impl Fn() -> c_int) -> c_int {
    scheduler::before_call(object as u64, true);
    let result = act();
    scheduler::after(done(Operation::Update, object, 0), result == 0, frame);
    result
}

/// Waits until the object's waiters are woken.
pub(crate) fn wait(object: usize, deadline: Option<u64>, frame: *const u64) -> Woken {
    let wait = Wait::Futex { word: object as u64, bits: u32::MAX, deadline };
    let woken = scheduler::block(wait, done(Operation::FutexWait, object, 0), frame);
    match woken {
        Woken::Done => {}
        Woken::Spuriously => scheduler::remark(done(Operation::WakesUnasked, object, 0), frame),
        Woken::TimedOut => scheduler::remark(done(Operation::TimesOut, object, 0), frame),
    }
    woken
}

/// Gives an object back, as `act` does, and wakes so many waiters.
pub(crate) fn give_back(object: usize, most: u32, frame: *const u64, act: impl Fn() -> c_int) -> c_int {
    scheduler::before_call(object as u64, true);
    let result = act();
    let woken = scheduler::wake_futex(object as u64, u32::MAX, most);
    scheduler::after(done(Operation::FutexWake, object, woken.into()), true, frame);
    result
}

fn done(operation: Operation, object: usize, value: u64) -> Done {
    Done::new(operation, object as u64, value)
}
