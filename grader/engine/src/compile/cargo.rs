//! Cargo, called for what is the course's own: outside any jail, whatever the user's environment says.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use confine::run::Invocation;

use super::folders::{Folder, Lock};
use super::package::Package;
use super::recipe;
use super::telling::{self, Tell};
use super::toolchain::Toolchain;
use super::{environment, hooks, settings};
use crate::error::Error;
use crate::workspace::Workspace;

/// Cargo, with nobody else calling it for this folder.
pub(super) struct Cargo<'a> {
    workspace: &'a Workspace,
    toolchain: &'static Toolchain,
    /// What it builds is there.
    pub(super) target: PathBuf,
    home: PathBuf,
    _lock: Lock,
}

impl<'a> Cargo<'a> {
    /// Waits for whoever else builds in `folder`.
    pub(super) fn lock(
        workspace: &'a Workspace,
        folder: &'static Folder,
        settings: &str,
        tell: Tell,
    ) -> Result<Self, Error> {
        let target = folder.make(workspace)?;
        let lock = folder.lock(workspace, tell)?;
        // With what is built from it, also where several workspaces share that: the paths of crates are part of it.
        let home = fs::canonicalize(&target).map_err(Error::file(&target))?.join("cargo-home");
        settings::make_home(&home, workspace.root(), settings)?;
        Ok(Self { workspace, toolchain: Toolchain::find(workspace)?, target, home, _lock: lock })
    }

    /// A call of cargo for the manifest in `folder`, with these flags for the compiler, whatever the user's
    /// environment and settings say.
    pub(super) fn call(&self, command: &str, folder: &Path, flags: &str) -> Invocation {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        // The spaces between flags, in a form in which a flag may have spaces, too.
        let flags = flags.split_whitespace().collect::<Vec<_>>().join("\u{1f}");
        let call = Invocation::new(&self.toolchain.cargo, settings::FOLDER)
            .trusted()
            .args([command, "--quiet", "--manifest-path"])
            .args([folder.join("Cargo.toml")]);
        call.envs(environment::of_user())
            .env("CARGO_HOME", &self.home)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .env("CARGO_TERM_COLOR", "never")
            .env("RUSTC", &self.toolchain.rustc)
            .env("RUSTC_WRAPPER", "")
            .limit(|limits| {
                (limits.idle, limits.processor, limits.wall) = (minutes(5), minutes(30), minutes(30));
            })
    }

    pub(super) fn fetch(&self, package: &Package) -> Result<(), Error> {
        let call = self.call("fetch", package.folder(), "").args(["--target", self.toolchain.host()?]);
        telling::said(&call.run()?).map(drop)
    }

    /// How many crates are built for `package`.
    fn count(&self, package: &Package) -> Result<usize, Error> {
        let call = self.call("tree", package.folder(), "").args(["--offline"]).args(telling::LISTING);
        let outcome = call.args(["--target", self.toolchain.host()?]).run()?;
        telling::said(&outcome).map(telling::count)
    }

    /// Builds the dependencies and the stub, and notes how the stub was built.
    pub(super) fn note(&self, package: &Package, hooks: &Path, file: &Path, tell: Tell) -> Result<(), Error> {
        let recorder = self.workspace.build_folder().join("recorder");
        recipe::write_recorder(&recorder)?;
        let call = self
            .call("rustc", package.folder(), super::HOOKS)
            .env("RUSTC_WORKSPACE_WRAPPER", &recorder)
            .env(recipe::CRATE_VARIABLE, package.exercise().replace('-', "_"))
            .env(recipe::FILE_VARIABLE, file)
            .args(["--offline", "--release", "--package", package.exercise()])
            .args(super::PROFILE.iter().flat_map(|setting| ["--config", setting]))
            .args(telling::TELLING)
            // With a named target the flags are not for build scripts and procedural macros.
            .args(["--target", self.toolchain.host()?])
            // Of the program alone.
            .args(["--".to_owned()].into_iter().chain(hooks::link_flags(hooks)));
        let what = format!("building what {} needs", package.exercise());
        telling::run(call, &what, || self.count(package), tell)
    }
}
