//! Where things stand in the workspace.

use std::env;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::error::Error;
use crate::short_hash::short_hash;

/// The repository with the exercises.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

/// Where the students' repository has the course's manifests.
pub const RELEASED_MANIFESTS: &str = "fixtures/manifests";

impl Workspace {
    /// The workspace around the current folder, else the one that the grader was built in.
    ///
    /// # Errors
    /// When neither is a workspace of exercises.
    pub fn find() -> Result<Self, Error> {
        let here = env::current_dir().unwrap_or_default();
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .chain(built_in.ancestors().skip(1))
            .find(|folder| folder.join("Cargo.lock").is_file() && folder.join("crates").is_dir())
            .map(|root| Self { root: root.to_owned(), target: target_folder(root, &Surroundings::here()) })
            .ok_or(Error::NoWorkspace)
    }

    /// The workspace at `root`, whatever this process's environment says.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { target: root.join("target"), root }
    }

    /// The folder that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The crate of an exercise.
    pub fn crate_folder(&self, exercise: &str) -> PathBuf {
        self.root.join("crates").join(exercise)
    }

    /// The folder with the manifests and the lock file that everything is built with, in their usual places. Students'
    /// repositories have them a second time, as the course has them: what a student changes in the others decides
    /// nothing, here as little as where the work is handed in.
    pub fn manifests(&self) -> PathBuf {
        let released = self.root.join(RELEASED_MANIFESTS);
        if released.is_dir() { released } else { self.root.clone() }
    }

    /// The rubric, data, mutants and variants of an exercise.
    pub fn fixtures(&self, exercise: &str) -> PathBuf {
        self.root.join("fixtures").join(exercise)
    }

    /// In which order the exercises of the course come, where it says so.
    pub fn course(&self) -> PathBuf {
        self.root.join("fixtures/course.toml")
    }

    /// The tests by which an exercise is judged, where it is one by tests.
    pub fn checks(&self, exercise: &str) -> PathBuf {
        self.fixtures(exercise).join("checks.rs")
    }

    /// What an exercise by cases is judged by.
    pub fn cases(&self, exercise: &str) -> PathBuf {
        self.fixtures(exercise).join("cases.toml")
    }

    /// Where the grader builds; inside cargo's own folder, so `cargo clean` empties it. Where that is no place to
    /// build in, a folder in the user's cache.
    pub fn build_folder(&self) -> PathBuf {
        self.target.join("grade")
    }
}

/// What decides about where to build.
struct Surroundings {
    /// `CARGO_TARGET_DIR`, as in cargo.
    named: Option<PathBuf>,
    /// Where programs of this user keep what can be made again.
    cache: Option<PathBuf>,
}

impl Surroundings {
    fn here() -> Self {
        let named = env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty());
        let here = env::current_dir().unwrap_or_default();
        Self { named: named.map(|folder| here.join(folder)), cache: user_cache() }
    }
}

/// Where programs of this user keep what can be made again (the XDG base directory specification).
pub fn user_cache() -> Option<PathBuf> {
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    named.or_else(|| env::home_dir().map(|home| home.join(".cache")))
}

/// The folder to build in: the one that is named, cargo's own, or one in the cache, one for each workspace.
fn target_folder(root: &Path, surroundings: &Surroundings) -> PathBuf {
    let own = root.join("target");
    if let Some(named) = &surroundings.named {
        return named.clone();
    }
    if cargo_can_build_in(&own) && is_writable(&own) {
        return own;
    }
    let name = short_hash([root.as_os_str().as_bytes()]);
    let other = surroundings.cache.as_ref().map(|cache| cache.join("lockstep").join(name));
    other.filter(|folder| cargo_can_build_in(folder) && is_writable(folder)).unwrap_or(own)
}

/// Cargo puts the folder into a list with colons, the linker takes `%` for a digit to choose, and the compiler
/// takes nothing but UTF-8.
pub(crate) fn cargo_can_build_in(folder: &Path) -> bool {
    folder.to_str().is_some_and(|path| !path.contains([':', '%']))
}

/// Whether files can be made in `folder`, or where it is not there, in the nearest folder around it.
fn is_writable(folder: &Path) -> bool {
    let nearest = folder.ancestors().find(|folder| fs::symlink_metadata(folder).is_ok());
    nearest.is_some_and(|folder| access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn surroundings(named: Option<&str>, cache: Option<&Path>) -> Surroundings {
        Surroundings { named: named.map(PathBuf::from), cache: cache.map(Path::to_owned) }
    }

    #[test]
    fn cargos_own_folder_is_used_where_it_can_be_and_the_named_one_before_it() {
        let root = tempfile::tempdir().unwrap();
        let cache = tempfile::tempdir().unwrap();
        let root = root.path();
        assert_eq!(target_folder(root, &surroundings(None, Some(cache.path()))), root.join("target"));
        assert_eq!(target_folder(root, &surroundings(Some("/x"), Some(cache.path()))), Path::new("/x"));
    }

    #[test]
    fn a_checkout_that_cargo_cannot_build_in_is_built_in_the_cache_each_in_its_own_place() {
        let cache = tempfile::tempdir().unwrap();
        let around = surroundings(None, Some(cache.path()));
        let odd = [Path::new("/tmp/a:b"), Path::new("/tmp/a%b"), Path::new(OsStr::from_bytes(b"/tmp/\xff"))];
        let folders = odd.map(|root| target_folder(root, &around));
        assert!(folders.iter().all(|folder| folder.starts_with(cache.path().join("lockstep"))));
        assert!(folders[0] != folders[1] && folders[1] != folders[2]);
        assert_eq!(target_folder(odd[0], &surroundings(None, None)), Path::new("/tmp/a:b/target"));
    }

    #[test]
    fn where_nothing_can_be_written_is_no_place_to_build_in() {
        assert!(!is_writable(Path::new("/proc/self/status/x")));
        assert!(is_writable(&env::temp_dir().join("not/there")));
    }
}
