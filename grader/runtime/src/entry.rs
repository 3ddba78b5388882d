//! How a hook learns where it was called from.

/// Defines an entry point that calls `$inner` with one more argument, in `$register`: the address
/// of a frame of its own, from which the chain of frames can be followed.
macro_rules! entry {
    ($name:ident, $register:literal, $inner:ident) => {
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        extern "C" fn $name() {
            core::arch::naked_asm!(
                "push rbp",
                "mov rbp, rsp",
                concat!("mov ", $register, ", rbp"),
                "call {inner}",
                "pop rbp",
                "ret",
                inner = sym $inner,
            )
        }
    };
}

/// As [`entry!`] for a function of six arguments: the frame is passed behind them, on the stack.
macro_rules! entry_of_six {
    ($name:ident, $inner:ident) => {
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        extern "C" fn $name() {
            core::arch::naked_asm!(
                "push rbp",
                "mov rbp, rsp",
                "sub rsp, 8",
                "push rbp",
                "call {inner}",
                "add rsp, 16",
                "pop rbp",
                "ret",
                inner = sym $inner,
            )
        }
    };
}
pub(crate) use {entry, entry_of_six};
