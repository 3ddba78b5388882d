//! What students handed in: a folder, a zip archive or a single file each, in a folder of the class.
//!
//! Nothing in it is trusted. Symbolic links, pipes and devices are never followed or opened, and
//! sizes have limits. What cannot be used is said of that submission alone.

mod archive;
mod class;
mod content;
mod layout;
mod names;
mod tree;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use engine::source::Source;
use engine::workspace::Workspace;
use exercises::{Course, Exercise};
use tempfile::TempDir;

use crate::attempt::Timestamp;
pub use class::{Class, Naming, list};
use layout::Wanted;
use names::{has_extension, is_source};
use tree::Tree;

/// What one student handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The student: the name of the folder, of the file without its extension, or what the platform says.
    pub student: String,
    /// Where it is; the first part of it, where it has several.
    pub path: PathBuf,
    /// Files that a platform calls by its own names, with the names that they had; none for what is as it was handed in.
    pub parts: Vec<Part>,
    /// Whether the platform says that it came late.
    pub is_late: bool,
}

/// A file of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it is.
    pub path: PathBuf,
    /// What the student called it.
    pub name: String,
}

/// Why a submission cannot be graded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is nothing for this exercise; a few names of what there is.
    Missing(Vec<String>),
    /// It cannot be read.
    Unreadable(String),
    /// It breaks a rule, so it is not looked at.
    Refused(String),
}

/// A submission whose content can be looked at.
pub struct Opened {
    root: PathBuf,
    /// What is in it, where it is a folder.
    tree: Tree,
    /// What the user knows it by, and when it was handed in, where `root` is only a copy.
    original: Option<(PathBuf, Option<Timestamp>)>,
    _copy: Option<TempDir>,
}

impl Submission {
    /// Opens it, and unpacks it if it is an archive.
    ///
    /// # Errors
    /// When it cannot be read, or breaks a rule.
    pub fn open(&self) -> Result<Opened, Problem> {
        if !self.parts.is_empty() {
            return Opened::parts(&self.path, &self.parts);
        }
        let kind = fs::symlink_metadata(&self.path).map_err(content::unreadable(&self.path))?.file_type();
        if kind.is_dir() {
            return self.folder();
        }
        content::require_regular(&self.path)?;
        if is_source(&self.path) {
            return Ok(Opened {
                root: self.path.clone(),
                tree: Tree::default(),
                original: None,
                _copy: None,
            });
        }
        if has_extension(&self.path, "zip") {
            Opened::archive(&self.path)
        } else {
            Err(no_source(&self.path))
        }
    }

    /// A folder, or an archive in a folder: learning platforms put an upload into a folder of the student.
    fn folder(&self) -> Result<Opened, Problem> {
        let tree = Tree::look(&self.path)?;
        let is_archive = |path: &&Path| class::is_archive(path);
        let archives: Vec<&Path> = tree.files().filter(is_archive).collect();
        if tree.sources().next().is_some() || archives.is_empty() {
            return Ok(Opened { root: self.path.clone(), tree, original: None, _copy: None });
        }
        let shown: Vec<String> = archives.iter().map(|path| path.display().to_string()).collect();
        match archives.as_slice() {
            [archive] if has_extension(archive, "zip") => Opened::archive(&self.path.join(archive)),
            [other] => Err(no_source(&self.path.join(other))),
            _ => Err(Problem::Unreadable(format!(
                "{}: it has several archives, and nobody knows which is meant: {}",
                self.path.display(),
                shown.join(", ")
            ))),
        }
    }
}

/// For what is neither a folder nor of a kind that can be read.
fn no_source(path: &Path) -> Problem {
    let reason = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => "it was typed into the platform, and only files are graded",
        _ => "only folders, zip archives and .rs files can be read",
    };
    Problem::Unreadable(format!("{}: {reason}", path.display()))
}

fn temporary(path: &Path) -> Result<TempDir, Problem> {
    tempfile::Builder::new().prefix("lockstep-").tempdir().map_err(content::unreadable(path))
}

impl Opened {
    fn archive(path: &Path) -> Result<Self, Problem> {
        let copy = temporary(path)?;
        archive::unpack(path, copy.path())?;
        Self::copied(path, content::modified(path), copy)
    }

    /// Files with the names that they had; archives in their places.
    fn parts(path: &Path, parts: &[Part]) -> Result<Self, Problem> {
        let copy = temporary(path)?;
        for Part { path, name } in parts {
            content::require_regular(path)?;
            let name = Path::new(name).file_name().unwrap_or_default();
            if has_extension(Path::new(name), "zip") {
                let into = if parts.len() == 1 { copy.path().to_owned() } else { copy.path().join(name) };
                fs::create_dir_all(&into).map_err(content::unreadable(path))?;
                archive::unpack(path, &into)?;
            } else if is_source(Path::new(name)) {
                content::inspect(path)?;
                fs::copy(path, copy.path().join(name)).map_err(content::unreadable(path))?;
            } else {
                return Err(no_source(path));
            }
        }
        let newest = parts.iter().filter_map(|part| content::modified(&part.path)).max();
        Self::copied(path, newest, copy)
    }

