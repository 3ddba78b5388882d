//! Runs of `pipeline` that read a named pipe: so what the program has taken is known at every moment.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::Duration;

use confine::run::{self, Activity, RunError, Running};
use engine::case::Scenario;
use engine::observation::{Evidence, Observation};
use engine::run_context::RunContext;
use rustix::fs::OFlags;
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};

use crate::scripted::children::{ChildrenSeen, ChildrenWatch, is_alive, kill_alive};
use crate::scripted::pipes::{self, Pipes, Reading};

/// From one look at the program to the next.
const LOOK: Duration = Duration::from_millis(2);

/// So many lines are at most PIPE_BUF bytes, whose write is done as a whole or not at all (pipe(7)).
const LINES: usize = 512;

/// The program rests when it was idle at so many looks in a row.
const RESTS: u32 = 10;

/// Also when it was awake, and took nothing, at so many: a thread that looks again and again never is idle. Looks at
/// which it wanted for a processor do not count.
const POLLS: u32 = 200;

/// What happens to the workers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Feeding {
    /// One of them is killed between two numbers.
    Killed,
    /// One of them is killed while numbers wait for it.
    KilledAtWork,
    /// All are stopped until the program rests.
    Stopped,
    /// All are stopped until the program rests, then those with work in hand are killed together.
    AllKilled,
}

/// The program reads numbers from a named pipe.
pub(super) struct Fed {
    pub(super) feeding: Feeding,
}

impl Fed {
    /// The pipe's name.
    pub(super) const PIPE: &str = "pipe-0";
    /// Nobody needs buffers of so many bytes.
    pub(super) const FAR_TOO_MUCH: u64 = 16 << 20;
    /// Who has taken so much has had a child process, or tests the numbers itself, which costs its time.
    pub(super) const TOO_MUCH_ALONE: u64 = 4 << 20;
    /// How many numbers are fed where a worker is killed that may still wait for its first.
    pub(super) const FEW: usize = 1000;
    /// How many numbers are fed where a worker is killed at work.
    pub(super) const MANY: usize = 60 * LINES;
    /// A prime, as it is fed.
    const LINE: &[u8] = b"1000003\n";
    /// So many workers there are by default.
    pub(super) const WORKERS: usize = 2;

    /// So many numbers, as they are fed.
    pub(super) fn text(count: usize) -> String {
        String::from_utf8_lossy(Self::LINE).repeat(count)
    }

    /// How many numbers have so many bytes.
    pub(super) fn count(bytes: u64) -> usize {
        bytes as usize / Self::LINE.len()
    }

    fn args(&self) -> Vec<&'static str> {
        match self.feeding {
            // Without options, so that their number is the one by default.
            Feeding::Stopped => vec![Self::PIPE],
            _ => vec!["--workers", "2", Self::PIPE],
        }
    }
}

/// The program reads named pipes, as many as it has readers by default, that are fed when all are open or it rests.
pub(super) struct AtOnce {
    pub(super) readers: usize,
}

impl AtOnce {
    /// What each pipe is fed with.
    pub(super) const TEXT: &str = "7\n8\n";
    /// A program that polls is never idle, and is fed after so many looks.
    const MOST_LOOKS: u32 = 100;

    fn args(&self) -> Vec<String> {
        // A reader may need a worker of its own from the beginning.
        let workers = ["--workers".to_owned(), self.readers.to_string()];
        workers.into_iter().chain((0..self.readers).map(pipes::name)).collect()
    }
}

impl Scenario for AtOnce {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let unset = |error: io::Error| RunError::Setup(error.to_string());
        let mut pipes = Pipes::make(context.folder, self.readers).map_err(unset)?;
        let running = context.call(self.args()).start()?;
        let mut reading = Reading::default();
        let (mut idle, mut looks) = (0, 0);
        while let Some(program) = running.pid() {
            let open = pipes.look();
            reading.most_open = reading.most_open.max(open);
            if open < self.readers && !pipes.is_done() {
                let rests = run::is_idle(program) && pipes.look() == open;
                idle = if rests { idle + 1 } else { 0 };
                looks += 1;
            }
            reading.at_rest |= idle >= RESTS;
            if open == self.readers || idle >= RESTS || looks >= Self::MOST_LOOKS {
                pipes.feed(Self::TEXT.as_bytes());
                idle = 0;
            }
            thread::sleep(LOOK);
        }
        Ok(Observation::of(running.wait()?).with(Fate::Reading(reading)))
    }

    fn shown(&self, program: &str) -> String {
        format!("mkfifo {} ; {program} {}", self.args()[2..].join(" "), self.args().join(" "))
    }
}

