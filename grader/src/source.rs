//! The source that is graded, read into memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::error::Error;
use crate::report::escape::in_line;
use crate::rules::{Refusal, Rule};
use crate::workspace::Workspace;

/// The content of a crate's `src/` folder, and where it came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path below `src/` → content. A map, so that the order never depends on the file system.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// What the user called it on the command line; `None` for the crate's own source.
    pub origin: Option<PathBuf>,
    /// What was not read, as no source may have it.
    pub refused: Vec<Refusal>,
}

/// How large a source can be.
const MOST_FILES: usize = 200;
const MOST_BYTES_A_FILE: u64 = 1 << 20;
const MOST_BYTES: u64 = 4 << 20;
const MOST_DEPTH: usize = 8;

/// Files that change how a program is built, where a tool finds them.
const BUILD_FILES: [&str; 6] =
    ["build.rs", "Cargo.toml", "Cargo.lock", ".cargo", "rust-toolchain", "rust-toolchain.toml"];

impl Source {
    /// The source of `exercise`: the crate's own, or `replacement` in its place. A file stands for
    /// `main.rs`, beside the crate's other modules; a folder stands for the whole `src/`.
    ///
    /// # Errors
    /// When a file cannot be read, or the folder has no `main.rs`.
    pub fn read(workspace: &Workspace, exercise: &str, replacement: Option<&Path>) -> Result<Self, Error> {
        let own = workspace.crate_folder(exercise).join("src");
        let mut reading = Reading::default();
        match replacement {
            Some(path) if !path.is_dir() => {
                let main = read_regular(path)?;
                reading.folder(&own, Path::new(""))?;
                reading.add("main.rs".into(), main);
            }
            Some(folder) => reading.folder(folder, Path::new(""))?,
            None => reading.folder(&own, Path::new(""))?,
        }
        let root = replacement.unwrap_or(&own);
        if !reading.files.contains_key(Path::new("main.rs")) && reading.refused.is_empty() {
            return Err(Error::Usage(format!("{}: it has no main.rs", shown(root))));
        }
        let Reading { files, refused, .. } = reading;
        Ok(Self { files, origin: replacement.map(Path::to_owned), refused })
    }

    /// A source of one file, for generated programs.
    pub fn of_main(self, main: Vec<u8>, origin: PathBuf) -> Self {
        let mut files = self.files;
        files.insert("main.rs".into(), main);
        Self { files, origin: Some(origin), refused: self.refused }
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

/// A path in a sentence.
fn shown(path: &Path) -> String {
    in_line(&path.display().to_string())
}

/// Reads a file that is nothing but a file: a pipe or a device could make the grader wait for ever.
fn read_regular(path: &Path) -> Result<Vec<u8>, Error> {
    if !fs::metadata(path).map_err(Error::file(path))?.is_file() {
        return Err(Error::Usage(format!("{}: not a regular file", shown(path))));
    }
    let mut content = Vec::new();
    let file = open_regular(path).map_err(Error::file(path))?;
    // One byte more shows that it is too large.
    file.take(MOST_BYTES_A_FILE + 1).read_to_end(&mut content).map_err(Error::file(path))?;
    Ok(content)
}

/// Does not wait for the other end of a pipe that took the file's place meanwhile.
fn open_regular(path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// A source while it is read.
#[derive(Default)]
struct Reading {
    files: BTreeMap<PathBuf, Vec<u8>>,
    refused: Vec<Refusal>,
    bytes: u64,
}

impl Reading {
    fn folder(&mut self, folder: &Path, below: &Path) -> Result<(), Error> {
        if below.components().count() > MOST_DEPTH {
            self.refuse(below, Rule::TooLarge);
            return Ok(());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(Error::file(folder))?.take(10 * MOST_FILES) {
            names.push(entry.map_err(Error::file(folder))?.file_name());
        }
        names.sort();
        names.iter().try_for_each(|name| self.entry(&folder.join(name), &below.join(name)))
    }

    fn entry(&mut self, path: &Path, below: &Path) -> Result<(), Error> {
        let kind = fs::symlink_metadata(path).map_err(Error::file(path))?.file_type();
        if BUILD_FILES.iter().any(|name| below == Path::new(name)) {
            self.refuse(below, Rule::BuildFile);
        } else if kind.is_dir() {
            self.folder(path, below)?;
        } else if !kind.is_file() {
            self.refuse(below, Rule::NotAFile);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let content = read_regular(path)?;
            self.add(below.to_owned(), content);
        }
        Ok(())
    }

    fn add(&mut self, below: PathBuf, content: Vec<u8>) {
        let length = content.len() as u64;
        self.bytes += length;
        if length > MOST_BYTES_A_FILE || self.bytes > MOST_BYTES || self.files.len() >= MOST_FILES {
            self.refuse(&below, Rule::TooLarge);
        } else {
            self.files.insert(below, content);
        }
    }

    fn refuse(&mut self, below: &Path, rule: Rule) {
        self.refused.push(Refusal { file: below.to_owned(), line: 0, rule });
    }
}
