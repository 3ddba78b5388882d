//! Hostile: asks for memory until it has 10 GiB.
//! Exercise: even-odd
//! Ends: memory-limit
//! Limits: memory=256

fn main() {
    const STEP: usize = 16 << 20;
    let mut kept = Vec::new();
    for _ in 0..640 {
        kept.push(vec![1u8; STEP]);
    }
    println!("{}", kept.len());
}
