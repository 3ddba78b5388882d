//! Waiting until a source is saved or somebody presses a key.
//!
//! Linux's inotify(7) by way of `rustix`, which the grader has anyway: a crate for file events would be
//! eight more for every student to build before the first grade.

mod keys;
mod screen;

use std::fs;
use std::io::{self, IsTerminal, Stdin};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};

use confine::interrupt;

pub use keys::{KEYS, Key};
pub use screen::fitted;

/// Why the wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// Something below a folder was changed.
    Saved,
    /// A key on standard input; Ctrl-C is [`Key::Quit`].
    Key(Key),
}

/// Nothing may change for so long before a save counts as complete: editors write, rename and touch.
const QUIET: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Ctrl-C may come just before the wait begins, so it is looked for again and again.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// Folders that are watched, at any depth. What happens between two waits is not missed.
pub struct FolderWatch {
    events: OwnedFd,
    folders: Vec<PathBuf>,
    /// Until its end, where that comes early: a closed standard input does not end the watch.
    input: Option<Stdin>,
}

impl FolderWatch {
    /// Begins to watch.
    ///
    /// # Errors
    /// When the system refuses, for example because of `fs.inotify.max_user_watches`.
    pub fn on(folders: Vec<PathBuf>) -> io::Result<Self> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let watch = Self { events, folders, input: Some(io::stdin()) };
        watch.add_all()?;
        Ok(watch)
    }

    /// Waits for a change, and then until all is quiet, or for a key.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn wait(&mut self) -> io::Result<WatchEvent> {
        let _keys = self.input.as_ref().filter(|input| input.is_terminal()).and_then(|_| SingleKeys::on());
        let mut changed = false;
        loop {
            if interrupt::requested() {
                return Ok(WatchEvent::Key(Key::Quit));
            }
            if let Some(key) = self.key(if changed { QUIET } else { TICK })? {
                return Ok(WatchEvent::Key(key));
            }
            let more = self.drain()?;
            if changed && !more {
                return Ok(WatchEvent::Saved);
            }
            if more {
                changed = true;
                // New folders may have come.
                self.add_all()?;
            }
        }
    }

    /// Waits for an event or input, at most `time_out`; the first key that means something.
    fn key(&mut self, time_out: Timespec) -> io::Result<Option<Key>> {
        let mut descriptors = vec![PollFd::new(&self.events, PollFlags::IN)];
        descriptors.extend(self.input.as_ref().map(|input| PollFd::new(input, PollFlags::IN)));
        match poll(&mut descriptors, Some(&time_out)) {
            Err(Errno::INTR) => return Ok(None),
            other => other?,
        };
        let has_input = descriptors.get(1).is_some_and(|input| !input.revents().is_empty());
        let Some(input) = self.input.as_ref().filter(|_| has_input) else { return Ok(None) };
        let mut keys = [0; 64];
        // Not through the buffer of `Stdin`, of which `poll` knows nothing.
        let count = rustix::io::read(input, &mut keys).unwrap_or(0);
        if count == 0 {
            self.input = None;
        }
        Ok(keys[..count].iter().find_map(|&byte| Key::of(byte)))
    }

    /// Takes all events that are there; whether there were any.
    fn drain(&self) -> io::Result<bool> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.events, &mut buffer);
        let mut any = false;
        loop {
            match reader.next() {
                Ok(_) => any = true,
                Err(Errno::AGAIN) => return Ok(any),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Watches each folder and those in it; a folder that is watched already stays so.
    fn add_all(&self) -> io::Result<()> {
        self.folders.iter().try_for_each(|folder| self.add(folder))
    }

    fn add(&self, folder: &Path) -> io::Result<()> {
        let what = WatchFlags::CLOSE_WRITE | WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE;
        match inotify::add_watch(&self.events, folder, what | WatchFlags::ONLYDIR) {
            // Taken away since it was found, or by an editor that is about to put a new one there.
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            other => other?,
        };
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.add(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// A terminal that gives each key at once and does not show it, until this is dropped. Ctrl-C is a signal
/// as ever.
struct SingleKeys {
    terminal: Stdin,
    before: Termios,
}

impl SingleKeys {
    fn on() -> Option<Self> {
        let terminal = io::stdin();
        let before = termios::tcgetattr(&terminal).ok()?;
        let mut single = before.clone();
        single.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        termios::tcsetattr(&terminal, OptionalActions::Now, &single).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for SingleKeys {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watch of `folder` that does not look at the tests' own standard input.
    fn watch(folder: &Path) -> FolderWatch {
        let mut watch = FolderWatch::on(vec![folder.to_owned()]).unwrap();
        watch.input = None;
        watch
    }

    #[test]
    fn a_change_before_the_wait_is_not_missed() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = watch(folder.path());
        fs::write(folder.path().join("main.rs"), "fn main() {}").unwrap();
        assert_eq!(watch.wait().unwrap(), WatchEvent::Saved);
    }

    #[test]
    fn a_file_renamed_into_place_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("new"), "fn main() {}").unwrap();
        let mut watch = watch(&folder.path().join("src"));
        fs::rename(folder.path().join("new"), folder.path().join("src/main.rs")).unwrap();
        assert_eq!(watch.wait().unwrap(), WatchEvent::Saved);
    }

    #[test]
    fn a_folder_that_comes_later_is_watched_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = watch(folder.path());
        fs::create_dir(folder.path().join("bank")).unwrap();
        assert_eq!(watch.wait().unwrap(), WatchEvent::Saved);
        fs::write(folder.path().join("bank/lock.rs"), "").unwrap();
        assert_eq!(watch.wait().unwrap(), WatchEvent::Saved);
    }
}
