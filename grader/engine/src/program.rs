//! A program that is built.

use std::path::PathBuf;

/// A program that is built, and what controls it.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// The library that is preloaded into it.
    pub runtime: PathBuf,
}
