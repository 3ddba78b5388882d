//! Lockstep's autograder.

pub mod case;
pub mod exercise;
pub mod exercises;
pub mod exit_code;
pub mod fixture;
pub mod interrupt;
pub mod run;
pub mod verdict;
