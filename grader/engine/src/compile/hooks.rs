//! What a program calls in place of atomic operations: a small object that is linked into each (`grader/hooks`). By
//! itself it does what the operations ask for; under control it leads to the runtime.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folders::OF_PROGRAMS;
use super::toolchain::Toolchain;
use super::{HOOKS, environment, programs};
use crate::error::Error;
use crate::short_hash::short_hash;
use crate::workspace::Workspace;

/// Where its source stands in a workspace.
const SOURCE: &str = "grader/hooks/src/lib.rs";

/// How it is built, without the compiler's pass: it would call itself. It needs nothing but the C library: what a linker
/// has of others may stand before it.
const ARGS: [&str; 7] = [
    "--crate-name=hooks",
    "--crate-type=lib",
    "--edition=2024",
    "--emit=obj",
    "-Copt-level=2",
    "-Ccodegen-units=1",
    "-Cpanic=abort",
];

/// On AArch64 atomic operations may be calls of functions in the compiler's own library.
const INLINE_ATOMICS: &[&str] =
    if cfg!(target_arch = "aarch64") { &["-Ctarget-feature=-outline-atomics"] } else { &[] };

/// The least that has a hook.
const PROGRAM: &str =
    "fn main() { std::sync::atomic::AtomicU8::new(0).fetch_add(1, std::sync::atomic::Ordering::SeqCst); }\n";

/// The object, built if it was not. It stands beside what else programs are built with.
///
/// # Errors
/// When the compiler cannot be run, or cannot build it.
pub(super) fn object(workspace: &Workspace) -> Result<PathBuf, Error> {
    let toolchain = Toolchain::find(workspace)?;
    let folder = OF_PROGRAMS.make(workspace)?;
    let source = workspace.root().join(SOURCE);
    let text = fs::read(&source).map_err(Error::file(&source))?;
    let args = ARGS.iter().chain(INLINE_ATOMICS).copied();
    let of_compiler = [toolchain.version.as_bytes(), toolchain.sysroot.as_os_str().as_encoded_bytes(), &text];
    let hash = short_hash(of_compiler.into_iter().chain(args.clone().map(str::as_bytes)));
    let object = folder.join(format!("hooks-{hash}.o"));
    if !object.is_file() {
        let folder = temporary()?;
        let built = folder.path().join("hooks.o");
        compile(toolchain, &source, &built, args)?;
        programs::put(fs::File::open(&built).map_err(Error::file(&built))?, &object)?;
    }
    Ok(object)
}

/// The hook that is in every program, also in one that has no atomic operation of its own and calls none.
const MARK: &str = "__tsan_init";

/// What the linker is given to link it into a program.
pub(super) fn link_args(object: &Path) -> [String; 2] {
    [object.display().to_string(), format!("-Wl,--undefined={MARK}")]
}

/// The compiler's flags for that.
pub(super) fn link_flags(object: &Path) -> [String; 2] {
    link_args(object).map(|arg| format!("-Clink-arg={arg}"))
}

/// Whether programs with hooks can be built here: one is.
///
/// # Errors
/// When the compiler cannot be run, or a program cannot be linked.
pub fn linker(workspace: &Workspace) -> Result<(), Error> {
    let folder = temporary()?;
    let (source, program) = (folder.path().join("main.rs"), folder.path().join("main"));
    fs::write(&source, PROGRAM).map_err(Error::file(&source))?;
    compile_with(workspace, &source, &program, &[])
}

/// Builds one file with hooks, optimised as graded programs are, and with these arguments besides.
///
/// # Errors
/// When the compiler cannot be run, or cannot build it.
pub(crate) fn compile_with(
    workspace: &Workspace,
    source: &Path,
    built: &Path,
    args: &[&str],
) -> Result<(), Error> {
    let hooks = link_flags(&object(workspace)?);
    let optimised = ["-Copt-level=1", "-Ccodegen-units=1"];
    let args = HOOKS
        .split_whitespace()
        .chain(optimised)
        .chain(args.iter().copied())
        .chain(hooks.iter().map(String::as_str));
    compile(Toolchain::find(workspace)?, source, built, args)
}

/// Whether they are linked into this program.
pub(crate) fn are_in(program: &Path) -> bool {
    fs::read(program).is_ok_and(|bytes| bytes.windows(MARK.len()).any(|part| part == MARK.as_bytes()))
}

fn temporary() -> Result<tempfile::TempDir, Error> {
    tempfile::tempdir().map_err(Error::file("a folder for temporary files"))
}

/// Has the compiler build a source of the grader's own.
fn compile(
    toolchain: &Toolchain,
    source: &Path,
    built: &Path,
    args: impl Iterator<Item = impl AsRef<OsStr>>,
) -> Result<(), Error> {
    let mut rustc = Command::new(&toolchain.rustc);
    rustc.args(args).args([source.as_os_str(), "-o".as_ref(), built.as_os_str()]);
    let output =
        rustc.env_clear().envs(environment::of_user()).output().map_err(Error::file(&toolchain.rustc))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Cargo(format!("{} cannot be built: {said}", source.display())))
}
