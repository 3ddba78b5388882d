//! What has been built and is kept, by hashes: nothing of it ever changes.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::workspace::Workspace;

/// The folder of what is kept.
pub(super) fn folder(workspace: &Workspace) -> Result<PathBuf, Error> {
    let programs = workspace.build_folder().join("programs");
    fs::create_dir_all(&programs).map_err(Error::file(&programs))?;
    Ok(programs)
}

/// Keeps the library with this content, under a name of its own.
pub(super) fn keep_library(workspace: &Workspace, content: &[u8]) -> Result<PathBuf, Error> {
    let library = folder(workspace)?.join(format!("runtime-{}.so", super::short_hash([content])));
    if !library.is_file() {
        keep(content, &library)?;
    }
    Ok(library)
}

/// Copies under another name first, so that an interrupted copy, or that of another grader, is never taken for a
/// program.
pub(super) fn keep(mut built: impl io::Read, program: &Path) -> Result<(), Error> {
    let folder = program.parent().unwrap_or(Path::new("."));
    let mut partial = tempfile::NamedTempFile::new_in(folder).map_err(Error::file(folder))?;
    io::copy(&mut built, &mut partial).map_err(Error::file(program))?;
    let executable = fs::Permissions::from_mode(0o755);
    partial.as_file().set_permissions(executable).map_err(Error::file(program))?;
    partial.persist(program).map(drop).map_err(|error| Error::file(program)(error.error))
}
