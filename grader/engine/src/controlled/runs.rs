//! How runs of a program are made: in a process each, or many in one.

use std::sync::atomic::{AtomicBool, Ordering};

use schedule::protocol::RUNS_VARIABLE;

use crate::case::Case;

/// How runs of a program are made. A schedule is the same run in all of these ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Many in one process, which is put back after each as far as that can be done; else as `Forked`.
    Reset,
    /// A process each; its threads are contexts of one kernel thread, where the system has what that needs.
    Forked,
    /// A process each, with a kernel thread for each of its threads: slower, and right for all programs.
    WithKernelThreads,
}

impl Runs {
    /// In the environment.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Forked => "fork",
            Self::WithKernelThreads => "threads",
        }
    }

    /// As the environment of the grader says (`LOCKSTEP_RUNS`), where it does: for comparison, and for debuggers.
    pub fn wanted() -> Option<Self> {
        let word = std::env::var(RUNS_VARIABLE).ok()?;
        [Self::Reset, Self::Forked, Self::WithKernelThreads].into_iter().find(|it| it.word() == word)
    }

    /// For runs of a case. Who talks to others has a process each time: what they have been told cannot be taken back. On
    /// AArch64 putting back was not tried on a processor yet, and an emulator does not tell of memory as the kernel does.
    pub fn of(case: &Case) -> Self {
        if case.is_alone() && cfg!(target_arch = "x86_64") { Self::Reset } else { Self::Forked }
    }
}

static HAS_LEAKED: AtomicBool = AtomicBool::new(false);

/// Notes that a run after others was another one than in a process of its own: a fault of the grader. From then on, all runs
/// have one.
pub fn note_leak() {
    HAS_LEAKED.store(true, Ordering::Relaxed);
}

/// Whether that was noted.
pub fn has_leaked() -> bool {
    HAS_LEAKED.load(Ordering::Relaxed)
}
