//! Building any package of Cargo's with hooks: by its own manifest and profile, as `cargo test` and `cargo build` would,
//! but into a folder of its own. Build scripts and procedural macros have no hooks: with a named target the compiler's
//! flags are not theirs.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use confine::run::{Invocation, Outcome};
use serde::Deserialize;

use super::telling::{self, Tell};
use super::toolchain::Toolchain;
use super::{Build, HOOKS, hooks, last_words, link_script, own_flags};
use crate::error::Error;
use crate::workspace::Workspace;

/// Which targets of which package.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The package's manifest; that of the folder that the user is in, for none.
    pub manifest: Option<PathBuf>,
    /// What is built: tests, or programs.
    pub tests: bool,
    /// Optimised, by the profile `release`.
    pub release: bool,
    /// Cargo's own options that select targets, packages and features.
    pub options: Vec<String>,
}

/// A program, or the tests of one target, built with hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The package.
    pub package: String,
    /// Whether its workspace has other packages.
    pub has_siblings: bool,
    /// The target's name.
    pub name: String,
    /// The option that makes cargo build it: `--test all`.
    pub option: String,
    /// The executable.
    pub path: PathBuf,
    /// The package's folder, in which its tests are run.
    pub folder: PathBuf,
    /// The workspace's folder.
    pub root: PathBuf,
    /// The variables that cargo sets for it.
    pub variables: Vec<(OsString, OsString)>,
}

/// Builds what is selected. `workspace` is where the hooks come from.
///
/// # Errors
/// When cargo cannot be run, or there is no such package.
pub fn executables(
    workspace: &Workspace,
    selection: &Selection,
    tell: Tell,
) -> Result<Build<Vec<Executable>>, Error> {
    let hooks = hooks::object(workspace)?;
    let metadata = Metadata::of(selection)?;
    let host = Toolchain::find(workspace)?.host()?.to_owned();
    let here = env::current_dir().unwrap_or_default();
    let own = own_flags::of_user(&here, &host)?;
    let linker = own_flags::linker_of_user(&own, &here, &host)?;
    let linker = link_script::write(&hooks, linker.as_deref().unwrap_or("cc"))?;
    let command: &[&str] = if selection.tests { &["test", "--no-run"] } else { &["build"] };
    let profile = if selection.release { "release" } else { "dev" };
    let target = metadata.target_directory.join("lockstep");
    let call = cargo(selection, command)
        .args(&selection.options)
        .args(selection.release.then_some("--release"))
        .args(telling::TELLING)
        .args([OsString::from("--target"), host.into(), "--target-dir".into(), target.into()])
        .args(settings(profile).iter().flat_map(|setting| ["--config", setting.as_str()]))
        .env("CARGO_ENCODED_RUSTFLAGS", flags(own, &linker));
    let running = call.start()?;
    running.wait_for_stdout(|said| {
        tell(format!("building: {} crates", said.matches("\"compiler-artifact\"").count()));
        None::<()>
    });
    let outcome = running.wait()?;
    match outcome.ending.code() {
        Some(0) => {}
        Some(_) => return Ok(Build::Errors(format!("{}\n", last_words(&outcome)))),
        None => return Err(Error::Cargo(outcome.ending.to_string())),
    }
    Ok(Build::Ready(metadata.executables(&outcome, selection.tests)))
}

/// A call of the user's own cargo, in the user's own environment: what it builds is the user's own code.
fn cargo(selection: &Selection, command: &[&str]) -> Invocation {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let here = env::current_dir().unwrap_or_default();
    let call = Invocation::new(cargo, here).trusted().args(command.iter().copied()).envs(env::vars_os());
    let call = call.limit(|limits| {
        let hour = std::time::Duration::from_secs(3600);
        (limits.idle, limits.processor, limits.wall) = (hour, hour, hour);
        (limits.memory, limits.output) = (u64::MAX, usize::MAX);
    });
    match &selection.manifest {
        Some(manifest) => call.args([OsString::from("--manifest-path"), manifest.into()]),
        None => call,
    }
}

/// What cargo must not do, whatever the profile says: without lines no picture has places, and what is optimised over all
/// crates at the end would be so without hooks.
fn settings(profile: &str) -> Vec<String> {
    let set = |what: &str| format!("profile.{profile}.{what}");
    vec![set("lto=\"off\""), set("debug=\"limited\""), set("strip=\"none\"")]
}

