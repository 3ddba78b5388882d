//! What an exercise needs before any source of it can be built: its dependencies, and the call of the
//! compiler. All of it is the course's own: cargo runs here, outside any jail. Only fetching needs the network.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use confine::interrupt;
use confine::run::{Invocation, RunError};

use super::package::{self, Package};
use super::recipe::{self, Recipe};
use super::telling::{self, Tell};
use super::toolchain::Toolchain;
use super::{environment, hooks, programs, settings};
use crate::error::Error;
use crate::escape::in_line;
use crate::short_hash::short_hash;
use crate::source::Source;
use crate::workspace::{Workspace, cargo_can_build_in};

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

/// Where the call of the compiler for programs of one package is kept.
struct Place {
    recipe: PathBuf,
    stamp: PathBuf,
    /// The stamp of what was fetched.
    fetched: PathBuf,
    /// What stands in the stamp of a call that is still right.
    wanted: String,
    settings: String,
    root: PathBuf,
}

impl Place {
    fn of(workspace: &Workspace, package: &Package, hooks: &Path) -> Result<Self, Error> {
        let folder = workspace.build_folder().join("recipes");
        let recipe = folder.join(package.label());
        let fetched = folder.join(format!("{}-fetched", package.exercise()));
        let settings = settings::of_user(workspace.root())?;
        let wanted = stamp_of(workspace, package, hooks, &settings)?;
        Ok(Self {
            stamp: recipe.with_extension("stamp"),
            recipe,
            fetched,
            wanted,
            settings,
            root: workspace.root().to_owned(),
        })
    }

    /// What is kept, if it is still right.
    fn kept(&self) -> Option<Recipe> {
        let found = fs::read_to_string(&self.stamp).ok()?;
        (found == self.wanted).then(|| Recipe::read(&self.recipe).ok()).flatten().filter(Recipe::is_there)
    }

    /// What is found in its place when a new one is ended early is not what the new stamp says.
    fn forget(&self) -> Result<(), Error> {
        let _ = fs::remove_file(&self.stamp);
        self.make_folder()
    }

    fn make_folder(&self) -> Result<(), Error> {
        let folder = self.recipe.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(Error::file(folder))
    }

    /// A cache of cargo's that is gone altogether is seen here; one that lacks something, when it is missed.
    fn is_fetched(&self) -> bool {
        let is_there = settings::users_cache(&self.root).is_some_and(|cache| cache.is_dir());
        is_there && fs::read_to_string(&self.fetched).is_ok_and(|found| found == self.wanted)
    }

    fn note_fetched(&self) -> Result<(), Error> {
        self.make_folder()?;
        fs::write(&self.fetched, &self.wanted).map_err(Error::file(&self.fetched))
    }

    /// Somebody may have emptied cargo's cache.
    fn forget_fetched(&self) {
        let _ = fs::remove_file(&self.fetched);
    }

    fn keep(&self) -> Result<Recipe, Error> {
        let recipe = Recipe::read(&self.recipe)?;
        fs::write(&self.stamp, &self.wanted).map_err(Error::file(&self.stamp))?;
        Ok(recipe)
    }
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
    telling::run(build, "building what chooses schedules", CRATES_OF_RUNTIME, tell)?;
    // Cargo takes its own file away when another grader builds a newer one, and programs may be starting with it.
    let built = cargo.target.join("release").join("liblockstep_runtime.so");
    let content = fs::read(&built).map_err(Error::file(&built))?;
    let runtime = programs::keep_library(workspace, &content)?;
    Ok(kept.insert(runtime).clone())
}

/// The folder that holds the built dependencies of all exercises.
pub(super) fn target(workspace: &Workspace) -> PathBuf {
    OF_PROGRAMS.of(workspace)
}

/// A folder that cargo builds in, one call at a time: it would wait for its own lock anyway.
struct Folder {
    name: &'static str,
    alone: Mutex<()>,
}

/// The dependencies of all exercises.
static OF_PROGRAMS: Folder = Folder { name: "target", alone: Mutex::new(()) };
/// What runs programs under control, which is built beside them.
static OF_RUNTIME: Folder = Folder { name: "runtime", alone: Mutex::new(()) };

impl Folder {
    fn of(&self, workspace: &Workspace) -> PathBuf {
        workspace.build_folder().join(self.name)
    }

