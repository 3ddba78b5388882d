//! What an exercise needs before any source of it can be built: its dependencies, and the call of the
//! compiler. All of it is the course's own: cargo runs here, outside any jail. Only fetching needs the network.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::cargo::Cargo;
use super::folders::{OF_PROGRAMS, OF_RUNTIME};
use super::package::{self, Package};
use super::place::Place;
use super::recipe::Recipe;
use super::telling::{self, Tell};
use super::{hooks, programs, settings};
use crate::error::Error;
use crate::source::Source;
use crate::workspace::Workspace;

/// The call of the compiler for sources of `package`; the dependencies are there.
///
/// # Errors
/// When cargo cannot be run, or cannot build the dependencies.
pub(super) fn recipe(
    workspace: &Workspace,
    package: &Package,
    hooks: &Path,
    tell: Tell,
) -> Result<Recipe, Error> {
    let place = Place::of(workspace, package, hooks)?;
    if let Some(recipe) = place.kept() {
        return Ok(recipe);
    }
    let cargo = Cargo::lock(workspace, &OF_PROGRAMS, &place.settings, tell)?;
    // Who had the lock may have built the same.
    if let Some(recipe) = place.kept() {
        return Ok(recipe);
    }
    // And who cleans takes all of it away.
    hooks::object(workspace)?;
    package.write_stub()?;
    place.forget()?;
    cargo.note(package, hooks, &place.recipe, tell).inspect_err(|_| place.forget_fetched())?;
    place.keep()
}

/// The call of the compiler for `source`: with all crates of the course where they are built, else with those that it
/// names.
///
/// # Errors
/// As for [`recipe()`].
pub(super) fn recipe_of(
    workspace: &Workspace,
    package: &Package,
    source: &Source,
    hooks: &Path,
    tell: Tell,
) -> Result<Recipe, Error> {
    match Place::of(workspace, package, hooks)?.kept() {
        Some(recipe) => Ok(recipe),
        None => recipe(workspace, &package.without_unnamed(source), hooks, tell),
    }
}

/// Has everything fetched that `package` is built with: whatever comes later needs no network.
///
/// # Errors
/// When cargo cannot be run, or cannot fetch it.
pub(super) fn fetch(workspace: &Workspace, package: &Package, tell: Tell) -> Result<(), Error> {
    let place = Place::of(workspace, package, &hooks::object(workspace)?)?;
    if place.kept().is_some() || place.is_fetched() {
        return Ok(());
    }
    let cargo = Cargo::lock(workspace, &OF_PROGRAMS, &place.settings, tell)?;
    package.write_stub()?;
    cargo.fetch(package)?;
    place.note_fetched()
}

/// The library that is preloaded has one crate of its own below it.
const CRATES_OF_RUNTIME: usize = 2;

/// The library that is preloaded, built from the workspace if it was not.
pub(super) fn runtime(workspace: &Workspace, tell: Tell) -> Result<PathBuf, Error> {
    static KEPT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*kept {
        return Ok(runtime.clone());
    }
    let cargo = Cargo::lock(workspace, &OF_RUNTIME, &settings::of_user(workspace.root())?, tell)?;
    let args = ["--offline", "--release", "--package", "runtime"];
    let build = cargo.call("build", &package::of_runtime(workspace)?, "").args(args).args(telling::TELLING);
    telling::run(build, "building what chooses schedules", || Ok(CRATES_OF_RUNTIME), tell)?;
    // Cargo takes its own file away when another grader builds a newer one, and programs may be starting with it.
    let built = cargo.target.join("release").join("liblockstep_runtime.so");
    let content = fs::read(&built).map_err(Error::file(&built))?;
    let runtime = programs::keep_library(workspace, &content)?;
    Ok(kept.insert(runtime).clone())
}
