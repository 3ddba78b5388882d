//! Lockstep's autograder: `grade` builds a program, has its cases run and judged, and adds up the points; `explore`
//! does so for any package's tests and programs; `course` is what
//! goes with the exercises; `cli` is the command over them. What they stand on are crates of their own: `confine`, `engine`,
//! `exercises`, `report`.

// Elsewhere there is nothing here, and the command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod cli;
pub mod course;
pub mod error;
pub mod explore;
pub mod grade;
