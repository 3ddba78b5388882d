//! Programs are built while others are graded: much of a grading waits, and a compiler leaves a processor idle.
//!
//! They go to two lanes. On one are those that meet others on the machine's own network, so that only one of them is graded
//! at a time: they wait most, and often have most to be built. So they are built as soon as the other lane has something to
//! do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use engine::compile::{self, Build};
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::Exercise;

use super::side_by_side::AT_ONCE;
use crate::error::Error;
use crate::grade::progress::Progress;

/// Builds programs, on a thread of its own.
pub(super) struct Ahead {
    builder: Option<JoinHandle<()>>,
}

/// What is to be built.
pub(super) type Task = (&'static Exercise, Arc<Source>);

/// What was built, and how long it took.
type Built = (Result<Build, Error>, Duration);

/// Where programs of a kind come to, in their order.
pub(super) struct Lane {
    built: Receiver<Built>,
    shown: Arc<Shown>,
}

/// What the builder does, for who waits for it.
struct Shown {
    progress: Arc<Progress>,
    /// How many wait.
    awaited: AtomicUsize,
    last: Mutex<String>,
}

impl Shown {
    fn last(&self) -> MutexGuard<'_, String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, what: String) {
        self.last().clone_from(&what);
        if self.awaited.load(Ordering::Relaxed) > 0 {
            self.progress.say(what);
        }
    }
}

impl Ahead {
    /// Begins to build what is to be graded alone, and what is to be graded beside others; each for its lane.
    pub(super) fn new(
        workspace: &Workspace,
        [alone, mut beside]: [Vec<Task>; 2],
        progress: &Arc<Progress>,
    ) -> (Self, [Lane; 2]) {
        let (progress, awaited) = (Arc::clone(progress), AtomicUsize::new(0));
        let shown = Arc::new(Shown { progress, awaited, last: Mutex::default() });
        let ((to_alone, first), (to_beside, second)) = (lane(&shown), lane(&shown));
        let workspace = workspace.clone();
        let builder = thread::spawn(move || {
            let later = beside.split_off(beside.len().min(AT_ONCE));
            let all = [(beside, &to_beside), (alone, &to_alone), (later, &to_beside)];
            let mut all =
                all.into_iter().flat_map(|(tasks, lane)| tasks.into_iter().map(move |task| (task, lane)));
            while all.next().is_some_and(|(task, lane)| lane.send(build(&workspace, &task, &shown)).is_ok()) {
            }
        });
        (Self { builder: Some(builder) }, [first, second])
    }
}

/// Both ends of a lane.
fn lane(shown: &Arc<Shown>) -> (Sender<Built>, Lane) {
    let (sender, built) = channel();
    (sender, Lane { built, shown: Arc::clone(shown) })
}

fn build(workspace: &Workspace, (exercise, source): &Task, shown: &Shown) -> Built {
    let started = Instant::now();
    let tell = |what| shown.tell(what);
    let build = compile::build(workspace, exercise.name, source, &tell).map_err(Error::from);
    shown.last().clear();
    (build, started.elapsed())
}

impl Lane {
    /// The next program, once it is built, and how long that took; says meanwhile what is being built.
    ///
    /// # Errors
    /// As for [`compile::build`].
    pub(super) fn next(&self) -> Result<(Build, Duration), Error> {
        self.shown.awaited.fetch_add(1, Ordering::Relaxed);
        let last = self.shown.last().clone();
        if !last.is_empty() {
            self.shown.progress.say(last);
        }
        let built = self.built.recv();
        self.shown.awaited.fetch_sub(1, Ordering::Relaxed);
        let Ok((build, took)) = built else {
            panic!("the builder has panicked, or has nothing more to build")
        };
        Ok((build?, took))
    }
}

impl Drop for Ahead {
    /// Waits for the compiler that runs, so that nothing of it is left. The lanes are gone before.
    fn drop(&mut self) {
        if let Some(builder) = self.builder.take() {
            let _ = builder.join();
        }
    }
}
