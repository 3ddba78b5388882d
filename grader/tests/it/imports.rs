//! No circle of imports: who reads a module need not have read those that stand above it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::support::{root, rust_files};

/// A module, as its names from the top of the crate.
type Module = Vec<String>;

/// A module → those beside it that it or a part of it imports, each with a file that does.
type Imports = BTreeMap<Module, BTreeMap<Module, PathBuf>>;

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let folders_in = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (grader, crates) = (root().join("grader"), root().join("crates"));
    let crates = folders_in(grader.clone()).chain(folders_in(crates)).chain([grader]);
    for sources in crates.map(|folder| folder.join("src")).filter(|sources| sources.is_dir()) {
        let imports = imports_of(&sources);
        if let Some(circle) = circle(&imports) {
            let step = |pair: &[Module]| {
                let file = imports[&pair[0]][&pair[1]].display();
                format!("{} imports {} in {file}", pair[0].join("::"), pair[1].join("::"))
            };
            let steps: Vec<String> = circle.windows(2).map(step).collect();
            panic!("{} has a circle: {}", sources.display(), steps.join(", "));
        }
    }
}

/// Each of our crates, and those of ours that it may stand on.
const FLOORS: [(&str, &[&str]); 15] = [
    ("hooks", &[]),
    ("launcher", &[]),
    ("memory", &[]),
    ("schedule", &[]),
    ("runtime", &["memory", "schedule"]),
    ("confine", &["schedule"]),
    ("engine", &["confine", "schedule"]),
    ("exercise", &["confine", "engine", "schedule"]),
    ("by-files", &["confine", "engine", "exercise", "schedule"]),
    ("by-rust", &["confine", "engine", "exercise", "schedule"]),
    ("exercises", &["by-files", "by-rust", "engine", "exercise"]),
    ("report", &["confine", "engine", "schedule"]),
    ("grader", &["confine", "engine", "exercises", "report", "schedule"]),
    ("lockstep", &["engine", "grader"]),
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
            imports.entry(words(from)).or_default().insert(words(to), PathBuf::new());
        }
        circle(&imports).map(|circle| circle.concat())
    };
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("a", "c")]), None);
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("c", "b")]).unwrap(), ["b", "c", "b"]);
}

#[test]
fn imports_are_seen_but_not_those_of_tests() {
    let text = "use crate::case::{Case, External}; use crate::{run, sandbox::{Tier, tier::{self, own}}}; use super::own;
        fn f() { crate::judges::lines(self.x, super::super::above()); }
        #[cfg(test)] use crate::sample; #[cfg(test)] mod tests { use crate::grade; } use crate::last;";
    let mut found = Vec::new();
    paths_in(text.parse().unwrap(), &mut found);
    let found: BTreeSet<String> = found.iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::case::Case",
        "crate::case::External",
        "crate::judges::lines",
        "crate::last",
        "crate::run",
        "crate::sandbox::Tier",
        "crate::sandbox::tier::own",
        "crate::sandbox::tier::self",
        "self",
        "super::own",
        "super::super::above",
    ];
    assert_eq!(Vec::from_iter(&found), expected);
}

#[test]
fn an_import_is_one_of_the_modules_that_part_there() {
    let known: BTreeSet<Module> =
        ["a", "a::b", "a::b::d", "a::c", "e"].map(words).into_iter().chain([vec![]]).collect();
    let of = |own: &str, path: &str| {
        let target = resolved(&words(own), &words(path), &known);
        parting(&words(own), &target).map(|(from, to)| format!("{} {}", from.join("::"), to.join("::")))
    };
    assert_eq!(of("a::b", "crate::e::Thing").unwrap(), "a e");
    assert_eq!(of("a::b", "super::c::Thing").unwrap(), "a::b a::c");
    assert_eq!(of("a::b::d", "super::super::c").unwrap(), "a::b a::c");
    for inside in ["super::Thing", "self::d::Thing", "crate::a::Thing", "crate::Thing"] {
        assert_eq!(of("a::b", inside), None, "{inside}");
    }
}

