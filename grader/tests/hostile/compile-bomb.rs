//! Hostile: has the compiler compute without an end.
//! Exercise: even-odd
//! Ends: build-error
//! Limits: build=3

#![allow(long_running_const_eval, reason = "else the compiler gives up by itself")]

const NEVER: u64 = {
    let mut number = 1u64;
    while number != 0 {
        number = number.wrapping_add(2);
    }
    number
};

fn main() {
    println!("{NEVER}");
}
