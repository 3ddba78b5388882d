//! A run whose program is killed while its child processes work: do they end, too?
//!
//! Whatever outlives a program is ended by who waits for it, at once. So that process is stopped while the children are
//! looked at.

use std::fs;
use std::thread;
use std::time::Duration;

use confine::run::{RunError, Running, has_begun, processor_time, state};
use engine::case::Scenario;
use engine::judgement::{Fault, Judgement};
use engine::observation::{Evidence, Observation};
use engine::run_context::RunContext;
use rustix::process::{Pid, Signal, kill_process};

use crate::scripted::children::{ChildrenWatch, PAUSE, is_alive};

/// So many workers are asked for.
const WORKERS: usize = 2;

/// More work than anybody does in a second.
const ARGS: [&str; 5] = ["--mode", "processes", "--workers", "2", "1000000000000"];

/// Who has worked so long, in processor time, since the program died has not noticed it: the contract has a second.
const WORKS_ON: Duration = Duration::from_secs(3);

/// Who slept at so many looks in a row waits for what does not come: looks take two seconds and more, and an end of a
/// pipe wakes at once.
const SLEEPS_ON: u32 = 4000;

/// Kills the program itself.
pub(super) struct Orphans;

/// What became of the children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They could not be caught at work, or not be looked at to the end.
    Unseen,
    /// All have ended.
    Ended,
    /// So many work on, or wait for ever.
    Left(usize),
}

impl Evidence for Fate {
    fn stands_alone(&self) -> bool {
        true
    }
}

impl Scenario for Orphans {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let running = context.call(ARGS).start()?;
        let mut watch = ChildrenWatch::default();
        let mut fate = Fate::Unseen;
        while let Some(program) = running.pid() {
            let children = watch.look(program);
            if children.len() >= WORKERS && children.iter().all(|&child| has_begun(child)) {
                fate = orphaned(&running, program, &children);
                break;
            }
            if watch.is_enough() {
                break;
            }
            thread::sleep(PAUSE);
        }
        Ok(Observation::of(running.stop()?).with(fate))
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} {} & kill -KILL $! ; sleep 1 ; pgrep {program}", ARGS.join(" "))
    }
}

/// Kills `program` and looks at its children until they have ended or can be seen not to.
fn orphaned(running: &Running, program: Pid, children: &[Pid]) -> Fate {
    let Some(reaper) = parent(program) else { return Fate::Unseen };
    let _ = kill_process(reaper, Signal::STOP);
    while state(reaper).is_some_and(|state| state != 'T') && !running.has_ended() {
        thread::sleep(PAUSE);
    }
    let _ = kill_process(program, Signal::KILL);
    while is_alive(program) && !running.has_ended() {
        thread::sleep(PAUSE);
    }
    let fate = fate(running, children);
    let _ = kill_process(reaper, Signal::CONT);
    fate
}

fn fate(running: &Running, children: &[Pid]) -> Fate {
    let before: Vec<Duration> = children.iter().map(|&child| processor_time(child)).collect();
    let mut asleep = 0;
    loop {
        let alive: Vec<usize> = (0..children.len()).filter(|&at| is_alive(children[at])).collect();
        if running.has_ended() {
            return Fate::Unseen;
        }
        if alive.is_empty() {
            return Fate::Ended;
        }
        let works_on = |at: &usize| processor_time(children[*at]).saturating_sub(before[*at]) >= WORKS_ON;
        asleep = if alive.iter().all(|&at| state(children[at]) == Some('S')) { asleep + 1 } else { 0 };
        if alive.iter().any(works_on) || asleep >= SLEEPS_ON {
            return Fate::Left(alive.len());
        }
        thread::sleep(PAUSE);
    }
}

/// Field 4 of `/proc/PID/stat` (proc(5)); the name before it may hold anything.
fn parent(process: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Pid::from_raw(fields.split(' ').nth(1)?.parse().ok()?)
}

/// Judges that no child outlives its parent for long.
pub(super) fn none_left(seen: &Observation) -> Judgement {
    match seen.evidence() {
        Some(Fate::Ended) => Judgement::Kept,
        Some(Fate::Left(count)) => {
            let expected = "no child process goes on for more than a second when the program has been killed";
            Fault::new(expected, format!("child processes that go on: {count}")).into()
        }
        _ => Judgement::Unproven("its child processes could not be caught at work".into()),
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{getpid, getppid};

    use super::*;

    #[test]
    fn the_parent_of_a_process_is_found() {
        assert_eq!(parent(getpid()), getppid());
    }

    #[test]
    fn children_that_were_not_seen_prove_nothing() {
        let judged = |fate: Fate| none_left(&Observation::default().with(fate));
        assert_eq!(judged(Fate::Ended), Judgement::Kept);
        assert!(matches!(judged(Fate::Left(1)), Judgement::Broken(_)));
        assert!(matches!(judged(Fate::Unseen), Judgement::Unproven(_)));
        assert!(matches!(none_left(&Observation::default()), Judgement::Unproven(_)));
    }
}
