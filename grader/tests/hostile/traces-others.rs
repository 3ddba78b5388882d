//! Hostile: attaches to other processes and reads their memory.
//! Exercise: even-odd
//! Ends: pass

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    // PTRACE_ATTACH and PTRACE_SEIZE, then PTRACE_DETACH; process_vm_readv of the eight bytes where programs usually
    // begin: that they are not there is an answer, too.
    let script = r"
        use Errno;
        for my $process (@PID@, 1, getppid()) {
            for my $request (16, 0x4206) {
                next if syscall(101, $request, $process, 0, 0);
                print qq(traced process $process\n);
                syscall(101, 17, $process, 0, 0);
            }
            my $text = ' ' x 8;
            my ($to, $from) = (pack('PQ', $text, 8), pack('QQ', 0x400000, 8));
            my $read = syscall(310, $process, $to, 1, $from, 1, 0);
            print qq(read the memory of process $process\n) if $read >= 0 || $!{EFAULT};
        }
    ";
    answer_unless(perl(script).lines().map(str::to_owned).collect())
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
