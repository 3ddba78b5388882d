//! What an exercise needs before any source of it can be built: its dependencies, and the call of the
//! compiler. All of it is the course's own: cargo runs here, with the network, outside any jail.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::package::{self, Package};
use super::recipe::{self, Recipe};
use super::toolchain::Toolchain;
use super::{Kind, environment, last_words, programs, settings};
use crate::error::Error;
use crate::interrupt;
use crate::progress::announce;
use crate::report::escape::in_line;
use crate::run::{Invocation, RunError};
use crate::workspace::{Workspace, cargo_can_build_in};

/// The call of the compiler for `package`; the dependencies are there.
///
/// # Errors
/// When cargo cannot be run, or cannot fetch or build the dependencies.
pub(super) fn recipe(workspace: &Workspace, package: &Package, kind: Kind) -> Result<Recipe, Error> {
    let folder = workspace.build_folder().join("recipes");
    let file = folder.join(format!("{}-{}", package.exercise(), kind.word()));
    let stamp = file.with_extension("stamp");
    let settings = settings::of_user(workspace.root())?;
    let wanted = stamp_of(workspace, package, &settings)?;
    let kept = || Recipe::read(&file).ok().filter(Recipe::is_there);
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted)
        && let Some(recipe) = kept()
    {
        return Ok(recipe);
    }
    let cargo = Cargo::lock(workspace, &settings)?;
    announce(&format!(
        "building what {} needs{}; this is done once, and takes minutes the first time",
        package.exercise(),
        if kind == Kind::Controlled { " under control" } else { "" }
    ));
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    package.write_stub()?;
    // What is found in its place when this is ended early is not what the new stamp says.
    let _ = fs::remove_file(&stamp);
    run(cargo.call("fetch", package.folder(), "").args(["--target", cargo.toolchain.host()?]))?;
    cargo.note(package, kind, &file)?;
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
    let cargo = Cargo::lock(workspace, &settings::of_user(workspace.root())?)?;
    let args = ["--offline", "--release", "--package", "runtime"];
    run(cargo.call("build", &package::of_runtime(workspace)?, "").args(args))?;
    // Cargo takes its own file away when another grader builds a newer one, and programs may be starting with it.
    let built = target(workspace).join("release").join("liblockstep_runtime.so");
    let content = fs::read(&built).map_err(Error::file(&built))?;
    let runtime = programs::keep_library(workspace, &content)?;
    Ok(kept.insert(runtime).clone())
}

/// The folder that holds the built dependencies of all exercises.
pub(super) fn target(workspace: &Workspace) -> PathBuf {
    workspace.build_folder().join("target")
}

/// Everything that decides about the dependencies, and about how they are called for.
fn stamp_of(workspace: &Workspace, package: &Package, settings: &str) -> Result<String, Error> {
    let Toolchain { sysroot, version, .. } = Toolchain::find(workspace)?;
    // A call names its files by their whole paths.
    let target = target(workspace);
    let folders = [package.folder(), &target, sysroot].map(|folder| folder.as_os_str().as_encoded_bytes());
    let above = settings::of_root_folder();
    let of_place = [version.as_bytes(), super::HOOKS.as_bytes(), settings.as_bytes(), &above];
    Ok(super::short_hash(of_place.into_iter().chain(folders).chain(package.parts())))
}

/// Cargo, with nobody else calling it for this workspace: it would wait for its own lock anyway, and the packages
/// are shared.
struct Cargo<'a> {
    workspace: &'a Workspace,
    toolchain: &'static Toolchain,
    home: PathBuf,
    _lock: File,
}

impl<'a> Cargo<'a> {
    /// Waits for other graders of the same workspace.
    fn lock(workspace: &'a Workspace, settings: &str) -> Result<Self, Error> {
        let folder = workspace.build_folder();
        look_at_place(workspace)?;
        for folder in [&folder, &target(workspace)] {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        }
        // Compilers may run as another user, and see what is in it.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(target(workspace), open).map_err(Error::file(target(workspace)))?;
        let lock = lock(workspace)?;
        // With what is built from it, also where several workspaces share that: the paths of crates are part of it.
        let built = target(workspace);
        let home = fs::canonicalize(&built).map_err(Error::file(&built))?.join("cargo-home");
        settings::make_home(&home, workspace.root(), settings)?;
        Ok(Self { workspace, toolchain: Toolchain::find(workspace)?, home, _lock: lock })
    }

