//! What a program calls in place of atomic operations: a small library that is linked into each (`grader/hooks`). By
//! itself it does what the operations ask for; under control it leads to the runtime.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{HOOKS, dependencies, environment, programs, toolchain::Toolchain};
use crate::error::Error;
use crate::short_hash::short_hash;
use crate::workspace::Workspace;

/// Where its source stands in a workspace.
const SOURCE: &str = "grader/hooks/src/lib.rs";

/// The least that has a hook.
const PROGRAM: &str =
    "fn main() { std::sync::atomic::AtomicU8::new(0).fetch_add(1, std::sync::atomic::Ordering::SeqCst); }\n";

/// The library, built if it was not. The compiler's pass must not meet it: it would call itself.
///
/// # Errors
/// When the compiler cannot be run, or cannot build it.
pub(super) fn library(workspace: &Workspace) -> Result<PathBuf, Error> {
    let toolchain = Toolchain::find(workspace)?;
    dependencies::make_folder(workspace)?;
    let source = workspace.root().join(SOURCE);
    let text = fs::read(&source).map_err(Error::file(&source))?;
    let hash = short_hash([toolchain.version.as_bytes(), &text]);
    let library = programs::folder(workspace)?.join(format!("hooks-{hash}.rlib"));
    if !programs::is_kept(&library) {
        let folder = temporary()?;
        let built = folder.path().join("hooks.rlib");
        let args =
            ["--crate-name=hooks", "--crate-type=rlib", "--edition=2024", "-Copt-level=2", "-Cpanic=abort"];
        compile(toolchain, &source, &built, |rustc| rustc.args(args))?;
        programs::keep(fs::File::open(&built).map_err(Error::file(&built))?, &library)?;
    }
    Ok(library)
}

/// The compiler's flag that links it into a program.
pub(super) fn link_flag(library: &Path) -> String {
    format!("-Clink-arg={}", library.display())
}

/// Whether programs with hooks can be built here: one is.
///
/// # Errors
/// When the compiler cannot be run, or a program cannot be linked.
pub fn linker(workspace: &Workspace) -> Result<(), Error> {
    let library = library(workspace)?;
    let folder = temporary()?;
    let (source, program) = (folder.path().join("main.rs"), folder.path().join("main"));
    fs::write(&source, PROGRAM).map_err(Error::file(&source))?;
    let flags =
        HOOKS.split_whitespace().map(str::to_owned).chain([link_flag(&library), "-Copt-level=1".into()]);
    compile(Toolchain::find(workspace)?, &source, &program, |rustc| rustc.args(flags))
}

fn temporary() -> Result<tempfile::TempDir, Error> {
    tempfile::tempdir().map_err(Error::file("a folder for temporary files"))
}

/// Has the compiler build a source of the grader's own.
fn compile(
    toolchain: &Toolchain,
    source: &Path,
    built: &Path,
    with_args: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<(), Error> {
    let mut rustc = Command::new(&toolchain.rustc);
    with_args(&mut rustc).args([source.as_os_str(), "-o".as_ref(), built.as_os_str()]);
    let output =
        rustc.env_clear().envs(environment::of_user()).output().map_err(Error::file(&toolchain.rustc))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Cargo(format!("a program with hooks cannot be built: {said}")))
}
