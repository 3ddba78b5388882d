//! Hostile: leaves marks for the next run where no file is left: modes, times and attributes of folders, and flags of
//! the descriptors that all runs share.
//! Exercise: even-odd
//! Ends: pass

use std::fs::{File, Permissions};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

const MARK: u64 = 1_000_000_007;

fn main() -> ExitCode {
    let mut escaped = Vec::new();
    let marked = SystemTime::UNIX_EPOCH + Duration::from_secs(MARK);
    for folder in [".", "/tmp", ".."] {
        let Ok(found) = std::fs::metadata(folder) else { continue };
        if found.modified().is_ok_and(|modified| modified == marked) {
            escaped.push(format!("the time of {folder} is an earlier run's"));
        }
        let mode = found.permissions().mode();
        if mode & 0o7000 == 0o2000 {
            escaped.push(format!("the mode of {folder} is an earlier run's"));
        }
        let _ = std::fs::set_permissions(folder, Permissions::from_mode(mode & 0o777 | 0o2000));
        let _ = File::open(folder).and_then(|folder| folder.set_modified(marked));
    }
    if flags_of_input() & O_NONBLOCK != 0 {
        escaped.push("the flags of standard input are an earlier run's".to_owned());
    }
    let input = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    UnixStream::from(input).set_nonblocking(true).unwrap();
    assert_ne!(flags_of_input() & O_NONBLOCK, 0);
    escaped.extend(perl(ATTRIBUTES).lines().map(str::to_owned));
    answer_unless(escaped)
}

const O_NONBLOCK: u32 = 0o4000;

/// Of the open file, which all runs of one fork server would share (proc(5), `fdinfo`).
fn flags_of_input() -> u32 {
    let info = std::fs::read_to_string("/proc/self/fdinfo/0").unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    u32::from_str_radix(flags.trim(), 8).unwrap()
}

const ATTRIBUTES: &str = r#"
    my ($path, $name) = (".\0", "user.lockstep\0");
    my ($nothing, $value) = (' ' x 64, 'x');
    print "an attribute is an earlier run's\n" if syscall(191, $path, $name, $nothing, 64) > 0;
    syscall(188, $path, $name, $value, 1, 0);
"#;

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
