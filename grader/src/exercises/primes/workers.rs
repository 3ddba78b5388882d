//! Looking at the child processes of a running program, and killing one.
//!
//! Nothing here trusts to luck: a program that was too quick to be looked at gets a larger limit,
//! and where all limits were too small for it the notes say so.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::known::large_limits;
use super::transcript::Session;
use crate::case::{Observation, Scenario, Stage};
use crate::run::{RunError, Running, children};

/// The pause between two looks at the children.
const PAUSE: Duration = Duration::from_micros(500);

/// So many looks at one run cannot all have missed what lasts for most of the run.
const ENOUGH_LOOKS: usize = 50;

/// So much work, in processor time, cannot all be done while the program waits for a processor
/// to start its next child on: a fair scheduler gives everybody turns of a few milliseconds.
const ENOUGH_WORK: Duration = Duration::from_millis(300);

/// After so many runs with enough looks a program has had its chances.
pub(super) const ENOUGH_RUNS: usize = 2;

/// How the notes begin that tell the number of children.
pub(super) const AT_MOST: &str = "child processes at once, at most: ";

/// The note of a run with enough looks.
pub(super) const LOOKED_ENOUGH: &str = "looked at often enough";

/// The note of a run in which a child was killed.
pub(super) const KILLED: &str = "one child process was killed";

/// The note of a run of which nine tenths were still to come then.
pub(super) const KILLED_EARLY: &str = "early in the run";

/// Counts the child processes that are alive at once, where there have to be `workers`.
pub(super) struct Count {
    pub(super) workers: usize,
}

impl Scenario for Count {
    fn perform(&self, stage: &Stage<'_>) -> Result<Observation, RunError> {
        let mut session = Session::default();
        let mut limits = large_limits().peekable();
        let mut runs_with_enough_looks = 0;
        while let Some(&limit) = limits.peek() {
            let sight = self.watch(stage, limit, &mut session)?;
            if sight.is_enough() {
                runs_with_enough_looks += 1;
            } else {
                limits.next();
            }
            if sight.most >= self.workers || runs_with_enough_looks >= ENOUGH_RUNS || !session.goes_well() {
                break;
            }
        }
        Ok(session.observation())
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} {} & pgrep --count --parent $!", shown_args(self.workers))
    }
}

impl Count {
    /// Runs the program once and looks at its children until it ends.
    fn watch(&self, stage: &Stage<'_>, limit: u64, session: &mut Session) -> Result<Sight, RunError> {
        let args = args(self.workers, limit);
        let running = stage.call(&args).start()?;
        let mut sight = Sight::default();
        while let Some(program) = running.pid() {
            sight.look(program);
            thread::sleep(PAUSE);
        }
        let enough = sight.is_enough().then(|| LOOKED_ENOUGH.to_owned());
        let notes = [format!("{AT_MOST}{}", sight.most)].into_iter().chain(enough).collect();
        session.add(&args, running.wait()?, notes);
        Ok(sight)
    }
}

/// Kills one of `workers` child processes.
pub(super) struct Death {
    pub(super) workers: usize,
}

impl Scenario for Death {
    fn perform(&self, stage: &Stage<'_>) -> Result<Observation, RunError> {
        let mut session = Session::default();
        for limit in large_limits() {
            let args = args(self.workers, limit);
            let running = stage.call(&args).start()?;
            let mut sight = Sight::default();
            let killed = kill_one_child(&running, &mut sight);
            let outcome = running.wait()?;
            let early = killed.is_some_and(|after| after * 10 <= outcome.wall);
            let notes = [(killed.is_some(), KILLED), (early, KILLED_EARLY)];
            let notes = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned());
            session.add(&args, outcome, notes.collect());
            let hopeless = killed.is_none() && sight.is_enough();
            if early || hopeless || !session.goes_well() {
                break;
            }
        }
        Ok(session.observation())
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} {} & pkill -KILL --oldest --parent $!", shown_args(self.workers))
    }
}

fn args(workers: usize, limit: u64) -> Vec<String> {
    ["--mode", "processes", "--workers", &workers.to_string(), &limit.to_string()].map(str::to_owned).into()
}

fn shown_args(workers: usize) -> String {
    args(workers, large_limits().next().unwrap_or(0)).join(" ")
}

/// What looks at one run have seen.
#[derive(Default)]
struct Sight {
    looks: usize,
    /// The most living children at once.
    most: usize,
    /// The processor time of the program and its children at the last look.
    work: Duration,
}

impl Sight {
    /// Looks once. Gives back the living children.
    fn look(&mut self, program: Pid) -> Vec<Pid> {
        let children = children(program);
        let family = [program].into_iter().chain(children.iter().copied());
        let work = family.filter_map(|process| Some(Status::of(process)?.work)).sum();
        let alive: Vec<Pid> = children.into_iter().filter(|&child| is_alive(child)).collect();
        self.looks += 1;
        self.most = self.most.max(alive.len());
        self.work = self.work.max(work);
        alive
    }

    /// Whether what was not seen by now will not be seen.
    fn is_enough(&self) -> bool {
        self.looks >= ENOUGH_LOOKS && self.work >= ENOUGH_WORK
    }
}

/// Kills the first child that can be caught alive. Gives back when that was, counted from now.
fn kill_one_child(running: &Running, sight: &mut Sight) -> Option<Duration> {
    let started = Instant::now();
    while let Some(program) = running.pid() {
        if sight.look(program).into_iter().any(|child| kill_alive(running, child)) {
            return Some(started.elapsed());
        }
        thread::sleep(PAUSE);
    }
    None
}

/// Kills `child` if that is what ends it: who has stopped has not ended before.
fn kill_alive(running: &Running, child: Pid) -> bool {
    let has_stopped = || Status::of(child).is_some_and(|status| status.state == 'T');
    let _ = kill_process(child, Signal::STOP);
    while is_alive(child) && !has_stopped() && !running.has_ended() {
        thread::sleep(PAUSE / 10);
    }
    let stopped = has_stopped();
    let _ = kill_process(child, Signal::KILL);
    stopped
}

fn is_alive(process: Pid) -> bool {
    Status::of(process).is_some_and(|status| !matches!(status.state, 'Z' | 'X'))
}

/// A process at one moment.
#[derive(Debug, PartialEq, Eq)]
struct Status {
    state: char,
    /// Processor time, also of the children that it has waited for.
    work: Duration,
}

impl Status {
    fn of(process: Pid) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?)
    }

    /// Fields 3 and 14 to 17 of `/proc/PID/stat` (proc(5)); the name before them may contain anything.
    fn parse(stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(") ")?;
        let ticks: u64 =
            fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
        let work = Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second());
        Some(Self { state: fields.chars().next()?, work })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_work_are_read_behind_any_name() {
        let status =
            Status::parse("12 (a) b) S 1 12 12 0 -1 4194304 1 0 0 0 10 20 30 40 20 0 1 0 5 0 0").unwrap();
        let ticks = 100_000 / rustix::param::clock_ticks_per_second();
        assert_eq!(status, Status { state: 'S', work: Duration::from_millis(ticks) });
        assert_eq!(Status::parse(""), None);
    }

    #[test]
    fn many_looks_at_little_work_are_not_enough() {
        let sight = |looks, work| Sight { looks, most: 0, work: Duration::from_millis(work) };
        assert!(!sight(1000, 10).is_enough());
        assert!(!sight(3, 1000).is_enough());
        assert!(sight(50, 300).is_enough());
    }
}
