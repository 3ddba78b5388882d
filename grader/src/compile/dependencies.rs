//! What an exercise needs before any source of it can be built: its dependencies, and the call of the
//! compiler. All of it is the course's own: cargo runs here, with the network, outside any jail.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::package::Package;
use super::recipe::{self, Recipe};
use super::{Kind, compiler_version, host, last_words};
use crate::error::Error;
use crate::run::Invocation;
use crate::workspace::Workspace;

/// The call of the compiler for `package`; the dependencies are there.
///
/// # Errors
/// When cargo cannot be run, or cannot fetch or build the dependencies.
pub(super) fn recipe(workspace: &Workspace, package: &Package, kind: Kind) -> Result<Recipe, Error> {
    let folder = workspace.build_folder().join("recipes");
    let file = folder.join(format!("{}-{}", package.exercise(), kind.word()));
    let stamp = file.with_extension("stamp");
    let wanted = stamp_of(package)?;
    if fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return Recipe::read(&file);
    }
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let _lock = lock(&workspace.build_folder().join("lock"))?;
    package.write_stub()?;
    run(cargo(package.folder(), &target(workspace)).args(["fetch", "--quiet", "--target", host()?]))?;
    note(workspace, package, kind, &file)?;
    let recipe = Recipe::read(&file)?;
    fs::write(&stamp, wanted).map_err(Error::file(&stamp))?;
    Ok(recipe)
}

/// The library that is preloaded, built from the workspace if it was not.
pub(super) fn runtime(workspace: &Workspace) -> Result<PathBuf, Error> {
    static KEPT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*kept {
        return Ok(runtime.clone());
    }
    let target = target(workspace);
    fs::create_dir_all(&target).map_err(Error::file(&target))?;
    let _lock = lock(&workspace.build_folder().join("lock"))?;
    let args = ["build", "--offline", "--release", "--quiet", "--package", "runtime"];
    run(cargo(workspace.root(), &target).args(args))?;
    // Cargo takes its own file away when another grader builds a newer one, and programs may be starting with it.
    let built = target.join("release").join("liblockstep_runtime.so");
    let content = fs::read(&built).map_err(Error::file(&built))?;
    let runtime = super::programs(workspace)?.join(format!("runtime-{}.so", super::short_hash([&*content])));
    if !runtime.is_file() {
        super::keep(&*content, &runtime)?;
    }
    Ok(kept.insert(runtime).clone())
}

/// The folder that holds the built dependencies of all exercises.
pub(super) fn target(workspace: &Workspace) -> PathBuf {
    workspace.build_folder().join("target")
}

/// Everything that decides about the dependencies.
fn stamp_of(package: &Package) -> Result<Vec<u8>, Error> {
    let parts = package.parts().flatten().copied();
    // A call names its files by their whole paths.
    let folder = package.folder().as_os_str().as_encoded_bytes().iter().copied();
    Ok(compiler_version()?.bytes().chain(folder).chain(parts).collect())
}

/// Builds the dependencies and the stub, and notes how the stub was built.
fn note(workspace: &Workspace, package: &Package, kind: Kind, file: &Path) -> Result<(), Error> {
    let recorder = workspace.build_folder().join("recorder");
    recipe::write_recorder(&recorder)?;
    let command = cargo(package.folder(), &target(workspace))
        .env("RUSTC_WORKSPACE_WRAPPER", &recorder)
        .env(recipe::CRATE_VARIABLE, package.exercise().replace('-', "_"))
        .env(recipe::FILE_VARIABLE, file)
        .args(["build", "--offline", "--release", "--quiet", "--package", package.exercise()]);
    run(match kind {
        Kind::Plain => command,
        // With a named target the flags are not for build scripts and procedural macros.
        Kind::Controlled => command.env("RUSTFLAGS", super::HOOKS).args(["--target", host()?]),
    })
}

fn run(command: Invocation) -> Result<(), Error> {
    let outcome = command.run()?;
    match outcome.ending.code() {
        Some(0) => Ok(()),
        _ => Err(Error::Cargo(last_words(&outcome))),
    }
}

/// One at a time: cargo would wait for its own lock anyway, and the packages are shared.
fn lock(path: &Path) -> Result<File, Error> {
    let file = File::create(path).map_err(Error::file(path))?;
    file.lock().map_err(Error::file(path))?;
    Ok(file)
}

/// Cargo in `folder`, building into `target`, whatever the user's environment says.
fn cargo(folder: &Path, target: &Path) -> Invocation {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    Invocation::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), folder)
        .trusted()
        .env("CARGO_TARGET_DIR", target)
        .env("RUSTFLAGS", "")
        .env("RUSTC_WRAPPER", "")
        .env("CARGO_TERM_COLOR", "never")
        .limit(|limits| {
            (limits.idle, limits.processor, limits.wall) = (minutes(5), minutes(30), minutes(30));
        })
}
