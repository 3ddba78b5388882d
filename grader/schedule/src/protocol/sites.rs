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
        /// That by which std takes a mutex: in its own function for that, as std comes with these inlined.
        Lock,
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
    let mut is_first = true;
    for site in returns {
        match code_at(sites, site) {
            Some(Code::Own) if is_first => return Some(site),
            Some(Code::Own | Code::Caller) if !is_first => return Some(site),
            Some(Code::Atomic) => is_first = false,
            _ => return None,
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
        let all = [Code::Own, Code::Atomic, Code::Caller, Code::Lock];
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
    }
}
