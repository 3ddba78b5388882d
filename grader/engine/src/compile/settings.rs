//! Cargo's own folder for the builds of the grader, and the settings in it.
//!
//! Cargo reads `.cargo/config.toml` in its folder and all above it, and in its home. Any of them may hold
//! profiles, flags, linkers and variables that make other programs of the same source. Cargo therefore runs
//! in the root folder, with a home of the grader's: in it are the user's crates and credentials, by links,
//! and of all those settings only what says where crates come from and how the network is reached.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::error::Error;

/// The tables of cargo's settings that are kept (the cargo book, "Configuration").
const KEPT: [&str; 6] = ["source", "registries", "registry", "credential-alias", "http", "net"];

/// Where cargo reads settings, in a folder; the older name comes first, as in cargo.
const FILES: [&str; 2] = ["config", "config.toml"];

/// The folder that cargo runs in. What may stand in `/.cargo` all the same is part of every stamp.
pub(super) const FOLDER: &str = "/";

/// The settings for builds of the workspace at `root`, as the text of a `config.toml`.
///
/// # Errors
/// When a file of settings cannot be read.
pub(super) fn of_user(root: &Path) -> Result<String, Error> {
    let mut settings = Table::new();
    for file in files(root) {
        let text = fs::read_to_string(&file).map_err(Error::file(&file))?;
        // What relative paths are relative to is the folder that `.cargo` stands in.
        let base = file.ancestors().nth(2).unwrap_or(Path::new(FOLDER));
        let found = kept(&text, base).map_err(|reason| Error::Content { path: file.clone(), reason })?;
        fill_up(&mut settings, found);
    }
    // It would judge the user's crates by what the grader uses of them.
    let never = Table::from_iter([("auto-clean-frequency".to_owned(), Value::from("never"))]);
    settings.insert("cache".into(), never.into());
    Ok(settings.to_string())
}

/// The files of settings that cargo reads in `folder`, the nearest first.
pub(super) fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let around: Vec<PathBuf> = folder.ancestors().map(|folder| folder.join(".cargo")).collect();
    let home = users_home(folder).filter(|home| !around.contains(home));
    let in_folder = |folder: PathBuf| FILES.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    around.into_iter().chain(home).filter_map(in_folder)
}

/// What stands where cargo reads it whatever is said.
pub(super) fn of_root_folder() -> Vec<u8> {
    let file = |name| fs::read(Path::new(FOLDER).join(".cargo").join(name)).unwrap_or_default();
    FILES.map(file).concat()
}

/// Makes `home`, with `settings` in it and links to what the user has of crates and credentials.
///
/// # Errors
/// When it cannot be written.
pub(super) fn make_home(home: &Path, root: &Path, settings: &str) -> Result<(), Error> {
    fs::create_dir_all(home).map_err(Error::file(home))?;
    let file = home.join("config.toml");
    fs::write(&file, settings).map_err(Error::file(&file))?;
    let Some(users) = users_home(root).filter(|users| users != home) else { return Ok(()) };
    for (name, is_folder) in LINKED {
        let theirs = users.join(name);
        // Where they have none and cannot get one, the grader has its own.
        if is_folder && fs::create_dir_all(&theirs).is_err() {
            continue;
        }
        link(&theirs, &home.join(name)).map_err(Error::file(home))?;
    }
    Ok(())
}

/// What cargo keeps in its home: crates, and the locks that guard them; names, and whether it is a folder.
const LINKED: [(&str, bool); 6] = [
    ("registry", true),
    ("git", true),
    (".package-cache", false),
    (".package-cache-mutate", false),
    ("credentials", false),
    ("credentials.toml", false),
];

/// Makes `place` a link to `target`, if nothing else stands there.
fn link(target: &Path, place: &Path) -> io::Result<()> {
    match fs::read_link(place) {
        Ok(found) if found == target => return Ok(()),
        Ok(_) => fs::remove_file(place)?,
        // A folder or file of the grader's own, from when the user had none.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(()),
        Err(_) => {}
    }
    symlink(target, place)
}

/// Where cargo keeps the crates that it has fetched for the user.
pub(super) fn users_cache(root: &Path) -> Option<PathBuf> {
    users_home(root).map(|home| home.join("registry").join("cache"))
}