    /// It is there afterwards.
    fn make(&self, workspace: &Workspace) -> Result<PathBuf, Error> {
        look_at_place(workspace)?;
        let (above, folder) = (workspace.build_folder(), self.of(workspace));
        for folder in [&above, &folder] {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        }
        // Compilers may run as another user, and see what is in it.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&folder, open).map_err(Error::file(&folder))?;
        Ok(folder)
    }
}

/// Everything that decides about the dependencies, and about how they are called for.
fn stamp_of(workspace: &Workspace, package: &Package, hooks: &Path, settings: &str) -> Result<String, Error> {
    let Toolchain { sysroot, version, .. } = Toolchain::find(workspace)?;
    // A call names its files by their whole paths.
    let target = target(workspace);
    let paths = [package.folder(), &target, sysroot, hooks].map(|path| path.as_os_str().as_encoded_bytes());
    let above = settings::of_root_folder();
    let profile = super::PROFILE.concat();
    let of_place =
        [version.as_bytes(), super::HOOKS.as_bytes(), profile.as_bytes(), settings.as_bytes(), &above];
    Ok(short_hash(of_place.into_iter().chain(paths).chain(package.parts())))
}

/// Cargo, with nobody else calling it for this folder.
struct Cargo<'a> {
    workspace: &'a Workspace,
    toolchain: &'static Toolchain,
    target: PathBuf,
    home: PathBuf,
    _alone: MutexGuard<'static, ()>,
    _lock: File,
}

impl<'a> Cargo<'a> {
    /// Waits for other threads, and for other graders of the same workspace.
    fn lock(
        workspace: &'a Workspace,
        folder: &'static Folder,
        settings: &str,
        tell: Tell,
    ) -> Result<Self, Error> {
        let alone = folder.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let target = folder.make(workspace)?;
        let lock = lock(workspace, folder, tell)?;
        // With what is built from it, also where several workspaces share that: the paths of crates are part of it.
        let home = fs::canonicalize(&target).map_err(Error::file(&target))?.join("cargo-home");
        settings::make_home(&home, workspace.root(), settings)?;
        Ok(Self {
            workspace,
            toolchain: Toolchain::find(workspace)?,
            target,
            home,
            _alone: alone,
            _lock: lock,
        })
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
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .env("CARGO_TERM_COLOR", "never")
            .env("RUSTC", &self.toolchain.rustc)
            .env("RUSTC_WRAPPER", "")
            .limit(|limits| {
                (limits.idle, limits.processor, limits.wall) = (minutes(5), minutes(30), minutes(30));
            })
    }

    fn fetch(&self, package: &Package) -> Result<(), Error> {
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
    fn note(&self, package: &Package, hooks: &Path, file: &Path, tell: Tell) -> Result<(), Error> {
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
            .args(["--".into(), hooks::link_flag(hooks)]);
        let what = format!("building what {} needs", package.exercise());
        telling::run(call, &what, self.count(package)?, tell)
    }
}

/// The locks on the folders that cargo builds in; waits for other graders that build.
pub(super) fn locks(workspace: &Workspace, tell: Tell) -> Result<[File; 2], Error> {
    Ok([lock(workspace, &OF_PROGRAMS, tell)?, lock(workspace, &OF_RUNTIME, tell)?])
}

fn lock(workspace: &Workspace, folder: &Folder, tell: Tell) -> Result<File, Error> {
    let path = workspace.build_folder().join(format!("{}.lock", folder.name));
    let lock = File::create(&path).map_err(|error| unwritable(&path, &error))?;
    wait_for(&lock, &path, tell)?;
    Ok(lock)
}

/// Waits for the lock, which another grader may have for minutes.
fn wait_for(lock: &File, path: &Path, tell: Tell) -> Result<(), Error> {
    const LOOK: Duration = Duration::from_millis(50);
    let mut is_told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(Error::file(path)(error)),
            Err(TryLockError::WouldBlock) if interrupt::requested() => {
                return Err(RunError::Interrupted.into());
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if !is_told {
            tell("waiting for another grader, which builds in the same folder".to_owned());
            is_told = true;
        }
        std::thread::sleep(LOOK);
    }
}

/// The folder of what programs are built with, made if it is in a place to build in.
pub(super) fn make_target(workspace: &Workspace) -> Result<PathBuf, Error> {
    OF_PROGRAMS.make(workspace)
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
