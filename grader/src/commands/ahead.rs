//! Programs are built while others are graded: much of a grading waits, and a compiler leaves a processor idle.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::compile::{self, Programs};
use crate::error::Error;
use crate::exercise::Exercise;
use crate::progress::Progress;
use crate::run::RunError;
use crate::source::Source;
use crate::workspace::Workspace;

/// So many programs are built and wait for their grading.
const MOST: usize = 4;

/// Builds programs in their order, on a thread of its own. It ends with the command: the keepers of its compilers do.
pub(super) struct Ahead {
    built: Receiver<Result<Programs, Error>>,
    shown: Arc<Shown>,
}

/// What the builder does, for who waits for it.
struct Shown {
    progress: Arc<Progress>,
    is_awaited: AtomicBool,
    last: Mutex<String>,
}

impl Shown {
    fn tell(&self, what: String) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&what);
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
        thread::spawn(move || {
            for (exercise, source) in sources {
                let programs = compile::programs(&workspace, exercise.name, &source, &|what| told.tell(what));
                if sender.send(programs).is_err() {
                    return;
                }
            }
        });
        Self { built, shown }
    }

    /// The next program, once it is built; says meanwhile what is being built.
    ///
    /// # Errors
    /// As for [`compile::programs`].
    pub(super) fn next(&self) -> Result<Programs, Error> {
        self.shown.is_awaited.store(true, Ordering::Relaxed);
        let last = self.shown.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.shown.progress.say(last);
        let programs = self.built.recv();
        self.shown.is_awaited.store(false, Ordering::Relaxed);
        programs.unwrap_or_else(|_| Err(RunError::Stage("what builds programs has ended".into()).into()))
    }
}
