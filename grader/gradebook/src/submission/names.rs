//! What the names of files and folders say: source, archives, and what is no student's work.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Whether a file is Rust's, whatever its capitals.
pub(super) fn is_source(path: &Path) -> bool {
    has_extension(path, "rs")
}

pub(super) fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Whether the entry at `path` is no work of a student: what is hidden, what systems and editors add, and what cargo
/// builds. A folder `target` may also be a module's.
pub(super) fn is_foreign(path: &Path) -> bool {
    is_foreign_name(path.file_name().unwrap_or_default())
        || path.ends_with("target") && BUILT.iter().any(|name| fs::symlink_metadata(path.join(name)).is_ok())
}

/// What cargo puts into its folder `target`.
pub(super) const BUILT: [&str; 6] =
    ["CACHEDIR.TAG", ".rustc_info.json", "debug/build", "debug/deps", "release/build", "release/deps"];

/// What systems and tools add; and manifests, in whose place the course's own stand.
const FOREIGN: [&str; 6] =
    ["__MACOSX", "node_modules", "Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml"];

pub(super) fn is_foreign_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || FOREIGN.iter().any(|foreign| name == *foreign)
}
