//! What threads wait for, and what can end it.

use schedule::{ThreadId, mechanism};

use crate::world::{self, Until};

/// What a thread that cannot go on waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// A wake on a futex.
    Futex { word: u64, bits: u32, deadline: Option<u64> },
    /// Its time.
    Sleep { deadline: u64 },
    /// The end of a thread.
    Join { thread: ThreadId },
    /// A descriptor to become ready, polled for real.
    Ready { descriptor: i32, events: i16, deadline: Option<u64> },
    /// Something else that only a look tells.
    Outside { until: Until, deadline: Option<u64> },
}

impl Wait {
    /// What the mechanism knows of it.
    pub(super) fn for_mechanism(self) -> mechanism::Wait {
        match self {
            Self::Futex { word, bits, deadline } => mechanism::Wait::Futex { word, bits, deadline },
            Self::Sleep { deadline } => mechanism::Wait::Sleep { deadline },
            Self::Join { thread } => mechanism::Wait::Join { thread },
            Self::Ready { deadline, .. } => mechanism::Wait::Outside { deadline, surely: false },
            Self::Outside { until, deadline } => {
                mechanism::Wait::Outside { deadline, surely: until.is_child() }
            }
        }
    }

    /// Whether the run's own process can end it alone, while [`world::is_alone`].
    pub(super) fn ends_inside(self) -> bool {
        match self {
            Self::Ready { descriptor, .. } => world::is_own(descriptor),
            Self::Outside { until, .. } => world::comes_from_inside(until),
            Self::Futex { .. } | Self::Sleep { .. } | Self::Join { .. } => false,
        }
    }
}
