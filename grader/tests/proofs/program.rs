//! Programs of a few threads, each called by its name. Those whose name begins with `right` do the same in all orders of what
//! their threads do; those with `wrong` panic or wait for ever in some; of those with `unseen` nobody can say it, whichever they
//! are.

mod atomics;
mod common;
mod counts;
mod library;
mod locks;
mod output;
mod panics;
mod threads;

/// A program, and what it is called.
type Named = (&'static str, fn());

const ALL: [&[Named]; 7] =
    [atomics::ALL, locks::ALL, counts::ALL, threads::ALL, panics::ALL, output::ALL, library::ALL];

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let mut all = ALL.into_iter().flatten();
    let (_, program) = all.find(|(known, _)| *known == name).expect("no program of that name");
    program();
}
