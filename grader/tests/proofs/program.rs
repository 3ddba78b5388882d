//! Programs of a few threads, each called by its name. Those in `right` do the same in all orders of what their threads do;
//! those in `wrong` panic in some; of those in `unseen` nobody can say it.

mod common;
mod right;
mod unseen;
mod wrong;

/// A program, and what it is called.
type Named = (&'static str, fn());

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let mut all = right::ALL.iter().chain(wrong::ALL).chain(unseen::ALL);
    let (_, program) = all.find(|(known, _)| *known == name).expect("no program of that name");
    program();
}
