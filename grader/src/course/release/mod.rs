//! The students' repository, made from the course's: the same exercises without their solutions,
//! the same grader, and nothing that only teachers need.
//!
//! What goes in is listed here by name. Anything new in the course's repository stays out until
//! somebody puts it on the list, so that nothing is given away by accident.

mod files;
mod hidden;
mod manifest;
mod readme;
mod stub;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine::workspace::{RELEASED_MANIFESTS, Workspace};
use exercises::{Course, Exercise};

use crate::course::lock_file;
use crate::course::new_folder::NewFolder;
use crate::error::Error;

use files::{below, read};

/// Path below the repository → content.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Files that students get as they are.
const FILES: &[&str] = &[
    ".cargo/config.toml",
    ".devcontainer/devcontainer.json",
    ".devcontainer/seccomp.json",
    ".dockerignore",
    ".github/workflows/feedback.yml",
    ".github/workflows/grade.yml",
    ".gitignore",
    "Cargo.lock",
    "Dockerfile",
    "LICENSE",
    "clippy.toml",
    "docs/for-students.md",
    "docs/platforms.md",
    "docs/pull-requests.md",
    "docs/schedule-control.md",
    "rustfmt.toml",
];

/// The folders of the crates that grade: what they say, with the manifest and lock file of the workspace, decides what a
/// report says.
pub const GRADING: [&str; 12] = [
    "grader",
    "grader/by-files",
    "grader/by-rust",
    "grader/confine",
    "grader/engine",
    "grader/exercise",
    "grader/exercises",
    "grader/hooks",
    "grader/memory",
    "grader/report",
    "grader/runtime",
    "grader/schedule",
];

/// The folders of the crates that students get: manifest and source, without tests.
fn crates() -> impl Iterator<Item = &'static str> {
    GRADING.into_iter().chain(["grader/launcher"])
}

/// What was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Files written.
    pub files: usize,
    /// Solution regions that were taken out.
    pub regions: usize,
}

/// Writes the students' repository to `out`, whole or not at all.
///
/// # Errors
/// When `out` is not free, a file of the course cannot be used, or a solution region does not close.
pub fn release(workspace: &Workspace, out: &Path) -> Result<Released, Error> {
    let folder = NewFolder::at(out)?;
    let course = Course::of(workspace)?;
    course.require(workspace, &[])?;
    let (tree, regions) = plan(workspace, &course)?;
    tree.iter().try_for_each(|(path, content)| folder.write(path, content))?;
    // Packages that only teachers' parts need are dropped.
    lock_file::settle(folder.path(), out)?;
    let manifests = keep_manifests(&folder, &course)?;
    folder.finish()?;
    Ok(Released { files: tree.len() + manifests, regions })
}

/// Writes the manifests and the lock file a second time, gives back how many. Students add to theirs what the compiler
/// tells them to add; with these they are graded as the course will grade them.
fn keep_manifests(folder: &NewFolder, course: &Course) -> Result<usize, Error> {
    let of_exercises = course.names().map(|name| format!("crates/{name}/Cargo.toml"));
    let paths: Vec<String> =
        ["Cargo.toml", "Cargo.lock"].map(str::to_owned).into_iter().chain(of_exercises).collect();
    for path in &paths {
        folder.write(&Path::new(RELEASED_MANIFESTS).join(path), &read(folder.path(), Path::new(path))?)?;
    }
    Ok(paths.len())
}

/// The whole tree, and how many solution regions were taken out of it.
fn plan(workspace: &Workspace, course: &Course) -> Result<(Tree, usize), Error> {
    let root = workspace.root();
    let mut tree = Tree::new();
    let manifests = crates().map(|folder| Path::new(folder).join("Cargo.toml"));
    for path in FILES.iter().map(PathBuf::from).chain(manifests) {
        let content = read(root, &path)?;
        tree.insert(path, content);
    }
    // The manifest of the grader names its benchmarks.
    let sources = crates().map(|folder| Path::new(folder).join("src"));
    for folder in sources.chain(["grader/benches".into()]) {
        tree.extend(below(root, &folder)?);
    }
    if workspace.course().is_file() {
        let order = Path::new("fixtures/course.toml");
        tree.insert(order.into(), read(root, order)?);
    }
    let mut regions = 0;
    for exercise in course.exercises() {
        regions += add_exercise(workspace, exercise, &mut tree)?;
    }
    let manifest = Path::new("Cargo.toml");
    let text = files::text(root, manifest)?;
    let content = manifest::of_students(&text, crates())
        .map_err(|reason| Error::content(root.join(manifest), reason))?;
    tree.insert(manifest.into(), content.into_bytes());
    tree.insert("README.md".into(), readme::render(course.exercises()).into_bytes());
    Ok((tree, regions))
}

/// Adds one exercise, gives back how many solution regions it had.
fn add_exercise(workspace: &Workspace, exercise: &Exercise, tree: &mut Tree) -> Result<usize, Error> {
    let root = workspace.root();
    let package = Path::new("crates").join(exercise.name);
    for file in ["Cargo.toml", "README.md"] {
        tree.insert(package.join(file), read(root, &package.join(file))?);
    }
    if root.join(&package).join("tests").is_dir() {
        tree.extend(below(root, &package.join("tests"))?);
    }
    tree.extend(hidden::judged_by(workspace, exercise)?);
    let (sources, regions) = stub::of_crate(root, below(root, &package.join("src"))?)?;
    if regions == 0 {
        let src = root.join(package).join("src");
        return Err(Error::usage(format!("{}: it has no solution region to take out", src.display())));
    }
    tree.extend(sources);
    Ok(regions)
}
