//! Hostile: changes how its parent is run, from which the next run is forked: limits, processors, priorities.
//! Exercise: even-odd
//! Ends: pass

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    // Numbers that nobody minds: a limit as it is, the first processor, the priorities that it has.
    let script = r"
        my $limit = pack('QQ', 0, 0);
        my ($mask, $zero) = (pack('Q', 1), pack('L', 0));
        my $attributes = pack('LLQlLQQQ', 48, 0, 0, 0, 0, 0, 0, 0);
        for my $process (@PARENTS@) {
            my @calls = (
                [sched_setaffinity => 203, $process, 8, $mask], [sched_setparam => 142, $process, $zero],
                [sched_setscheduler => 144, $process, 0, $zero], [sched_setattr => 314, $process, $attributes, 0],
                [setpriority => 141, 0, $process, 1], [ioprio_set => 251, 1, $process, 2 << 13 | 4],
                [prlimit => 302, $process, 4, $limit, 0], [core_sched => 157, 62, 1, $process, 0, 0],
                [move_pages => 279, $process, 0, 0, 0, 0, 0],
            );
            for (@calls) { my ($what, $number, @rest) = @$_; print qq($what\n) if syscall($number, @rest) >= 0 }
        }
        # Of the group and of the user.
        print qq(setpriority of the group\n) if syscall(141, 1, 0, 1) >= 0;
        print qq(setpriority of the user\n) if syscall(141, 2, 0, 1) >= 0;
        print qq(ioprio_set of the group\n) if syscall(251, 2, 0, 2 << 13 | 4) >= 0;
    ";
    let parents = format!("{}, {}", std::os::unix::process::parent_id(), std::process::id());
    answer_unless(perl(&script.replace("@PARENTS@", &parents)).lines().map(str::to_owned).collect())
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
