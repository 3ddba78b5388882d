//! Where in a folder that somebody names the source is, and what is said where there is none.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::escape::in_line;

/// The folder that holds `root`, which is `main.rs` or `lib.rs`: `folder` itself, or in a project of cargo its `src/`, or in
/// a checkout of the course the exercise's. Cargo would not look at such a file beside a manifest either. No link is
/// followed.
pub(super) fn of_source(folder: &Path, exercise: &str, root: &str) -> PathBuf {
    let below = ["src".into(), format!("crates/{exercise}/src")].map(|src| folder.join(src));
    let is_project = is_file(&folder.join("Cargo.toml"));
    let mut inner = below.into_iter().filter(|src| is_source(folder, src, root));
    match inner.next() {
        Some(src) if is_project || !is_file(&folder.join(root)) => src,
        _ => folder.to_owned(),
    }
}

/// Whether `src` is a folder with a source in it, and so are the folders from `folder` to it.
fn is_source(folder: &Path, src: &Path, root: &str) -> bool {
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    src.ancestors().take_while(|path| *path != folder).all(is_folder)
        && fs::symlink_metadata(src.join(root)).is_ok()
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

/// Says that `folder` has no `root`, and what to do about it.
pub(super) fn without_root(folder: &Path, root: &str) -> Error {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(1_000);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    let shown = in_line(&folder.display().to_string());
    Error::Usage(format!("{shown}: it has no {root}{}", in_line(&way_out(&names, root))))
}

/// What to do where a folder with these `names` in it has no `root`.
fn way_out(names: &[String], root: &str) -> String {
    let is_rust = |name: &&String| name.to_lowercase().ends_with(".rs");
    let sources: Vec<&String> = names.iter().filter(is_rust).collect();
    if let Some(name) = sources.iter().find(|name| name.to_lowercase() == root) {
        return format!(": rename {name} to {root}");
    }
    match sources.as_slice() {
        [] if names.iter().any(|name| name == "src") => ", and none in src/".to_owned(),
        [] => String::new(),
        [only] if !["lib.rs", "main.rs"].contains(&only.as_str()) => format!(": rename {only} to {root}"),
        several => {
            let several: Vec<&str> = several.iter().take(5).map(|name| name.as_str()).collect();
            let what = if root == "main.rs" { "the file with `fn main`" } else { "the library's first file" };
            format!(", but {}: {what} must be called so", several.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn the_source_of_a_project_is_found() {
        for (files, wanted) in [
            (vec!["main.rs"], ""),
            (vec!["Cargo.toml", "src/main.rs"], "src"),
            (vec!["src/main.rs", "notes.md"], "src"),
            (vec!["Cargo.toml", "main.rs", "src/main.rs"], "src"),
            (vec!["main.rs", "src/main.rs"], ""),
            (vec!["Cargo.toml", "main.rs", "src/other.rs"], ""),
            (vec!["Cargo.toml", "crates/even-odd/src/main.rs"], "crates/even-odd/src"),
            (vec!["Cargo.toml"], ""),
        ] {
            let folder = folder(&files);
            let found = of_source(folder.path(), "even-odd", "main.rs");
            assert_eq!(found, folder.path().join(wanted), "{files:?}");
        }
        let folder = folder(&["main.rs", "src/lib.rs"]);
        assert_eq!(of_source(folder.path(), "semaphore", "lib.rs"), folder.path().join("src"));
    }

    #[test]
    fn a_link_is_not_followed_to_a_source() {
        let (outside, folder) = (folder(&["main.rs"]), folder(&["Cargo.toml"]));
        std::os::unix::fs::symlink(outside.path(), folder.path().join("src")).unwrap();
        assert_eq!(of_source(folder.path(), "even-odd", "main.rs"), folder.path());
    }

    #[test]
    fn what_to_rename_is_said() {
        let of = |names: &[&str], root| {
            way_out(&names.iter().copied().map(str::to_owned).collect::<Vec<_>>(), root)
        };
        let way_out = |names: &[&str]| of(names, "main.rs");
        assert_eq!(way_out(&["MAIN.RS", "a.rs"]), ": rename MAIN.RS to main.rs");
        assert_eq!(way_out(&["notes.txt", "turns.rs"]), ": rename turns.rs to main.rs");
        assert_eq!(way_out(&["a.rs", "b.rs"]), ", but a.rs, b.rs: the file with `fn main` must be called so");
        assert_eq!(way_out(&["lib.rs"]), ", but lib.rs: the file with `fn main` must be called so");
        assert_eq!(of(&["semaphore.rs"], "lib.rs"), ": rename semaphore.rs to lib.rs");
        assert_eq!(of(&["main.rs"], "lib.rs"), ", but main.rs: the library's first file must be called so");
        assert_eq!(way_out(&["src"]), ", and none in src/");
        assert_eq!(way_out(&[]), "");
    }
}
