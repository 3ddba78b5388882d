//! A program that is built.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::sites::Sites;
use crate::symbols::{OwnCode, Symbols};

/// A program that is built, and what controls it.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// The library that is preloaded into it.
    pub runtime: PathBuf,
    /// The user's own code in it.
    own: OwnCode,
    sites: OnceLock<Sites>,
}

impl Program {
    /// An executable, the library that is preloaded into it, and which code of it is the user's.
    pub fn new(path: PathBuf, runtime: PathBuf, own: OwnCode) -> Self {
        Self { path, runtime, own, sites: OnceLock::new() }
    }

    /// What its addresses stand for.
    pub(crate) fn symbols(&self) -> Symbols {
        Symbols::of(&self.path, self.own.clone())
    }

    /// Its own atomic operations, and those that take a mutex; read from its debug information when they are first asked for.
    pub fn sites(&self) -> &Sites {
        self.sites.get_or_init(|| Sites::read(&self.path, &self.own))
    }
}
