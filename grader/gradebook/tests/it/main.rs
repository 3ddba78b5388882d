//! The gradebook as its users meet it: called from outside.

mod books;
mod changes;
mod collect;
mod support;
mod usage;
