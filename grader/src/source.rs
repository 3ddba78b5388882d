//! The source that is graded, read into memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::workspace::Workspace;

/// The content of a crate's `src/` folder, and where it came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path below `src/` → content. A map, so that the order never depends on the file system.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// What the user called it on the command line; `None` for the crate's own source.
    pub origin: Option<PathBuf>,
}

impl Source {
    /// The source of `exercise`: the crate's own, or `replacement` in its place. A file stands for
    /// `main.rs`, beside the crate's other modules; a folder stands for the whole `src/`.
    ///
    /// # Errors
    /// When a file cannot be read, or the folder has no `main.rs`.
    pub fn read(workspace: &Workspace, exercise: &str, replacement: Option<&Path>) -> Result<Self, Error> {
        let own = workspace.crate_folder(exercise).join("src");
        let mut files = BTreeMap::new();
        match replacement {
            Some(path) if !path.is_dir() => {
                let main = read_regular(path)?;
                read_folder(&own, Path::new(""), &mut files)?;
                files.insert("main.rs".into(), main);
            }
            Some(folder) => read_folder(folder, Path::new(""), &mut files)?,
            None => read_folder(&own, Path::new(""), &mut files)?,
        }
        let root = replacement.unwrap_or(&own);
        if !files.contains_key(Path::new("main.rs")) {
            return Err(Error::Usage(format!("{}: it has no main.rs", root.display())));
        }
        Ok(Self { files, origin: replacement.map(Path::to_owned) })
    }

    /// A source of one file, for generated programs.
    pub fn of_main(self, main: Vec<u8>, origin: PathBuf) -> Self {
        let mut files = self.files;
        files.insert("main.rs".into(), main);
        Self { files, origin: Some(origin) }
    }

    /// The path by which the user knows the file `below_src` of this source.
    pub fn display_path(&self, exercise: &str, below_src: &Path) -> PathBuf {
        match &self.origin {
            Some(path) if path.is_dir() => path.join(below_src),
            Some(path) if below_src == Path::new("main.rs") => path.clone(),
            _ => Path::new("crates").join(exercise).join("src").join(below_src),
        }
    }
}

/// Reads a file that is nothing but a file: a pipe or a device could make the grader wait for ever.
fn read_regular(path: &Path) -> Result<Vec<u8>, Error> {
    if !fs::metadata(path).map_err(Error::file(path))?.is_file() {
        return Err(Error::Usage(format!("{}: not a regular file", path.display())));
    }
    fs::read(path).map_err(Error::file(path))
}

fn read_folder(folder: &Path, below: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = entry.map_err(Error::file(folder))?.path();
        let Some(name) = path.file_name() else { continue };
        let below = below.join(name);
        let kind = fs::symlink_metadata(&path).map_err(Error::file(&path))?.file_type();
        if kind.is_dir() {
            read_folder(&path, &below, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(below, fs::read(&path).map_err(Error::file(&path))?);
        }
    }
    Ok(())
}
