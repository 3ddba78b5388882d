//! Hostile: has the compiler read a file of the machine.
//! Exercise: even-odd
//! Ends: refused

fn main() {
    println!("{}", include_str!("@SECRET@"));
    println!("{}", include_str!("/etc/passwd"));
}
