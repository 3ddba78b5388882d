//! Hostile: puts a link to a file of the user in the place of a pipe that the grader writes to.
//! Exercise: file-reader
//! Ends: contained

use std::os::unix::fs::symlink;

fn main() {
    for name in std::env::args().skip(1).filter(|word| word.starts_with("pipe-")) {
        let _ = std::fs::remove_file(&name);
        let _ = symlink("@KEPT@", &name);
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
}
