//! Hostile: sends itself the signal that tells of a run which no hook sees.
//! Exercise: even-odd
//! Ends: signal

fn main() {
    let me = std::process::id();
    let _ = std::process::Command::new("sh").args(["-c", &format!("kill -PROF {me}")]).status();
    std::thread::sleep(std::time::Duration::from_secs(60));
}
