//! Hostile: has the kernel keep tables for memory that it never fills: what it only reads is all one page of zeros.
//! Exercise: even-odd
//! Ends: memory-limit
//! Limits: memory=64

use std::hint::black_box;

fn main() {
    const STRETCH: usize = 6 << 30;
    const TABLE: usize = 2 << 20;
    let stretches: Vec<Vec<u8>> = (0..9).map(|_| vec![0; STRETCH]).collect();
    let mut sum = 0u64;
    // Some seconds of processor time, so that it is looked at.
    for _ in 0..2000 {
        for stretch in &stretches {
            sum += stretch.iter().step_by(TABLE).map(|byte| u64::from(*black_box(byte))).sum::<u64>();
        }
    }
    println!("{sum}");
}