impl Scenario for Fed {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let unset = |error: io::Error| RunError::Setup(error.to_string());
        // Makes the pipe; it is fed by its own writer below.
        Pipes::make(context.folder, 1).map_err(unset)?;
        let running = context.call(self.args()).start()?;
        let path = context.folder.join(Self::PIPE);
        let pipe = loop {
            match pipes::open(&path) {
                Ok(pipe) => break pipe,
                Err(_) if running.has_ended() => return Ok(Observation::of(running.wait()?)),
                Err(_) => thread::sleep(LOOK),
            }
        };
        let fate = match self.feeding {
            Feeding::Killed => Fate::Children(feed_and_kill(&running, pipe)),
            Feeding::KilledAtWork => Fate::Children(kill_while_feeding(&running, pipe)),
            Feeding::Stopped => feed_and_stop(&running, pipe),
            Feeding::AllKilled => feed_and_kill_all(&running, pipe),
        };
        // What took far too much would compute for as long, and what is judged here has been seen.
        let outcome = if fate.stands_alone() { running.stop()? } else { running.wait()? };
        Ok(Observation::of(outcome).with(fate))
    }

    fn shown(&self, program: &str) -> String {
        let call = format!("{program} {}", self.args().join(" "));
        match self.feeding {
            Feeding::Killed | Feeding::KilledAtWork => {
                format!("mkfifo pipe-0 ; {call} & pkill -KILL --oldest --parent $! # and feed pipe-0")
            }
            Feeding::Stopped => format!("mkfifo pipe-0 ; {call} & pkill -STOP --parent $! # and feed pipe-0"),
            Feeding::AllKilled => format!(
                "mkfifo pipe-0 ; {call} & pkill -STOP --parent $! ; pkill -KILL --parent $! # and feed pipe-0 between"
            ),
        }
    }
}

/// What became of a program that was fed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// Its children, one of which was killed if one was there.
    Children(ChildrenSeen),
    /// What it had read when it came to rest.
    Reading(Reading),
    /// It read far too much, and was stopped for that.
    Unfinished(Reading),
}

impl Evidence for Fate {
    fn stands_alone(&self) -> bool {
        matches!(self, Self::Unfinished(_))
    }
}

/// Feeds half of the numbers, kills a child when there is one, feeds the other half.
fn feed_and_kill(running: &Running, mut pipe: File) -> ChildrenSeen {
    let half = Fed::LINE.repeat(Fed::FEW / 2);
    let mut seen = ChildrenSeen::default();
    let mut watch = ChildrenWatch::default();
    let _ = pipe.write_all(&half);
    let mut rest = 0;
    while let Some(program) = running.pid() {
        let children = watch.look(program);
        seen.killed = children.into_iter().any(|child| kill_alive(running, child));
        rest = if run::is_idle(program) { rest + 1 } else { 0 };
        if seen.killed || rest >= RESTS {
            break;
        }
        thread::sleep(LOOK);
    }
    let _ = pipe.write_all(&half);
    ChildrenSeen { most: watch.most, looks: watch.looks, ..seen }
}

/// Feeds numbers as they are taken, and kills a child when half of them are out: then it has some in hand, unless the
/// program is slow to read.
fn kill_while_feeding(running: &Running, mut pipe: File) -> ChildrenSeen {
    let part = Fed::LINE.repeat(LINES);
    let parts = Fed::MANY / LINES;
    let (mut fed, mut seen, mut watch) = (0, ChildrenSeen::default(), ChildrenWatch::default());
    while let Some(program) = running.pid().filter(|_| fed < parts) {
        match pipe.write(&part) {
            Ok(_) => fed += 1,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(LOOK / 20),
            Err(_) => break,
        }
        if fed >= parts / 2 && !seen.killed {
            seen.killed = watch.look(program).into_iter().any(|child| kill_alive(running, child));
        }
    }
    ChildrenSeen { most: watch.most, looks: watch.looks, ..seen }
}

