//! Hostile: makes system calls that hardly any program needs, and that reach far into the kernel.
//! Exercise: even-odd
//! Ends: pass

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    // Each with arguments with which it works, or fails for another reason than that it is refused. Sockets: of the
    // kernel's audit, of tables of packets, raw ones, of multipath TCP, of Bluetooth, of virtual machines, for ciphers.
    let script = r"
        use Errno;
        my ($path, $nothing) = (qq(.\0), pack('x256'));
        my @calls = (
            [open_tree_attr => 467, -100, $path, 1, $nothing, 0], [statmount => 457, $nothing, $nothing, 256, 0],
            [listmount => 458, $nothing, $nothing, 1, 0], [modify_ldt => 154, 0, $nothing, 256],
            [inotify_init => 253], [inotify_init1 => 294, 0], [io_setup => 206, 1, $nothing],
            [io_uring_setup => 425, 1, $nothing], [userfaultfd => 323, 1], [bpf => 321, 0, $nothing, 64],
            [perf_event_open => 298, $nothing, 0, -1, -1, 0], [keyctl => 250, 0, -3, 1], [kcmp => 312, $$, $$, 0, 0, 0],
            [lsm_list_modules => 461, $nothing, $nothing, 0], [process_mrelease => 448, -1, 0],
            [netlink_audit => 41, 16, 3, 9], [netlink_netfilter => 41, 16, 3, 12], [netlink_diag => 41, 16, 3, 4],
            [raw => 41, 2, 3, 1], [mptcp => 41, 2, 1, 262], [mptcp6 => 41, 10, 1, 262], [ping => 41, 2, 2, 1],
            [packet => 41, 17, 2, 0], [bluetooth => 41, 31, 3, 0], [vsock => 41, 40, 1, 0], [alg => 41, 38, 5, 0],
            [tiocsti => 16, 0, 0x5412, $nothing], [tioclinux => 16, 0, 0x541c, $nothing], [pair => 53, 2, 1, 0, $nothing],
        );
        for (@calls) {
            my ($what, $number, @rest) = @$_;
            my $result = syscall($number, @rest);
            print qq($what\n) if $result >= 0 || !$!{EPERM};
        }
        # What no kernel had when the grader was written, in both tables.
        for my $number (470, 500, 511, 547, 0x40000000 + 39, 0x40000000 + 521) {
            print qq($number\n) if syscall($number, 0, 0, 0) >= 0 || !$!{ENOSYS};
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
