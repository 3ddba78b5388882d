//! What an atomic load may return under the memory orders of C++20 (`[intro.races]`, `[atomics.order]`), while operations are
//! executed one after another.
//!
//! Each location keeps its last stores, with what an acquire of them learns. A load may return any of them that it is not
//! bound to have seen overwritten: the method of store histories of Lidbury and Donaldson ("Dynamic Race Detection for
//! C++11", POPL 2017), which Miri's emulation follows, too. The order in which stores are executed is the modification order,
//! and operations that are sequentially consistent are in the order in which they are executed. So executions in which a load
//! returns what is stored later, or in which stores change places, are not made. None is made that the standard forbids:
//! `tests` holds each against the axioms.
//!
//! Locations that code uses of which not all is seen are *strong* ([`Memory::meet`]): a load returns the newest value, and
//! each operation is ordered after all before it. That hides what the standard allows, and makes nothing that it forbids.
//!
//! No I/O and no unsafe code; no memory is taken, and a [`Memory`] that is new is all zeroes.

#![forbid(unsafe_code)]

mod clock;
mod history;
mod model;
mod strong;
mod table;
#[cfg(test)]
mod tests;

pub use clock::MOST_THREADS;
pub use history::MOST_STORES;
pub use model::Memory;

/// Where an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub address: u64,
    /// How many bytes stand there: 1, 2, 4 or 8.
    pub size: u8,
    /// What they hold before the operation: the newest value.
    pub value: u64,
}

/// The memory order of an operation, as `std::sync::atomic::Ordering` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// No order but that of the location itself.
    Relaxed,
    /// What happened before the store that is read has happened before what follows.
    Acquire,
    /// Who acquires what is stored knows all that happened before.
    Release,
    /// Both, for operations that read and write.
    AcqRel,
    /// Both, and one order of all such operations.
    SeqCst,
}

impl Order {
    fn acquires(self) -> bool {
        matches!(self, Self::Acquire | Self::AcqRel | Self::SeqCst)
    }

    fn releases(self) -> bool {
        matches!(self, Self::Release | Self::AcqRel | Self::SeqCst)
    }

    fn is_sequential(self) -> bool {
        self == Self::SeqCst
    }
}
