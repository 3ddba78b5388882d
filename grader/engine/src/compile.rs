//! Building the program that is graded.
//!
//! Cargo builds the dependencies, from the course's manifests and lock file, and shows how it calls the
//! compiler. All of it has hooks, which lead nowhere in a plain run: what is run plainly and what is run
//! under control is the same program. Each source is then built by the compiler alone, in a folder of its own. Programs are
//! kept under the hash of everything that went into them, so the same source is built only once.

mod advice;
mod any_package;
mod cargo;
mod cleaning;
mod dependencies;
mod diagnostics;
mod environment;
mod folders;
pub(crate) mod hooks;
mod link_script;
mod manifest;
mod own_flags;
mod package;
mod parts;
mod place;
mod programs;
mod recipe;
mod settings;
mod single;
mod telling;
mod toolchain;
mod unused;

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use confine::run::Outcome;

use crate::error::Error;
use crate::program::Program;
use crate::rules::Refusal;
use crate::short_hash::short_hash;
use crate::source::Source;
use crate::symbols::OwnCode;
use crate::workspace::Workspace;

pub use any_package::{Executable, Selection, executables};
pub use cleaning::{Freed, clean};
pub use hooks::linker;
use package::Package;
use parts::Parts;
use recipe::Recipe;
use single::Single;
pub use telling::Tell;
use toolchain::Toolchain;
pub use unused::unused_dependencies;

/// What a build came to.
#[derive(Clone, Debug)]
pub enum Build<P = Program> {
    /// The executable, and what controls it.
    Ready(P),
    /// The compiler's errors, with the user's own file names.
    Errors(String),
    /// The rules that the program breaks.
    Refused(Vec<Refusal>),
}

/// The compiler's thread-sanitizer pass turns atomic operations into calls (of all crates but the
/// precompiled std, of which inlined code counts as the caller's). Everything else that the pass could
/// watch is switched off. Frame pointers let the runtime find callers. What is called is linked to each program ([`hooks`]).
const HOOKS: &str = "-Cpasses=tsan -Cllvm-args=-tsan-instrument-func-entry-exit=0 \
    -Cllvm-args=-tsan-instrument-memory-accesses=0 -Cllvm-args=-tsan-instrument-memintrinsics=0 \
    -Cforce-frame-pointers=yes";

/// Cargo's settings for all that is part of a program, in the form of `--config`. Little is inlined, so that a frame has its
/// function; and no flag, so that what the course's profile has less optimised is so here, too. What is compiled in one piece
/// takes the least time of processors.
const PROFILE: [&str; 3] = [
    "profile.release.opt-level=1",
    "profile.release.codegen-units=1",
    "profile.release.build-override.codegen-units=1",
];

/// Builds `source` as the program of `exercise`, and beside it what runs it under control.
///
/// # Errors
/// When cargo or the compiler cannot be run, or fails for another reason than the source.
pub fn build(workspace: &Workspace, exercise: &str, source: &Source, tell: Tell) -> Result<Build, Error> {
    if let Some(Err(refusal)) = source.root() {
        return Ok(Build::Refused(vec![refusal.clone()]));
    }
    let is_waited_for = AtomicBool::new(false);
    let tell_late = |what| {
        if is_waited_for.load(Ordering::Relaxed) {
            tell(what);
        }
    };
    let (compiled, runtime) = thread::scope(|scope| {
        let runtime = scope.spawn(|| dependencies::runtime(workspace, &tell_late));
        let compiled = program(workspace, exercise, source, tell);
        is_waited_for.store(true, Ordering::Relaxed);
        (compiled, runtime.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    Ok(match compiled? {
        Build::Ready(path) => Build::Ready(Program::new(path, runtime?, OwnCode::of_exercise(exercise))),
        Build::Errors(message) => Build::Errors(message),
        Build::Refused(refusals) => Build::Refused(refusals),
    })
}

/// The library that controls programs, built if it was not.
///
/// # Errors
/// When cargo cannot be run, or cannot build it.
pub fn runtime(workspace: &Workspace, tell: Tell) -> Result<PathBuf, Error> {
    dependencies::runtime(workspace, tell)
}

/// Fetches all that sources of `exercise` are built with: only this needs the network.
///
/// # Errors
/// When cargo cannot be run, or cannot fetch it.
pub fn fetch(workspace: &Workspace, exercise: &str, tell: Tell) -> Result<(), Error> {
    dependencies::fetch(workspace, &Package::new(workspace, exercise)?, tell)
}

/// Builds all that sources of `exercise` are built with, and what runs them under control, all of which is fetched.
///
/// # Errors
/// When cargo cannot be run, or cannot build it.
pub fn prepare(workspace: &Workspace, exercise: &str, tell: Tell) -> Result<(), Error> {
    let hooks = hooks::object(workspace)?;
    dependencies::recipe(workspace, &Package::new(workspace, exercise)?, &hooks, tell)?;
    dependencies::runtime(workspace, tell).map(drop)
}

/// What the compiler read for a program is looked at before anybody can run it, also where the program was kept: the rules
/// may be newer than it.
fn program(
    workspace: &Workspace,
    exercise: &str,
    source: &Source,
    tell: Tell,
) -> Result<Build<PathBuf>, Error> {
    let package = Package::new(workspace, exercise)?;
    let toolchain = Toolchain::find(workspace)?;
    let hooks = hooks::object(workspace)?;
    let recipe = dependencies::recipe_of(workspace, &package, source, &hooks, tell)?;
    tell(format!("{exercise}: building"));
    let key = key(&toolchain.version, &recipe, &package, source);
    let program = programs::folder(workspace)?.join(format!("{exercise}-{key}"));
    if let Some(list) = programs::kept_list(&program) {
        let refusals = Parts::from_bytes(&list).refusals(source);
        return Ok(if refusals.is_empty() { Build::Ready(program) } else { Build::Refused(refusals) });
    }
    Single { workspace, toolchain, recipe: &recipe, hooks: &hooks, package: &package, source }.build(program)
}

/// The hash of everything that decides what the program does.
fn key(compiler: &str, recipe: &Recipe, package: &Package, source: &Source) -> String {
    let of_source =
        source.files.iter().flat_map(|(path, content)| [path.as_os_str().as_encoded_bytes(), content]);
    let of_source = of_source.chain(source.checks.as_deref());
    let of_course = std::iter::once(compiler.as_bytes()).chain(recipe.parts()).chain(package.parts());
    short_hash(of_course.chain(of_source))
}

/// What an unsuccessful tool said last.
fn last_words(outcome: &Outcome) -> String {
    let text = String::from_utf8_lossy(&outcome.stderr);
    let text = text.trim();
    if text.is_empty() { outcome.ending.to_string() } else { text.to_owned() }
}
