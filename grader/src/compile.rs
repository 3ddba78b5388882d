//! Building the program that is graded.
//!
//! The source is put into a small workspace of its own (the *package*) with the course's manifest
//! and lock file, and built by cargo, offline once the dependencies are there. Programs are kept
//! under the hash of everything that went into them, so the same source is built only once.

mod diagnostics;
mod package;
mod slot;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::error::Error;
use crate::run::{Invocation, Outcome};
use crate::source::Source;
use crate::stage::Control;
use crate::workspace::Workspace;

use package::Package;
use slot::Slot;

/// What a build came to.
#[derive(Clone, Debug)]
pub enum Build {
    /// The executable.
    Program(PathBuf),
    /// The compiler's errors, with the user's own file names.
    Errors(String),
}

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Optimised, as a user would run it.
    Plain,
    /// With a call of the runtime in place of each atomic operation.
    Controlled,
}

/// The compiler's thread-sanitizer pass turns atomic operations into calls (of all crates but the
/// precompiled std, of which inlined code counts as the caller's). Everything else that the pass could
/// watch is switched off. Frame pointers let the runtime find callers; the calls stay
/// unresolved until the runtime is preloaded.
const HOOKS: &str = "-Cpasses=tsan -Cllvm-args=-tsan-instrument-func-entry-exit=0 \
    -Cllvm-args=-tsan-instrument-memory-accesses=0 -Cllvm-args=-tsan-instrument-memintrinsics=0 \
    -Copt-level=1 -Cdebuginfo=1 -Cforce-frame-pointers=yes \
    -Clink-arg=-Wl,--unresolved-symbols=ignore-all";

/// What is needed to run `source` under control: its program with hooks, and the runtime.
///
/// # Errors
/// When cargo cannot be run or fails for another reason than the source, which has been built
/// plainly before.
pub fn control(workspace: &Workspace, exercise: &str, source: &Source) -> Result<Control, Error> {
    match build(workspace, exercise, source, Kind::Controlled)? {
        Build::Program(program) => Ok(Control { program, runtime: runtime(workspace)? }),
        Build::Errors(message) => Err(Error::Cargo(message)),
    }
}

/// The library that is preloaded, built from the workspace if it was not.
fn runtime(workspace: &Workspace) -> Result<PathBuf, Error> {
    let target = workspace.build_folder().join("target");
    static BUILT: OnceLock<()> = OnceLock::new();
    if BUILT.get().is_none() {
        let _slot = Slot::first(workspace)?;
        let outcome = cargo(workspace.root(), &target)
            .args(["build", "--offline", "--release", "--quiet", "--package", "runtime"])
            .run()?;
        if outcome.ending.code() != Some(0) {
            return Err(Error::Cargo(last_words(&outcome)));
        }
        let _ = BUILT.set(());
    }
    Ok(target.join("release").join("liblockstep_runtime.so"))
}

/// Builds `source` as the program of `exercise`.
///
/// # Errors
/// When cargo cannot be run or fails for another reason than the source.
pub fn build(workspace: &Workspace, exercise: &str, source: &Source, kind: Kind) -> Result<Build, Error> {
    let package = Package::new(workspace, exercise)?;
    let programs = workspace.build_folder().join("programs");
    let program = programs.join(format!("{exercise}-{}", key(&package, Some(source), kind)?));
    let is_built = || program.is_file();
    if is_built() {
        return Ok(Build::Program(program));
    }
    fs::create_dir_all(&programs).map_err(Error::file(&programs))?;
    let dependencies = format!("{exercise}-{}", key(&package, None, kind)?);
    let slot = Slot::take(workspace, &dependencies)?;
    // Somebody else may have built the same source meanwhile.
    if is_built() {
        return Ok(Build::Program(program));
    }
    let (folder, target) = (slot.package(exercise), slot.target());
    package.write(&folder, source)?;
    fetch_once(workspace, exercise, &package, &folder)?;
    let command = cargo(&folder, &target).args([
        "build",
        "--offline",
        "--release",
        "--quiet",
        "--message-format=json",
        "--package",
        exercise,
    ]);
    let (command, built) = match kind {
        Kind::Plain => (command, target.join("release")),
        // With a named target the flags are not for build scripts and procedural macros.
        Kind::Controlled => (
            command.env("RUSTFLAGS", HOOKS).args(["--target", host()?]),
            target.join(host()?).join("release"),
        ),
    };
    let outcome = command.run()?;
    if outcome.ending.code() != Some(0) {
        return diagnostics::errors(&outcome, exercise, source).map(Build::Errors);
    }
    slot.remember(&dependencies)?;
    keep(&built.join(exercise), &program)?;
    Ok(Build::Program(program))
}