fn words(path: &str) -> Module {
    path.split("::").map(str::to_owned).collect()
}

fn imports_of(sources: &Path) -> Imports {
    // Those called so are compiled for tests alone, as their parents say.
    let is_of_tests = |module: &Module| module.iter().any(|name| name == "tests" || name == "sample");
    let files: Vec<(Module, PathBuf)> = rust_files(sources)
        .into_iter()
        .map(|path| (module_in(path.strip_prefix(sources).unwrap()), path))
        .collect();
    let known: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    let mut imports = Imports::new();
    for (module, path) in files.iter().filter(|(module, _)| !is_of_tests(module)) {
        let mut found = Vec::new();
        paths_in(fs::read_to_string(path).unwrap().parse().unwrap(), &mut found);
        for import in found {
            if let Some((from, to)) = parting(module, &resolved(module, &import, &known)) {
                imports.entry(from).or_default().insert(to, path.clone());
            }
        }
    }
    imports
}

/// The module in a file below a crate's sources.
fn module_in(file: &Path) -> Module {
    let mut module: Module =
        file.with_extension("").iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    module.pop_if(|name| ["mod", "lib", "main"].contains(&name.as_str()));
    module
}

/// The module that a path in the module `own` leads to or into.
fn resolved(own: &[String], path: &[String], known: &BTreeSet<Module>) -> Module {
    let mut at = if path[0] == "crate" { Module::new() } else { own.to_vec() };
    for name in path {
        match name.as_str() {
            "crate" | "self" => {}
            "super" => drop(at.pop()),
            name => {
                at.push(name.to_owned());
                if !known.contains(&at) {
                    at.pop();
                    break;
                }
            }
        }
    }
    at
}

/// Where the ways from the top to two modules part: the two modules there. None where one is a part of the other.
fn parting(from: &[String], to: &[String]) -> Option<(Module, Module)> {
    let same = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    Some((from.get(..=same)?.to_vec(), to.get(..=same)?.to_vec()))
}

/// All paths that begin with `crate`, `super` or `self`, without those of tests.
fn paths_in(tokens: TokenStream, found: &mut Vec<Module>) {
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
            (word @ ("crate" | "super" | "self"), _) => rest = unfold(vec![word.to_owned()], after, found),
            _ => {}
        }
        if let TokenTree::Group(group) = first {
            paths_in(group.stream(), found);
        }
    }
}

/// All paths that begin with `names` and go on with `rest`, whether in braces or not; what comes behind them.
fn unfold<'a>(mut names: Module, rest: &'a [TokenTree], found: &mut Vec<Module>) -> &'a [TokenTree] {
    let is_colon = |token: &TokenTree| token.to_string() == ":";
    match rest {
        [first, second, TokenTree::Ident(name), after @ ..] if is_colon(first) && is_colon(second) => {
            names.push(name.to_string());
            unfold(names, after, found)
        }
        [first, second, TokenTree::Group(list), after @ ..] if is_colon(first) && is_colon(second) => {
            let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
            for part in tokens.split(|token| token.to_string() == ",") {
                let Some((name, more)) = part.split_first() else { continue };
                unfold(names.iter().cloned().chain([name.to_string()]).collect(), more, found);
            }
            after
        }
        _ => {
            found.push(names);
            rest
        }
    }
}

/// A way from some module back to it.
fn circle(imports: &Imports) -> Option<Vec<Module>> {
    /// Depth first: `path` is the way to `module`, which is not in `done`.
    fn follow(
        imports: &Imports,
        module: &Module,
        path: &mut Vec<Module>,
        done: &mut BTreeSet<Module>,
    ) -> Option<Vec<Module>> {
        if let Some(at) = path.iter().position(|known| known == module) {
            return Some(path[at..].iter().cloned().chain([module.clone()]).collect());
        }
        if !done.insert(module.clone()) {
            return None;
        }
        path.push(module.clone());
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
