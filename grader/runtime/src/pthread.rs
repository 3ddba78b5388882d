//! Locks, conditions and barriers of C code. std has its own, on the futex.

use core::ffi::c_int;

use crate::arch::entry;
use crate::objects::{ALL, EBUSY, ETIMEDOUT, Function, attempt, give_back, take, wait};
use crate::scheduler::{self, Woken};
use crate::{kernel_threads, time, token};

static MUTEX_LOCK: Function = Function::new(c"pthread_mutex_lock");
static MUTEX_TIMED: Function = Function::new(c"pthread_mutex_timedlock");
static MUTEX_CLOCK: Function = Function::new(c"pthread_mutex_clocklock");
static MUTEX_TRY: Function = Function::new(c"pthread_mutex_trylock");
static MUTEX_UNLOCK: Function = Function::new(c"pthread_mutex_unlock");

/// `pthread_mutex_t`: its holder is the third word, its kind the fifth.
fn is_shared_with_processes(mutex: *const u32) -> bool {
    const SHARED: u32 = 128;
    // SAFETY: the caller's mutex.
    unsafe { *mutex.add(4) & SHARED != 0 }
}

/// Tried without waiting; a mutex that checks for errors says so to its holder.
fn try_mutex(mutex: *const u32) -> c_int {
    const KIND: u32 = 3;
    const CHECKS: u32 = 2;
    const EDEADLK: c_int = 35;
    // SAFETY: the caller's mutex.
    let (result, holder, kind) =
        unsafe { (MUTEX_TRY.call([mutex as usize, 0, 0, 0]), *mutex.add(2), *mutex.add(4)) };
    if result == EBUSY && kind & KIND == CHECKS && holder == kernel_threads::own_number() {
        EDEADLK
    } else {
        result
    }
}

fn lock_until(
    mutex: *const u32,
    deadline: Option<u64>,
    frame: *const u64,
    real: impl Fn() -> c_int,
) -> c_int {
    if token::me().is_none() || is_shared_with_processes(mutex) {
        return real();
    }
    take(mutex as usize, deadline, frame, || try_mutex(mutex))
}

extern "C" fn lock(mutex: *const u32, frame: *const u64) -> c_int {
    // SAFETY: the caller's own arguments.
    lock_until(mutex, None, frame, || unsafe { MUTEX_LOCK.call([mutex as usize, 0, 0, 0]) })
}
entry!(pthread_mutex_lock, 1, lock);

extern "C" fn lock_timed(mutex: *const u32, deadline: usize, frame: *const u64) -> c_int {
    let until = time::read_timespec(deadline);
    // SAFETY: the caller's own arguments.
    lock_until(mutex, until, frame, || unsafe { MUTEX_TIMED.call([mutex as usize, deadline, 0, 0]) })
}
entry!(pthread_mutex_timedlock, 2, lock_timed);

extern "C" fn lock_by_clock(mutex: *const u32, clock: c_int, deadline: usize, frame: *const u64) -> c_int {
    let until = time::read_timespec(deadline);
    let arguments = [mutex as usize, clock as usize, deadline, 0];
    // SAFETY: the caller's own arguments.
    lock_until(mutex, until, frame, || unsafe { MUTEX_CLOCK.call(arguments) })
}
entry!(pthread_mutex_clocklock, 3, lock_by_clock);

extern "C" fn unlock(mutex: *const u32, frame: *const u64) -> c_int {
    // SAFETY: the caller's own arguments.
    let real = || unsafe { MUTEX_UNLOCK.call([mutex as usize, 0, 0, 0]) };
    if token::me().is_none() {
        return real();
    }
    give_back(mutex as usize, 1, frame, real)
}
entry!(pthread_mutex_unlock, 1, unlock);

static COND_WAIT: Function = Function::new(c"pthread_cond_wait");
static COND_TIMED: Function = Function::new(c"pthread_cond_timedwait");
static COND_CLOCK: Function = Function::new(c"pthread_cond_clockwait");
static COND_SIGNAL: Function = Function::new(c"pthread_cond_signal");
static COND_BROADCAST: Function = Function::new(c"pthread_cond_broadcast");

