//! Hostile: computes for ever.
//! Exercise: even-odd
//! Ends: processor-limit
//! Limits: cpu=2

fn main() {
    loop {
        std::hint::spin_loop();
    }
}
