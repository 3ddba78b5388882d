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
            let (looks, most) = self.watch(stage, limit, &mut session)?;
            if looks >= ENOUGH_LOOKS {
                runs_with_enough_looks += 1;
            } else {
                limits.next();
            }
            if most >= self.workers || runs_with_enough_looks >= ENOUGH_RUNS || !session.goes_well() {
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
    /// Runs the program once. Gives back how many looks at it there were, and the most living
    /// children that one of them saw.
    fn watch(
        &self,
        stage: &Stage<'_>,
        limit: u64,
        session: &mut Session,
    ) -> Result<(usize, usize), RunError> {
        let args = args(self.workers, limit);
        let running = stage.call(&args).start()?;
        let (looks, most) = count_children(&running);
        let enough = (looks >= ENOUGH_LOOKS).then(|| LOOKED_ENOUGH.to_owned());
        let notes = [format!("{AT_MOST}{most}")].into_iter().chain(enough).collect();
        session.add(&args, running.wait()?, notes);
        Ok((looks, most))
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
            let killed = kill_one_child(&running);
            let outcome = running.wait()?;
            let early = killed.is_some_and(|after| after * 10 <= outcome.wall);
            let notes = [(killed.is_some(), KILLED), (early, KILLED_EARLY)];
            let notes = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned());
            session.add(&args, outcome, notes.collect());
            if early || !session.goes_well() {
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
    args(workers, large_limits().last().unwrap_or(0)).join(" ")
}

/// Looks at the program until it ends: how many looks, and the most living children in one.
fn count_children(running: &Running) -> (usize, usize) {
    let (mut looks, mut most) = (0, 0);
    while let Some(program) = running.pid() {
        let alive = children(program).into_iter().filter(|&child| is_alive(child)).count();
        looks += 1;
        most = most.max(alive);
        thread::sleep(PAUSE);
    }
    (looks, most)
}

/// Kills the first child that can be caught alive. Gives back when that was, counted from now.
fn kill_one_child(running: &Running) -> Option<Duration> {
    let started = Instant::now();
    while let Some(program) = running.pid() {
        if children(program).into_iter().any(|child| kill_alive(running, child)) {
            return Some(started.elapsed());
        }
        thread::sleep(PAUSE / 10);
    }
    None
}

/// Kills `child` if that is what ends it: who has stopped has not ended before.
fn kill_alive(running: &Running, child: Pid) -> bool {
    let _ = kill_process(child, Signal::STOP);
    while is_alive(child) && state(child) != Some('T') && !running.has_ended() {
        thread::sleep(PAUSE / 10);
    }
    let stopped = state(child) == Some('T');
    let _ = kill_process(child, Signal::KILL);
    stopped
}

fn is_alive(process: Pid) -> bool {
    state(process).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// The letter of the state in `/proc/PID/stat`, the first field after the name (proc(5)).
fn state(process: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}
