//! Where in a submission the source of an exercise is.

use std::fs;
use std::path::{Path, PathBuf};

use super::content::{require_regular, unreadable};
use super::{Problem, readable};
use std::os::unix::ffi::OsStrExt;

/// The source of `exercise` below `root`: a folder that stands for `src/`, or a file for `main.rs`.
/// The first of `crates/EXERCISE/src`, `EXERCISE/src`, `EXERCISE` and `EXERCISE.rs`; for the `only`
/// exercise that is asked for also `src`, `root` itself, and a single `.rs` file. All of it may stand in
/// one folder more, as archives have it.
///
/// # Errors
/// When a part of the path is a link, or a folder cannot be listed.
pub(super) fn locate(root: &Path, exercise: &str, only: bool) -> Result<Option<PathBuf>, Problem> {
    const MOST_WRAPPERS: usize = 3;
    if !root.is_dir() {
        return Ok(only.then(|| root.to_owned()));
    }
    let mut root = root.to_owned();
    for _ in 0..=MOST_WRAPPERS {
        if let Some(place) = locate_here(&root, exercise, only)? {
            return Ok(Some(place));
        }
        match single_entry(&root)? {
            Some(inner) if is_folder(&inner) => root = inner,
            Some(file) if only && has_extension(&file, "rs") => {
                require_regular(&file)?;
                return Ok(Some(file));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The zip archive that is all there is in `folder`.
pub(super) fn only_archive(folder: &Path) -> Result<Option<PathBuf>, Problem> {
    let Some(file) = single_entry(folder)?.filter(|file| has_extension(file, "zip") && !is_folder(file))
    else {
        return Ok(None);
    };
    require_regular(&file)?;
    Ok(Some(file))
}

fn locate_here(root: &Path, exercise: &str, only: bool) -> Result<Option<PathBuf>, Problem> {
    let folders = [format!("crates/{exercise}/src"), format!("{exercise}/src"), exercise.to_owned()];
    let of_only = ["src", ""].into_iter().filter(|_| only);
    for folder in folders.iter().map(String::as_str).chain(of_only) {
        if exists(root, &Path::new(folder).join("main.rs"))? {
            return Ok(Some(root.join(folder)));
        }
    }
    let file = format!("{exercise}.rs");
    Ok(exists(root, Path::new(&file))?.then(|| root.join(file)))
}

/// Whether `below` is there. Nothing on the way to it may be a link, which could lead out of the submission.
fn exists(root: &Path, below: &Path) -> Result<bool, Problem> {
    let mut path = root.to_owned();
    for part in below {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(false),
            Err(error) => return Err(unreadable(&path)(error)),
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => require_regular(&path)?,
        }
    }
    Ok(path.is_file())
}

/// What is in `folder`, if it is one thing only.
fn single_entry(folder: &Path) -> Result<Option<PathBuf>, Problem> {
    let mut found = None;
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let name = readable(path.file_name().unwrap_or_default().as_bytes());
        if name.starts_with('.') || name == "__MACOSX" {
            continue;
        }
        if found.replace(path).is_some() {
            return Ok(None);
        }
    }
    Ok(found)
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(files: &[&str], only: bool) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let place = locate(folder.path(), "even-odd", only).unwrap()?;
        Some(place.strip_prefix(folder.path()).unwrap().display().to_string())
    }

    #[test]
    fn the_usual_places_are_found_in_their_order() {
        for (files, place) in [
            (vec!["crates/even-odd/src/main.rs", "even-odd/src/main.rs"], "crates/even-odd/src"),
            (vec!["even-odd/src/main.rs", "even-odd.rs", "main.rs"], "even-odd/src"),
            (vec!["even-odd/main.rs", "primes/main.rs"], "even-odd"),
            (vec!["even-odd.rs", "notes.txt"], "even-odd.rs"),
            (vec!["ada-main/crates/even-odd/src/main.rs"], "ada-main/crates/even-odd/src"),
            (vec!["outer/inner/even-odd.rs", "outer/.git/config"], "outer/inner/even-odd.rs"),
        ] {
            assert_eq!(located(&files, false).as_deref(), Some(place), "{files:?}");
        }
    }

    #[test]
    fn a_source_without_the_name_of_its_exercise_is_of_the_only_one() {
        for (file, place) in [("main.rs", ""), ("src/main.rs", "src"), ("my solution.rs", "my solution.rs")] {
            assert_eq!(located(&[file], true).as_deref(), Some(place));
            assert_eq!(located(&[file], false), None);
        }
    }

    #[test]
    fn nothing_is_found_in_a_submission_of_something_else() {
        assert_eq!(located(&[], true), None);
        assert_eq!(located(&["primes.rs", "bank-account.rs"], true), None);
        assert_eq!(located(&["crates/even-odd/src/lib.rs"], false), None);
    }

    #[test]
    fn a_link_on_the_way_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir_all(outside.path().join("src")).unwrap();
        fs::write(outside.path().join("src/main.rs"), "").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("even-odd")).unwrap();
        assert!(matches!(locate(folder.path(), "even-odd", false), Err(Problem::Refused(_))));
    }
}
