//! Runs of `file-reader` in which something is seen while it reads.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use confine::run::{self, Activity, RunError};
use engine::case::{Call, Scenario};
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
    /// How many workers the call asks for, if it does.
    pub(super) asked: Option<usize>,
}

impl Piped {
    /// How many workers there are.
    pub(super) fn workers(&self) -> usize {
        self.asked.unwrap_or(4)
    }

    fn count(&self) -> usize {
        2 * self.workers() + 1
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
        let workers = self.asked.into_iter().flat_map(|asked| ["--workers".to_owned(), asked.to_string()]);
        workers.chain((0..self.count()).map(pipes::name)).collect()
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
            if rests || open > self.workers() {
                reading.at_rest |= rests;
                pipes.feed(TEXT);
                calm = Calm::default();
            }
            thread::sleep(LOOK);
        }
        Ok(Observation::of(running.wait()?).with(reading))
    }

    fn shown(&self, program: &str) -> String {
        let names: Vec<String> = (0..self.count()).map(pipes::name).collect();
        format!("mkfifo {} ; {program} {}", names.join(" "), self.args().join(" "))
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

/// How large the sparse file is.
pub(super) const SIZE: u64 = 1 << 29;

/// A file of 512 MiB which takes hardly any room on the disk. Its first half has some lines, its second half is one.
pub(super) struct Sparse;

impl Scenario for Sparse {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        const LINE: usize = 32 << 20;
        let made = File::create(context.folder.join("sparse")).and_then(|file| {
            file.set_len(SIZE)?;
            (LINE as u64..=SIZE / 2).step_by(LINE).try_for_each(|end| file.write_all_at(b"\n", end - 1))
        });
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

/// A folder between two files.
pub(super) struct Folder;

impl Folder {
    pub(super) const NAME: &str = "folder";
    const ARGS: [&str; 3] = ["one", Self::NAME, "two"];

    /// The lines for the two files.
    pub(super) fn due(&self) -> Vec<String> {
        let counts = Content(TEXT.to_vec()).counts();
        vec![
            counts.line("one"),
            counts.line("two"),
            [counts, counts].into_iter().sum::<Counts>().line("total"),
        ]
    }
}

impl Scenario for Folder {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let made = fs::create_dir_all(context.folder.join(Self::NAME));
        made.map_err(|error| RunError::Setup(error.to_string()))?;
        let files = ["one", "two"].map(|name| (name, TEXT.to_vec()));
        Call::new(Self::ARGS).with(files).perform(context)
    }

    fn shown(&self, program: &str) -> String {
        format!("mkdir {} ; {program} {}", Self::NAME, Self::ARGS.join(" "))
    }
}

/// A file whose name is not UTF-8, and one with a plain name.
pub(super) struct NotUtf8;

impl NotUtf8 {
    pub(super) const PLAIN: &str = "plain";
    const ODD: &[u8] = b"caf\xe9";

    /// Of the two files, and in all.
    pub(super) fn counts(&self) -> [Counts; 3] {
        let counts = Content(TEXT.to_vec()).counts();
        [counts, counts, [counts, counts].into_iter().sum()]
    }
}

impl Scenario for NotUtf8 {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let names = [OsStr::from_bytes(Self::ODD), OsStr::new(Self::PLAIN)];
        let made = names.iter().try_for_each(|name| fs::write(context.folder.join(name), TEXT));
        made.map_err(|error| RunError::Setup(error.to_string()))?;
        context.run(context.call(names))
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} $'caf\\xe9' {}", Self::PLAIN)
    }
}
