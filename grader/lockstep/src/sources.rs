//! What controls programs is built where it is used, by the compiler that is there: this command brings its source along.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use engine::workspace::{Workspace, user_cache};
use grader::error::Error;
use toml::{Table, Value};

/// Path and text of each file.
const SOURCES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// Where the sources stand in the user's cache, put there whole if they were not.
///
/// # Errors
/// When there is no place to put them.
pub(crate) fn unpack() -> Result<Workspace, Error> {
    let cache = cache()?;
    let mut hasher = DefaultHasher::new();
    SOURCES.hash(&mut hasher);
    let folder = cache.join(format!("runtime-{:016x}", hasher.finish()));
    if !folder.is_dir() {
        fs::create_dir_all(&cache).map_err(Error::file(&cache))?;
        let temporary = tempfile::tempdir_in(&cache).map_err(Error::file(&cache))?;
        for (name, text) in SOURCES {
            write(&temporary.path().join(name), &adapted(name, text))?;
        }
        // Who was faster has put the same there.
        if fs::rename(temporary.path(), &folder).is_ok() {
            let _ = temporary.keep();
        }
    }
    Ok(Workspace::at(folder))
}

fn cache() -> Result<PathBuf, Error> {
    let cache = user_cache();
    let cache = cache.ok_or_else(|| {
        Error::usage("there is no home folder: set XDG_CACHE_HOME to a folder that you may write to")
    })?;
    Ok(cache.join("lockstep"))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    fs::write(path, text).map_err(Error::file(path))
}

/// The manifests without all that needs other crates: nothing is fetched for them.
fn adapted(name: &str, text: &str) -> String {
    let Ok(mut manifest) = text.parse::<Table>() else { return text.to_owned() };
    if !name.ends_with("Cargo.toml") {
        return text.to_owned();
    }
    manifest.remove("dev-dependencies");
    manifest.remove("profile");
    if let Some(Value::Table(workspace)) = manifest.get_mut("workspace") {
        workspace.insert("members".into(), Value::Array(vec!["grader/runtime".into()]));
        workspace.remove("exclude");
        if let Some(Value::Table(dependencies)) = workspace.get_mut("dependencies") {
            dependencies.retain(|name, _| name == "memory" || name == "schedule");
        }
    }
    manifest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_need_no_other_crate() {
        for (name, text) in SOURCES.iter().filter(|(name, _)| name.ends_with("Cargo.toml")) {
            let adapted = adapted(name, text);
            assert!(!adapted.contains("proptest") && !adapted.contains("clap"), "{name}: {adapted}");
        }
        let names: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        for needed in [
            "Cargo.toml",
            "grader/runtime/src/lib.rs",
            "grader/memory/src/lib.rs",
            "grader/schedule/src/lib.rs",
            "grader/hooks/src/lib.rs",
        ] {
            assert!(names.contains(&needed), "{needed}");
        }
    }
}
