//! Who handed in what: the entries of the folders of a class, as students.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use grader::error::Error as GraderError;

use super::names::{has_extension, is_foreign_name, is_source};
use super::{Part, Submission};
use crate::error::Error;
use crate::name::one_form;
use crate::platform::{self, Upload};

/// What is in the folders of a class.
#[derive(Debug, Default)]
pub struct Class {
    /// The submissions, by student.
    pub submissions: Vec<Submission>,
    /// Files that are no submission.
    pub ignored: Vec<PathBuf>,
    /// What a person should know about how names were read.
    pub notes: Vec<String>,
}

/// Whether the names that platforms give are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// They are.
    Known,
    /// Every name is a student's, as it is.
    Plain,
}

/// An entry with what its name says.
struct Entry {
    path: PathBuf,
    upload: Option<Upload>,
}

/// Lists the submissions in `folders`, by student. Hidden entries are none.
///
/// # Errors
/// When a folder cannot be listed, or a student is there twice.
pub fn list(folders: &[PathBuf], naming: Naming) -> Result<Class, Error> {
    let mut class = Class::default();
    let mut found: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for folder in folders {
        for entry in fs::read_dir(folder).map_err(GraderError::file(folder))? {
            let path = entry.map_err(GraderError::file(folder))?.path();
            match student(&path, naming) {
                Some((student, upload)) => found.entry(student).or_default().push(Entry { path, upload }),
                None => class.ignored.push(path),
            }
        }
    }
    class.ignored.sort();
    for (student, entries) in found {
        for (student, entries) in apart(student, entries, &mut class.notes) {
            class.submissions.push(submission(student, entries, &mut class.notes)?);
        }
    }
    class.submissions.sort_by(|one, other| one.student.cmp(&other.student));
    Ok(class)
}

/// What archives are called that cannot be opened here: a submission all the same, and not ignored.
const OTHER_ARCHIVES: [&str; 9] = ["7z", "bz2", "gz", "rar", "tar", "tgz", "txz", "xz", "zst"];

/// Whether a file is an archive, be it one that cannot be opened here.
pub(super) fn is_archive(path: &Path) -> bool {
    has_extension(path, "zip") || OTHER_ARCHIVES.iter().any(|extension| has_extension(path, extension))
}

/// The student whose submission `path` is; none for a hidden entry and for other files.
fn student(path: &Path, naming: Naming) -> Option<(String, Option<Upload>)> {
    let name = path.file_name()?;
    if is_foreign_name(name) {
        return None;
    }
    let name = readable(name.as_bytes());
    let upload = if naming == Naming::Known { platform::parse(&name) } else { None };
    if let Some(upload) = upload {
        return Some((upload.student.clone(), Some(upload)));
    }
    if !fs::symlink_metadata(path).ok()?.file_type().is_file() {
        return Some((one_form(&name), None));
    }
    let is_known = is_source(path) || is_archive(path);
    is_known.then(|| (one_form(&readable(path.file_stem().unwrap_or_default().as_bytes())), None))
}

/// A name as text. Bytes that are not UTF-8 are escaped, so that different names stay different.
fn readable(name: &[u8]) -> String {
    str::from_utf8(name).map_or_else(|_| name.escape_ascii().to_string(), str::to_owned)
}

/// Students of one name, whom only the platform's numbers tell apart. Moodle's are other ones in another folder.
fn apart(student: String, entries: Vec<Entry>, notes: &mut Vec<String>) -> Vec<(String, Vec<Entry>)> {
    let number = |entry: &Entry| entry.upload.as_ref().map(|upload| upload.number.clone());
    let in_folder = |entry: &Entry| entry.path.parent().map(Path::to_owned);
    let folders: BTreeSet<_> = entries.iter().map(in_folder).collect();
    let has_two = folders.iter().any(|folder| {
        let here = entries.iter().filter(|entry| in_folder(entry) == *folder);
        here.filter_map(number).collect::<BTreeSet<_>>().len() > 1
    });
    if !has_two {
        return vec![(student, entries)];
    }
    let mut people: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let name = number(&entry).map_or_else(|| student.clone(), |number| format!("{student} ({number})"));
        people.entry(name).or_default().push(entry);
    }
    let names: Vec<String> = people.keys().map(|name| format!("`{name}`")).collect();
    notes.push(format!("several students are called {student}; they are taken as {}", names.join(", ")));
    people.into_iter().collect()
}

