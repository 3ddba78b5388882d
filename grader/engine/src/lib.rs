//! Any program under control: built with hooks, run under schedules that are chosen, replayed and explained.
//!
//! `compile` builds a program, `controlled` runs it under one schedule after another, `explore` chooses them, `case` says
//! what is run and what it leaves behind, `judgement` what is said of that, and `counterexample` draws what went wrong.
//! Nothing here knows an exercise, a report or a rubric.

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod case;
pub mod compile;
pub mod controlled;
pub mod counterexample;
pub mod error;
pub mod escape;
pub mod explore;
pub mod fork_servers;
pub mod judgement;
pub mod libtest;
pub mod nearest;
pub mod observation;
pub mod picture;
pub mod program;
pub mod rules;
pub mod run_context;
pub mod short_hash;
pub mod sites;
pub mod solution_region;
pub mod source;
pub mod stress;
pub mod symbols;
pub mod work;
pub mod workspace;
