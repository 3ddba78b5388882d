//! The small workspace in which one exercise is built: the course's manifests and lock file, and a stub.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::manifest::{crates, manifest_of, read_manifest};
use crate::error::Error;
use crate::short_hash::short_hash;
use crate::source::Source;
use crate::workspace::Workspace;

/// The package of one exercise, perhaps not written to disk yet.
#[derive(Clone)]
pub(super) struct Package {
    folder: PathBuf,
    exercise: String,
    /// What tells its builds from those with all crates of the course.
    variety: Option<String>,
    crates: Vec<String>,
    root_manifest: String,
    crate_manifest: String,
    lock_file: String,
}

impl Package {
    pub(super) fn new(workspace: &Workspace, exercise: &str) -> Result<Self, Error> {
        let course = workspace.manifests();
        let lock_path = course.join("Cargo.lock");
        let crate_manifest = crate_manifest(&manifest_of(&course, exercise))?;
        Ok(Self {
            folder: workspace.build_folder().join("packages").join(exercise),
            exercise: exercise.to_owned(),
            variety: None,
            crates: crates(&crate_manifest),
            root_manifest: root_manifest(&course.join("Cargo.toml"), &format!("crates/{exercise}"))?,
            crate_manifest: crate_manifest.to_string(),
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
    pub(super) fn crates(&self) -> &[String] {
        &self.crates
    }

    /// A name for the files that belong to it.
    pub(super) fn label(&self) -> String {
        let variety = self.variety.iter().flat_map(|variety| ["-", variety]);
        std::iter::once(self.exercise.as_str()).chain(variety).collect()
    }

    /// The same without the crates that `source` does not name: it cannot use them, and they need not be built.
    pub(super) fn without_unnamed(&self, source: &Source) -> Self {
        let mut manifest: Table = self.crate_manifest.parse().unwrap_or_default();
        // Features can name crates.
        let fixed = manifest.contains_key("features");
        let Some(Value::Table(dependencies)) = manifest.get_mut("dependencies").filter(|_| !fixed) else {
            return self.clone();
        };
        let all = dependencies.len();
        dependencies.retain(|name, _| is_named(&name.replace('-', "_"), source));
        if dependencies.len() == all {
            return self.clone();
        }
        let names = dependencies.keys().map(String::as_bytes);
        let variety = Some(short_hash(names)[..8].to_owned());
        Self { variety, crate_manifest: manifest.to_string(), ..self.clone() }
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

/// Whether the word stands anywhere in the text of a program: no crate is used without it. (The library of each crate of
/// the course is called as its package.)
fn is_named(word: &str, source: &Source) -> bool {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let has_word =
        |text: &Vec<u8>| text.split(|byte| !is_of_word(byte)).any(|found| found == word.as_bytes());
    source.files.values().chain(&source.checks).any(has_word)
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

/// The exercise's manifest without its own tests and what only they need.
fn crate_manifest(path: &Path) -> Result<Table, Error> {
    let mut manifest = read_manifest(path)?;
    for of_tests in ["dev-dependencies", "test"] {
        manifest.remove(of_tests);
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(manifest: &str) -> Package {
        Package {
            folder: PathBuf::new(),
            exercise: "primes".into(),
            variety: None,
            crates: crates(&manifest.parse().unwrap()),
            root_manifest: String::new(),
            crate_manifest: manifest.parse::<Table>().unwrap().to_string(),
            lock_file: String::new(),
        }
    }

    fn source(text: &str) -> Source {
        let files = [(PathBuf::from("main.rs"), Vec::new()), (PathBuf::from("sieve.rs"), text.into())];
        Source { files: files.into(), origin: None, refused: Vec::new(), checks: None }
    }

    fn built_with(manifest: &str, text: &str) -> Vec<String> {
        crates(&package(manifest).without_unnamed(&source(text)).crate_manifest.parse().unwrap())
    }

    const MANIFEST: &str = "[dependencies]\nclap = \"4\"\ncrossbeam = \"0.8\"\ncrossbeam-channel = \"0.5\"\n";

    #[test]
    fn crates_are_built_that_the_source_names_in_whatever_file() {
        assert_eq!(built_with(MANIFEST, "use crossbeam_channel::bounded;"), ["crossbeam-channel"]);
        assert_eq!(
            built_with(MANIFEST, "use r#crossbeam as c; #[derive(clap::Parser)]"),
            ["clap", "crossbeam"]
        );
        assert_eq!(built_with(MANIFEST, "let clapped = crossbeamed();"), [""; 0]);
    }

    #[test]
    fn builds_with_other_crates_have_other_names_and_the_advice_knows_all() {
        let package = package(MANIFEST);
        let of = |text: &str| package.without_unnamed(&source(text));
        assert_eq!(of("clap crossbeam crossbeam_channel").label(), "primes");
        let [one, two] = ["clap", "crossbeam"].map(|text| of(text).label());
        assert!(one != two && [&one, &two].iter().all(|label| label.starts_with("primes-")), "{one} {two}");
        assert_eq!(of("").crates(), ["clap", "crossbeam", "crossbeam-channel"]);
    }

    #[test]
    fn where_features_name_crates_all_are_built() {
        let manifest = format!("{MANIFEST}[features]\nfast = [\"clap/derive\"]\n");
        assert_eq!(built_with(&manifest, "").len(), 3);
    }
}
