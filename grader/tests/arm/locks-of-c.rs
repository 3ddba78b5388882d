//! Locks of C, whose layout the runtime knows: a mutex that checks for errors, a condition, a barrier, a semaphore.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

unsafe extern "C" {
    fn pthread_mutexattr_init(attributes: *mut Object) -> i32;
    fn pthread_mutexattr_settype(attributes: *mut Object, kind: i32) -> i32;
    fn pthread_mutex_init(mutex: *mut Object, attributes: *mut Object) -> i32;
    fn pthread_mutex_lock(mutex: *mut Object) -> i32;
    fn pthread_mutex_unlock(mutex: *mut Object) -> i32;
    fn pthread_cond_wait(condition: *mut Object, mutex: *mut Object) -> i32;
    fn pthread_cond_broadcast(condition: *mut Object) -> i32;
    fn pthread_rwlock_wrlock(lock: *mut Object) -> i32;
    fn pthread_rwlock_unlock(lock: *mut Object) -> i32;
    fn pthread_barrier_init(barrier: *mut Object, attributes: usize, count: u32) -> i32;
    fn pthread_barrier_wait(barrier: *mut Object) -> i32;
    fn pthread_barrier_destroy(barrier: *mut Object) -> i32;
    fn pthread_once(once: *mut Object, act: extern "C" fn()) -> i32;
    fn sem_init(semaphore: *mut Object, shared: i32, value: u32) -> i32;
    fn sem_wait(semaphore: *mut Object) -> i32;
    fn sem_post(semaphore: *mut Object) -> i32;
}

/// Room for any of them; zeros are a fresh mutex, condition, lock, or once.
type Object = [u64; 8];

macro_rules! objects {
    ($($name:ident)*) => { $(static mut $name: Object = [0; 8];)* };
}
objects!(ATTRIBUTES MUTEX CONDITION LOCK BARRIER ONCE SEMAPHORE);

static INSIDE: AtomicU32 = AtomicU32::new(0);
static ONCE_DONE: AtomicU32 = AtomicU32::new(0);
static mut TURN: u32 = 0;

/// Nobody else may be inside.
fn alone() {
    assert_eq!(INSIDE.fetch_add(1, SeqCst), 0);
    thread::yield_now();
    INSIDE.fetch_sub(1, SeqCst);
}

extern "C" fn first() {
    ONCE_DONE.fetch_add(1, SeqCst);
}

fn work(own: u32) {
    // SAFETY: the objects are static and made before; each is used as its manual page says.
    unsafe {
        pthread_once(&raw mut ONCE, first);
        assert_eq!(pthread_mutex_lock(&raw mut MUTEX), 0);
        const EDEADLK: i32 = 35;
        assert_eq!(pthread_mutex_lock(&raw mut MUTEX), EDEADLK, "this thread has it");
        while TURN != own {
            pthread_cond_wait(&raw mut CONDITION, &raw mut MUTEX);
        }
        alone();
        TURN += 1;
        pthread_cond_broadcast(&raw mut CONDITION);
        assert_eq!(pthread_mutex_unlock(&raw mut MUTEX), 0);
        pthread_barrier_wait(&raw mut BARRIER);
        sem_wait(&raw mut SEMAPHORE);
        alone();
        sem_post(&raw mut SEMAPHORE);
        pthread_barrier_wait(&raw mut BARRIER);
        pthread_rwlock_wrlock(&raw mut LOCK);
        alone();
        pthread_rwlock_unlock(&raw mut LOCK);
    }
}

fn main() {
    const PTHREAD_MUTEX_ERRORCHECK: i32 = 2;
    // SAFETY: the objects are static, and there is one thread.
    unsafe {
        pthread_mutexattr_init(&raw mut ATTRIBUTES);
        pthread_mutexattr_settype(&raw mut ATTRIBUTES, PTHREAD_MUTEX_ERRORCHECK);
        pthread_mutex_init(&raw mut MUTEX, &raw mut ATTRIBUTES);
        pthread_barrier_init(&raw mut BARRIER, 0, 2);
        sem_init(&raw mut SEMAPHORE, 0, 1);
    }
    let other = thread::spawn(|| work(1));
    work(0);
    other.join().unwrap();
    assert_eq!(ONCE_DONE.load(SeqCst), 1);
    // SAFETY: nobody uses it any more.
    assert_eq!(unsafe { pthread_barrier_destroy(&raw mut BARRIER) }, 0);
}