/// What `rustix` takes for the wish that it calls libc: the system calls that it makes by itself are under no control.
const LIBC: &str = "--cfg=rustix_use_libc";

/// The user's own flags, and those that make and lead the hooks. `cfg(lockstep)` lets tests be smaller here.
fn flags(own: Vec<String>, linker: &Path) -> String {
    let ours = HOOKS.split_whitespace().map(str::to_owned);
    let linker = format!("-Clinker={}", linker.display());
    let ours = ours.chain([linker]);
    let ours = ours.chain([LIBC, "--cfg=lockstep", "--check-cfg=cfg(lockstep)"].map(str::to_owned));
    own.into_iter().chain(ours).collect::<Vec<_>>().join("\u{1f}")
}

/// What `cargo metadata` says (the cargo book, "External tools").
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    manifest_path: PathBuf,
}

/// What cargo says of something that it has built.
#[derive(Deserialize)]
struct Artifact {
    package_id: String,
    target: Target,
    executable: Option<PathBuf>,
    profile: Profile,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Metadata {
    fn of(selection: &Selection) -> Result<Self, Error> {
        let call = cargo(selection, &["metadata", "--format-version", "1", "--no-deps"]);
        let outcome = call.run()?;
        if outcome.ending.code() != Some(0) {
            return Err(Error::Usage(last_words(&outcome)));
        }
        let unread = |error| Error::Cargo(format!("`cargo metadata` says what is not understood: {error}"));
        serde_json::from_slice(&outcome.stdout).map_err(unread)
    }

    /// The executables that a build has made, in an order that is the same each time.
    fn executables(&self, outcome: &Outcome, tests: bool) -> Vec<Executable> {
        let said = String::from_utf8_lossy(&outcome.stdout);
        let artifacts = said.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
        let artifacts = artifacts.filter(|artifact| artifact.profile.test == tests);
        let mut executables: Vec<Executable> = artifacts.filter_map(|one| self.executable(one)).collect();
        let place = |one: &Executable| {
            let rank = ["--lib", "--bin", "--example"].iter().position(|kind| one.option.starts_with(kind));
            (one.package.clone(), rank.unwrap_or(usize::MAX), one.option.clone())
        };
        executables.sort_by_key(place);
        executables
    }

    fn executable(&self, artifact: Artifact) -> Option<Executable> {
        let path = artifact.executable?;
        let package = self.packages.iter().find(|package| package.id == artifact.package_id)?;
        let folder = package.manifest_path.parent()?.to_owned();
        Some(Executable {
            package: package.name.clone(),
            has_siblings: self.packages.len() > 1,
            option: artifact.target.option(),
            name: artifact.target.name,
            path,
            variables: package.variables(&folder),
            folder,
            root: self.workspace_root.clone(),
        })
    }
}

impl Package {
    /// Those that `cargo test` sets and programs may read when they run.
    fn variables(&self, folder: &Path) -> Vec<(OsString, OsString)> {
        let of = |name: &str, value: &dyn AsRef<std::ffi::OsStr>| (name.into(), value.as_ref().to_owned());
        vec![
            of("CARGO_MANIFEST_DIR", &folder),
            of("CARGO_MANIFEST_PATH", &self.manifest_path),
            of("CARGO_PKG_NAME", &self.name),
            of("CARGO_PKG_VERSION", &self.version),
        ]
    }
}

impl Target {
    fn option(&self) -> String {
        let kind = self.kind.first().map_or("lib", String::as_str);
        match kind {
            "bin" | "example" | "test" | "bench" => format!("--{kind} {}", self.name),
            _ => "--lib".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_as_cargo_takes_it() {
        let of = |kind: &str| Target { name: "all".into(), kind: vec![kind.into()] }.option();
        assert_eq!(
            ["test", "bin", "lib", "proc-macro"].map(of),
            ["--test all", "--bin all", "--lib", "--lib"]
        );
    }

    #[test]
    fn lines_that_are_no_artifacts_are_left_out() {
        let line = r#"{"reason":"build-finished","success":true}"#;
        assert!(serde_json::from_str::<Artifact>(line).is_err());
    }
}
