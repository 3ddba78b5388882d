//! Preloaded into a graded program, it chooses which of the program's threads runs.
//!
//! The program was compiled so that every atomic operation is a call (`grader/hooks`), which leads here
//! (`atomics`), and the libc functions through which threads meet are interposed (`threads`,
//! `futex`, `time`, `io`), and those that tell of a world that differs from run to run (`chance`, `dates`,
//! `processors`). One thread runs at a time: it holds the *token*. At every operation the holder asks `scheduler` who
//! goes on. What only the kernel knows, `world` asks it: for `scheduler`, for the interposed functions above it, and for
//! the fork server (`control`). Without a grader's socket in the environment everything here passes through to the
//! system.
//!
//! Threads are `contexts` of one kernel thread, which change at a hand-over, or kernel threads where a program needs
//! them; those that do not hold the token are parked in `token` then, and touch nothing.
//!
//! Nothing here allocates, locks, or panics: it runs between any two instructions of the program.

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

mod answer;
mod arch;
mod atomics;
mod chance;
mod contexts;
mod control;
mod dates;
mod futex;
mod heap;
mod inherited;
mod io;
mod keep;
mod kernel_threads;
mod libc;
mod mutexes;
mod objects;
mod orders;
mod orphans;
mod post;
mod proc;
mod processors;
mod pthread;
mod record;
mod runner;
mod scheduler;
mod semaphore;
mod server;
mod sites;
mod snapshot;
mod streams;
mod surroundings;
mod system;
mod threads;
mod time;
mod token;
mod undone;
mod warm;
mod watch;
mod world;
