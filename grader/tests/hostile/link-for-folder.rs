//! Hostile: puts links to folders of the user, pipes and odd names where the grader looks for downloads.
//! Exercise: downloader
//! Ends: contained

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

fn main() {
    let _ = std::fs::remove_dir_all("downloads");
    let _ = symlink("@FOLDER@", "downloads");
    let _ = Command::new("mkfifo").args(["pipe", "one.bin"]).status();
    let _ = std::fs::write(OsStr::from_bytes(b"not\xffUTF-8"), "");
    let _ = std::fs::create_dir_all("locked/folder");
    let _ = std::fs::set_permissions("locked", Permissions::from_mode(0o000));
}