/// Nobody waits for a condition but in the scheduler, so what libc keeps in it has no part.
fn wait_until(condition: usize, mutex: *const u32, deadline: Option<u64>, frame: *const u64) -> c_int {
    scheduler::before_call(condition as u64, true);
    // SAFETY: the caller's mutex, which it holds.
    let result = unsafe { MUTEX_UNLOCK.call([mutex as usize, 0, 0, 0]) };
    if result != 0 {
        return result;
    }
    scheduler::wake_futex(mutex as u64, u32::MAX, 1);
    let woken = wait(condition, deadline, frame);
    match (take(mutex as usize, None, frame, || try_mutex(mutex)), woken) {
        (0, Woken::TimedOut) => ETIMEDOUT,
        (result, _) => result,
    }
}

extern "C" fn wait_plainly(condition: usize, mutex: *const u32, frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        return unsafe { COND_WAIT.call([condition, mutex as usize, 0, 0]) };
    }
    wait_until(condition, mutex, None, frame)
}
entry!(pthread_cond_wait, 2, wait_plainly);

extern "C" fn wait_timed(condition: usize, mutex: *const u32, deadline: usize, frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        return unsafe { COND_TIMED.call([condition, mutex as usize, deadline, 0]) };
    }
    wait_until(condition, mutex, time::read_timespec(deadline), frame)
}
entry!(pthread_cond_timedwait, 3, wait_timed);

extern "C" fn wait_by_clock(
    condition: usize,
    mutex: *const u32,
    clock: c_int,
    deadline: usize,
    frame: *const u64,
) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        return unsafe { COND_CLOCK.call([condition, mutex as usize, clock as usize, deadline]) };
    }
    wait_until(condition, mutex, time::read_timespec(deadline), frame)
}
entry!(pthread_cond_clockwait, 4, wait_by_clock);

extern "C" fn signal(condition: usize, frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        return unsafe { COND_SIGNAL.call([condition, 0, 0, 0]) };
    }
    give_back(condition, 1, frame, || 0)
}
entry!(pthread_cond_signal, 1, signal);

extern "C" fn broadcast(condition: usize, frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        return unsafe { COND_BROADCAST.call([condition, 0, 0, 0]) };
    }
    give_back(condition, ALL, frame, || 0)
}
entry!(pthread_cond_broadcast, 1, broadcast);

/// A function that takes an object: the name, libc's own, libc's that does not wait.
macro_rules! taking {
    ($($name:ident $inner:ident $real:literal $attempt:literal;)*) => {$(
        extern "C" fn $inner(object: usize, frame: *const u64) -> c_int {
            static REAL: Function = Function::new($real);
            static ATTEMPT: Function = Function::new($attempt);
            if token::me().is_none() {
                // SAFETY: the caller's own arguments.
                return unsafe { REAL.call([object, 0, 0, 0]) };
            }
            // SAFETY: the caller's own arguments.
            take(object, None, frame, || unsafe { ATTEMPT.call([object, 0, 0, 0]) })
        }
        entry!($name, 1, $inner);
    )*};
}
taking! {
    pthread_rwlock_rdlock read c"pthread_rwlock_rdlock" c"pthread_rwlock_tryrdlock";
    pthread_rwlock_wrlock write c"pthread_rwlock_wrlock" c"pthread_rwlock_trywrlock";
    pthread_spin_lock spin c"pthread_spin_lock" c"pthread_spin_trylock";
}

/// The same, until a time by some clock, with how many arguments it takes: the time stands last, and all clocks are one.
macro_rules! taking_until {
    ($($name:ident $count:tt $inner:ident($($clock:ident)?) $real:literal $attempt:literal;)*) => {$(
        extern "C" fn $inner(object: usize, $($clock: usize,)? deadline: usize, frame: *const u64) -> c_int {
            static REAL: Function = Function::new($real);
            static ATTEMPT: Function = Function::new($attempt);
            if token::me().is_none() {
                let mut arguments = [object, 0, 0, 0];
                for (place, argument) in arguments[1..].iter_mut().zip([$($clock,)? deadline]) {
                    *place = argument;
                }
                // SAFETY: the caller's own arguments.
                return unsafe { REAL.call(arguments) };
            }
            // SAFETY: the caller's own arguments.
            let attempt = || unsafe { ATTEMPT.call([object, 0, 0, 0]) };
            take(object, time::read_timespec(deadline), frame, attempt)
        }
        entry!($name, $count, $inner);
    )*};
}
taking_until! {
    pthread_rwlock_timedrdlock 2 read_timed() c"pthread_rwlock_timedrdlock" c"pthread_rwlock_tryrdlock";
    pthread_rwlock_timedwrlock 2 write_timed() c"pthread_rwlock_timedwrlock" c"pthread_rwlock_trywrlock";
    pthread_rwlock_clockrdlock 3 read_by_clock(clock) c"pthread_rwlock_clockrdlock" c"pthread_rwlock_tryrdlock";
    pthread_rwlock_clockwrlock 3 write_by_clock(clock) c"pthread_rwlock_clockwrlock" c"pthread_rwlock_trywrlock";
}

