//! A program that is built.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::sites::Sites;
use crate::symbols::{OwnCode, Symbols, unseen_function};

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
    unseen: OnceLock<Option<String>>,
}

impl Program {
    /// An executable, the library that is preloaded into it, and which code of it is the user's.
    pub fn new(path: PathBuf, runtime: PathBuf, own: OwnCode) -> Self {
        Self { path, runtime, own, sites: OnceLock::new(), unseen: OnceLock::new() }
    }

    /// What it calls that changes what all its threads see, and that no hook sees, if it does; looked for when it is first
    /// asked for.
    pub(crate) fn unseen(&self) -> Option<&str> {
        let atomics = || self.sites().has_unseen().then(|| "an atomic operation without a hook".to_owned());
        self.unseen.get_or_init(|| atomics().or_else(|| unseen_function(&self.path))).as_deref()
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
