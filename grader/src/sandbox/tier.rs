//! How strong the sandbox is on this machine.

use std::sync::OnceLock;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A set of layers. Ordered from weakest to strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Limits only: programs can do what the user can.
    None,
    /// Landlock and seccomp: no file but the program's own can be changed. Other processes can still be seen.
    Basic,
    /// Besides, namespaces of its own for everything, a small root, and folders of limited size. Memory is
    /// watched.
    Strong,
}

impl Tier {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "basic",
            Self::Strong => "strong",
        }
    }
}

static TIER: OnceLock<Tier> = OnceLock::new();

/// The tier that programs run in; [`Tier::None`] before [`super::enter`].
pub fn tier() -> Tier {
    TIER.get().copied().unwrap_or(Tier::None)
}

pub(super) fn settle(tier: Tier) {
    let _ = TIER.set(tier);
}
