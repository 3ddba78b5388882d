//! Hostile: writes to standard output without an end.
//! Exercise: even-odd
//! Ends: output-limit
//! Limits: output=1

fn main() {
    for _ in 0..10_000_000 {
        println!("a line that is nobody's answer and that comes again and again");
    }
}
