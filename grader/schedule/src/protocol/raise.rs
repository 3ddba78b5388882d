//! What would be with stronger memory orders: some runs are made to see that.

use super::MemoryOrder;
use super::bytes::{Field, message};

message! {
    /// A stronger memory order for all atomic operations that are asked for at one place.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Raise {
        /// As [`own_site`](super::own_site) gives it, relative to where the program is loaded.
        pub site: u64,
        /// As strong as this, as [`MemoryOrder::raised`] has it.
        pub to: MemoryOrder,
    }
}
