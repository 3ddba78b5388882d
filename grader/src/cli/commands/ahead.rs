//! Programs are built while others are graded: much of a grading waits, and a compiler leaves a processor idle.
//!
//! They go to two lanes. On one are those that meet others on the machine's own network, so that only one of them is graded
//! at a time: they wait most, and often have most to be built. So they are built first, as soon as the other lane has
//! something to do.

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
    waiting: Arc<AtomicUsize>,
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

/// The builder's end of a lane.
struct Work {
    tasks: std::vec::IntoIter<Task>,
    sender: Sender<Built>,
    waiting: Arc<AtomicUsize>,
}

impl Ahead {
    /// Begins to build what is to be graded alone, and what is to be graded beside others.
    pub(super) fn new(
        workspace: &Workspace,
        [alone, beside]: [Vec<Task>; 2],
        progress: &Arc<Progress>,
    ) -> (Self, [Lane; 2]) {
        let (progress, awaited) = (Arc::clone(progress), AtomicUsize::new(0));
        let shown = Arc::new(Shown { progress, awaited, last: Mutex::default() });
        let ((mut alone, first), (mut beside, second)) = (lane(alone, &shown), lane(beside, &shown));
        let workspace = workspace.clone();
        let builder = thread::spawn(move || {
            while let Some((work, task)) = next(&mut alone, &mut beside)
                && work.build(&workspace, &task, &shown)
            {}
        });
        (Self { builder: Some(builder) }, [first, second])
    }
}

/// Both ends of a lane.
fn lane(tasks: Vec<Task>, shown: &Arc<Shown>) -> (Work, Lane) {
    let (sender, built) = channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let lane = Lane { built, waiting: Arc::clone(&waiting), shown: Arc::clone(shown) };
    (Work { tasks: tasks.into_iter(), sender, waiting }, lane)
}

/// What is built next.
fn next<'a>(alone: &'a mut Work, beside: &'a mut Work) -> Option<(&'a Work, Task)> {
    let has_enough = beside.waiting.load(Ordering::Relaxed) >= AT_ONCE;
    let (first, second) = if has_enough { (alone, beside) } else { (beside, alone) };
    match first.tasks.next() {
        Some(task) => Some((first, task)),
        None => second.tasks.next().map(|task| (&*second, task)),
    }
}

impl Work {
    /// Builds a program; gives back whether anybody wants more.
    fn build(&self, workspace: &Workspace, (exercise, source): &Task, shown: &Shown) -> bool {
        let started = Instant::now();
        let tell = |what| shown.tell(what);
        let build = compile::build(workspace, exercise.name, source, &tell).map_err(Error::from);
        shown.last().clear();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.sender.send((build, started.elapsed())).is_ok()
    }
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
        self.waiting.fetch_sub(1, Ordering::Relaxed);
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
