//! Scripted chat clients.
//!
//! One thread drives all clients of a script: it polls their sockets and nothing else, so a client
//! is slow, silent or gone exactly when the script says so, never because of the grader's own
//! schedule. Scripts wait for lines, not for time.

mod client;
mod patience;
mod room;

use std::fmt;

pub use client::Farewell;
use engine::observation::Evidence;
pub use patience::{LOOK, Patience};
pub use room::{ClientId, Room};

use exercise::quoted::quoted;

/// What each client sent and received, in the order in which they connected.
#[derive(Clone, Debug, Default)]
pub struct Transcripts {
    /// One for each connection.
    pub clients: Vec<Transcript>,
    /// Why the script ended early, if it did.
    pub cut: Option<GaveUp>,
    /// Why waiting for the end of all connections was given up after the server was told to stop.
    pub not_closed: Option<GaveUp>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The name that it asked for.
    pub nick: String,
    /// How it behaves.
    pub manner: Manner,
    /// The whole messages that it sent, in order; no two are equal.
    pub sent: Vec<String>,
    /// The beginning of a message that it sent without the end of the line.
    pub unfinished: Option<String>,
    /// All whole lines that it received; bytes that are not UTF-8 are shown as U+FFFD.
    pub received: Vec<String>,
    /// Whether bytes of an unfinished line came last.
    pub torn: bool,
    /// How it ended.
    pub end: End,
}

/// What a script makes a client do; it decides what the client may expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Joins, and stays until the server ends the connection.
    Stays,
    /// Joins, and then goes in some way or gives the server a reason to drop it.
    Leaves,
    /// Connects and never joins.
    Lurks,
    /// Asks for a name at the same time as others, and gets it or is refused.
    Competes,
    /// Opens with a line that the server must refuse: "a nick of 33 letters".
    OpensWith(String),
    /// Joins, and then sends a line that the server must refuse: "a line of 4,097 bytes".
    Sends(String),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server had not ended it when all was over.
    Open,
    /// The server closed or reset it.
    ByServer,
    /// The client closed or reset it.
    ByClient,
}

/// A wait that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// What should have come.
    pub waiting_for: String,
    /// Why it was given up.
    pub because: Because,
}

/// Why a wait was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The server did nothing any more, and nothing was under way to it.
    Idle,
    /// The server had the processor whenever it wanted it, for seconds, and nothing came of it.
    Unproductive,
    /// The server closed the connection, accepts none, or has ended.
    Closed,
    /// The server printed this line instead.
    Printed(String),
    /// The server sent far more than there was to say.
    Flooded,
    /// The server was still at work when patience ran out.
    Impatience,
    /// This machine, not the server, refused something, for this reason.
    Machine(String),
}

impl Transcripts {
    /// Why some wait was given up, if one was.
    pub fn gave_up(&self) -> Option<&GaveUp> {
        self.cut.as_ref().or(self.not_closed.as_ref())
    }
}

/// What clients saw of a server stands, also of one that then did not stop.
impl Evidence for Transcripts {
    fn stands_alone(&self) -> bool {
        true
    }

    fn was_waited_for(&self) -> bool {
        self.gave_up().is_some()
    }
}

impl GaveUp {
    /// Whether what was waited for can never come, and that is the server's doing.
    pub fn is_proof(&self) -> bool {
        !matches!(self.because, Because::Impatience | Because::Machine(_))
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not come: ", self.waiting_for)?;
        match &self.because {
            Because::Idle => write!(f, "every thread of the server sleeps"),
            Because::Unproductive => {
                write!(f, "nothing holds the server up, and nothing comes of what it does")
            }
            Because::Closed => write!(f, "it is closed or has ended"),
            Because::Printed(line) => write!(f, "it printed {} instead", quoted(line)),
            Because::Flooded => write!(f, "the server sent without end"),
            Because::Impatience => write!(f, "the server was still busy when patience ran out"),
            Because::Machine(reason) => write!(f, "this machine refused ({reason})"),
        }
    }
}

#[cfg(test)]
mod tests;
