//! Hostile: sends itself the signal by which systems tell that processor time is used up.
//! Exercise: even-odd
//! Ends: signal

fn main() {
    let me = std::process::id();
    let _ = std::process::Command::new("sh").args(["-c", &format!("kill -XCPU {me}")]).status();
    std::thread::sleep(std::time::Duration::from_secs(60));
}
