//! What decides about a grade: the source, the grader, the points, the options. The same fingerprint
//! would give the same grade, on any machine.

use std::fs;
use std::path::Path;

use engine::source::Source;
use engine::workspace::Workspace;
use grader::course::release::GRADING;
use grader::error::Error as GraderError;
use grader::grade::Options;
use grader::grade::rubric::Rubric;
use hmac_sha256::Hash as Sha256;
use report::late::Moment;

use crate::error::Error;
use crate::submission::Problem;

/// The hash of the grader's own code: its version number alone would not tell two commits apart.
///
/// # Errors
/// When it cannot be read.
pub fn grader(workspace: &Workspace) -> Result<String, Error> {
    let mut hash = Hash::default();
    for folder in GRADING {
        add_folder(&mut hash, &workspace.root().join(folder).join("src"))?;
    }
    // Its profiles say how programs are built.
    for file in ["Cargo.lock", "Cargo.toml"] {
        hash.add_file(&workspace.manifests().join(file))?;
    }
    Ok(hash.finish())
}

/// The hash of how one exercise is graded, `grader` being [`grader()`] and `rules` [`rules()`].
///
/// # Errors
/// When the exercise's manifest cannot be read.
pub fn exercise(
    workspace: &Workspace,
    exercise: &str,
    grader: &str,
    rules: &str,
    options: &Options,
) -> Result<String, Error> {
    let mut hash = Hash::default();
    hash.add(grader.as_bytes());
    hash.add(exercise.as_bytes());
    hash.add(rules.as_bytes());
    hash.add_file(&workspace.crate_folder(exercise).join("Cargo.toml"))?;
    hash.add(format!("{} {:?} {:?}", options.seed, options.schedules, options.preemptions).as_bytes());
    Ok(hash.finish())
}

/// The hash of what decides about the points of `exercise`: its rubric, `due` standing in place of the rubric's date, and
/// the file with its checks, where it has one. Who sees a check is none of it.
///
/// # Errors
/// When that file cannot be read.
pub fn rules(
    workspace: &Workspace,
    exercise: &str,
    rubric: &Rubric,
    due: Option<Moment>,
) -> Result<String, Error> {
    let of_rubric = format!("{} {}", rubric.rules(), due.map_or(String::new(), |due| due.to_string()));
    let judged_by = [workspace.cases(exercise), workspace.checks(exercise)];
    let judged_by: Vec<_> = judged_by.iter().filter(|file| file.is_file()).collect();
    if judged_by.is_empty() {
        return Ok(of_text(&of_rubric));
    }
    let mut hash = Hash::default();
    hash.add(of_rubric.as_bytes());
    judged_by.into_iter().try_for_each(|file| hash.add_file(file))?;
    Ok(hash.finish())
}

/// The hash of a submission that is graded: of `exercise`, which is [`exercise()`], and `source`, which is [`source()`].
/// `handed_in` is when it came, where the course says so: a correction is graded again.
pub fn submission(exercise: &str, source: &str, handed_in: Option<Moment>) -> String {
    let mut hash = Hash::default();
    hash.add(exercise.as_bytes());
    hash.add(source.as_bytes());
    hash.add(handed_in.map_or(String::new(), |time| time.to_string()).as_bytes());
    hash.finish()
}

/// The hash of what was handed in, or of what is wrong with it, however it is graded.
pub fn source(source: Result<&Source, &Problem>) -> String {
    let mut hash = Hash::default();
    match source {
        Ok(source) => {
            for (path, content) in &source.files {
                hash.add(path.as_os_str().as_encoded_bytes());
                hash.add(content);
            }
        }
        Err(problem) => hash.add(format!("{problem:?}").as_bytes()),
    }
    hash.finish()
}

/// The hash of a text.
pub(crate) fn of_text(text: &str) -> String {
    let mut hash = Hash::default();
    hash.add(text.as_bytes());
    hash.finish()
}

/// Of parts, whose lengths count, so that no two lists of parts look the same.
#[derive(Default)]
struct Hash(Sha256);

impl Hash {
    fn add(&mut self, part: &[u8]) {
        self.0.update(part.len().to_le_bytes());
        self.0.update(part);
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Error> {
        self.add(&fs::read(path).map_err(GraderError::file(path))?);
        Ok(())
    }

    fn finish(self) -> String {
        self.0.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn add_folder(hash: &mut Hash, folder: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(GraderError::file(folder))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        hash.add(path.file_name().unwrap_or_default().as_encoded_bytes());
        if path.is_dir() { add_folder(hash, &path)? } else { hash.add_file(&path)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn source(files: &[(&str, &str)]) -> Source {
        let owned = |(path, text): &(&str, &str)| (PathBuf::from(path), text.as_bytes().to_vec());
        Source { files: files.iter().map(owned).collect(), origin: None, refused: Vec::new(), checks: None }
    }

    #[test]
    fn every_change_of_a_source_is_another_fingerprint() {
        let of = |files: &[(&str, &str)]| super::source(Ok(&source(files)));
        let all = [
            of(&[("main.rs", "ab")]),
            of(&[("main.rs", "a"), ("b.rs", "")]),
            of(&[("main.rs", "a")]),
            of(&[("main.rsa", "")]),
            super::source(Err(&Problem::Missing(Vec::new()))),
            super::source(Err(&Problem::Unreadable("it is broken".into()))),
        ];
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_grade_depends_on_the_exercise_the_source_and_when_it_came() {
        let at = |time: &str| time.parse().ok();
        let all = [
            submission("even-odd", "a", None),
            submission("primes", "a", None),
            submission("even-odd", "b", None),
            submission("even-odd", "a", at("2026-03-01T00:00:00Z")),
            submission("even-odd", "a", at("2026-03-01T00:00:01Z")),
        ];
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_grade_depends_on_the_file_with_the_checks() {
        let folder = tempfile::tempdir().unwrap();
        let course = Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let write = |file: &str, text: &str| {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            let workspace = Workspace::at(folder.path());
            let rubric = Rubric::read(&course, &by_rust::bank_account::EXERCISE).unwrap();
            rules(&workspace, "x", &rubric, None).unwrap()
        };
        let all = [
            write("fixtures/x/cases.toml", "a"),
            write("fixtures/x/cases.toml", "b"),
            write("fixtures/x/checks.rs", ""),
        ];
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn where_a_source_came_from_does_not_matter() {
        let one = source(&[("main.rs", "a")]);
        let other = Source { origin: Some("ada.zip".into()), ..one.clone() };
        assert_eq!(super::source(Ok(&one)), super::source(Ok(&other)));
    }
}