/// What one student handed in: one entry, or files that a platform took one by one.
fn submission(
    student: String,
    mut entries: Vec<Entry>,
    notes: &mut Vec<String>,
) -> Result<Submission, Error> {
    let is_late = entries.iter().any(|entry| entry.upload.as_ref().is_some_and(|upload| upload.is_late));
    if entries.iter().any(is_gradable) {
        entries.retain(is_gradable);
    }
    let (paths, files) = last_uploads(&student, entries, notes);
    let mut places = paths.iter().chain(files.values());
    let Some(path) = places.next().cloned() else {
        return Err(Error::usage(format!("{student}: nothing was handed in")));
    };
    if let Some(other) = places.next().filter(|_| !paths.is_empty()) {
        let [one, two] = [path.display(), other.display()];
        return Err(Error::usage(format!("{student} is there twice, as {one} and as {two}")));
    }
    let parts = files.into_iter().map(|(name, path)| Part { path, name }).collect();
    Ok(Submission { student, path, parts, is_late })
}

/// The entries that are a whole submission each, and the files of a platform by the names that they had. Of what was
/// uploaded several times only the last is left.
fn last_uploads(
    student: &str,
    mut entries: Vec<Entry>,
    notes: &mut Vec<String>,
) -> (Vec<PathBuf>, BTreeMap<String, PathBuf>) {
    entries.sort_by_key(|entry| (entry.upload.as_ref().map(|upload| upload.order), entry.path.clone()));
    let (mut whole, mut last) = (Vec::new(), BTreeMap::new());
    for Entry { path, upload } in entries {
        let Some(name) = upload.and_then(|upload| upload.file) else {
            whole.push(path);
            continue;
        };
        if let Some(before) = last.insert(name, path.clone()) {
            let (before, after) = (before.display(), path.display());
            notes.push(format!("{student}: {before} is not graded, as {after} came later"));
        }
    }
    let (folders, files): (BTreeMap<_, _>, BTreeMap<_, _>) =
        last.into_iter().partition(|(_, path)| path.is_dir());
    whole.extend(folders.into_values());
    (whole, files)
}