/// How much is too much.
fn most(alone: bool) -> u64 {
    if alone { Fed::TOO_MUCH_ALONE } else { Fed::FAR_TOO_MUCH }
}

/// What a program came to that takes far too much. It would not come to its end soon.
fn far_too_much(reading: &Reading, stopped: &[Pid]) -> Option<Fate> {
    let alone = stopped.is_empty();
    (reading.most_memory >= most(alone)).then_some(Fate::Unfinished(Reading { alone, ..*reading }))
}

/// Lets the children go on when the program has come to rest.
fn feed_and_stop(running: &Running, mut pipe: File) -> Fate {
    let (reading, stopped) = feed_to_rest(running, &mut pipe);
    if let Some(fate) = far_too_much(&reading, &stopped) {
        return fate;
    }
    for child in stopped {
        let _ = kill_process(child, Signal::CONT);
    }
    Fate::Reading(reading)
}

/// Kills the workers that have work in hand, all at once, when the program takes no more. Each of their batches has lost
/// one worker then. There is only a reading where one was killed.
fn feed_and_kill_all(running: &Running, mut pipe: File) -> Fate {
    let (reading, stopped) = feed_to_rest(running, &mut pipe);
    if let Some(fate) = far_too_much(&reading, &stopped) {
        return fate;
    }
    let Some(program) = running.pid() else { return Fate::Children(ChildrenSeen::default()) };
    let mut victims: Vec<Pid> = stopped.iter().copied().filter(|&child| has_input(child)).collect();
    if victims.is_empty() {
        victims.extend(stopped.first());
    }
    // Stopped meanwhile, so that it cannot give one worker's batch to the other, which is to be killed, too.
    let _ = kill_process(program, Signal::STOP);
    while running.pid().is_some() && run::state(program) != Some('T') {
        thread::sleep(LOOK);
    }
    let killed = victims.iter().filter(|&&child| kill_alive(running, child)).count();
    while running.pid().is_some() && victims.iter().any(|&child| is_alive(child)) {
        thread::sleep(LOOK);
    }
    for process in stopped.into_iter().chain([program]) {
        let _ = kill_process(process, Signal::CONT);
    }
    if killed > 0 { Fate::Reading(reading) } else { Fate::Children(ChildrenSeen::default()) }
}

/// Whether a stopped child has not read all that was sent to its standard input. Another one that is killed may be
/// idle, and the first to be given the batch of the other.
fn has_input(child: Pid) -> bool {
    let path = format!("/proc/{}/fd/0", child.as_raw_nonzero());
    let input = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
    input.is_ok_and(|input| ioctl_fionread(&input).is_ok_and(|bytes| bytes > 0))
}

/// Keeps all children stopped, and feeds what the program takes until it takes no more or far too much. Gives back the
/// children, too.
fn feed_to_rest(running: &Running, pipe: &mut File) -> (Reading, Vec<Pid>) {
    let mut reading = Reading::default();
    let mut stopped: Vec<Pid> = Vec::new();
    let (mut idle, mut unmoved) = (0, 0);
    while let Some(program) = running.pid() {
        let mut begun = run::children(program);
        begun.retain(|child| !stopped.contains(child) && run::has_begun(*child));
        for &child in &begun {
            let _ = kill_process(child, Signal::STOP);
        }
        stopped.extend(begun);
        let taken = feed(pipe);
        reading.most_memory += taken;
        let activity = run::activity_of_one(program);
        idle = if taken == 0 && activity == Activity::Idle { idle + 1 } else { 0 };
        unmoved = if taken == 0 { unmoved + u32::from(activity == Activity::Awake) } else { 0 };
        let rests = idle >= RESTS || unmoved >= POLLS;
        reading.children = stopped.iter().filter(|&&child| is_alive(child)).count();
        reading.at_rest = rests && !stopped.is_empty();
        if rests || reading.most_memory >= most(stopped.is_empty()) {
            break;
        }
        thread::sleep(LOOK);
    }
    (reading, stopped)
}

/// Writes whole lines until the pipe is full; how many bytes.
fn feed(pipe: &mut File) -> u64 {
    let part = Fed::LINE.repeat(LINES);
    let mut taken = 0;
    while taken < 1 << 20 && pipe.write(&part).is_ok() {
        taken += part.len() as u64;
    }
    taken
}
