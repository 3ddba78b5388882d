//! Programs are built while others are graded: much of a grading waits, and a compiler leaves a processor idle.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use engine::compile::{self, Build};
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::Exercise;

use crate::error::Error;
use crate::grade::progress::Progress;

/// So many programs are built and wait for their grading.
const MOST: usize = 4;

/// Builds programs in their order, on a thread of its own.
pub(super) struct Ahead {
    /// `None` once nobody wants them any more.
    built: Option<Receiver<Built>>,
    builder: Option<JoinHandle<()>>,
    shown: Arc<Shown>,
}

/// What was built, and how long it took.
type Built = (Result<Build, Error>, Duration);

/// What the builder does, for who waits for it.
struct Shown {
    progress: Arc<Progress>,
    is_awaited: AtomicBool,
    last: Mutex<String>,
}

impl Shown {
    fn last(&self) -> MutexGuard<'_, String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, what: String) {
        self.last().clone_from(&what);
        if self.is_awaited.load(Ordering::Relaxed) {
            self.progress.say(what);
        }
    }
}

impl Ahead {
    /// Begins to build.
    pub(super) fn new(
        workspace: &Workspace,
        sources: Vec<(&'static Exercise, Arc<Source>)>,
        progress: &Arc<Progress>,
    ) -> Self {
        let (sender, built) = sync_channel(MOST);
        let (progress, is_awaited) = (Arc::clone(progress), AtomicBool::new(false));
        let shown = Arc::new(Shown { progress, is_awaited, last: Mutex::default() });
        let (workspace, told) = (workspace.clone(), Arc::clone(&shown));
        let builder = thread::spawn(move || {
            for (exercise, source) in sources {
                let started = Instant::now();
                let tell = |what| told.tell(what);
                let build = compile::build(&workspace, exercise.name, &source, &tell).map_err(Error::from);
                told.last().clear();
                if sender.send((build, started.elapsed())).is_err() {
                    return;
                }
            }
        });
        Self { built: Some(built), builder: Some(builder), shown }
    }

    /// The next program, once it is built, and how long that took; says meanwhile what is being built.
    ///
    /// # Errors
    /// As for [`compile::build`].
    pub(super) fn next(&mut self) -> Result<(Build, Duration), Error> {
        self.shown.is_awaited.store(true, Ordering::Relaxed);
        let last = self.shown.last().clone();
        self.shown.progress.say(last);
        let built = self.built.as_ref().and_then(|built| built.recv().ok());
        self.shown.is_awaited.store(false, Ordering::Relaxed);
        let (build, took) = built.unwrap_or_else(|| self.fail());
        Ok((build?, took))
    }

    /// Goes on with the builder's panic.
    fn fail(&mut self) -> ! {
        match self.builder.take().map(JoinHandle::join) {
            Some(Err(panic)) => resume_unwind(panic),
            _ => panic!("more programs are asked for than there are"),
        }
    }
}

impl Drop for Ahead {
    /// Waits for the compiler that runs, so that nothing of it is left.
    fn drop(&mut self) {
        self.built = None;
        if let Some(builder) = self.builder.take() {
            let _ = builder.join();
        }
    }
}
