//! Manifests of packages as tables: where they are, and what they depend on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::error::Error;

/// Where the manifest of `exercise` is in the workspace at `root`.
pub(super) fn manifest_of(root: &Path, exercise: &str) -> PathBuf {
    root.join("crates").join(exercise).join("Cargo.toml")
}

/// The manifest in the file at `path`.
pub(super) fn read_manifest(path: &Path) -> Result<Table, Error> {
    let text = fs::read_to_string(path).map_err(Error::file(path))?;
    text.parse().map_err(|error: toml::de::Error| Error::Content {
        path: path.to_owned(),
        reason: error.message().to_owned(),
    })
}

/// The names by which the programs of a package know the crates that it depends on.
pub(super) fn crates(manifest: &Table) -> Vec<String> {
    let names: BTreeSet<String> =
        tables(manifest, &["dependencies"]).flat_map(Table::keys).cloned().collect();
    names.into_iter().collect()
}

/// The tables called `kinds` of a manifest: for every target, and for some.
pub(super) fn tables<'a>(manifest: &'a Table, kinds: &'a [&str]) -> impl Iterator<Item = &'a Table> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let places = std::iter::once(manifest).chain(targets.filter_map(Value::as_table));
    places.flat_map(move |place| kinds.iter().filter_map(|kind| place.get(*kind)?.as_table()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_know_crates_by_the_names_of_the_manifest() {
        let manifest = "[dependencies]\ndice = { package = \"rand\" }\n[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n";
        assert_eq!(crates(&manifest.parse().unwrap()), ["dice", "libc"]);
    }
}
