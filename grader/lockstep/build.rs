//! Lists the sources of what is built at the first call: what controls programs, and the hooks that lead to it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The crates, and the manifest whose settings they inherit.
const PARTS: [&str; 5] = ["Cargo.toml", "grader/runtime", "grader/memory", "grader/schedule", "grader/hooks"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for part in PARTS {
        println!("cargo::rerun-if-changed={}", root.join(part).display());
        collect(&root.join(part), &mut files);
    }
    files.sort();
    let mut text = String::from("[\n");
    for file in &files {
        let name = file.strip_prefix(&root).expect("it lies below").display();
        writeln!(text, "    ({:?}, include_str!({:?})),", name.to_string(), file).expect("a string takes it");
    }
    text.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("sources.rs");
    fs::write(out, text).expect("cargo's own folder can be written");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        let is_part = path.extension().is_some_and(|extension| extension == "rs" || extension == "toml");
        files.extend(is_part.then(|| path.to_owned()));
        return;
    }
    for entry in fs::read_dir(path).expect("it is part of the repository").flatten() {
        collect(&entry.path(), files);
    }
}