/// Copies under another name first, so that an interrupted copy is never taken for a program.
fn keep(built: &Path, program: &Path) -> Result<(), Error> {
    let folder = program.parent().unwrap_or(Path::new("."));
    let partial = NamedTempFile::new_in(folder).map_err(Error::file(folder))?.into_temp_path();
    // With the permissions of what was built.
    fs::copy(built, &partial).map_err(Error::file(built))?;
    partial.persist(program).map_err(|error| Error::file(program)(error.error))
}

/// The hash of everything that decides what the program does; without a source, what its dependencies are.
fn key(package: &Package, source: Option<&Source>, kind: Kind) -> Result<String, Error> {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    add(compiler_version()?.as_bytes());
    add(if kind == Kind::Controlled { HOOKS.as_bytes() } else { b"" });
    package.parts().for_each(&mut add);
    for (path, content) in source.iter().flat_map(|source| &source.files) {
        add(path.as_os_str().as_encoded_bytes());
        add(content);
    }
    Ok(hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect())
}

fn compiler_version() -> Result<&'static str, Error> {
    static VERSION: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).arg("-vV").output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    VERSION.get_or_init(ask).as_deref().ok_or_else(|| Error::Cargo("`rustc -vV` does not run".into()))
}

/// Downloads the exercise's dependencies, unless that was done for the same lock file and manifest.
fn fetch_once(workspace: &Workspace, exercise: &str, package: &Package, folder: &Path) -> Result<(), Error> {
    let stamp = workspace.build_folder().join(format!("fetched-{exercise}"));
    let wanted: Vec<u8> = package.parts().flatten().copied().collect();
    if fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let target = workspace.build_folder().join("target");
    let outcome = cargo(folder, &target).args(["fetch", "--quiet", "--target", host()?]).run()?;
    if outcome.ending.code() != Some(0) {
        return Err(Error::Cargo(last_words(&outcome)));
    }
    fs::write(&stamp, wanted).map_err(Error::file(&stamp))
}

/// The target triple of this machine.
pub fn host() -> Result<&'static str, Error> {
    let line = |text: &'static str| text.lines().find_map(|line| line.strip_prefix("host: "));
    compiler_version().and_then(|text| line(text).ok_or_else(|| Error::Cargo("rustc names no host".into())))
}

/// Cargo in `folder`, building into `target`, whatever the user's environment says.
fn cargo(folder: &Path, target: &Path) -> Invocation {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    Invocation::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), folder)
        .inherit_environment()
        .env("CARGO_TARGET_DIR", target)
        .env("RUSTFLAGS", "")
        .env("CARGO_TERM_COLOR", "never")
        .limit(|limits| {
            (limits.idle, limits.processor, limits.wall) = (minutes(5), minutes(30), minutes(30));
        })
}

/// What an unsuccessful tool said last.
fn last_words(outcome: &Outcome) -> String {
    let text = String::from_utf8_lossy(&outcome.stderr);
    let text = text.trim();
    if text.is_empty() { outcome.ending.to_string() } else { text.to_owned() }
}
