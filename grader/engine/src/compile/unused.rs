//! What a student's manifest asks for beyond the course's: nothing is built with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use super::manifest::{manifest_of, read_manifest, tables};
use crate::error::Error;
use crate::workspace::Workspace;

/// What the checkout's own manifest of `exercise` asks for and the course's does not, a phrase each.
///
/// # Errors
/// When a manifest cannot be read.
pub fn unused_dependencies(workspace: &Workspace, exercise: &str) -> Result<Vec<String>, Error> {
    let course = workspace.manifests();
    if course == workspace.root() {
        return Ok(Vec::new());
    }
    let read = |root: &Path| {
        let shared = read_manifest(&root.join("Cargo.toml"))?;
        Ok::<_, Error>(dependencies(&read_manifest(&manifest_of(root, exercise))?, &shared))
    };
    Ok(beyond(&read(workspace.root())?, &read(&course)?))
}

/// A dependency, with what it inherits from the workspace.
#[derive(Debug, Default, PartialEq, Eq)]
struct Dependency {
    package: String,
    features: BTreeSet<String>,
    has_defaults: bool,
    /// Its version, and where it is from.
    origin: String,
}

/// By names, and perhaps several of a name: for some targets each. What only tests need is not among them, as no
/// program can use it.
fn dependencies(manifest: &Table, shared: &Table) -> Vec<(String, Dependency)> {
    let shared = shared.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let entries = tables(manifest, &["dependencies", "build-dependencies"]).flatten();
    let of = |(name, entry): (&String, &Value)| {
        let is_shared = entry.get("workspace").and_then(Value::as_bool) == Some(true);
        let inherited = shared.and_then(|shared| shared.get(name)).filter(|_| is_shared);
        (name.clone(), Dependency::new(name, entry, inherited))
    };
    entries.map(of).collect()
}

impl Dependency {
    fn new(name: &str, entry: &Value, inherited: Option<&Value>) -> Self {
        let both = || [Some(entry), inherited].into_iter().flatten();
        let features = both().filter_map(|entry| entry.get("features")?.as_array()).flatten();
        let package = both().find_map(|entry| entry.get("package")?.as_str()).unwrap_or(name);
        let defaults = |entry: &Value| entry.get("default-features").and_then(Value::as_bool);
        // What is inherited without them can be asked for with them, and not the other way round.
        let has_defaults = match inherited {
            Some(inherited) => defaults(inherited) != Some(false) || defaults(entry) == Some(true),
            None => defaults(entry) != Some(false),
        };
        Self {
            package: package.to_owned(),
            features: features.filter_map(Value::as_str).map(str::to_owned).collect(),
            has_defaults,
            origin: origin(inherited.unwrap_or(entry)),
        }
    }
}

