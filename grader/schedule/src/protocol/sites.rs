//! Which atomic operations of a program are its own: what the grader says of the places from which hooks are called.

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
        /// That by which std takes a mutex: the function of the atomic type is inlined into std's.
        Lock,
        /// The function of std that takes a mutex.
        Locker,
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

/// What is at the call that returns to this address. The sites are in order.
pub fn code_at(sites: &[Site], returns_to: u64) -> Option<Code> {
    let at = returns_to.wrapping_sub(1);
    let after = sites.partition_point(|site| site.from <= at);
    sites[..after].last().filter(|site| at < site.to).map(|site| site.code)
}

/// The place of the program's own that an atomic operation was asked for, as the address that it goes on at. `returns` are
/// return addresses, the hook's first.
pub fn own_site(sites: &[Site], returns: impl IntoIterator<Item = u64>) -> Option<u64> {
    match asked_by(sites, returns)? {
        (Code::Own | Code::Caller, site) => Some(site),
        _ => None,
    }
}

/// Whether an atomic operation is the one by which std takes a mutex.
pub fn takes_mutex(sites: &[Site], returns: impl IntoIterator<Item = u64>) -> bool {
    matches!(asked_by(sites, returns), Some((Code::Lock | Code::Locker, _)))
}

/// Who asked for an atomic operation, and where.
fn asked_by(sites: &[Site], returns: impl IntoIterator<Item = u64>) -> Option<(Code, u64)> {
    let mut is_first = true;
    for site in returns {
        match code_at(sites, site)? {
            Code::Atomic => is_first = false,
            Code::Caller | Code::Locker if is_first => return None,
            code => return Some((code, site)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_an_atomic_function_has_the_operation() {
        // Each call is one byte, and returns behind it.
        let site = |(from, code)| Site { from, to: from + 1, code };
        let all = [Code::Own, Code::Atomic, Code::Caller, Code::Lock, Code::Locker];
        let sites: Vec<Site> = (0..).zip(all).map(site).collect();
        let own = |calls: &[u64]| own_site(&sites, calls.iter().map(|call| call + 1)).map(|site| site - 1);
        assert_eq!(own(&[0, 3]), Some(0));
        assert_eq!(own(&[1, 2]), Some(2));
        assert_eq!(own(&[1, 1, 0]), Some(0));
        // Own code with something else than an atomic function between.
        assert_eq!(own(&[2]), None);
        assert_eq!(own(&[9, 0]), None);
        assert_eq!(own(&[1, 9, 2]), None);
        assert_eq!(own(&[1]), None);
        // A mutex that own code takes.
        assert_eq!(own(&[3, 2]), None);
        assert_eq!(own(&[1, 4, 2]), None);
        let locks = |calls: &[u64]| takes_mutex(&sites, calls.iter().map(|call| call + 1));
        assert!(locks(&[3]) && locks(&[1, 4]) && locks(&[1, 1, 4]));
        assert!(!locks(&[0]) && !locks(&[1, 2]) && !locks(&[4]) && !locks(&[2, 3]) && !locks(&[9, 3]));
    }
}
