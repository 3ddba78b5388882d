//! Programs are built while others are graded: much of a grading waits, and a compiler leaves a processor idle.
//!
//! They go to two lanes. On one are those that meet others on the machine's own network, so that only one of them is graded
//! at a time: they wait most, and often have most to be built. So they are built as soon as the other lane has something to
//! do. Two are built at once: what one needs is, while the other one is compiled.

use std::panic::resume_unwind;
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

/// Builds programs, on threads of its own.
pub(super) struct Ahead {
    builders: Vec<JoinHandle<()>>,
}

/// An exercise and its source, if that can be read.
pub(super) type Task = (&'static Exercise, Result<Arc<Source>, Error>);

/// The same, with what was built, and how long that took.
pub(super) type Built = (&'static Exercise, Result<(Arc<Source>, Result<Build, Error>, Duration), Error>);

/// Where what is built comes to, with its number.
pub(super) struct Lane {
    built: Receiver<(usize, Built)>,
    shown: Arc<Shown>,
}

/// What the builders do, for who waits for them.
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

/// With its number, and where it goes.
type Ordered = (usize, Task, Sender<(usize, Built)>);

impl Ahead {
    /// Begins to build what is to be graded alone, and what is to be graded beside others; each with its number, for its
    /// lane.
    pub(super) fn new(
        workspace: &Workspace,
        [alone, mut beside]: [Vec<(usize, Task)>; 2],
        progress: &Arc<Progress>,
    ) -> (Self, [Lane; 2]) {
        let (progress, awaited) = (Arc::clone(progress), AtomicUsize::new(0));
        let shown = Arc::new(Shown { progress, awaited, last: Mutex::default() });
        let ((to_alone, first), (to_beside, second)) = (lane(&shown), lane(&shown));
        let later = beside.split_off(beside.len().min(AT_ONCE));
        let all = [(beside, to_beside.clone()), (alone, to_alone), (later, to_beside)];
        let all: Vec<Ordered> = all.into_iter().flat_map(|(tasks, lane)| ordered(tasks, lane)).collect();
        let all = Arc::new(Mutex::new(all.into_iter()));
        let builder = || {
            let (workspace, all, shown) = (workspace.clone(), Arc::clone(&all), Arc::clone(&shown));
            thread::spawn(move || {
                let next = || all.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some((number, task, lane)) = next()
                    && lane.send((number, build(&workspace, task, &shown))).is_ok()
                {}
            })
        };
        (Self { builders: vec![builder(), builder()] }, [first, second])
    }
}

/// Both ends of a lane.
fn lane(shown: &Arc<Shown>) -> (Sender<(usize, Built)>, Lane) {
    let (sender, built) = channel();
    (sender, Lane { built, shown: Arc::clone(shown) })
}

fn ordered(tasks: Vec<(usize, Task)>, lane: Sender<(usize, Built)>) -> impl Iterator<Item = Ordered> {
    tasks.into_iter().map(move |(number, task)| (number, task, lane.clone()))
}

fn build(workspace: &Workspace, (exercise, source): Task, shown: &Shown) -> Built {
    let built = source.map(|source| {
        let started = Instant::now();
        let tell = |what| shown.tell(what);
        let build = compile::build(workspace, exercise.name, &source, &tell).map_err(Error::from);
        shown.last().clear();
        (source, build, started.elapsed())
    });
    (exercise, built)
}

impl Iterator for Lane {
    type Item = (usize, Built);

    /// Waits until something is built; says meanwhile what is being built.
    fn next(&mut self) -> Option<(usize, Built)> {
        self.shown.awaited.fetch_add(1, Ordering::Relaxed);
        let last = self.shown.last().clone();
        if !last.is_empty() {
            self.shown.progress.say(last);
        }
        let built = self.built.recv().ok();
        self.shown.awaited.fetch_sub(1, Ordering::Relaxed);
        built
    }
}

impl Drop for Ahead {
    /// Waits for the compilers that run, so that nothing of them is left, and goes on with a builder's panic. The lanes are
    /// gone before.
    fn drop(&mut self) {
        let ended: Vec<_> = self.builders.drain(..).map(JoinHandle::join).collect();
        let panicked = ended.into_iter().find_map(Result::err);
        if let Some(panic) = panicked.filter(|_| !thread::panicking()) {
            resume_unwind(panic);
        }
    }
}
