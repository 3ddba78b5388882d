//! Changing from one context to another. Who calls `switch` keeps, by the procedure call standard, what is not saved here;
//! the thread pointer is `TPIDR_EL0`, which a process may write itself.

use core::arch::{asm, naked_asm};

use crate::arch::Place;

/// Contexts can be changed everywhere here.
pub(crate) fn can_switch() -> bool {
    true
}

/// The thread pointer of the calling thread.
pub(crate) fn thread_pointer() -> u64 {
    let pointer: u64;
    // SAFETY: it reads a register.
    unsafe { asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, preserves_flags, nomem)) };
    pointer
}

/// Puts what a called function must keep on the stack.
macro_rules! save {
    () => {
        concat!(
            "sub sp, sp, #176\n",
            "stp x19, x20, [sp]\n",
            "stp x21, x22, [sp, #16]\n",
            "stp x23, x24, [sp, #32]\n",
            "stp x25, x26, [sp, #48]\n",
            "stp x27, x28, [sp, #64]\n",
            "stp x29, x30, [sp, #80]\n",
            "stp d8, d9, [sp, #96]\n",
            "stp d10, d11, [sp, #112]\n",
            "stp d12, d13, [sp, #128]\n",
            "stp d14, d15, [sp, #144]\n",
            "mrs x9, fpcr\n",
            "str x9, [sp, #160]\n",
        )
    };
}

/// Takes it from there, and returns.
macro_rules! restore {
    () => {
        concat!(
            "ldr x9, [sp, #160]\n",
            "msr fpcr, x9\n",
            "ldp d14, d15, [sp, #144]\n",
            "ldp d12, d13, [sp, #128]\n",
            "ldp d10, d11, [sp, #112]\n",
            "ldp d8, d9, [sp, #96]\n",
            "ldp x29, x30, [sp, #80]\n",
            "ldp x27, x28, [sp, #64]\n",
            "ldp x25, x26, [sp, #48]\n",
            "ldp x23, x24, [sp, #32]\n",
            "ldp x21, x22, [sp, #16]\n",
            "ldp x19, x20, [sp]\n",
            "add sp, sp, #176\n",
            "ret\n",
        )
    };
}

/// Saves the calling thread in `from` and goes on in `to`. Returns when somebody changes to `from`.
///
/// # Safety
/// `to` was saved by this function or by [`park`], nobody has gone on in it since, and its stack is there.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn switch(from: *mut Place, to: *const Place) {
    naked_asm!(
        save!(),
        "mov x9, sp",
        "str x9, [x0]",
        "ldr x9, [x1]",
        "mov sp, x9",
        "ldr x9, [x1, #8]",
        "msr tpidr_el0, x9",
        restore!(),
    )
}

/// Saves the calling thread in `context` and ends its kernel thread, which clears the word at `alive` (set_tid_address(2)).
/// Returns in whoever changes to the context.
///
/// # Safety
/// Nobody joins the thread, `alive` stays where it is, and nothing that belongs to the kernel thread is needed any more.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn park(context: *mut Place, alive: *const u32) {
    naked_asm!(
        save!(),
        "mov x9, sp",
        "str x9, [x0]",
        "mrs x9, tpidr_el0",
        "str x9, [x0, #8]",
        "mov x0, x1",
        "mov x8, #96", // set_tid_address
        "svc 0",
        "mov x0, xzr",
        "mov x8, #93", // exit, of this thread alone
        "svc 0",
        "brk #1",
    )
}

/// Saves the calling thread, writes where to `place`, and calls `act`. Returns when `act` does, and again whenever
/// somebody [`resume`]s.
///
/// # Safety
/// `place` is valid. Whoever resumes has put the memory back as it was when `act` was called.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn checkpoint(place: *mut u64, act: extern "C" fn()) {
    naked_asm!(save!(), "mov x9, sp", "str x9, [x0]", "blr x1", restore!(),)
}

/// Returns from a [`checkpoint`].
///
/// # Safety
/// As there; the thread pointer is that of its caller.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume(place: u64, thread_pointer: u64) -> ! {
    naked_asm!("msr tpidr_el0, x1", "mov sp, x0", restore!(),)
}

/// Goes on in `act`, on another stack and as another thread.
///
/// # Safety
/// `top` is the aligned end of memory that nobody else uses; nothing on the stack of the caller is needed any more.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn go_on(
    top: usize,
    thread_pointer: u64,
    act: extern "C" fn(usize) -> !,
    argument: usize,
) -> ! {
    naked_asm!("msr tpidr_el0, x1", "mov sp, x0", "mov x29, xzr", "mov x0, x3", "blr x2", "brk #1")
}
