//! Taking away what builds have left in the grader's folder: programs, and what they were built with. The grader itself, which
//! cargo builds in the same folder, stays.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::telling::Tell;
use super::{folders, programs};
use crate::error::Error;
use crate::workspace::Workspace;

/// What builds leave beside programs, in the folder of builds.
const BUILT_WITH: [&str; 5] = ["target", "runtime", "packages", "recipes", "recorder"];

/// What is or would be freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// How many programs.
    pub programs: usize,
    /// What they and their lists take on the disk, in bytes.
    pub bytes_of_programs: u64,
    /// What everything takes that programs are built with, in bytes.
    pub bytes_built_with: u64,
}

/// Takes away programs, and unless `only_programs` what they are built with; with `is_tried`, only says how much that is.
/// Waits for other graders that build. One that runs a program meanwhile does not find it any more.
///
/// # Errors
/// When the folder cannot be locked, read or cleared.
pub fn clean(workspace: &Workspace, only_programs: bool, is_tried: bool, tell: Tell) -> Result<Freed, Error> {
    let folder = workspace.build_folder();
    if !folder.is_dir() {
        return Ok(Freed::default());
    }
    let _locks = folders::locks(workspace, tell)?;
    let mut freed = Freed::default();
    let kept = programs::place(workspace);
    freed.programs = programs::count(&kept);
    freed.bytes_of_programs = take(&kept, is_tried)?;
    for name in BUILT_WITH.iter().filter(|_| !only_programs) {
        freed.bytes_built_with += take(&folder.join(name), is_tried)?;
    }
    Ok(freed)
}

/// Takes a file or folder away; how much it took on the disk.
fn take(path: &Path, is_tried: bool) -> Result<u64, Error> {
    let bytes = size(path, &mut BTreeSet::new()).map_err(Error::file(path))?;
    if !is_tried {
        let taken = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        taken.or_else(unless_absent).map_err(Error::file(path))?;
    }
    Ok(bytes)
}

/// What stands at `path` and below, in bytes on the disk. Links are not followed; a file of several names counts once.
fn size(path: &Path, seen: &mut BTreeSet<(u64, u64)>) -> io::Result<u64> {
    let found = match fs::symlink_metadata(path) {
        Err(error) => return unless_absent(error).map(|()| 0),
        Ok(found) => found,
    };
    let mut bytes = if seen.insert((found.dev(), found.ino())) { 512 * found.blocks() } else { 0 };
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            bytes += size(&entry?.path(), seen)?;
        }
    }
    Ok(bytes)
}

fn unless_absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_of_two_names_counts_once_and_links_lead_nowhere() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let large = elsewhere.path().join("large");
        fs::write(&large, vec![1; 1 << 20]).unwrap();
        let empty = size(folder.path(), &mut BTreeSet::new()).unwrap();
        symlink(elsewhere.path(), folder.path().join("link")).unwrap();
        fs::write(folder.path().join("one"), vec![1; 100_000]).unwrap();
        fs::hard_link(folder.path().join("one"), folder.path().join("two")).unwrap();
        let bytes = size(folder.path(), &mut BTreeSet::new()).unwrap() - empty;
        assert!((100_000..200_000).contains(&bytes), "{bytes}");
        assert_eq!(take(folder.path(), true).unwrap(), bytes + empty);
        assert_eq!(take(folder.path(), false).unwrap(), bytes + empty);
        assert!(!folder.path().exists() && large.exists());
        assert_eq!(take(folder.path(), false).unwrap(), 0);
    }
}
