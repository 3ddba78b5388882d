//! Hostile: has the compiler print commands for terminals and for CI.
//! Exercise: even-odd
//! Ends: build-error

compile_error!("\u{1b}[2J\n::set-output name=verdict::pass\n  ::error::graded\n##[error]graded");

fn main() {}
