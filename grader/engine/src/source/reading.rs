//! Reading a folder of sources that is not trusted: bounded, and without following a link.
//!
//! What stands in it without being a part of the program says nothing about the program: copies of editors, notes,
//! links that lead nowhere. So nothing is an error here but a folder that cannot be read at all. What is not read is
//! noted, and the source is refused for it if the compiler asks for it.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::error::Error;
use crate::escape::in_line;
use crate::rules::{MOST_BYTES_A_FILE, Refusal, Rule};

/// How much is looked at. What is a part of the program has limits of its own: see `rules`.
const MOST_ENTRIES: usize = 10_000;
const MOST_FILES: usize = 2_000;
const MOST_BYTES: u64 = 16 << 20;
const MOST_DEPTH: usize = 8;

/// Files that change how a program is built, where a tool finds them.
const BUILD_FILES: [&str; 6] =
    ["build.rs", "Cargo.toml", "Cargo.lock", ".cargo", "rust-toolchain", "rust-toolchain.toml"];

/// A source while it is read.
#[derive(Default)]
pub(super) struct Reading {
    files: BTreeMap<PathBuf, Vec<u8>>,
    refused: Vec<Refusal>,
    /// Files that are no Rust, and may be named in some that are: where they are, and their paths below the source.
    others: Vec<(PathBuf, PathBuf)>,
    entries: usize,
    bytes: u64,
}

impl Reading {
    /// Reads the file that stands for `name`, `main.rs` or `lib.rs`.
    ///
    /// # Errors
    /// When it cannot be read, or is no file.
    pub(super) fn root(&mut self, path: &Path, name: &str) -> Result<(), Error> {
        if !fs::metadata(path).map_err(Error::file(path))?.is_file() {
            let shown = in_line(&path.display().to_string());
            return Err(Error::Usage(format!("{shown}: not a regular file")));
        }
        let content = read_regular(path).map_err(Error::file(path))?;
        self.add(name.into(), content);
        Ok(())
    }

    /// Reads what is in `folder`.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub(super) fn folder(&mut self, folder: &Path) -> Result<(), Error> {
        self.list(folder, Path::new("")).map_err(Error::file(folder))
    }

    /// What was read, and what was not.
    pub(super) fn finish(mut self) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<Refusal>) {
        let named = named_files(self.files.values());
        let is_named = |(_, below): &(PathBuf, PathBuf)| {
            below.file_name().is_some_and(|name| named.contains(name.as_bytes()))
        };
        let mut others = std::mem::take(&mut self.others);
        others.retain(is_named);
        for (path, below) in others {
            self.file(&path, below);
        }
        (self.files, self.refused)
    }

    /// The files of a folder come before those in folders inside of it, so that these cannot use up what there is.
    fn list(&mut self, folder: &Path, below: &Path) -> io::Result<()> {
        let left = MOST_ENTRIES.saturating_sub(self.entries);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)?.take(left) {
            names.push(entry?.file_name());
        }
        self.entries += names.len();
        names.sort();
        let mut folders = Vec::new();
        for name in names {
            let (path, below) = (folder.join(&name), below.join(&name));
            match fs::symlink_metadata(&path).map(|found| found.file_type()) {
                _ if BUILD_FILES.iter().any(|name| below == Path::new(name)) => {
                    self.refuse(below, Rule::BuildFile);
                }
                Ok(kind) if kind.is_dir() => folders.push((path, below)),
                Ok(kind) if !kind.is_file() => self.refuse(below, Rule::NotAFile),
                Ok(_) if below.extension().is_some_and(|extension| extension == "rs") => {
                    self.file(&path, below);
                }
                Ok(_) => self.others.push((path, below)),
                Err(_) => self.refuse(below, Rule::NotRead),
            }
        }
        for (path, below) in folders.into_iter().filter(|(path, _)| !is_of_tools(path)) {
            if below.components().count() > MOST_DEPTH {
                self.refuse(below, Rule::TooLarge);
            } else if self.list(&path, &below).is_err() {
                self.refuse(below, Rule::NotRead);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, below: PathBuf) {
        if self.files.contains_key(&below) || self.refused.iter().any(|refusal| refusal.file == below) {
            return;
        }
        match read_regular(path) {
            Ok(content) => self.add(below, content),
            Err(_) => self.refuse(below, Rule::NotRead),
        }
    }

    fn add(&mut self, below: PathBuf, content: Vec<u8>) {
        let length = content.len() as u64;
        if length > MOST_BYTES_A_FILE || self.bytes + length > MOST_BYTES || self.files.len() >= MOST_FILES {
            self.refuse(below, Rule::TooLarge);
        } else {
            self.bytes += length;
            self.files.insert(below, content);
        }
    }

    fn refuse(&mut self, file: PathBuf, rule: Rule) {
        self.refused.push(Refusal { file, line: 0, rule });
    }
}

