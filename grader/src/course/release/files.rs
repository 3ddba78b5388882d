//! Reading what is released.

use std::fs;
use std::path::Path;

use super::Tree;
use crate::error::Error;

/// The content of `path` below `root`.
pub(super) fn read(root: &Path, path: &Path) -> Result<Vec<u8>, Error> {
    let path = root.join(path);
    fs::read(&path).map_err(Error::file(&path))
}

/// The content of `path` below `root`, which is text.
pub(super) fn text(root: &Path, path: &Path) -> Result<String, Error> {
    let path = root.join(path);
    fs::read_to_string(&path).map_err(Error::file(&path))
}

/// Every file in the folder `path` below `root`, at any depth. A link is an error: what it leads to
/// may be something that students must not get.
pub(super) fn below(root: &Path, path: &Path) -> Result<Tree, Error> {
    let folder = root.join(path);
    let mut tree = Tree::new();
    for entry in fs::read_dir(&folder).map_err(Error::file(&folder))? {
        let entry = entry.map_err(Error::file(&folder))?;
        let kind = entry.file_type().map_err(Error::file(entry.path()))?;
        let path = path.join(entry.file_name());
        if kind.is_dir() {
            tree.extend(below(root, &path)?);
        } else if kind.is_file() {
            tree.insert(path.clone(), read(root, &path)?);
        } else {
            return Err(Error::content(entry.path(), "neither a file nor a folder, so it is not released"));
        }
    }
    Ok(tree)
}
