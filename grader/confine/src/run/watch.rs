//! Watching a running program for its limits.
//!
//! Time on the clock alone is never held against a program, as the machine may be slow. What
//! counts is what the program did with it: a deadlock is proven from the kernel's account of what
//! each thread waits for, idleness from threads that neither ran nor wanted to, an endless loop
//! from processor time. A program that waited for a processor most of the time proves nothing.

use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::{Ending, Limits};
use crate::process_table::{Thread, descendants, memory, processor_time, processor_time_of_reaped, threads};

/// How often a program is looked at. Shorter runs are never looked at and cost nothing.
pub(super) const INTERVAL: Duration = Duration::from_millis(20);

/// Remembers what it saw last of one running program.
pub(super) struct LimitWatch {
    keeper: Pid,
    /// The first process of the jail, which is no part of the program.
    pub(super) reaper: Option<Pid>,
    limits: Limits,
    started: Instant,
    last_look: Instant,
    last_seen: Look,
    last_moved: Instant,
}

/// The program at one moment.
#[derive(Default, PartialEq, Eq)]
struct Look {
    threads: Vec<Thread>,
    processes: usize,
    output: usize,
}

impl LimitWatch {
    pub(super) fn new(keeper: Pid, limits: Limits) -> Self {
        let now = Instant::now();
        Self {
            keeper,
            reaper: None,
            limits,
            started: now,
            last_look: now,
            last_seen: Look::default(),
            last_moved: now,
        }
    }

    /// The most bytes of memory that the program may use.
    pub(super) fn memory_limit(&self) -> u64 {
        self.limits.memory
    }

    /// Looks at the program, when it is time to. Says how it has to end, if it has to.
    pub(super) fn look(&mut self, output: usize) -> Option<Ending> {
        if output > self.limits.output {
            return Some(Ending::OutputLimit { bytes: self.limits.output });
        }
        if self.last_look.elapsed() < INTERVAL {
            return None;
        }
        self.last_look = Instant::now();
        let mut processes = descendants(self.keeper);
        processes.retain(|process| Some(*process) != self.reaper);
        let seen = Look {
            threads: processes.iter().flat_map(|&process| threads(process)).collect(),
            processes: processes.len(),
            output,
        };
        // What orphans used that the jail has reaped is told by its first process alone.
        let reaped = self.reaper.map_or(Duration::ZERO, processor_time_of_reaped);
        let processor = reaped + processes.iter().map(|&process| processor_time(process)).sum::<Duration>();
        let memory = memory(&processes, self.limits.memory);
        let still = seen == self.last_seen && seen.is_asleep();
        if !still {
            self.last_moved = self.last_look;
        }
        self.last_seen = seen;
        self.judge(still, processor, memory)
    }

    fn judge(&self, still: bool, processor: Duration, memory: u64) -> Option<Ending> {
        if memory > self.limits.memory {
            return Some(Ending::MemoryLimit { bytes: self.limits.memory });
        }
        // The system refuses more, so there are never more; at the limit some come and go.
        if self.last_seen.threads.len() as u64 >= self.limits.processes - self.limits.processes / 16 {
            return Some(Ending::ProcessLimit { processes: self.limits.processes });
        }
        if still && self.last_seen.is_deadlocked() {
            return Some(Ending::Deadlocked { threads: self.last_seen.threads.len() });
        }
        if self.last_moved.elapsed() >= self.limits.idle {
            return Some(Ending::Idle { seconds: self.limits.idle.as_secs() });
        }
        if processor >= self.limits.processor {
            return Some(Ending::ProcessorLimit { seconds: self.limits.processor.as_secs() });
        }
        let wall = self.started.elapsed();
        (wall >= self.limits.wall).then(|| Ending::WallLimit {
            seconds: self.limits.wall.as_secs(),
            starved: self.last_seen.starved(wall),
        })
    }
}

impl Look {
    fn is_asleep(&self) -> bool {
        !self.threads.is_empty() && self.threads.iter().all(|thread| thread.state == 'S')
    }

    /// One process whose every thread waits on a futex without a time-out. Called for two equal
    /// looks in a row: nobody was woken in between, and nobody else can wake them.
    fn is_deadlocked(&self) -> bool {
        self.processes == 1 && self.threads.iter().all(|thread| thread.waits_for_ever)
    }

    /// Whether some thread spent more than a quarter of `wall` waiting for a processor.
    fn starved(&self, wall: Duration) -> bool {
        self.threads.iter().any(|thread| thread.starved > wall / 4)
    }
}
