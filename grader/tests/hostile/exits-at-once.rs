//! Hostile: ends as if all were well, before it has answered.
//! Exercise: even-odd
//! Ends: exit

fn main() {
    std::process::exit(0);
}
