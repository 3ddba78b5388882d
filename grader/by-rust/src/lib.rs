//! Exercises whose judges need Rust: how their programs are called and who judges them (one module each), and whom they
//! talk to (`scripted`).

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod bank_account;
pub mod chat_server;
pub mod downloader;
pub mod file_reader;
pub mod message_queue;
pub mod pipeline;
pub mod primes;
pub mod producer_consumer;
pub mod scripted;
pub mod thread_pool;

use exercise::Exercise;

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
