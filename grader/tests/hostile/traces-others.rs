//! Hostile: attaches to other processes and reads their memory.
//! Exercise: even-odd
//! Ends: pass

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let parent = std::os::unix::process::parent_id();
    let me = std::process::id();
    let mut escaped = Vec::new();
    for process in ["@PID@".parse().unwrap(), 1, parent, me] {
        // PTRACE_ATTACH, then PTRACE_DETACH; PTRACE_SEIZE.
        for request in ["16", "0x4206"] {
            let script = format!(
                "my $done = syscall(101, {request}, {process}, 0, 0); syscall(101, 17, {process}, 0, 0) unless $done; print $done"
            );
            if perl(&script) == "0" {
                escaped.push(format!("traced process {process}"));
            }
        }
        // process_vm_readv of the eight bytes where programs usually begin.
        let script = format!(
            "my $text = ' ' x 8; my $to = pack('PQ', $text, 8); my $from = pack('QQ', 0x400000, 8);
             $! = 0; my $read = syscall(310, {process}, $to, 1, $from, 1, 0); print $read >= 0 || $!{{EFAULT}} ? 'yes' : 'no'"
        );
        if perl(&format!("use Errno; {script}")) == "yes" {
            escaped.push(format!("read the memory of process {process}"));
        }
    }
    answer_unless(escaped)
}

/// What a Perl script prints: it can make any system call, which this language cannot without `unsafe`.
fn perl(script: &str) -> String {
    let output = Command::new("perl").args(["-e", script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Answers right, unless something escaped.
fn answer_unless(escaped: Vec<String>) -> ExitCode {
    match escaped.first() {
        None => answer(),
        Some(_) => {
            escaped.iter().for_each(|what| println!("escaped: {what}"));
            ExitCode::FAILURE
        }
    }
}

/// The right answer.
fn answer() -> ExitCode {
    let max: u64 = std::env::args().nth(2).map_or(10, |text| text.parse().unwrap());
    let (next, changed) = (Mutex::new(1), Condvar::new());
    thread::scope(|scope| {
        for parity in [1, 0] {
            let (next, changed) = (&next, &changed);
            scope.spawn(move || {
                for number in (1..=max).filter(|number| number % 2 == parity) {
                    let turn = next.lock().unwrap();
                    let mut turn = changed.wait_while(turn, |next| *next != number).unwrap();
                    println!("{number}");
                    *turn += 1;
                    changed.notify_all();
                }
            });
        }
    });
    ExitCode::SUCCESS
}