    fn copied(path: &Path, submitted_at: Option<Timestamp>, copy: TempDir) -> Result<Self, Problem> {
        let (root, tree) = (copy.path().to_owned(), Tree::look(copy.path())?);
        Ok(Self { root, tree, original: Some((path.to_owned(), submitted_at)), _copy: Some(copy) })
    }

    /// Whether there is something for `exercise`, without reading it.
    pub fn has(&self, course: &Course, exercise: &Exercise) -> bool {
        layout::locate(&self.tree, &wanted(course, exercise), false).is_ok_and(|place| place.is_some())
    }

    /// Reads the source of `exercise`, and tells when its newest file was written. If it is the `only`
    /// exercise that is asked for, sources that do not name their exercise are of it.
    ///
    /// # Errors
    /// When there is none, it cannot be read or it breaks a rule.
    pub fn source(
        &self,
        workspace: &Workspace,
        course: &Course,
        exercise: &Exercise,
        only: bool,
    ) -> Result<(Source, Option<Timestamp>), Problem> {
        let place = self.place(&wanted(course, exercise), only)?;
        let seen = content::inspect(&place)?;
        let unreadable = |error: io::Error| Problem::Unreadable(format!("{}: {error}", place.display()));
        let clean = if seen.has_foreign { Some(temporary(&place)?) } else { None };
        if let Some(clean) = &clean {
            content::copy(&place, clean.path()).map_err(unreadable)?;
        }
        let from = clean.as_ref().map_or(place.as_path(), TempDir::path);
        let unreadable = |error: engine::error::Error| {
            let text = error.to_string().replace(&*from.to_string_lossy(), &place.to_string_lossy());
            Problem::Unreadable(self.with_original_path(text))
        };
        let mut source = Source::read(workspace, exercise.name, Some(from)).map_err(unreadable)?;
        match &self.original {
            Some((path, submitted_at)) => {
                source.origin = Some(path.clone());
                Ok((source, *submitted_at))
            }
            None => {
                source.origin = Some(place);
                Ok((source, seen.newest))
            }
        }
    }

    fn place(&self, wanted: &Wanted, only: bool) -> Result<PathBuf, Problem> {
        if self.root.is_file() {
            return if only { Ok(self.root.clone()) } else { Err(Problem::Missing(Vec::new())) };
        }
        let below = layout::locate(&self.tree, wanted, only)?;
        let below = below.ok_or_else(|| Problem::Missing(self.tree.names()))?;
        Ok(if below.as_os_str().is_empty() { self.root.clone() } else { self.root.join(below) })
    }

    fn with_original_path(&self, text: String) -> String {
        match &self.original {
            Some((path, _)) => text.replace(&*self.root.to_string_lossy(), &path.to_string_lossy()),
            None => text,
        }
    }
}

fn wanted<'a>(course: &'a Course, exercise: &'a Exercise) -> Wanted<'a> {
    Wanted { exercise: exercise.name, root: exercise.root, course }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(files: &[(&str, &[u8])]) -> (TempDir, Result<Opened, Problem>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join("class/ada").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let class = list(&[folder.path().join("class")], Naming::Known).unwrap();
        let opened = class.submissions[0].open();
        (folder, opened)
    }

    fn zip(names: &[&str]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for name in names {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn source(opened: &Opened) -> Result<Vec<PathBuf>, Problem> {
        let workspace = Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let course = Course::of(&workspace).unwrap();
        Ok(opened
            .source(&workspace, &course, course.find("even-odd").unwrap(), true)?
            .0
            .files
            .into_keys()
            .collect())
    }

    #[test]
    fn what_lies_beside_a_source_does_not_matter() {
        let packed = zip(&["src/main.rs", "target/debug/build/x.rs"]);
        for files in [
            vec![("hw1/src/main.rs", &b"fn main() {}"[..]), ("report.pdf", b"%PDF")],
            vec![("hw.zip", packed.as_slice()), ("report.pdf", b"%PDF")],
            vec![("hw/hw.ZIP", packed.as_slice())],
            vec![
                ("main.rs", b""),
                ("Cargo.toml", b""),
                ("old.zip", b"PK"),
                ("target/debug/build/x.rs", b""),
                (".git/HEAD", b""),
            ],
        ] {
            let (_folder, opened) = opened(&files);
            assert_eq!(source(&opened.unwrap()).unwrap(), [Path::new("main.rs")], "{:?}", files[0].0);
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_named() {
        let (_folder, two) = opened(&[("a.zip", &zip(&["main.rs"])), ("b.zip", b"")]);
        let Err(Problem::Unreadable(reason)) = two else { panic!("it was opened") };
        assert!(reason.ends_with("it has several archives, and nobody knows which is meant: a.zip, b.zip"));
        let (_folder, other) = opened(&[("hw.tar.gz", b""), ("report.pdf", b"")]);
        assert!(
            matches!(other, Err(Problem::Unreadable(reason)) if reason.contains("hw.tar.gz: only folders"))
        );
        let (_folder, nothing) = opened(&[("report.pdf", b"")]);
        assert_eq!(source(&nothing.unwrap()), Err(Problem::Missing(vec!["report.pdf".into()])));
    }
}
