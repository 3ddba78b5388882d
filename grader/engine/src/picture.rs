//! A failing run as data, for every format to draw: a lane for each thread, a row for each operation, who
//! waits for whom at the end.

use std::fmt;

use schedule::ThreadId;
use serde::{Deserialize, Serialize};

/// A run, as far as it helps to understand a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The threads by their numbers; the first is the main thread.
    pub lanes: Vec<Lane>,
    /// How many rows came before the first one here.
    pub rows_before: usize,
    /// What the threads did, in the order of the schedule.
    pub rows: Vec<Row>,
    /// How many rows came after the last one here.
    pub rows_after: usize,
    /// What each thread waits for that can never go on; empty where the program ended.
    pub waits: Vec<Wait>,
    /// Threads of which each waits for the next, and the last for the first.
    pub cycle: Vec<ThreadId>,
    /// Threads that had not ended when the program did.
    #[serde(default)]
    pub left: Vec<ThreadId>,
    /// What memory orders have to do with it: which loads returned an old value, and what would keep them from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// The student's line at which the first panic began, which may have come before all that is shown.
    #[serde(skip)]
    pub panicked: Option<SourceLine>,
    /// The objects that the rows name.
    pub objects: Vec<Object>,
}

/// One thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its number, by the order in which threads were started.
    pub thread: ThreadId,
    /// The name that the program gave to it; empty for none.
    pub name: String,
}

/// One operation, or several that tell one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Who did it.
    pub thread: ThreadId,
    /// What it was, in the words of the call that the student wrote.
    pub operation: String,
    /// The student's line that asked for it.
    pub place: Option<SourceLine>,
    /// Whether another thread did the row before: here is a context switch.
    pub after_switch: bool,
    /// Whether the failure shows here.
    pub fails: bool,
}

/// A thread that can never go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Who waits.
    pub thread: ThreadId,
    /// The student's line that waits.
    pub place: Option<SourceLine>,
    /// What for.
    #[serde(flatten)]
    pub reason: WaitReason,
}

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "waits_for", rename_all = "kebab-case")]
pub enum WaitReason {
    /// A lock, a condition, a channel, in a call of this name; `holder` where a thread has it.
    Object {
        object: String,
        #[serde(default)]
        call: String,
        holder: Option<Holder>,
    },
    /// The end of a thread.
    ThreadEnd { ends: ThreadId },
    /// The return of a call; empty where its name is not known.
    Call { call: String },
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The thread.
    pub thread: ThreadId,
    /// The line that took the lock.
    pub since: Option<SourceLine>,
}

/// Something that threads share, named by the order in which it is met: `Mutex#1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// The line that used it first.
    pub first_used: Option<SourceLine>,
}

/// A line of the student's source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceLine {
    /// The file below `src/`.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Wait {
    /// The thread that this one cannot go on without, where there is one.
    pub fn for_thread(&self) -> Option<ThreadId> {
        match &self.reason {
            WaitReason::Object { holder, .. } => holder.as_ref().map(|holder| holder.thread),
            WaitReason::ThreadEnd { ends } => Some(*ends),
            WaitReason::Call { .. } => None,
        }
    }
}

impl Picture {
    /// Whether a row or a wait names an object.
    pub fn names(&self, object: &str) -> bool {
        let is_it = |word: &str| word.trim_end_matches([',', ':']) == object;
        let waits = self
            .waits
            .iter()
            .any(|wait| matches!(&wait.reason, WaitReason::Object { object: named, .. } if named == object));
        let texts = self.rows.iter().map(|row| &row.operation).chain(&self.orders);
        waits || texts.flat_map(|text| text.split(' ')).any(is_it)
    }

    /// Says which threads had not ended when the program did.
    pub fn left_line(&self) -> Option<String> {
        let threads: Vec<String> = self.left.iter().map(|thread| format!("T{thread}")).collect();
        (!threads.is_empty()).then(|| format!("{} had not ended when the program did", threads.join(", ")))
    }

    /// The line at which the failure shows: that of the operation at fault, else that of a thread that waits
    /// for ever, first of those in the cycle.
    pub fn place(&self) -> Option<&SourceLine> {
        let row = self.rows.iter().rfind(|row| row.fails).and_then(|row| row.place.as_ref());
        let in_cycle = |wait: &&Wait| self.cycle.contains(&wait.thread);
        let waits = self.waits.iter().filter(in_cycle).chain(self.waits.iter().rev());
        row.or_else(|| waits.filter_map(|wait| wait.place.as_ref()).next())
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.thread {
            0 => write!(f, "T0 main"),
            other => write!(f, "T{other}"),
        }
    }
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        write!(f, "T{} waits ", self.thread)?;
        match &self.reason {
            WaitReason::Object { object, holder: Some(Holder { thread, since }), .. } => {
                let since = since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
                let whose = if *thread == self.thread {
                    "it holds it itself".to_owned()
                } else {
                    format!("T{thread} holds it")
                };
                write!(f, "for {object}{at}; {whose}{since}")
            }
            WaitReason::Object { object, call, holder: None } => {
                write!(f, "for {object}{at}; {}", nobody(object, call))
            }
            WaitReason::ThreadEnd { ends } => write!(f, "for the end of T{ends}{at}"),
            WaitReason::Call { call } if call.is_empty() => write!(f, "in a call{at}"),
            WaitReason::Call { call } => write!(f, "in {call}{at}"),
        }
    }
}

/// Who would have to come, and does not.
fn nobody(object: &str, call: &str) -> &'static str {
    let kind = object.split('#').next().unwrap_or_default();
    match kind {
        "channel" if call.contains("send") => "no thread is left that receives",
        "channel" => "no thread is left that sends, and not all senders are dropped",
        "Condvar" => "no thread is left that notifies it",
        "Barrier" => "no other thread is left that comes to it",
        "WaitGroup" => "it is not dropped everywhere, and no thread is left that drops it",
        "Parker" => "no thread is left that unparks it",
        _ => "nobody is left to wake it",
    }
}
