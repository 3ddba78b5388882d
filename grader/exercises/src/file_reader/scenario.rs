//! Runs of `file-reader` in which something is seen while it reads.

use std::fs::File;
use std::thread;
use std::time::Duration;

use confine::run::{self, Activity, RunError};
use engine::case::Scenario;
use engine::observation::Observation;
use engine::run_context::RunContext;
use rustix::process::Pid;

use super::count::{Content, Counts};
use crate::scripted::children::ChildrenWatch;
use crate::scripted::pipes::{self, Pipes, Reading};

/// From one look at the program to the next.
const LOOK: Duration = Duration::from_millis(2);

/// The program rests when it was idle at so many looks in a row.
const RESTS: u32 = 5;

/// A program that polls is never idle. So much work, in processor time, cannot all be done while one of its threads
/// waits for a turn to open its next file: a fair scheduler gives everybody turns of a few milliseconds.
const POLLS: Duration = Duration::from_millis(500);

/// What each pipe is fed with.
const TEXT: &[u8] = b"fed to a pipe\nonce\n";

/// Named pipes, more than there are workers, that are fed only when the program rests.
pub(super) struct Piped {
    pub(super) workers: usize,
}

impl Piped {
    fn count(&self) -> usize {
        2 * self.workers + 1
    }

    /// The lines that the program has to print.
    pub(super) fn due(&self) -> Vec<String> {
        let counts = Content(TEXT.to_vec()).counts();
        let mut lines: Vec<String> =
            (0..self.count()).map(|number| counts.line(&pipes::name(number))).collect();
        lines.push((0..self.count()).map(|_| counts).sum::<Counts>().line("total"));
        lines
    }

    fn args(&self) -> Vec<String> {
        let workers = ["--workers".to_owned(), self.workers.to_string()];
        workers.into_iter().chain((0..self.count()).map(pipes::name)).collect()
    }
}

impl Scenario for Piped {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let unset = |error: std::io::Error| RunError::Setup(error.to_string());
        let mut pipes = Pipes::make(context.folder, self.count()).map_err(unset)?;
        let running = context.call(self.args()).start()?;
        let mut reading = Reading::default();
        let mut calm = Calm::default();
        while let Some(program) = running.pid() {
            let open = pipes.look();
            reading.most_open = reading.most_open.max(open);
            let idle = run::activity(program) == Activity::Idle && pipes.look() == open;
            let rests = calm.look(program, open, idle);
            if rests || open > self.workers {
                reading.at_rest |= rests;
                pipes.feed(TEXT);
                calm = Calm::default();
            }
            thread::sleep(LOOK);
        }
        Ok(Observation::of(running.wait()?).with(reading))
    }

    fn shown(&self, program: &str) -> String {
        format!("mkfifo {} ; {program} {}", self.args()[2..].join(" "), self.args().join(" "))
    }
}

/// Tells when a program opens no more files.
#[derive(Default)]
struct Calm {
    open: usize,
    /// So many looks in a row it was idle.
    idle: u32,
    watch: ChildrenWatch,
    /// The processor time that it had when it opened the last file.
    work: Option<Duration>,
}

impl Calm {
    /// Looks once; whether the program rests with so many files open, or works on and opens no more.
    fn look(&mut self, program: Pid, open: usize, idle: bool) -> bool {
        self.watch.look(program);
        if open != self.open {
            (self.open, self.work) = (open, Some(self.watch.work));
        }
        self.idle = if idle { self.idle + 1 } else { 0 };
        self.idle >= RESTS || self.work.is_some_and(|work| self.watch.work.saturating_sub(work) >= POLLS)
    }
}

/// Who reads the sparse file has so many times the usual processor time: to look at each of its bytes, in a build with
/// hooks and on a slow machine, is work and not a loop without end.
const MORE_PROCESSOR_TIME: u32 = 6;

/// A file of 512 MiB without a line in it, which takes no room on the disk.
pub(super) struct Sparse;

impl Scenario for Sparse {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        const SIZE: u64 = 1 << 29;
        let made = File::create(context.folder.join("sparse")).and_then(|file| file.set_len(SIZE));
        made.map_err(|error| RunError::Setup(error.to_string()))?;
        let running =
            context.call(["sparse"]).limit(|limits| limits.processor *= MORE_PROCESSOR_TIME).start()?;
        let mut reading = Reading::default();
        while let Some(program) = running.pid() {
            if let Some(memory) = run::private_memory(program) {
                reading.looks += 1;
                reading.most_memory = reading.most_memory.max(memory);
            }
            thread::sleep(LOOK);
        }
        Ok(Observation::of(running.wait()?).with(reading))
    }

    fn shown(&self, program: &str) -> String {
        format!("truncate --size 512M sparse ; {program} sparse")
    }
}
