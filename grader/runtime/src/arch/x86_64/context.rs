//! Changing from one context to another. Who calls `switch` keeps, by the ABI, what is not saved here; the thread pointer
//! is the FS base, which a process may write itself where the kernel says so (`HWCAP2_FSGSBASE`, getauxval(3)).

use core::arch::{asm, naked_asm};

use super::call;
use crate::arch::Place;

unsafe extern "C" {
    fn getauxval(kind: u64) -> u64;
}

/// Whether contexts can be changed here. Not where the kernel keeps return addresses a second time (`arch_prctl`, shadow
/// stacks): those of another context are not among them.
pub(crate) fn can_switch() -> bool {
    const AT_HWCAP2: u64 = 26;
    const FSGSBASE: u64 = 1 << 1;
    const ARCH_PRCTL: usize = 158;
    const SHADOW_STACK_STATUS: usize = 0x5005;
    let mut features = 0u64;
    // SAFETY: a number; then a place for what the kernel tells, which it leaves alone where it knows no such call.
    let may_write = unsafe {
        call(ARCH_PRCTL, [SHADOW_STACK_STATUS, &raw mut features as usize, 0, 0, 0, 0]);
        getauxval(AT_HWCAP2) & FSGSBASE != 0
    };
    may_write && features == 0
}

/// The thread pointer of the calling thread.
pub(crate) fn thread_pointer() -> u64 {
    let pointer: u64;
    // SAFETY: the ABI has the thread pointer in the first word of the thread control block (ELF TLS, variant II).
    unsafe { asm!("mov {}, fs:[0]", out(reg) pointer, options(nostack, preserves_flags, readonly)) };
    pointer
}

/// Puts what a called function must keep on the stack.
macro_rules! save {
    () => {
        concat!(
            "push rbp\n",
            "push rbx\n",
            "push r12\n",
            "push r13\n",
            "push r14\n",
            "push r15\n",
            "sub rsp, 8\n",
            "stmxcsr [rsp]\n",
            "fnstcw [rsp + 4]\n",
        )
    };
}

/// Takes it from there, and returns.
macro_rules! restore {
    () => {
        concat!(
            "ldmxcsr [rsp]\n",
            "fldcw [rsp + 4]\n",
            "add rsp, 8\n",
            "pop r15\n",
            "pop r14\n",
            "pop r13\n",
            "pop r12\n",
            "pop rbx\n",
            "pop rbp\n",
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
    naked_asm!(save!(), "mov [rdi], rsp", "mov rsp, [rsi]", "mov rax, [rsi + 8]", "wrfsbase rax", restore!(),)
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
        "mov [rdi], rsp",
        "mov rax, fs:[0]",
        "mov [rdi + 8], rax",
        "mov rdi, rsi",
        "mov eax, 218", // set_tid_address
        "syscall",
        "xor edi, edi",
        "mov eax, 60", // exit, of this thread alone
        "syscall",
        "ud2",
    )
}

/// Saves the calling thread, writes where to `place`, and calls `act`. Returns when `act` does, and again whenever
/// somebody [`resume`]s.
///
/// # Safety
/// `place` is valid. Whoever resumes has put the memory back as it was when `act` was called.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn checkpoint(place: *mut u64, act: extern "C" fn()) {
    naked_asm!(save!(), "mov [rdi], rsp", "call rsi", restore!(),)
}

/// Returns from a [`checkpoint`].
///
/// # Safety
/// As there; the thread pointer is that of its caller.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn resume(place: u64, thread_pointer: u64) -> ! {
    naked_asm!("wrfsbase rsi", "mov rsp, rdi", restore!(),)
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
    naked_asm!("wrfsbase rsi", "mov rsp, rdi", "xor ebp, ebp", "mov rdi, rcx", "call rdx", "ud2",)
}
