//! Whether the runtime can find a program's hooks: a linker that leaves their names out of the dynamic symbols lets
//! every call of them lead nowhere, and each right program would seem to crash.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use object::read::elf::ElfFile64;
use object::{Object, ObjectSymbol};

use super::{Kind, environment, toolchain::Toolchain};
use crate::error::Error;
use crate::workspace::Workspace;

/// What the compiler's pass calls begins with this.
const PREFIX: &str = "__tsan_";

/// The least that has a hook.
const PROGRAM: &str =
    "fn main() { std::sync::atomic::AtomicU8::new(0).fetch_add(1, std::sync::atomic::Ordering::SeqCst); }\n";

/// A hook that `program` calls and the dynamic linker does not know of.
pub(super) fn lost(program: &[u8]) -> Option<String> {
    let file: ElfFile64 = ElfFile64::parse(program).ok()?;
    let dynamic: BTreeSet<&str> = file.dynamic_symbols().filter_map(|symbol| symbol.name().ok()).collect();
    let called = file.symbols().filter(ObjectSymbol::is_undefined).filter_map(|symbol| symbol.name().ok());
    let mut lost = called.filter(|name| name.starts_with(PREFIX) && !dynamic.contains(name));
    lost.next().map(str::to_owned)
}

/// What to say of a hook that is lost.
pub(super) fn error(hook: &str) -> Error {
    Error::Cargo(format!(
        "the linker does not let the runtime have `{hook}`, without which no schedule can be chosen: it needs GNU's \
         binutils from 2.35 on, or LLD"
    ))
}

/// Whether programs with hooks can be built here: one is.
///
/// # Errors
/// When the compiler cannot be run, or its linker loses hooks.
pub fn linker(workspace: &Workspace) -> Result<(), Error> {
    let toolchain = Toolchain::find(workspace)?;
    let folder = tempfile::tempdir().map_err(Error::file("a folder for temporary files"))?;
    let (source, program) = (folder.path().join("main.rs"), folder.path().join("main"));
    fs::write(&source, PROGRAM).map_err(Error::file(&source))?;
    let output = Command::new(&toolchain.rustc)
        .arg("-Copt-level=1")
        .args(Kind::Controlled.flags().split_whitespace())
        .args([source.as_os_str(), "-o".as_ref(), program.as_os_str()])
        .env_clear()
        .envs(environment::of_user())
        .output()
        .map_err(Error::file(&toolchain.rustc))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Cargo(format!("a program with hooks cannot be built: {said}")));
    }
    let built = fs::read(&program).map_err(Error::file(&program))?;
    lost(&built).map_or(Ok(()), |hook| Err(error(&hook)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_program_has_no_hooks() {
        assert_eq!(lost(b"#!/bin/sh\n"), None);
        assert_eq!(lost(&[]), None);
    }
}
