//! Building the program that is graded.
//!
//! Cargo builds the dependencies, from the course's manifests and lock file, and shows how it calls the
//! compiler. Each source is then built by the compiler alone, in a folder of its own. Programs are
//! kept under the hash of everything that went into them, so the same source is built only once.

mod advice;
mod cleaning;
mod dependencies;
mod diagnostics;
mod environment;
mod hooks;
mod package;
mod parts;
mod programs;
mod recipe;
mod settings;
mod single;
mod telling;
mod toolchain;
mod unused;

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use crate::error::Error;
use crate::rules::Refusal;
use crate::run::Outcome;
use crate::short_hash::short_hash;
use crate::source::Source;
use crate::stage::Control;
use crate::workspace::Workspace;

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
pub enum Build {
    /// The executable.
    Program(PathBuf),
    /// The compiler's errors, with the user's own file names.
    Errors(String),
    /// The rules that the program breaks.
    Refused(Vec<Refusal>),
}

/// What the builds of a program came to: as a user would run it, and for control.
#[derive(Clone, Debug)]
pub enum Programs {
    /// Both are there.
    Ready { plain: PathBuf, control: Control },
    /// The compiler's errors, with the user's own file names.
    Errors(String),
    /// The rules that the program breaks.
    Refused(Vec<Refusal>),
}

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Optimised, as a user would run it.
    Plain,
    /// With a call of the runtime in place of each atomic operation.
    Controlled,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Controlled => "controlled",
        }
    }

    /// The flags for the compiler, with spaces between them.
    fn flags(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Controlled => HOOKS,
        }
    }

    /// Cargo's settings for a program, in the form of `--config`.
    fn settings(self, program: &str) -> Vec<String> {
        // In one piece, which takes the least time for a small program.
        let whole = format!("profile.release.package.{program}.codegen-units=1");
        match self {
            // Nobody looks for lines in it.
            Self::Plain => vec![whole, format!("profile.release.package.{program}.debug=0")],
            Self::Controlled => CONTROLLED.iter().map(|&setting| setting.to_owned()).chain([whole]).collect(),
        }
    }
}

/// The compiler's thread-sanitizer pass turns atomic operations into calls (of all crates but the
/// precompiled std, of which inlined code counts as the caller's). Everything else that the pass could
/// watch is switched off. Frame pointers let the runtime find callers; the calls stay
/// unresolved until the runtime is preloaded, for which GNU's linker must be told to keep their names (option of binutils
/// 2.35, LLD 11 and later). `-rdynamic` would do, too, but keeps all that a program does not need: three times the
/// text, which each run has to map.
const HOOKS: &str = "-Cpasses=tsan -Cllvm-args=-tsan-instrument-func-entry-exit=0 \
    -Cllvm-args=-tsan-instrument-memory-accesses=0 -Cllvm-args=-tsan-instrument-memintrinsics=0 \
    -Cforce-frame-pointers=yes \
    -Clink-arg=-Wl,--unresolved-symbols=ignore-all -Clink-arg=-Wl,--export-dynamic-symbol=__tsan_*";

/// Little is inlined, so that a frame has its function; and no flag, so that what the course's profile has less
/// optimised is so here, too. But each schedule reads the command line anew.
const CONTROLLED: [&str; 3] = [
    "profile.release.opt-level=1",
    "profile.release.package.clap_builder.opt-level=1",
    "profile.release.package.clap_lex.opt-level=1",
];

/// Builds `source` as the program of `exercise`, plainly and with hooks at once, and what runs it under control.
///
/// # Errors
/// When cargo or the compiler cannot be run, or fails for another reason than the source.
pub fn programs(
    workspace: &Workspace,
    exercise: &str,
    source: &Source,
    tell: Tell,
) -> Result<Programs, Error> {
    let build = |kind| build(workspace, exercise, source, kind, tell);
    let (plain, controlled) = thread::scope(|scope| {
        let controlled = scope.spawn(|| build(Kind::Controlled));
        (build(Kind::Plain), controlled.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let plain = match plain? {
        Build::Program(program) => program,
        Build::Refused(refusals) => return Ok(Programs::Refused(refusals)),
        Build::Errors(message) => return Ok(Programs::Errors(message)),
    };
    Ok(match controlled? {
        Build::Program(program) => {
            let control = Control { program, runtime: dependencies::runtime(workspace, tell)? };
            Programs::Ready { plain, control }
        }
        Build::Refused(refusals) => Programs::Refused(refusals),
        Build::Errors(message) => Programs::Errors(format!("built for schedule control: {message}")),
    })
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
    let package = Package::new(workspace, exercise)?;
    for kind in [Kind::Plain, Kind::Controlled] {
        dependencies::recipe(workspace, &package, kind, tell)?;
    }
    dependencies::runtime(workspace, tell).map(drop)
}

/// Builds `source` as the program of `exercise`. What the compiler read for it is looked at before anybody can run it,
/// also where the program was kept: the rules may be newer than it.
///
/// # Errors
/// When the compiler cannot be run or fails for another reason than the source.
pub fn build(
    workspace: &Workspace,
    exercise: &str,
    source: &Source,
    kind: Kind,
    tell: Tell,
) -> Result<Build, Error> {
    if let Some(Err(refusal)) = source.main() {
        return Ok(Build::Refused(vec![refusal.clone()]));
    }
    let package = Package::new(workspace, exercise)?;
    let toolchain = Toolchain::find(workspace)?;
    let recipe = dependencies::recipe_of(workspace, &package, source, kind, tell)?;
    tell(format!("{exercise}: building"));
    let key = key(&toolchain.version, &recipe, &package, source);
    let program = programs::folder(workspace)?.join(format!("{exercise}-{key}"));
    if let Some(list) = programs::kept_list(&program) {
        let refusals = Parts::from_bytes(&list).refusals(source);
        return Ok(if refusals.is_empty() { Build::Program(program) } else { Build::Refused(refusals) });
    }
    Single { workspace, toolchain, recipe: &recipe, package: &package, source }.build(program)
}

/// The hash of everything that decides what the program does.
fn key(compiler: &str, recipe: &Recipe, package: &Package, source: &Source) -> String {
    let of_source =
        source.files.iter().flat_map(|(path, content)| [path.as_os_str().as_encoded_bytes(), content]);
    let of_course = std::iter::once(compiler.as_bytes()).chain(recipe.parts()).chain(package.parts());
    short_hash(of_course.chain(of_source))
}

/// What an unsuccessful tool said last.
fn last_words(outcome: &Outcome) -> String {
    let text = String::from_utf8_lossy(&outcome.stderr);
    let text = text.trim();
    if text.is_empty() { outcome.ending.to_string() } else { text.to_owned() }
}
