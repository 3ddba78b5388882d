//! Which atomic operations of a program are its own: the memory orders that it gives them are its to get right, those that
//! std and other libraries give theirs are not. And by which of them std takes a mutex for it.
//!
//! Whose an operation is, the compiler says: the functions of `core::sync::atomic` are inlined into their callers, and debug
//! information has the chain of calls at each address. An operation is the program's own if the innermost code there is
//! theirs and it is the user's own code that called them, at a line that is known. What the optimiser has made of several
//! pieces of code has no line, and is nobody's own. Where a function of theirs is not inlined, as in a build without
//! optimisation, whose an operation is says who called it.
//!
//! A tail call of a hook is not found: it returns to who called the function. There is none where a crate is compiled in one
//! piece, as graded programs are.

use std::ops::Range;
use std::path::Path;

use addr2line::FunctionName;
use gimli::Reader;
use schedule::protocol::{Code, Site};

use crate::symbols::{DebugInformation, OwnCode};

/// Where in a program, relative to where it is loaded, its own atomic operations are: what calls hooks there, calls them
/// for those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites {
    /// In order; no two overlap.
    sites: Vec<Site>,
    /// Whether the program calls an operation that has no hook.
    has_unseen: bool,
}

impl Sites {
    /// Reads them from the debug information of a program of which this code is the user's. Whatever is doubtful is not its
    /// own: without debug information, nothing is. So it is where the program calls one of the operations that have no hook:
    /// what they store, and what that orders, is not seen. A mutex that is taken elsewhere is taken as any word is changed.
    pub fn read(program: &Path, own: &OwnCode) -> Self {
        let Some(debug) = DebugInformation::read(program) else { return Self::default() };
        let is_root = |root: &str| own.file_of(root).is_some();
        let mut sites = Self::default();
        for piece in debug.pieces(is_root, |file, _| is_of_atomics(file)) {
            let start = piece.start;
            for address in piece {
                // A piece is code of one line, and begins where its chain of calls does.
                let Some(code) = code(&debug, address, own) else { break };
                sites.has_unseen |= address == start && is_unseen(&debug, address);
                sites.add(Site { from: address, to: address + 1, code });
            }
        }
        if sites.sites.iter().any(|site| site.code == Code::Atomic) {
            sites.add_callers(&debug, is_root, own);
        }
        if sites.has_unseen {
            sites.sites.retain(|site| !matches!(site.code, Code::Own | Code::Caller));
        }
        sites
    }

    /// Adds what calls functions of the atomic types that are not inlined.
    fn add_callers(&mut self, debug: &DebugInformation, is_root: impl Fn(&str) -> bool, own: &OwnCode) {
        let is_own = |file: &str, line: Option<u32>| line.is_some() && own.file_of(file).is_some();
        let callers = debug.pieces(is_root, is_own).into_iter();
        let sites = callers.map(|piece| Site { from: piece.start, to: piece.end, code: Code::Caller });
        sites.for_each(|site| self.add(site));
        self.sites.sort_unstable_by_key(|site| site.from);
    }

    /// Whether the program has no atomic operation of its own.
    pub fn is_empty(&self) -> bool {
        !self.sites.iter().any(|site| matches!(site.code, Code::Own | Code::Caller))
    }

    /// Whether the program calls an atomic operation that has no hook.
    pub(crate) fn has_unseen(&self) -> bool {
        self.has_unseen
    }

    /// Where the functions of atomic types are inlined into the program's own source.
    pub fn own(&self) -> impl Iterator<Item = Range<u64>> {
        self.sites.iter().filter(|site| site.code == Code::Own).map(|site| site.from..site.to)
    }

    /// All of them, in order.
    pub fn all(&self) -> &[Site] {
        &self.sites
    }

    /// As the runtime reads them: how many, then each.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut bytes = (self.sites.len() as u64).to_le_bytes().to_vec();
        self.sites.iter().for_each(|site| bytes.extend_from_slice(&site.encode()));
        bytes
    }

    /// Adds some addresses; of their kind none comes before those that were added.
    fn add(&mut self, site: Site) {
        match self.sites.last_mut() {
            Some(last) if last.code == site.code && (last.from..=last.to).contains(&site.from) => {
                last.to = last.to.max(site.to);
            }
            _ => self.sites.push(site),
        }
    }
}

/// Whose the operation is at an address of the atomic types' code. It is the program's own where they are called, through
/// others of them alone, at a known line of the user's own code.
fn code(debug: &DebugInformation, address: u64, own: &OwnCode) -> Option<Code> {
    let mut frames = debug.frames(address)?;
    let mut is_innermost = true;
    while let Ok(Some(frame)) = frames.next() {
        let location = frame.location.as_ref()?;
        let file = location.file?;
        if !is_of_atomics(file) {
            if !is_innermost && is_of_mutex(file) && takes_mutex(frame.function) {
                return Some(Code::Lock);
            }
            let is_own = !is_innermost && location.line.is_some() && own.file_of(file).is_some();
            return is_own.then_some(Code::Own);
        }
        // An instruction from no line at all has the file of the one before it, whoever's it is.
        if is_innermost && location.line.is_none() && !is_named_so(frame.function) {
            return None;
        }
        is_innermost = false;
    }
    (!is_innermost).then_some(Code::Atomic)
}

/// Whether an address belongs to an operation without hook.
fn is_unseen(debug: &DebugInformation, address: u64) -> bool {
    const UNSEEN: [&str; 4] = ["atomic_max", "atomic_min", "atomic_umax", "atomic_umin"];
    let Some(Ok(Some(innermost))) = debug.frames(address).map(|mut frames| frames.next()) else {
        return false;
    };
    let name = innermost.function.and_then(|function| Some(function.demangle().ok()?.into_owned()));
    name.is_some_and(|name| UNSEEN.iter().any(|unseen| name.contains(unseen)))
}

/// Whether this is the function of std that takes a mutex, by its name in either form.
fn takes_mutex(function: Option<FunctionName<impl Reader>>) -> bool {
    let is_lock = |name: &str| {
        let method =
            name.split_once("sync::mutex::futex::Mutex").map(|(_, method)| method.trim_start_matches('>'));
        method.is_some_and(|method| method == "::lock" || method.starts_with("::lock::h"))
    };
    function.is_some_and(|name| name.demangle().is_ok_and(|name| is_lock(&name)))
}

fn is_of_mutex(file: &str) -> bool {
    file.ends_with("/library/std/src/sys/sync/mutex/futex.rs")
}

fn is_of_atomics(file: &str) -> bool {
    file.ends_with("/library/core/src/sync/atomic.rs")
}

fn is_named_so(function: Option<FunctionName<impl Reader>>) -> bool {
    function.is_some_and(|name| name.demangle().is_ok_and(|name| name.starts_with("core::sync::atomic::")))
}

#[cfg(test)]
mod tests;
