//! Where the call of the compiler for one package is kept, and how one sees that it is still right.

use std::fs;
use std::path::{Path, PathBuf};

use super::folders::OF_PROGRAMS;
use super::package::Package;
use super::recipe::Recipe;
use super::settings;
use super::toolchain::Toolchain;
use crate::error::Error;
use crate::short_hash::short_hash;
use crate::workspace::Workspace;

/// Where the call of the compiler for programs of one package is kept.
pub(super) struct Place {
    pub(super) recipe: PathBuf,
    stamp: PathBuf,
    /// The stamp of what was fetched.
    fetched: PathBuf,
    /// What stands in the stamp of a call that is still right.
    wanted: String,
    pub(super) settings: String,
    root: PathBuf,
}

impl Place {
    pub(super) fn of(workspace: &Workspace, package: &Package, hooks: &Path) -> Result<Self, Error> {
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
    pub(super) fn kept(&self) -> Option<Recipe> {
        let found = fs::read_to_string(&self.stamp).ok()?;
        (found == self.wanted).then(|| Recipe::read(&self.recipe).ok()).flatten().filter(Recipe::is_there)
    }

    /// What is found in its place when a new one is ended early is not what the new stamp says.
    pub(super) fn forget(&self) -> Result<(), Error> {
        let _ = fs::remove_file(&self.stamp);
        self.make_folder()
    }

    fn make_folder(&self) -> Result<(), Error> {
        let folder = self.recipe.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(Error::file(folder))
    }

    /// A cache of cargo's that is gone altogether is seen here; one that lacks something, when it is missed.
    pub(super) fn is_fetched(&self) -> bool {
        let is_there = settings::users_cache(&self.root).is_some_and(|cache| cache.is_dir());
        is_there && fs::read_to_string(&self.fetched).is_ok_and(|found| found == self.wanted)
    }

    pub(super) fn note_fetched(&self) -> Result<(), Error> {
        self.make_folder()?;
        fs::write(&self.fetched, &self.wanted).map_err(Error::file(&self.fetched))
    }

    /// Somebody may have emptied cargo's cache.
    pub(super) fn forget_fetched(&self) {
        let _ = fs::remove_file(&self.fetched);
    }

    pub(super) fn keep(&self) -> Result<Recipe, Error> {
        let recipe = Recipe::read(&self.recipe)?;
        fs::write(&self.stamp, &self.wanted).map_err(Error::file(&self.stamp))?;
        Ok(recipe)
    }
}

/// Everything that decides about the dependencies, and about how they are called for.
fn stamp_of(workspace: &Workspace, package: &Package, hooks: &Path, settings: &str) -> Result<String, Error> {
    let Toolchain { sysroot, version, .. } = Toolchain::find(workspace)?;
    // A call names its files by their whole paths.
    let target = OF_PROGRAMS.of(workspace);
    let paths = [package.folder(), &target, sysroot, hooks].map(|path| path.as_os_str().as_encoded_bytes());
    let above = settings::of_root_folder();
    let profile = super::PROFILE.concat();
    let of_place =
        [version.as_bytes(), super::HOOKS.as_bytes(), profile.as_bytes(), settings.as_bytes(), &above];
    Ok(short_hash(of_place.into_iter().chain(paths).chain(package.parts())))
}
