//! Which atomic operations of a program are its own: what the grader says of the places from which hooks are called.

use super::MemoryOrder;
use super::bytes::{Field, message, numbered};

numbered! {
    /// Whose the atomic operation is that a call of a hook stands for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Code {
        /// The program's own: the function of the atomic type is inlined into its source.
        #[default]
        Own,
        /// The function of an atomic type that is not inlined: whose it is says who called it.
        Atomic,
        /// The program's own source, which calls such functions.
        Caller,
    }
}

message! {
    /// Some addresses of a program, relative to where it is loaded.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Site {
        /// The first.
        pub from: u64,
        /// The first that is none.
        pub to: u64,
        /// What is there.
        pub code: Code,
    }
}

/// The place of the program's own that an atomic operation was asked for, as the address that it goes on at. `returns` are
/// return addresses, the hook's first, and `code` says what is at the calls before them.
pub fn own_site(returns: impl IntoIterator<Item = u64>, code: impl Fn(u64) -> Option<Code>) -> Option<u64> {
    let mut is_first = true;
    for site in returns {
        match code(site) {
            Some(Code::Own) if is_first => return Some(site),
            Some(Code::Own | Code::Caller) if !is_first => return Some(site),
            Some(Code::Atomic) => is_first = false,
            _ => return None,
        }
    }
    None
}

message! {
    /// A stronger memory order for all atomic operations that are asked for at one place.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Raise {
        /// As [`own_site`] gives it, relative to where the program is loaded.
        pub site: u64,
        /// As strong as this, as far as the operation can be: a load acquires, a store releases.
        pub to: MemoryOrder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_an_atomic_function_has_the_operation() {
        let code = |site| [Some(Code::Own), Some(Code::Atomic), Some(Code::Caller), None][site as usize];
        let own = |returns: &[u64]| own_site(returns.iter().copied(), code);
        assert_eq!(own(&[0, 3]), Some(0));
        assert_eq!(own(&[1, 2]), Some(2));
        assert_eq!(own(&[1, 1, 0]), Some(0));
        // Own code with something else than an atomic function between.
        assert_eq!(own(&[2]), None);
        assert_eq!(own(&[3, 0]), None);
        assert_eq!(own(&[1, 3, 2]), None);
        assert_eq!(own(&[1]), None);
    }
}
