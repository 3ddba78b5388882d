//! The flags for the compiler that a user has set, as cargo finds them (the cargo book, "build.rustflags"): those of the
//! grader stand in their place, so they have to be among them.

use std::env;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::settings;
use crate::error::Error;

/// The flags for builds for `host` that are begun in `folder`.
///
/// # Errors
/// When a file of settings cannot be read.
pub(super) fn of_user(folder: &Path, host: &str) -> Result<Vec<String>, Error> {
    let encoded = env::var("CARGO_ENCODED_RUSTFLAGS").ok();
    match (encoded, env::var("RUSTFLAGS")) {
        (Some(flags), _) => {
            Ok(flags.split('\u{1f}').filter(|flag| !flag.is_empty()).map(str::to_owned).collect())
        }
        (None, Ok(flags)) => Ok(flags.split_whitespace().map(str::to_owned).collect()),
        (None, Err(_)) => in_files(folder, host),
    }
}

/// The program that links, where one is set: by a flag, in the environment, or in a file of settings.
///
/// # Errors
/// When a file of settings cannot be read.
pub(super) fn linker_of_user(flags: &[String], folder: &Path, host: &str) -> Result<Option<String>, Error> {
    let flag =
        flags.iter().rev().find_map(|flag| flag.split_once("linker=")).map(|(_, path)| path.to_owned());
    let variable = format!("CARGO_TARGET_{}_LINKER", host.to_uppercase().replace('-', "_"));
    if let Some(named) = flag.or_else(|| env::var(variable).ok()) {
        return Ok(Some(named));
    }
    let in_table = |table: &Table| {
        let target = table.get("target")?.get(host)?;
        Some(target.get("linker")?.as_str()?.to_owned())
    };
    // The nearest comes last.
    Ok(tables(folder)?.iter().rev().find_map(in_table))
}

/// What the files of settings say, the farthest first.
fn tables(folder: &Path) -> Result<Vec<Table>, Error> {
    let mut tables = Vec::new();
    for path in settings::files(folder) {
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let table = text.parse::<Table>();
        tables.push(table.map_err(|error| Error::Content { path, reason: error.message().to_owned() })?);
    }
    tables.reverse();
    Ok(tables)
}

/// Those of all files, as cargo joins them. Flags for the target stand in place of those for all.
fn in_files(folder: &Path, host: &str) -> Result<Vec<String>, Error> {
    let tables = tables(folder)?;
    let all = |of: fn(&Table, &str) -> Vec<String>| -> Vec<String> {
        tables.iter().flat_map(|table| of(table, host)).collect()
    };
    let of_target = all(of_target);
    Ok(if of_target.is_empty() { all(of_build) } else { of_target })
}

fn of_target(settings: &Table, host: &str) -> Vec<String> {
    let targets = settings.get("target").and_then(Value::as_table);
    let fits = |name: &str| name == host || is_true_here(name);
    let of = targets.into_iter().flatten().filter(|(name, _)| fits(name));
    of.flat_map(|(_, target)| flags(target.get("rustflags"))).collect()
}

/// Of conditions those that say nothing but the system.
fn is_true_here(condition: &str) -> bool {
    let plain: String = condition.chars().filter(|c| !c.is_whitespace()).collect();
    let os = format!("cfg(target_os=\"{}\")", env::consts::OS);
    let arch = format!("cfg(target_arch=\"{}\")", env::consts::ARCH);
    ["cfg(all())", "cfg(unix)", &os, &arch].contains(&plain.as_str())
}

fn of_build(settings: &Table, _: &str) -> Vec<String> {
    flags(settings.get("build").and_then(|build| build.get("rustflags")))
}

/// A list of words, or words in one text.
fn flags(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(words)) => words.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(near: &str, far: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("package");
        for (folder, text) in [(&inner, near), (&folder.path().to_owned(), far)] {
            fs::create_dir_all(folder.join(".cargo")).unwrap();
            fs::write(folder.join(".cargo/config.toml"), text).unwrap();
        }
        in_files(&inner, "x86_64-unknown-linux-gnu").unwrap()
    }

    #[test]
    fn flags_of_all_files_are_joined_and_the_nearest_come_last() {
        let near = "[build]\nrustflags = [\"--cfg\", \"near\"]\n";
        assert_eq!(found(near, "[build]\nrustflags = \"--cfg far\"\n"), ["--cfg", "far", "--cfg", "near"]);
        assert_eq!(found("", "[build]\njobs = 2\n"), [""; 0]);
    }

    #[test]
    fn flags_for_the_target_stand_in_place_of_the_others() {
        let near = "[target.x86_64-unknown-linux-gnu]\nrustflags = [\"-Ca\"]\n[target.'cfg(unix)']\nrustflags = \"-Cb\"\n\
                    [target.'cfg(windows)']\nrustflags = \"-Cc\"\n";
        let mut flags = found(near, "[build]\nrustflags = \"--cfg far\"\n");
        flags.sort();
        assert_eq!(flags, ["-Ca", "-Cb"]);
    }

    #[test]
    fn a_linker_that_is_set_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let linker = |flags: &[&str]| {
            let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
            linker_of_user(&flags, folder.path(), "any-host").unwrap()
        };
        assert_eq!(linker(&["-Copt-level=1"]), None);
        fs::create_dir(folder.path().join(".cargo")).unwrap();
        fs::write(folder.path().join(".cargo/config.toml"), "[target.any-host]\nlinker = \"clang\"\n")
            .unwrap();
        assert_eq!(linker(&[]).as_deref(), Some("clang"));
        assert_eq!(linker(&["-C", "linker=gcc", "-g"]).as_deref(), Some("gcc"));
    }

    #[test]
    fn what_is_no_settings_is_said_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".cargo")).unwrap();
        fs::write(folder.path().join(".cargo/config.toml"), "[build").unwrap();
        let error = in_files(folder.path(), "").unwrap_err().to_string();
        assert!(error.contains(".cargo/config.toml"), "{error}");
    }
}
