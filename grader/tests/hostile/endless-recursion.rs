//! Hostile: calls itself without an end.
//! Exercise: even-odd
//! Ends: signal

fn main() {
    println!("{}", depth(1));
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn depth(number: u64) -> u64 {
    1 + std::hint::black_box(depth(std::hint::black_box(number)))
}
