//! What the grader knows about one exercise, and what the judges of several have in common.
//!
//! Nothing here knows points, reports or commands.

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod judges;
pub mod linearizability;
pub mod outputs;
pub mod quoted;
pub mod random;
pub mod wrong_usage;

use engine::case::Case;

/// One exercise of the course: its name, what is promised, and how to look.
pub struct Exercise {
    /// The crate's name in `crates/` and its folder in `fixtures/`.
    pub name: &'static str,
    /// The file in its `src/` that the compiler is given: `main.rs`, or `lib.rs` of a library.
    pub root: &'static str,
    /// One line: what the program does.
    pub summary: &'static str,
    /// The promises, in the order in which reports show them.
    pub checks: &'static [Check],
    /// Checks that a program keeps which does nothing, each with those of which one at least must have been kept by
    /// some run that was asked for something: only then a pass counts.
    pub after: &'static [(&'static str, &'static [&'static str])],
    /// Sentences of the contract that no case tries, by their ids, each with the reason.
    pub untried: &'static [(&'static str, &'static str)],
    /// The cases, in the order in which they run. What it is given is the seed, which varies inputs drawn by chance.
    pub cases: &'static (dyn Fn(u64) -> Vec<Case> + Sync),
}

impl Exercise {
    /// The check with this id.
    pub fn check(&self, id: &str) -> Option<&'static Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// The checks of which one at least must have been kept before a pass of `check` counts; none for most checks.
    pub fn needs(&self, check: &str) -> &'static [&'static str] {
        self.after.iter().find(|(id, _)| *id == check).map_or(&[], |(_, needs)| needs)
    }
}

/// One promise of an exercise's contract.
pub struct Check {
    /// Unique in its exercise; `rubric.toml` gives points to it by this name.
    pub id: &'static str,
    /// The promise in one sentence, for students.
    pub about: &'static str,
}
