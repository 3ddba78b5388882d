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
    /// Besides, a control group for each program: the kernel counts its memory and its processes.
    Full,
}

impl Tier {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "basic",
            Self::Strong => "strong",
            Self::Full => "full",
        }
    }
}

/// A part of the sandbox that can be left out, to see that the others hold alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// All namespaces: what is left is [`Tier::Basic`].
    Namespaces,
    /// Landlock.
    Landlock,
    /// The filters for system calls.
    Seccomp,
    /// Control groups: what is left is [`Tier::Strong`].
    ControlGroups,
}

static TIER: OnceLock<Tier> = OnceLock::new();
static WITHOUT: OnceLock<Vec<Layer>> = OnceLock::new();

/// The tier that programs run in; [`Tier::None`] before [`super::enter()`].
pub fn tier() -> Tier {
    TIER.get().copied().unwrap_or(Tier::None)
}

pub(super) fn settle(tier: Tier) {
    let _ = TIER.set(tier);
}

/// The layers that programs run without.
pub(super) fn left_out() -> Vec<Layer> {
    WITHOUT.get().cloned().unwrap_or_default()
}

pub(super) fn leave_out(layers: &[Layer]) {
    let _ = WITHOUT.set(layers.to_vec());
}
