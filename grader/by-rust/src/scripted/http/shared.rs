//! What the threads of the server share: its sockets, the requests so far, and the gate.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use confine::left_behind;

use super::rendezvous::Rendezvous;
use super::{Answer, Cut, Hold, Site};

/// From one look at the program to the next. Changes how long things take, never what is found.
const LOOK: Duration = Duration::from_millis(5);

/// The most connections at once, a thread each. No case needs as many; others are closed at once.
const MOST_CONNECTIONS: usize = 512;
/// The most requests that are taken note of and answered, and the most bytes of their paths together.
const MOST_REQUESTS: usize = 20_000;
const MOST_BYTES: usize = 16 << 20;

/// What the server's threads share.
pub(super) struct Shared {
    pub(super) site: Site,
    pub(super) listener: TcpListener,
    state: Mutex<State>,
    pub(super) changed: Condvar,
}

pub(super) struct State {
    pub(super) stopping: bool,
    pub(super) connections: HashMap<u64, Arc<TcpStream>>,
    pub(super) requests: Vec<String>,
    /// Bytes of their paths together.
    requested: usize,
    pub(super) rendezvous: Rendezvous,
    pub(super) watched: Option<Arc<Watched>>,
    pub(super) while_held: BTreeSet<String>,
}

/// The program on the other side.
pub(super) struct Watched {
    pub(super) is_asleep: Box<dyn Fn() -> bool + Send + Sync>,
    pub(super) folder: PathBuf,
}

impl Shared {
    pub(super) fn new(site: Site, listener: TcpListener) -> Self {
        let state = State {
            stopping: false,
            connections: HashMap::new(),
            requests: Vec::new(),
            requested: 0,
            rendezvous: Rendezvous::new(&site),
            watched: None,
            while_held: BTreeSet::new(),
        };
        Self { site, listener, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next connection; `None` when the server stops.
    pub(super) fn accept(&self, id: u64) -> Option<Arc<TcpStream>> {
        let stream = loop {
            match self.listener.accept() {
                Ok(_) if self.lock().connections.len() >= MOST_CONNECTIONS => {}
                Ok((stream, _)) => break Arc::new(stream),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        };
        let mut state = self.lock();
        if state.stopping {
            return None;
        }
        state.connections.insert(id, Arc::clone(&stream));
        Some(stream)
    }

    /// Looks at the program while requests wait, and opens the gate when it is time.
    pub(super) fn keep_gate(&self) {
        let mut state = self.lock();
        while !state.stopping {
            if state.rendezvous.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = self.changed.wait_timeout_while(state, LOOK, |state| !state.stopping);
            let watched = waited.unwrap_or_else(PoisonError::into_inner).0.watched.clone();
            // A look takes its time, in which requests have to come through.
            let asleep = watched.as_ref().is_some_and(|program| (program.is_asleep)());
            state = self.lock();
            if state.rendezvous.look(asleep) {
                state.while_held.extend(watched.iter().flat_map(|program| names_in(&program.folder)));
                state.rendezvous.open();
                self.changed.notify_all();
            }
        }
    }

    /// Takes note of a request for `path` and finds what to answer.
    pub(super) fn answer(&self, path: &str) -> (Answer, Option<(Hold, usize)>) {
        let mut state = self.lock();
        if state.requests.len() >= MOST_REQUESTS || state.requested + path.len() > MOST_BYTES {
            return (Answer::Nothing(Cut::Close), None);
        }
        state.requested += path.len();
        let attempt = state.requests.iter().filter(|request| *request == path).count();
        state.requests.push(path.to_owned());
        let Some((index, page)) = self.site.find(path) else { return (Answer::Status(404), None) };
        let answer = page.answers.get(attempt).or(page.answers.last());
        (answer.cloned().unwrap_or(Answer::Status(404)), page.hold.map(|hold| (hold, index)))
    }

    /// Waits at the gate with the answer for `page`.
    pub(super) fn pass_gate(&self, connection: u64, page: usize) {
        let mut state = self.lock();
        state.rendezvous.arrive(connection, page);
        self.changed.notify_all();
        let held = |state: &mut State| state.rendezvous.holds(connection) && !state.stopping;
        drop(self.changed.wait_while(state, held));
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    const MOST: usize = 10_000;
    left_behind::names(folder, MOST)
}
