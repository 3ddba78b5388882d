//! A program run to its end, where it can do no harm: `run` starts it below a keeper and watches how it ends, `sandbox` says
//! and enforces what it can reach and use, `process_table` is what the kernel tells of it and its children, and
//! `left_behind` reads what it left. `interrupt` is how whoever waits for it is asked to stop.
//!
//! Nothing here knows of exercises or grades; of schedules only how threads are numbered.

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod interrupt;
pub mod left_behind;
pub mod process_table;
pub mod run;
pub mod sandbox;
