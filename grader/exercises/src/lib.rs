//! The exercises of the course: what each promises (`exercise`), how its programs are called and who judges them (one module
//! each; or files, `by_cases` and `by_tests`), and whom they talk to (`scripted`).
//!
//! Nothing here knows points, reports or commands.

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod bank_account;
pub mod by_cases;
pub mod by_tests;
pub mod chat_server;
pub mod course;
pub mod downloader;
pub mod exercise;
pub mod file_reader;
pub mod judges;
pub mod linearizability;
pub mod message_queue;
mod outputs;
pub mod pipeline;
pub mod primes;
pub mod producer_consumer;
pub mod quoted;
pub mod random;
pub mod scripted;
pub mod thread_pool;
mod wrong_usage;

pub use course::Course;
pub use exercise::{Check, Exercise};

/// The exercises that are judged by Rust code here, in the order of the course.
pub static WRITTEN: &[&Exercise] = &[
    &message_queue::EXERCISE,
    &producer_consumer::EXERCISE,
    &thread_pool::EXERCISE,
    &bank_account::EXERCISE,
    &file_reader::EXERCISE,
    &downloader::EXERCISE,
    &primes::EXERCISE,
    &pipeline::EXERCISE,
    &chat_server::EXERCISE,
];
