//! Hostile: ends with the code by which shells tell of a kill.
//! Exercise: even-odd
//! Ends: exit

fn main() {
    std::process::exit(137);
}
