//! One processor's share of an exploration.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use schedule::ThreadId;
use schedule::protocol::Request;

use crate::case::{Case, Observation};
use crate::controlled::Record;
use crate::run::RunError;
use crate::sandbox;
use crate::search;
use crate::stage::{Control, Servers, Stage};

/// One processor's folder and servers.
pub(super) struct Set<'a> {
    control: &'a Control,
    folder: sandbox::Folder,
    servers: RefCell<Servers>,
}

impl<'a> Set<'a> {
    pub(super) fn new(control: &'a Control, place: usize) -> Result<Self, RunError> {
        let processor = super::processors::of_place(place);
        let folder = sandbox::folder(sandbox::ceiling().disk);
        let folder = folder.map_err(|error| RunError::Stage(error.to_string()))?;
        Ok(Self {
            control,
            folder,
            servers: RefCell::new(Servers::new(control, processor, search::replay())),
        })
    }

    /// One run: what was seen; [`Set::last`] has the rest.
    pub(super) fn perform(
        &self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<Observation, RunError> {
        // Which runs came before in this folder depends on how fast the processors were.
        empty(self.folder.path());
        {
            let mut servers = self.servers.borrow_mut();
            servers.request = request;
            servers.replayed = steps.to_vec();
            servers.last = None;
        }
        let stage = Stage {
            program: &self.control.program,
            folder: self.folder.path(),
            network: case.network,
            seed,
            control: Some(&self.servers),
        };
        case.scenario.perform(&stage)
    }

    pub(super) fn traced(
        &self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<(Observation, Record), RunError> {
        let seen = self.perform(case, seed, Request { trace: true, ..request }, steps)?;
        let record = self.last();
        Ok((
            seen,
            record
                .ok_or_else(|| RunError::Control("the case does not run the program under control".into()))?,
        ))
    }

    /// The record of the last run, once.
    pub(super) fn last(&self) -> Option<Record> {
        self.servers.borrow_mut().last.take()
    }
}

/// Removes all that is in `folder`, as far as the system lets it: a link itself, not what it leads to.
fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let _ = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_emptied_without_following_links() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("kept"), "").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/file"), "").unwrap();
        empty(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(outside.path().join("kept").exists());
    }
}