/// The user's own home of cargo.
fn users_home(root: &Path) -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(|home| root.join(home));
    named.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// What is kept of `text`. `base` is what its relative paths are relative to.
fn kept(text: &str, base: &Path) -> Result<Table, String> {
    let mut found: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    found.retain(|name, _| KEPT.contains(&name));
    let sources = found.get_mut("source").and_then(Value::as_table_mut);
    for source in sources.into_iter().flat_map(|sources| sources.iter_mut()) {
        make_absolute(source.1, &["directory", "local-registry"], base);
    }
    if let Some(http) = found.get_mut("http") {
        make_absolute(http, &["cainfo"], base);
    }
    Ok(found)
}

fn make_absolute(table: &mut Value, names: &[&str], base: &Path) {
    for name in names {
        if let Some(Value::String(path)) = table.get_mut(name)
            && let Some(whole) = base.join(&*path).to_str()
        {
            *path = whole.to_owned();
        }
    }
}

/// Adds what `settings` do not say yet: the nearest file decides.
fn fill_up(settings: &mut Table, farther: Table) {
    for (name, value) in farther {
        match (settings.get_mut(&name), value) {
            (Some(Value::Table(nearer)), Value::Table(farther)) => fill_up(nearer, farther),
            (Some(_), _) => {}
            (None, value) => {
                settings.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = r#"
        paths = ["/elsewhere"]
        [build]
        target = "wasm32-unknown-unknown"
        rustflags = ["-Cpanic=abort"]
        incremental = true
        rustc-wrapper = "/nonexistent"
        [profile.release]
        panic = "abort"
        lto = true
        [profile.release.package."*"]
        opt-level = 0
        [target.x86_64-unknown-linux-gnu]
        linker = "/nonexistent"
        [target.'cfg(all())']
        rustflags = ["-Ctarget-cpu=native"]
        [env]
        CC = { value = "/nonexistent", force = true }
        [unstable]
        build-std = ["std"]
        [patch.crates-io]
        rayon = { path = "mine" }
    "#;

    #[test]
    fn nothing_that_decides_about_a_program_is_kept() {
        assert!(kept(HOSTILE, Path::new("/")).unwrap().is_empty());
    }

    #[test]
    fn where_crates_come_from_is_kept_and_paths_stay_what_they_were() {
        let text = "[source.crates-io]\nreplace-with = \"near\"\n[source.near]\ndirectory = \"vendor\"\n\
                    [source.far]\ndirectory = \"/vendor\"\n[http]\nproxy = \"p:1\"\ncainfo = \"ca.pem\"\n";
        let found = kept(text, Path::new("/course")).unwrap();
        let at =
            |path: &str| path.split('.').try_fold(&found["source"], |value, key| value.get(key)).unwrap();
        assert_eq!(at("crates-io.replace-with").as_str(), Some("near"));
        assert_eq!(at("near.directory").as_str(), Some("/course/vendor"));
        assert_eq!(at("far.directory").as_str(), Some("/vendor"));
        assert_eq!(found["http"]["cainfo"].as_str(), Some("/course/ca.pem"));
        assert_eq!(found["http"]["proxy"].as_str(), Some("p:1"));
    }

    #[test]
    fn the_nearest_file_decides() {
        let mut settings = "[net]\noffline = true\n".parse().unwrap();
        fill_up(&mut settings, "[net]\noffline = false\nretry = 3\n[http]\ntimeout = 9\n".parse().unwrap());
        assert_eq!(
            settings.to_string().lines().collect::<Vec<_>>(),
            ["[http]", "timeout = 9", "", "[net]", "offline = true", "retry = 3"]
        );
    }

    #[test]
    fn a_home_has_links_to_the_users_and_can_be_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (target, place) = (folder.path().join("theirs"), folder.path().join("link"));
        link(&folder.path().join("older"), &place).unwrap();
        for _ in 0..2 {
            link(&target, &place).unwrap();
            assert_eq!(fs::read_link(&place).unwrap(), target);
        }
        fs::create_dir(&target).unwrap();
        link(&place, &target).unwrap();
        assert!(fs::symlink_metadata(&target).unwrap().is_dir());
    }

    #[test]
    fn what_is_no_settings_at_all_is_said() {
        assert!(kept("[build", Path::new("/")).is_err());
    }
}