/// All keys that say which package it is: version, path, repository, …
fn origin(entry: &Value) -> String {
    const OTHERS: [&str; 4] = ["package", "features", "default-features", "optional"];
    let table = match entry {
        Value::Table(table) => table.clone(),
        version => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    let kept: BTreeMap<String, Value> =
        table.into_iter().filter(|(key, _)| !OTHERS.contains(&key.as_str())).collect();
    format!("{kept:?}")
}

fn beyond(own: &[(String, Dependency)], course: &[(String, Dependency)]) -> Vec<String> {
    let of_course = |name: &str| course.iter().find(|(known, _)| known == name).map(|(_, known)| known);
    let phrases: BTreeSet<String> =
        own.iter().flat_map(|(name, own)| phrases(name, own, of_course(name))).collect();
    phrases.into_iter().collect()
}

/// What `own` has that `known` has not.
fn phrases(name: &str, own: &Dependency, known: Option<&Dependency>) -> Vec<String> {
    let renamed = if own.package == name { String::new() } else { format!(" (the package {})", own.package) };
    let known = match known.filter(|known| known.package == own.package) {
        None => return vec![format!("{name}{renamed}")],
        Some(known) if known.origin != own.origin => return vec![format!("another {name}")],
        Some(known) => known,
    };
    let features = own.features.difference(&known.features).map(|feature| format!("{feature} of {name}"));
    let defaults =
        (own.has_defaults && !known.has_defaults).then(|| format!("the default features of {name}"));
    features.map(|feature| format!("the feature {feature}")).chain(defaults).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: &str = "[workspace.dependencies]\nclap = { version = \"4.6\", features = [\"derive\"] }\n\
        rayon = { version = \"1.12\", default-features = false }\nanyhow = \"1.0\"\n";
    const COURSE: &str = "[dependencies]\nclap.workspace = true\nrayon.workspace = true\nanyhow.workspace = true\n\
        [dev-dependencies]\npredicates = \"3.1\"\n";

    fn of(manifest: &str, shared: &str) -> Vec<(String, Dependency)> {
        dependencies(&manifest.parse().unwrap(), &shared.parse().unwrap())
    }

    /// What is not used of the course's manifest with one line in place of another, or more lines.
    fn unused(line: &str, other: &str) -> Vec<String> {
        beyond(&of(&COURSE.replace(line, other), SHARED), &of(COURSE, SHARED))
    }

    fn unused_with(lines: &str) -> Vec<String> {
        beyond(&of(&format!("{COURSE}{lines}"), SHARED), &of(COURSE, SHARED))
    }

    #[test]
    fn what_the_course_has_is_used() {
        assert!(unused("", "").is_empty());
        let less = unused("clap.workspace = true\n", "");
        assert!(less.is_empty());
        let same = unused("clap.workspace = true", "clap = { workspace = true, features = [\"derive\"] }");
        assert!(same.is_empty(), "{same:?}");
        let written_out =
            unused("clap.workspace = true", "clap = { version = \"4.6\", features = [\"derive\"] }");
        assert!(written_out.is_empty(), "{written_out:?}");
    }

    #[test]
    fn a_crate_for_some_targets_or_for_a_build_script_is_not_used() {
        assert_eq!(unused_with("[target.'cfg(unix)'.dependencies]\nrand = \"0.9\"\n"), ["rand"]);
        assert_eq!(
            unused_with("[target.x86_64-unknown-linux-gnu.dependencies.rand]\nversion = \"0.9\"\n"),
            ["rand"]
        );
        assert_eq!(unused_with("[build-dependencies]\ncc = \"1\"\n"), ["cc"]);
    }

    #[test]
    fn what_only_tests_need_is_not_told() {
        let more = unused("predicates = \"3.1\"", "predicates = \"3.1\"\nproptest = \"1\"");
        assert!(more.is_empty(), "{more:?}");
    }

    #[test]
    fn a_package_under_another_name_is_told_with_its_own() {
        let renamed = unused_with("[dependencies.dice]\npackage = \"rand\"\nversion = \"0.9\"\n");
        assert_eq!(renamed, ["dice (the package rand)"]);
        let hidden = unused("anyhow.workspace = true", "anyhow = { package = \"eyre\", version = \"0.6\" }");
        assert_eq!(hidden, ["anyhow (the package eyre)"]);
    }

    #[test]
    fn features_that_are_added_are_told() {
        let env =
            unused("clap.workspace = true", "clap = { workspace = true, features = [\"env\", \"derive\"] }");
        assert_eq!(env, ["the feature env of clap"]);
        let defaults =
            unused("rayon.workspace = true", "rayon = { workspace = true, default-features = true }");
        assert_eq!(defaults, ["the default features of rayon"]);
        let shared = SHARED.replace("[\"derive\"]", "[\"derive\", \"env\"]");
        assert_eq!(beyond(&of(COURSE, &shared), &of(COURSE, SHARED)), ["the feature env of clap"]);
    }

    #[test]
    fn another_version_or_origin_is_told() {
        assert_eq!(unused("anyhow.workspace = true", "anyhow = \"2\""), ["another anyhow"]);
        assert_eq!(
            unused("anyhow.workspace = true", "anyhow = { path = \"../anyhow\" }"),
            ["another anyhow"]
        );
    }

    #[test]
    fn what_is_no_dependency_is_passed_over() {
        let odd = "dependencies = 7\n[target]\nx = 1\n[build-dependencies]\ny = false\n";
        assert_eq!(beyond(&of(odd, "workspace = 1"), &of(COURSE, SHARED)), ["y"]);
    }
}
