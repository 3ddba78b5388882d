//! Hostile: makes namespaces of its own, to be root in there, and mounts.
//! Exercise: even-odd
//! Ends: pass

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    // EPERM is 1, ENOSYS is 38: anything else is an answer.
    let script = r"
        my ($none, $folder, $kind) = ('none', '/tmp', 'tmpfs');
        my @calls = (
            ['unshare users' => 272, 0x10000000], ['unshare mounts' => 272, 0x20000],
            ['clone with users' => 56, 0x10000011, 0, 0, 0, 0], [clone3 => 435, 0, 88],
            [mount => 165, $none, $folder, $kind, 0, 0], [umount => 166, $folder, 2], [chroot => 161, $folder],
            [setns => 308, 0, 0], [bpf => 321, 0, 0, 0], [io_uring_setup => 425, 1, 0], [keyctl => 250, 0, -3, 1],
            [perf_event_open => 298, 0, 0, -1, -1, 0], ['getpid of x32' => 0x40000027],
        );
        for (@calls) {
            my ($what, $number, @rest) = @$_;
            my $result = syscall($number, @rest);
            exit if $what =~ /clone/ && $result == 0;
            print qq($what\n) if $result >= 0 || ($! != 1 && $! != 38);
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
