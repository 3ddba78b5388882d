//! The compiler and cargo that everything is built with: those that the user would get in the workspace.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::environment;
use crate::error::Error;
use crate::workspace::Workspace;

/// One installation of Rust, wherever it stands.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// The folder of the compiler with its libraries.
    pub(super) sysroot: PathBuf,
    /// The compiler itself, no proxy in front of it that would choose by the folder it is called in.
    pub(super) rustc: PathBuf,
    /// Cargo itself.
    pub(super) cargo: PathBuf,
    /// What `rustc -vV` says.
    pub(super) version: String,
}

impl Toolchain {
    /// What `rustc` is in the workspace; asked once.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn find(workspace: &Workspace) -> Result<&'static Self, Error> {
        static FOUND: OnceLock<Option<Toolchain>> = OnceLock::new();
        let reason = "`rustc` and `cargo` do not run: install Rust, or put the folder of both in PATH";
        FOUND.get_or_init(|| Self::ask(workspace.root())).as_ref().ok_or_else(|| Error::Cargo(reason.into()))
    }

    /// The target triple of this machine.
    ///
    /// # Errors
    /// When the compiler does not say.
    pub(super) fn host(&self) -> Result<&str, Error> {
        let named = self.version.lines().find_map(|line| line.strip_prefix("host: "));
        named.ok_or_else(|| Error::Cargo("rustc names no host".into()))
    }

    fn ask(folder: &Path) -> Option<Self> {
        let sysroot = PathBuf::from(OsString::from_vec(answer(folder, &["--print", "sysroot"])?));
        let version = String::from_utf8(answer(folder, &["-vV"])?).ok()?;
        let tool = |name: &str| {
            let own = sysroot.join("bin").join(name);
            if own.is_file() { Some(own) } else { in_path(name, &env::var_os("PATH")?) }
        };
        Some(Self { rustc: tool("rustc")?, cargo: tool("cargo")?, version, sysroot })
    }
}

/// What `rustc` in `folder` answers, without the end of its line.
fn answer(folder: &Path, question: &[&str]) -> Option<Vec<u8>> {
    let mut rustc = Command::new("rustc");
    rustc.args(question).current_dir(folder).env_clear().envs(environment::of_user());
    let output = rustc.output().ok().filter(|output| output.status.success())?;
    let text = output.stdout;
    Some(text.strip_suffix(b"\n").unwrap_or(&text).to_vec())
}

/// The first `name` in the folders of `path`; a relative folder would mean another one elsewhere.
fn in_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    let folders = path.as_bytes().split(|&byte| byte == b':').filter(|folder| folder.starts_with(b"/"));
    folders.map(|folder| Path::new(OsStr::from_bytes(folder)).join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_tool_is_found_in_the_first_folder_that_has_it_also_with_a_space() {
        let folder = tempfile::Builder::new().prefix("my rust").tempdir().unwrap();
        fs::write(folder.path().join("cargo"), "").unwrap();
        let mut path = OsString::from("bin:/nonexistent:");
        path.push(folder.path());
        assert_eq!(in_path("cargo", &path), Some(folder.path().join("cargo")));
        assert_eq!(in_path("rustc", &path), None);
    }

    #[test]
    fn the_workspaces_toolchain_has_a_host() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let toolchain = Toolchain::find(&Workspace::at(root)).unwrap();
        assert!(toolchain.host().unwrap().contains("linux"));
        assert!(toolchain.rustc.is_absolute() && toolchain.cargo.is_absolute());
    }
}
