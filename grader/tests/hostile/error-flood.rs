//! Hostile: writes to standard error without an end.
//! Exercise: even-odd
//! Ends: output-limit
//! Limits: output=1

fn main() {
    for _ in 0..10_000_000 {
        eprintln!("a line that is nobody's answer and that comes again and again");
    }
}
