//! Where in a submission the source of an exercise is.

use std::path::{Path, PathBuf};

use exercises::Course;

use super::Problem;
use super::names::is_source;
use super::tree::Tree;

/// The source is looked for in at most so many folders around it, as archives and people have them.
const MOST_WRAPPERS: usize = 3;

/// The source of an exercise in what was handed in, below its root: a folder that stands for `src/`, or a file for
/// `main.rs`, of a library `lib.rs`. The first of `crates/EXERCISE/src`, `EXERCISE/src`, `EXERCISE` and `EXERCISE.rs`, in as few folders more as
/// can be; for the `only` exercise that is asked for also `src`, the root itself, and the only `.rs` file that there
/// is. What else lies beside it does not matter.
///
/// # Errors
/// When there are two that are equally good, or what would be it is a link.
pub(super) fn locate(tree: &Tree, wanted: &Wanted, only: bool) -> Result<Option<PathBuf>, Problem> {
    let Wanted { exercise, .. } = *wanted;
    let named = |path: &Path| rank(path, wanted).filter(|rank| rank.is_named);
    let unnamed = |path: &Path| rank(path, wanted).filter(|rank| only && !rank.is_named);
    if let Some(place) = nearest(tree, wanted, named)? {
        return Ok(Some(place));
    }
    if let Some(place) = nearest(tree, wanted, unnamed)? {
        return Ok(Some(place));
    }
    let single = if only { single_file(tree, wanted) } else { None };
    if single.is_none() {
        tree.require_no_link(|path| {
            rank(path, wanted).is_some_and(|rank| only || rank.is_named)
                || path.iter().any(|part| is_called(part, exercise) || (only && part == "src"))
        })?;
    }
    Ok(single)
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The name of the exercise.
    pub(super) exercise: &'a str,
    /// The first file of its source.
    pub(super) root: &'a str,
    /// All exercises that there are: what is called as another one is not meant.
    pub(super) course: &'a Course,
}

/// How good a place is that the root is in: the smaller the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    wrappers: usize,
    form: usize,
    is_named: bool,
}

/// The rank of a file as the source's root; none if it is not that.
fn rank(path: &Path, wanted: &Wanted) -> Option<Rank> {
    let parts: Vec<_> = path.iter().collect();
    let is_main = parts.last()?.eq_ignore_ascii_case(wanted.root);
    let named = |name: &std::ffi::OsStr| is_called(name, wanted.exercise);
    for wrappers in 0..=MOST_WRAPPERS.min(parts.len() - 1) {
        let (around, below) = parts.split_at(wrappers);
        let (form, is_named) = match below {
            [crates, name, src, _] if is_main && *crates == "crates" && named(name) && *src == "src" => {
                (0, true)
            }
            [name, src, _] if is_main && named(name) && *src == "src" => (1, true),
            [name, _] if is_main && named(name) => (2, true),
            [file] if is_source(Path::new(file)) && named(Path::new(file).file_stem()?) => (3, true),
            [src, _] if is_main && *src == "src" => (4, false),
            [_] if is_main => (5, false),
            _ => continue,
        };
        // A repository of the course has the other exercises' programs, too.
        if is_named || !around.iter().any(|part| wanted.is_of_other(part)) {
            return Some(Rank { wrappers, form, is_named });
        }
    }
    None
}

/// The best place of those that `rank` knows.
fn nearest(
    tree: &Tree,
    wanted: &Wanted,
    rank: impl Fn(&Path) -> Option<Rank>,
) -> Result<Option<PathBuf>, Problem> {
    let ranked = || tree.files().filter_map(|path| Some((rank(path)?, path)));
    let Some(best) = ranked().map(|(rank, _)| rank).min() else { return Ok(None) };
    let places: Vec<&Path> = ranked().filter(|(rank, _)| *rank == best).map(|(_, path)| path).collect();
    match places.as_slice() {
        [file] if best.form == 3 => Ok(Some(file.to_path_buf())),
        [main] => Ok(Some(standing_for(tree, main, wanted.root))),
        _ => {
            let shown: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
            let exercise = wanted.exercise;
            Err(Problem::Unreadable(format!("it has {exercise} more than once: {}", shown.join(", "))))
        }
    }
}

/// The folder of a program; its file alone where that is the folder's only source, whatever its capitals.
fn standing_for(tree: &Tree, main: &Path, root: &str) -> PathBuf {
    let folder = main.parent().unwrap_or(Path::new(""));
    let others = tree.sources().filter(|path| path.starts_with(folder) && *path != main).count();
    if others == 0 && main.file_name().is_some_and(|name| name != root) {
        return main.to_path_buf();
    }
    folder.to_path_buf()
}

