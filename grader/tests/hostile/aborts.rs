//! Hostile: aborts.
//! Exercise: even-odd
//! Ends: signal

fn main() {
    std::process::abort();
}
