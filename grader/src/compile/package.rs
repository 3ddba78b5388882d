//! The small workspace in which one exercise is built: the course's manifests and lock file, and
//! the source that is graded.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::error::Error;
use crate::source::Source;
use crate::workspace::Workspace;

/// The package of one exercise, perhaps not written to disk yet.
pub(super) struct Package {
    exercise: String,
    root_manifest: String,
    crate_manifest: String,
    lock_file: String,
}

impl Package {
    pub(super) fn new(workspace: &Workspace, exercise: &str) -> Result<Self, Error> {
        let lock_path = workspace.root().join("Cargo.lock");
        Ok(Self {
            exercise: exercise.to_owned(),
            root_manifest: root_manifest(&workspace.root().join("Cargo.toml"), exercise)?,
            crate_manifest: crate_manifest(&workspace.crate_folder(exercise).join("Cargo.toml"))?,
            lock_file: fs::read_to_string(&lock_path).map_err(Error::file(&lock_path))?,
        })
    }

    /// Everything but the source that decides about the build.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        [&self.root_manifest, &self.crate_manifest, &self.lock_file].into_iter().map(String::as_bytes)
    }

    /// Writes the manifests and the source into `folder`; nothing of an earlier source is left.
    pub(super) fn write(&self, folder: &Path, source: &Source) -> Result<(), Error> {
        let package = folder.join("crates").join(&self.exercise);
        let src = package.join("src");
        if src.exists() {
            fs::remove_dir_all(&src).map_err(Error::file(&src))?;
        }
        write_file(&folder.join("Cargo.toml"), self.root_manifest.as_bytes())?;
        write_file(&folder.join("Cargo.lock"), self.lock_file.as_bytes())?;
        write_file(&package.join("Cargo.toml"), self.crate_manifest.as_bytes())?;
        source.files.iter().try_for_each(|(path, content)| write_file(&src.join(path), content))
    }
}

fn write_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    fs::write(path, content).map_err(Error::file(path))
}

/// The workspace's manifest with this exercise as its only member.
fn root_manifest(path: &Path, exercise: &str) -> Result<String, Error> {
    let mut manifest = read_manifest(path)?;
    let Some(Value::Table(workspace)) = manifest.get_mut("workspace") else {
        return Err(Error::Content { path: path.to_owned(), reason: "it has no [workspace]".into() });
    };
    workspace.insert("members".into(), Value::Array(vec![format!("crates/{exercise}").into()]));
    Ok(manifest.to_string())
}

/// The exercise's manifest without what only its own tests need.
fn crate_manifest(path: &Path) -> Result<String, Error> {
    let mut manifest = read_manifest(path)?;
    manifest.remove("dev-dependencies");
    Ok(manifest.to_string())
}

fn read_manifest(path: &Path) -> Result<Table, Error> {
    let text = fs::read_to_string(path).map_err(Error::file(path))?;
    text.parse().map_err(|error: toml::de::Error| Error::Content {
        path: path.to_owned(),
        reason: error.message().to_owned(),
    })
}