    /// A call of cargo for the manifest in `folder`, with these flags for the compiler, whatever the user's
    /// environment and settings say.
    fn call(&self, command: &str, folder: &Path, flags: &str) -> Invocation {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        // The spaces between flags, in a form in which a flag may have spaces, too.
        let flags = flags.split_whitespace().collect::<Vec<_>>().join("\u{1f}");
        let call = Invocation::new(&self.toolchain.cargo, settings::FOLDER)
            .trusted()
            .args([command, "--quiet", "--manifest-path"])
            .args([folder.join("Cargo.toml")]);
        environment::of_user()
            .fold(call, |call, (name, value)| call.env(name, value))
            .env("CARGO_HOME", &self.home)
            .env("CARGO_TARGET_DIR", target(self.workspace))
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .env("CARGO_TERM_COLOR", "never")
            .env("RUSTC", &self.toolchain.rustc)
            .env("RUSTC_WRAPPER", "")
            .limit(|limits| {
                (limits.idle, limits.processor, limits.wall) = (minutes(5), minutes(30), minutes(30));
            })
    }

    /// Builds the dependencies and the stub, and notes how the stub was built.
    fn note(&self, package: &Package, kind: Kind, file: &Path) -> Result<(), Error> {
        let recorder = self.workspace.build_folder().join("recorder");
        recipe::write_recorder(&recorder)?;
        let command = self
            .call("build", package.folder(), kind.flags())
            .env("RUSTC_WORKSPACE_WRAPPER", &recorder)
            .env(recipe::CRATE_VARIABLE, package.exercise().replace('-', "_"))
            .env(recipe::FILE_VARIABLE, file)
            .args(["--offline", "--release", "--package", package.exercise()]);
        run(match kind {
            Kind::Plain => command,
            // With a named target the flags are not for build scripts and procedural macros.
            Kind::Controlled => command.args(["--target", self.toolchain.host()?]),
        })
    }
}

/// The lock on the folder of builds, which is there; waits for other graders that build in it.
pub(super) fn lock(workspace: &Workspace) -> Result<File, Error> {
    let path = workspace.build_folder().join("lock");
    let lock = File::create(&path).map_err(|error| unwritable(&path, &error))?;
    wait_for(&lock, &path)?;
    Ok(lock)
}

/// Waits for the lock, which another grader may have for minutes.
fn wait_for(lock: &File, path: &Path) -> Result<(), Error> {
    const LOOK: Duration = Duration::from_millis(50);
    let mut is_said = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(Error::file(path)(error)),
            Err(TryLockError::WouldBlock) if interrupt::requested() => {
                return Err(RunError::Interrupted.into());
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if !is_said {
            announce("waiting for another grader, which builds in the same folder");
            is_said = true;
        }
        std::thread::sleep(LOOK);
    }
}

/// Says what no attempt to build would say clearly.
fn look_at_place(workspace: &Workspace) -> Result<(), Error> {
    let folder = workspace.build_folder();
    let unusable = |path: &Path, reason: &str| {
        Err(Error::Usage(format!("{}: {reason}", in_line(&path.to_string_lossy()))))
    };
    if workspace.root().to_str().is_none() {
        return unusable(workspace.root(), "the compiler needs a path in UTF-8: move the folder");
    }
    if !cargo_can_build_in(&folder) {
        let reason =
            "cargo cannot build in a folder with `:` or `%` in its path: set CARGO_TARGET_DIR to another one";
        return unusable(&folder, reason);
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let way_out = "set CARGO_TARGET_DIR to a folder that you may write to";
    Error::Usage(format!("{}: {error}: {way_out}", in_line(&path.to_string_lossy())))
}

fn run(command: Invocation) -> Result<(), Error> {
    let outcome = command.run()?;
    match outcome.ending.code() {
        Some(0) => Ok(()),
        _ => Err(Error::Cargo(last_words(&outcome))),
    }
}