/// The names of all files that `sources` can include, and more: what stands between quotes, behind its last slash. Rules
/// see to it that nothing is included by a name that is written in another way.
pub fn named_files<'a>(sources: impl Iterator<Item = &'a Vec<u8>>) -> HashSet<Vec<u8>> {
    let quoted = sources.flat_map(|text| text.split(|byte| *byte == b'"'));
    let names = quoted.filter_map(|text| text.rsplit(|byte| *byte == b'/').next());
    names.filter(|name| (1..=MOST_NAME).contains(&name.len())).map(<[u8]>::to_vec).collect()
}

/// The longest name of a file (`NAME_MAX` in limits.h), in bytes.
const MOST_NAME: usize = 255;

/// Folders that no source is in: hidden ones, and cargo's, which have a mark (<https://bford.info/cachedir/>).
fn is_of_tools(folder: &Path) -> bool {
    let is_hidden = folder.file_name().is_some_and(|name| name.as_bytes().starts_with(b"."));
    is_hidden || folder.join("CACHEDIR.TAG").is_file()
}

/// Reads a file that is nothing but a file: a pipe or a device could make the grader wait for ever.
fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // It does not wait for the other end of a pipe that took the file's place meanwhile.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
    // One byte more shows that it is too large.
    file.take(MOST_BYTES_A_FILE + 1).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn read(folder: &Path) -> (Vec<String>, Vec<(String, Rule)>) {
        let mut reading = Reading::default();
        reading.folder(folder).unwrap();
        let (files, refused) = reading.finish();
        let shown = |path: &Path| path.display().to_string();
        let refused = refused.iter().map(|refusal| (shown(&refusal.file), refusal.rule)).collect();
        (files.keys().map(|path| shown(path)).collect(), refused)
    }

    #[test]
    fn what_only_stands_there_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("main.rs", "const HELP: &str = include_str!(\"texts/help.txt\");");
        write("texts/help.txt", "Help.");
        write("notes.txt", "Nobody names me.");
        write("._main.rs", "\0\u{5}");
        write("target/CACHEDIR.TAG", "");
        write("target/debug/a.rs", "");
        write(".git/a.rs", "");
        write("large.rs", &" ".repeat(2 << 20));
        write("Cargo.toml", "");
        symlink("nobody@nowhere.1:2", folder.path().join(".#main.rs")).unwrap();
        let (files, refused) = read(folder.path());
        assert_eq!(files, ["._main.rs", "main.rs", "texts/help.txt"]);
        let wanted =
            [(".#main.rs", Rule::NotAFile), ("Cargo.toml", Rule::BuildFile), ("large.rs", Rule::TooLarge)];
        assert_eq!(refused, wanted.map(|(file, rule)| (file.to_owned(), rule)));
    }

    #[test]
    fn what_is_looked_at_has_an_end_and_main_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        for number in 0..MOST_FILES + 5 {
            fs::write(folder.path().join(format!("a/{number}.rs")), "").unwrap();
        }
        fs::write(folder.path().join("main.rs"), "").unwrap();
        let (files, refused) = read(folder.path());
        assert_eq!((files.len(), refused.len()), (MOST_FILES, 6));
        assert_eq!(files.last().map(String::as_str), Some("main.rs"));
    }
}
