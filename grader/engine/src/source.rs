//! The source that is graded, read into memory.

mod place;
mod reading;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::rules::{Refusal, Rule};
use crate::workspace::Workspace;

use reading::Reading;
pub use reading::named_files;

/// The content of a crate's `src/` folder, and where it came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path below `src/` → content: all `.rs` files, and what else is named in one of them. A map, so that the order
    /// never depends on the file system. Which of them are a part of the program only the compiler knows.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// What the user called it on the command line; `None` for the crate's own source.
    pub origin: Option<PathBuf>,
    /// What stands among them and was not read. The source is refused for it where the compiler asks for it.
    pub refused: Vec<Refusal>,
    /// The course's tests, by which a library is judged; `None` for a program.
    pub checks: Option<Vec<u8>>,
}

impl Source {
    /// The source of `exercise`: the crate's own, or `replacement` in its place. A file stands for
    /// `main.rs` or `lib.rs`, beside the crate's other modules; a folder stands for the whole `src/`, or is the project
    /// around it.
    ///
    /// # Errors
    /// When there is nothing to read, or no such file in it.
    pub fn read(workspace: &Workspace, exercise: &str, replacement: Option<&Path>) -> Result<Self, Error> {
        let own = workspace.crate_folder(exercise).join("src");
        let checks = checks(&workspace.checks(exercise))?;
        let root = root_of(checks.is_some());
        let mut reading = Reading::default();
        let origin = match replacement {
            Some(path) if !path.is_dir() => {
                reading.root(path, root)?;
                reading.folder(&own)?;
                Some(path.to_owned())
            }
            Some(folder) => {
                let src = place::of_source(folder, exercise, root);
                reading.folder(&src)?;
                Some(src)
            }
            None => {
                reading.folder(&own)?;
                None
            }
        };
        let (files, refused) = reading.finish();
        let source = Self { files, origin, refused, checks };
        match source.root() {
            Some(_) => Ok(source),
            None => Err(place::without_root(source.origin.as_deref().unwrap_or(&own), root)),
        }
    }

    /// The name of the file that the compiler is given: `main.rs` of a program, `lib.rs` of a library.
    pub fn root_name(&self) -> &'static str {
        root_of(self.checks.is_some())
    }

    /// A source of one file, for generated programs.
    pub fn of_main(self, main: Vec<u8>, origin: PathBuf) -> Self {
        let mut files = self.files;
        files.insert("main.rs".into(), main);
        Self { files, origin: Some(origin), ..self }
    }

    /// The file that the compiler is given, or why it cannot be one; `None` where there is nothing of that name.
    pub(crate) fn root(&self) -> Option<Result<&[u8], &Refusal>> {
        let path = Path::new(self.root_name());
        let read = self.files.get(path).map(|content| Ok(content.as_slice()));
        read.or_else(|| self.refused.iter().find(|refusal| refusal.file == path).map(Err))
    }

    /// Files beside the source that would decide about a build of the student's own and decide nothing here.
    pub fn unused_build_files(&self) -> impl Iterator<Item = &Path> {
        let of_builds = self.refused.iter().filter(|refusal| refusal.rule == Rule::BuildFile);
        of_builds.map(|refusal| refusal.file.as_path())
    }

    /// The path by which the user knows the file `below_src` of this source.
    pub fn display_path(&self, exercise: &str, below_src: &Path) -> PathBuf {
        match &self.origin {
            Some(path) if path.is_dir() => path.join(below_src),
            Some(path) if below_src == Path::new(self.root_name()) => path.clone(),
            _ => Path::new("crates").join(exercise).join("src").join(below_src),
        }
    }
}

fn root_of(is_library: bool) -> &'static str {
    if is_library { "lib.rs" } else { "main.rs" }
}

/// The tests of an exercise by tests.
fn checks(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(path)(error)),
    }
}
