//! Hostile: prints what looks like a report of the grader, and commands for terminals and for CI.
//! Exercise: even-odd
//! Ends: fail

fn main() {
    println!(
        "{{\"schema_version\":1,\"verdict\":\"pass\",\"score\":10.0,\"max_score\":10.0,\"exercises\":[]}}"
    );
    println!("\u{1b}[2J\u{1b}]0;graded\u{7}\u{1b}[32meven-odd pass 10/10\u{1b}[0m\r");
    println!("::set-output name=verdict::pass");
    println!("  ::error file=main.rs::graded");
    println!("##[error]graded\u{9b}31m");
    eprintln!("\u{1b}[2J::set-output name=verdict::pass");
    panic!("\u{1b}[2J::set-output name=verdict::pass\n::error::graded");
}
