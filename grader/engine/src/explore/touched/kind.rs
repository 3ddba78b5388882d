//! What an operation is about, by the function of std that does it.

use crate::symbols::Place;

/// What an operation at some place is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of the program's own, or a flag of a mutex.
    Word,
    /// The word of a mutex that is taken.
    Locks,
    /// The word of a mutex that is taken if it is free.
    Tries,
    /// The word of a mutex that is given back.
    Unlocks,
    /// A count of references.
    Count,
    /// The word of a condition.
    Condition,
    /// A count of references to what std keeps of a thread, and nobody else sees.
    Threads,
    /// A count of references to what a thread has come to: whoever drops the last one drops that.
    Result,
    /// How std waits for the threads of a scope.
    Scope,
    /// What only std looks at, and a thread that asks whether it panics itself.
    Private,
    /// How std writes what is there, and locks the output for that.
    Output,
    /// How std writes what it formats on the way, with the lock in hand.
    Print,
    /// Anything else.
    Other(String),
}

/// What std keeps of threads that give back nothing.
const OF_THREADS: [&str; 3] =
    ["std::thread::lifecycle::Packet<()>", "std::thread::scoped::ScopeData", "std::thread::thread::Inner"];

impl Kind {
    pub(super) fn of(place: &Place) -> Self {
        let (owner, has) = (place.owner.as_str(), |path: &str| place.chain.contains(path));
        let is_lock = owner.contains("sync::mutex::futex::Mutex");
        match owner.rsplit("::").next().unwrap_or_default() {
            _ if owner.is_empty() && !place.file.is_empty() => Self::Word,
            "lock" if is_lock => Self::Locks,
            "unlock" if is_lock => Self::Unlocks,
            "try_lock" if is_lock => Self::Tries,
            _ if owner.contains("sync::poison::Flag") => Self::Word,
            _ if owner.contains("panicking::panic_count") => Self::Private,
            _ if owner.contains("sync::condvar::futex::") => Self::Condition,
            _ if drops(place, &OF_THREADS) => Self::Threads,
            _ if drops(place, &["std::thread::lifecycle::Packet<"]) => Self::Result,
            // A thread is asked whether it has ended.
            _ if has("is_finished") => Self::Other("is_finished".to_owned()),
            _ if owner.contains("alloc::sync::Arc<") || owner.contains("alloc::sync::Weak<") => Self::Count,
            _ if calls_output(place) && place.path.ends_with("::write_all") => Self::Output,
            _ if calls_output(place)
                || ["stdio::_print", "stdio::_eprint"].iter().any(|it| place.path.contains(it)) =>
            {
                Self::Print
            }
            _ if has("std::thread::scoped::") => Self::Scope,
            _ if owner.contains("std::thread::lifecycle::") => Self::Private,
            _ if place.called.is_empty() => Self::Other(owner.to_owned()),
            _ => Self::Other(place.called.clone()),
        }
    }
}

/// Whether the program calls an output itself, not one whose lock it has.
fn calls_output(place: &Place) -> bool {
    ["stdio::Stdout as ", "stdio::Stderr as "].iter().any(|output| place.path.contains(output))
}

/// Whether what is dropped is a reference to one of these: the innermost says it.
fn drops(place: &Place, types: &[&str]) -> bool {
    let Some((_, dropped)) = place.chain.split_once("drop_in_place<") else { return false };
    let counted =
        ["alloc::sync::Arc<", "alloc::sync::Weak<"].iter().find_map(|count| dropped.strip_prefix(count));
    counted.is_some_and(|counted| types.iter().any(|own| counted.starts_with(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(owner: &str, chain: &str) -> Kind {
        Kind::of(&Place {
            owner: owner.into(),
            chain: chain.into(),
            called: "called".into(),
            ..Place::default()
        })
    }

    #[test]
    fn what_is_dropped_innermost_says_whose_count_it_is() {
        let drop = "<alloc::sync::Arc<T,A> as core::ops::drop::Drop>::drop";
        let of_thread = "core::ptr::drop_in_place<alloc::sync::Arc<std::thread::lifecycle::Packet<()>>>";
        let of_own = "core::ptr::drop_in_place<alloc::sync::Arc<own::Own>>";
        let of_result =
            "core::ptr::drop_in_place<alloc::sync::Arc<std::thread::lifecycle::Packet<own::Own>>>";
        let of_id = "core::ptr::drop_in_place<alloc::sync::Arc<std::thread::id::ThreadId>>";
        assert_eq!(of(drop, of_thread), Kind::Threads);
        assert_eq!(of(drop, &format!("{of_own} {of_thread}")), Kind::Count);
        assert_eq!(of(drop, of_result), Kind::Result);
        assert_eq!(of(drop, of_id), Kind::Count);
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert_eq!(of("std::sys::sync::rwlock::futex::RwLock::read", ""), Kind::Other("called".into()));
        assert!(matches!(of("<alloc::sync::Arc<T,A>>::strong_count", "is_finished "), Kind::Other(_)));
    }
}
