//! No circle of imports: who reads a module need not have read those that stand above it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::support::{root, rust_files};

/// A module at the top of a crate → those that it imports, each with a file that does.
type Imports = BTreeMap<String, BTreeMap<String, PathBuf>>;

/// Where the modules of each crate are. (Between crates Cargo knows no circle.)
const CRATES: [&str; 7] = [
    "grader/src",
    "grader/confine/src",
    "grader/engine/src",
    "grader/exercises/src",
    "grader/gradebook/src",
    "grader/report/src",
    "grader/schedule/src",
];

#[test]
fn no_modules_import_each_other_in_a_circle() {
    for crate_folder in CRATES {
        let imports = imports_of(&root().join(crate_folder));
        if let Some(circle) = circle(&imports) {
            let step = |pair: &[String]| {
                format!("{} imports {} in {}", pair[0], pair[1], imports[&pair[0]][&pair[1]].display())
            };
            let steps: Vec<String> = circle.windows(2).map(step).collect();
            panic!("{crate_folder} has a circle: {}", steps.join(", "));
        }
    }
}

/// Each of our crates, and those of ours that it may stand on.
const FLOORS: [(&str, &[&str]); 10] = [
    ("hooks", &[]),
    ("launcher", &[]),
    ("schedule", &[]),
    ("runtime", &["schedule"]),
    ("confine", &["schedule"]),
    ("engine", &["confine", "schedule"]),
    ("exercises", &["confine", "engine", "schedule"]),
    ("report", &["confine", "engine", "schedule"]),
    ("grader", &["confine", "engine", "exercises", "report", "schedule"]),
    ("gradebook", &["confine", "engine", "exercises", "grader", "report", "schedule"]),
];

#[test]
fn crates_stand_on_those_below_them_alone() {
    let ours: Vec<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = text.lines().filter_map(|line| line.trim().strip_prefix("\"grader")?.strip_suffix("\","));
    let members = members.map(|name| if name.is_empty() { "grader" } else { &name[1..] });
    assert_eq!(members.collect::<BTreeSet<_>>(), ours.iter().copied().collect(), "each has its floor");
    for (name, below) in FLOORS {
        let folder = if name == "grader" { "grader".into() } else { format!("grader/{name}") };
        let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let of_linux = || manifest.get("target")?.get("cfg(target_os = \"linux\")")?.get("dependencies");
        let tables = [manifest.get("dependencies"), manifest.get("build-dependencies"), of_linux()];
        let named = tables.into_iter().flatten().filter_map(toml::Value::as_table).flatten();
        let named = named.map(|(named, _)| named.as_str()).filter(|named| ours.contains(named));
        let too_many: Vec<&str> = named.filter(|named| !below.contains(named)).collect();
        assert_eq!(too_many, [""; 0], "{name}");
    }
}

#[test]
fn a_circle_is_found_wherever_it_begins() {
    let of = |pairs: &[(&str, &str)]| {
        let mut imports = Imports::new();
        for (from, to) in pairs {
            imports.entry((*from).to_owned()).or_default().insert((*to).to_owned(), PathBuf::new());
        }
        circle(&imports)
    };
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("a", "c")]), None);
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("c", "b")]).unwrap(), ["b", "c", "b"]);
}

#[test]
fn imports_are_seen_but_not_those_of_tests() {
    let text = "use crate::case::{Case, Talks}; use crate::{run, sandbox::Tier}; use super::own;
        fn f() { crate::judges::lines(); }
        #[cfg(test)] use crate::sample; #[cfg(test)] mod tests { use crate::grade; } use crate::last;";
    let mut found = BTreeSet::new();
    imports_in(text.parse().unwrap(), &mut found);
    assert_eq!(Vec::from_iter(found), ["case", "judges", "last", "run", "sandbox"]);
}

fn imports_of(folder: &Path) -> Imports {
    let mut imports = Imports::new();
    for path in rust_files(folder) {
        let inside = path.strip_prefix(folder).unwrap();
        // They are compiled for tests alone, as their parents say.
        if inside.file_stem().is_some_and(|name| name == "tests" || name == "sample") {
            continue;
        }
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = module.trim_end_matches(".rs").to_owned();
        let mut found = BTreeSet::new();
        imports_in(fs::read_to_string(&path).unwrap().parse().unwrap(), &mut found);
        found.remove(&module);
        let known = imports.entry(module).or_default();
        known.extend(found.into_iter().map(|name| (name, inside.to_owned())));
    }
    imports
}

/// The modules behind `crate::`.
fn imports_in(tokens: TokenStream, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut rest = tokens.as_slice();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first.to_string().as_str(), after) {
            ("#", [attribute, after @ ..]) if attribute.to_string().replace(' ', "") == "[cfg(test)]" => {
                let is_end = |token: &TokenTree| {
                    let text = token.to_string();
                    matches!(text.as_str(), ";" | ",") || text.starts_with('{')
                };
                let end = after.iter().position(is_end).map_or(after.len(), |at| at + 1);
                rest = &after[end..];
            }
            ("crate", [colon, _, names, ..]) if colon.to_string() == ":" => found.extend(heads(names)),
            _ => {}
        }
        if let TokenTree::Group(group) = first {
            imports_in(group.stream(), found);
        }
    }
}

/// The first words of a name, or of a list of names in braces.
fn heads(names: &TokenTree) -> Vec<String> {
    let TokenTree::Group(list) = names else { return vec![names.to_string()] };
    let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
    let parts = tokens.split(|token| token.to_string() == ",");
    parts.filter_map(|part| Some(part.first()?.to_string())).collect()
}

/// A way from some module back to it.
fn circle(imports: &Imports) -> Option<Vec<String>> {
    /// Depth first: `path` is the way to `module`, which is not in `done`.
    fn follow(
        imports: &Imports,
        module: &str,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(at) = path.iter().position(|known| known == module) {
            return Some(path[at..].iter().cloned().chain([module.to_owned()]).collect());
        }
        if !done.insert(module.to_owned()) {
            return None;
        }
        path.push(module.to_owned());
        for next in imports.get(module).into_iter().flat_map(BTreeMap::keys) {
            let found = follow(imports, next, path, done);
            if found.is_some() {
                return found;
            }
        }
        path.pop();
        None
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|module| follow(imports, module, &mut Vec::new(), &mut done))
}
