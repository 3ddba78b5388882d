//! The registry: every exercise that the grader knows, in the order of the course.

pub mod bank_account;
pub mod chat_server;
pub mod downloader;
pub mod even_odd;
pub mod file_reader;
pub mod hello_threads;
pub mod message_queue;
pub mod pipeline;
pub mod primes;
pub mod producer_consumer;
pub mod race_counter;
pub mod thread_pool;
mod wrong_usage;

use crate::exercise::Exercise;

/// All exercises, in the order of the course.
pub static ALL: &[&Exercise] = &[
    &hello_threads::EXERCISE,
    &even_odd::EXERCISE,
    &race_counter::EXERCISE,
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

/// The exercise called `name`.
pub fn find(name: &str) -> Option<&'static Exercise> {
    ALL.iter().copied().find(|exercise| exercise.name == name)
}