/// Whether an entry can be graded at all: text that was typed into a platform, and a report beside the program, cannot.
fn is_gradable(entry: &Entry) -> bool {
    let Some(upload) = &entry.upload else { return true };
    let is_other = |file: &String| !is_source(Path::new(file)) && !is_archive(Path::new(file));
    !upload.is_text && (entry.path.is_dir() || !upload.file.as_ref().is_some_and(is_other))
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use super::*;

    fn class_of(names: &[&str], naming: Naming) -> Result<(tempfile::TempDir, Class), Error> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            match name.strip_suffix('/') {
                Some(name) => fs::create_dir_all(folder.path().join(name)).unwrap(),
                None => fs::write(folder.path().join(name), "").unwrap(),
            }
        }
        let class = list(&[folder.path().to_owned()], naming)?;
        Ok((folder, class))
    }

    fn class(names: &[&str]) -> Result<Class, Error> {
        class_of(names, Naming::Known).map(|(_, class)| class)
    }

    fn students(class: &Class) -> Vec<&str> {
        class.submissions.iter().map(|submission| submission.student.as_str()).collect()
    }

    #[test]
    fn folders_archives_and_single_files_are_submissions() {
        let class =
            class(&["eve.RS", "bob.ZIP", "ada/", "roster.csv", ".git/", "zoe.tar.gz", "__MACOSX/"]).unwrap();
        assert_eq!(students(&class), ["ada", "bob", "eve", "zoe.tar"]);
        assert_eq!(class.ignored.len(), 3);
    }

    #[test]
    fn a_student_who_is_there_twice_is_said_before_anything_is_graded() {
        for names in [
            ["ada/", "ada.zip"],
            ["Jos\u{e9}/", "Jose\u{301}.zip"],
            ["Ada_7_assignsubmission_file_/", "Ada.rs"],
        ] {
            let error = class(&names).unwrap_err().to_string();
            assert!(error.contains(" is there twice"), "{error}");
        }
    }

    #[test]
    fn names_that_are_no_text_stay_different() {
        assert_eq!(readable(b"a\xff"), "a\\xff");
        assert_eq!(readable("Ånn".as_bytes()), "Ånn");
    }

    #[test]
    fn moodles_folders_are_one_student_each() {
        let class = class(&[
            "Ada Lovelace_12_assignsubmission_file_/",
            "Ada Lovelace_12_assignsubmission_onlinetext_/",
            "Bob Builder_13_assignsubmission_onlinetext_/",
            "Eve_14_assignsubmission_file_hw.zip",
            "Eve_14_assignsubmission_file_report.pdf",
        ])
        .unwrap();
        assert_eq!(students(&class), ["Ada Lovelace", "Bob Builder", "Eve"]);
        assert!(class.submissions[0].path.ends_with("Ada Lovelace_12_assignsubmission_file_"));
        assert_eq!(class.submissions[2].parts.len(), 1);
        assert!(class.ignored.is_empty() && class.notes.is_empty(), "{:?}", class.notes);
    }

    #[test]
    fn canvas_uploads_are_one_student_each_and_the_last_counts() {
        let class = class(&[
            "lovelaceada_12345_67001_main.rs",
            "lovelaceada_LATE_12345_67890_main-1.rs",
            "lovelaceada_12345_67891_turn.rs",
            "turingalan_1_999_main-2.rs",
            "turingalan_1_1000_main-10.rs",
        ])
        .unwrap();
        assert_eq!(students(&class), ["lovelaceada", "turingalan"]);
        let ada = &class.submissions[0];
        assert!(ada.is_late && !class.submissions[1].is_late);
        let names: Vec<&str> = ada.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["main.rs", "turn.rs"]);
        assert!(ada.parts[0].path.ends_with("lovelaceada_LATE_12345_67890_main-1.rs"));
        assert!(class.submissions[1].path.ends_with("turingalan_1_1000_main-10.rs"));
        assert_eq!(class.notes.len(), 2, "{:?}", class.notes);
    }

    #[test]
    fn uploads_that_were_unpacked_are_folders() {
        let class = class(&["lovelaceada_1_10_hw/", "lovelaceada_1_22_hw-1/"]).unwrap();
        assert_eq!(students(&class), ["lovelaceada"]);
        assert!(
            class.submissions[0].path.ends_with("lovelaceada_1_22_hw-1")
                && class.submissions[0].parts.is_empty()
        );
    }

    #[test]
    fn students_of_one_name_are_told_apart_by_their_numbers() {
        let class = class(&["leejun_1_10_main.rs", "leejun_2_11_main.rs"]).unwrap();
        assert_eq!(students(&class), ["leejun (1)", "leejun (2)"]);
        assert!(class.notes[0].starts_with("several students are called leejun"));
    }

    #[test]
    fn names_can_be_taken_as_they_are() {
        let (_folder, class) = class_of(&["lovelaceada_12345_67001_main.rs"], Naming::Plain).unwrap();
        assert_eq!(students(&class), ["lovelaceada_12345_67001_main"]);
    }

    #[test]
    fn text_that_was_typed_into_a_platform_is_said_to_be_that() {
        let (_folder, class) =
            class_of(&["ada_1_text.html", "Bob_2_assignsubmission_onlinetext_/"], Naming::Known).unwrap();
        assert_eq!(students(&class), ["Bob", "ada"]);
        let problem = class.submissions[1].open().err();
        assert!(
            matches!(problem, Some(Problem::Unreadable(reason)) if reason.contains("typed into the platform"))
        );
    }

    #[test]
    fn a_submission_that_is_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mallory");
        std::os::unix::fs::symlink("/etc", &path).unwrap();
        let found = list(&[folder.path().to_owned()], Naming::Known).unwrap();
        assert_eq!(students(&found), ["mallory"]);
        assert!(matches!(found.submissions[0].open(), Err(Problem::Refused(_))));
    }
}