/// The only source that was handed in, unless it says that it is another exercise's.
fn single_file(tree: &Tree, wanted: &Wanted) -> Option<PathBuf> {
    let mut sources = tree.sources();
    let file = sources.next().filter(|_| sources.next().is_none())?;
    let is_other = wanted.is_of_other(file.file_stem()?) || file.iter().any(|part| wanted.is_of_other(part));
    let of_other_kind = if wanted.root == "main.rs" { "lib" } else { "main" };
    (!is_other && file.file_stem()? != of_other_kind).then(|| file.to_path_buf())
}

impl Wanted<'_> {
    fn is_of_other(&self, name: &std::ffi::OsStr) -> bool {
        self.course.names().any(|other| other != self.exercise && is_called(name, other))
    }
}

/// Whether a name is that of `exercise`: `Even_Odd` is `even-odd`.
fn is_called(name: &std::ffi::OsStr, exercise: &str) -> bool {
    let plain = name.to_string_lossy().to_lowercase().replace(['_', ' '], "-");
    plain == exercise
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> Course {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Course::of(&engine::workspace::Workspace::at(root)).unwrap()
    }

    fn wanted(course: &Course) -> Wanted<'_> {
        Wanted { exercise: "even-odd", root: "main.rs", course }
    }

    fn located(files: &[&str], only: bool) -> Option<String> {
        let tree = Tree::of(files);
        let place = locate(&tree, &wanted(&course()), only).unwrap()?;
        Some(place.display().to_string())
    }

    #[test]
    fn the_usual_places_are_found_in_their_order() {
        for (files, place) in [
            (vec!["crates/even-odd/src/main.rs", "even-odd/src/main.rs"], "crates/even-odd/src"),
            (vec!["even-odd/src/main.rs", "even-odd.rs", "main.rs"], "even-odd/src"),
            (vec!["even-odd/main.rs", "primes/main.rs"], "even-odd"),
            (vec!["even-odd.rs", "notes.txt"], "even-odd.rs"),
            (vec!["EVEN_ODD.RS", "notes.txt"], "EVEN_ODD.RS"),
            (vec!["ada-main/crates/even-odd/src/main.rs"], "ada-main/crates/even-odd/src"),
            (vec!["outer/inner/even-odd.rs", "outer/notes.txt"], "outer/inner/even-odd.rs"),
            (vec!["hw/even_odd/src/main.rs", "hw/even_odd/src/turn.rs", "report.pdf"], "hw/even_odd/src"),
        ] {
            assert_eq!(located(&files, false).as_deref(), Some(place), "{files:?}");
        }
    }

    #[test]
    fn a_source_without_the_name_of_its_exercise_is_of_the_only_one() {
        for (files, place) in [
            (vec!["main.rs"], ""),
            (vec!["src/main.rs"], "src"),
            (vec!["my solution.rs"], "my solution.rs"),
            (vec!["hw1/src/main.rs", "report.pdf"], "hw1/src"),
            (vec!["hw1/src/main.rs", "hw1/tests/cli.rs", "hw1/Cargo.toml"], "hw1/src"),
            (vec!["docs/notes.md", "code/Solution.RS"], "code/Solution.RS"),
            (vec!["src/Main.rs"], "src/Main.rs"),
        ] {
            assert_eq!(located(&files, true).as_deref(), Some(place), "{files:?}");
            assert_eq!(located(&files, false), None, "{files:?}");
        }
    }

    #[test]
    fn nothing_is_found_in_a_submission_of_something_else() {
        assert_eq!(located(&[], true), None);
        assert_eq!(located(&["primes.rs", "bank-account.rs"], true), None);
        assert_eq!(located(&["primes.rs"], true), None);
        assert_eq!(located(&["crates/primes/src/main.rs", "notes.txt"], true), None);
        assert_eq!(located(&["crates/even-odd/src/lib.rs"], false), None);
    }

    #[test]
    fn two_places_that_are_equally_good_are_named() {
        let tree = Tree::of(&["a/src/main.rs", "b/src/main.rs"]);
        let Err(Problem::Unreadable(reason)) = locate(&tree, &wanted(&course()), true) else { panic!() };
        assert_eq!(reason, "it has even-odd more than once: a/src/main.rs, b/src/main.rs");
    }
}
