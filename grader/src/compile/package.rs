//! The small workspace in which one exercise is built: the course's manifests and lock file, and a stub.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::unused::crates;
use crate::error::Error;
use crate::workspace::Workspace;

/// The package of one exercise, perhaps not written to disk yet.
pub(super) struct Package {
    folder: PathBuf,
    exercise: String,
    root_manifest: String,
    crate_manifest: String,
    lock_file: String,
}

impl Package {
    pub(super) fn new(workspace: &Workspace, exercise: &str) -> Result<Self, Error> {
        let course = workspace.manifests();
        let lock_path = course.join("Cargo.lock");
        Ok(Self {
            folder: workspace.build_folder().join("packages").join(exercise),
            exercise: exercise.to_owned(),
            root_manifest: root_manifest(&course.join("Cargo.toml"), &format!("crates/{exercise}"))?,
            crate_manifest: crate_manifest(&manifest_of(&course, exercise))?,
            lock_file: fs::read_to_string(&lock_path).map_err(Error::file(&lock_path))?,
        })
    }

    pub(super) fn exercise(&self) -> &str {
        &self.exercise
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The crates that a source may use.
    pub(super) fn crates(&self) -> Vec<String> {
        crates(&self.crate_manifest.parse().unwrap_or_default())
    }

    /// Everything but the source that decides about the build.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        [&self.root_manifest, &self.crate_manifest, &self.lock_file].into_iter().map(String::as_bytes)
    }

    /// Writes the manifests, and a program that does nothing: what is compiled by cargo is never a
    /// stranger's source. It is always written anew, as cargo compiles only what has changed.
    pub(super) fn write_stub(&self) -> Result<(), Error> {
        let package = self.folder.join("crates").join(&self.exercise);
        write_file(&self.folder.join("Cargo.toml"), self.root_manifest.as_bytes())?;
        write_file(&self.folder.join("Cargo.lock"), self.lock_file.as_bytes())?;
        write_file(&package.join("Cargo.toml"), self.crate_manifest.as_bytes())?;
        write_file(&package.join("src/main.rs"), b"fn main() {}\n")
    }
}

pub(super) fn manifest_of(root: &Path, exercise: &str) -> PathBuf {
    root.join("crates").join(exercise).join("Cargo.toml")
}

pub(super) fn write_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    fs::write(path, content).map_err(Error::file(path))
}

/// The folder of the workspace in which the runtime is built: in a students' repository a small one of its own, as what a
/// student's manifests ask for may not even be there to be had.
pub(super) fn of_runtime(workspace: &Workspace) -> Result<PathBuf, Error> {
    let course = workspace.manifests();
    if course == workspace.root() {
        return Ok(course);
    }
    let folder = workspace.build_folder().join("packages").join("runtime");
    let lock_file = course.join("Cargo.lock");
    let manifest = root_manifest(&course.join("Cargo.toml"), "grader/runtime")?;
    write_file(&folder.join("Cargo.toml"), manifest.as_bytes())?;
    write_file(&folder.join("Cargo.lock"), &fs::read(&lock_file).map_err(Error::file(&lock_file))?)?;
    let (code, place) = (workspace.root().join("grader"), folder.join("grader"));
    if fs::read_link(&place).ok().as_ref() != Some(&code) {
        let _ = fs::remove_file(&place);
        symlink(&code, &place).map_err(Error::file(&place))?;
    }
    Ok(folder)
}

/// The workspace's manifest with this package as its only member.
fn root_manifest(path: &Path, member: &str) -> Result<String, Error> {
    let mut manifest = read_manifest(path)?;
    let Some(Value::Table(workspace)) = manifest.get_mut("workspace") else {
        return Err(Error::Content { path: path.to_owned(), reason: "it has no [workspace]".into() });
    };
    workspace.insert("members".into(), Value::Array(vec![member.into()]));
    workspace.remove("default-members");
    Ok(manifest.to_string())
}

/// The exercise's manifest without what only its own tests need.
fn crate_manifest(path: &Path) -> Result<String, Error> {
    let mut manifest = read_manifest(path)?;
    manifest.remove("dev-dependencies");
    Ok(manifest.to_string())
}

pub(super) fn read_manifest(path: &Path) -> Result<Table, Error> {
    let text = fs::read_to_string(path).map_err(Error::file(path))?;
    text.parse().map_err(|error: toml::de::Error| Error::Content {
        path: path.to_owned(),
        reason: error.message().to_owned(),
    })
}