/// A function that does not wait, and what it is under control.
macro_rules! at_once {
    ($($name:ident $inner:ident $real:literal $controlled:expr;)*) => {$(
        extern "C" fn $inner(object: usize, frame: *const u64) -> c_int {
            static REAL: Function = Function::new($real);
            // SAFETY: the caller's own arguments.
            let real = || unsafe { REAL.call([object, 0, 0, 0]) };
            if token::me().is_none() { real() } else { $controlled(object, frame, real) }
        }
        entry!($name, 1, $inner);
    )*};
}
at_once! {
    pthread_mutex_trylock try_to_lock c"pthread_mutex_trylock" attempt;
    pthread_rwlock_tryrdlock try_to_read c"pthread_rwlock_tryrdlock" attempt;
    pthread_rwlock_trywrlock try_to_write c"pthread_rwlock_trywrlock" attempt;
    pthread_spin_trylock try_to_spin c"pthread_spin_trylock" attempt;
    pthread_rwlock_unlock unlock_rwlock c"pthread_rwlock_unlock" give_back_to_all;
    pthread_spin_unlock unlock_spin c"pthread_spin_unlock" give_back_to_all;
}

/// All that wait try again.
fn give_back_to_all(object: usize, frame: *const u64, real: impl Fn() -> c_int) -> c_int {
    give_back(object, ALL, frame, real)
}

/// The words of a `pthread_barrier_t` as glibc uses them: all that came in, those that complete rounds let out, how
/// many make a round, and all that went out.
struct Barrier {
    came: u32,
    let_out: u32,
    count: u32,
    _shared: u32,
    went: u32,
}

extern "C" fn meet(barrier: *mut Barrier, frame: *const u64) -> c_int {
    static REAL: Function = Function::new(c"pthread_barrier_wait");
    const LAST: c_int = -1;
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        return unsafe { REAL.call([barrier as usize, 0, 0, 0]) };
    }
    let object = barrier as usize;
    scheduler::before_call(object as u64, true);
    // SAFETY: the caller's barrier, which only the token's holder uses; no reference lives across a wait.
    let (own, is_last) = unsafe {
        (*barrier).came += 1;
        ((*barrier).came, (*barrier).came == (*barrier).let_out + (*barrier).count)
    };
    if is_last {
        // SAFETY: as above.
        unsafe { (*barrier).let_out = own };
        scheduler::wake_futex(object as u64, u32::MAX, ALL);
    }
    // SAFETY: as above.
    let is_let_out = || unsafe { (&raw const (*barrier).let_out).read_volatile() } >= own;
    while !is_let_out() {
        wait(object, None, frame);
    }
    // SAFETY: as above.
    unsafe {
        (*barrier).went += 1;
        // libc looks at these when the barrier is destroyed: all that came have gone.
        if (*barrier).went == (*barrier).came {
            ((*barrier).came, (*barrier).let_out, (*barrier).went) = (0, 0, 0);
        }
    }
    if is_last { LAST } else { 0 }
}
entry!(pthread_barrier_wait, 1, meet);

/// As glibc has it: 0 at first, odd while it is under way, 2 once it is done.
extern "C" fn do_once(control: *mut u32, act: extern "C" fn(), frame: *const u64) -> c_int {
    static REAL: Function = Function::new(c"pthread_once");
    const UNDER_WAY: u32 = 1;
    const DONE: u32 = 2;
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        return unsafe { REAL.call([control as usize, act as usize, 0, 0]) };
    }
    let object = control as usize;
    scheduler::before_call(object as u64, true);
    loop {
        // SAFETY: the caller's word, which only the token's holder uses.
        match unsafe { control.read() } {
            DONE => return 0,
            0 => {
                // SAFETY: as above.
                unsafe { control.write(UNDER_WAY) };
                act();
                return give_back(object, ALL, frame, || {
                    // SAFETY: as above.
                    unsafe { control.write(DONE) };
                    0
                });
            }
            _ => _ = wait(object, None, frame),
        }
    }
}
entry!(pthread_once, 2, do_once);
