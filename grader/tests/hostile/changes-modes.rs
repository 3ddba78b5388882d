//! Hostile: changes modes, times and attributes of files that it may only read.
//! Exercise: even-odd
//! Ends: pass

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::SystemTime;

fn main() -> ExitCode {
    let own = std::env::current_exe().unwrap().display().to_string();
    let mut escaped = Vec::new();
    for path in ["@KEPT@", "@FOLDER@", "/usr/bin/env", "/etc/ld.so.cache", own.as_str()] {
        // What it is already: nothing is lost where it works.
        let mode = std::fs::metadata(path).map_or(0o644, |found| found.permissions().mode());
        if std::fs::set_permissions(path, Permissions::from_mode(mode)).is_ok() {
            escaped.push(format!("the mode of {path}"));
        }
        let Ok(file) = File::open(path) else { continue };
        if file.set_permissions(Permissions::from_mode(mode)).is_ok() {
            escaped.push(format!("the mode of {path}, opened"));
        }
        if file.set_modified(SystemTime::now()).is_ok() {
            escaped.push(format!("the time of {path}"));
        }
        escaped.extend(perl(&SCRIPT.replace("PATH", path)).lines().map(|call| format!("{call} on {path}")));
    }
    answer_unless(escaped)
}

/// Calls by their numbers: owners, times, attributes, old and new, and flags of files.
const SCRIPT: &str = r#"
    my ($path, $name, $value) = ("PATH\0", "user.lockstep\0", "x");
    my $open = open(my $file, '<', 'PATH');
    my ($set, $flags) = (pack('QLL', 0, 1, 0), pack('L', 0));
    my @calls = (
        [chown => 92, $path, $<, -1], [lchown => 94, $path, $<, -1], [fchownat => 260, -100, $path, $<, -1, 0],
        [utime => 132, $path, 0], [utimes => 235, $path, 0], [futimesat => 261, -100, $path, 0],
        [utimensat => 280, -100, $path, 0, 0], [fchmodat2 => 452, -100, $path, 0644, 0],
        [setxattr => 188, $path, $name, $value, 1, 0], [lsetxattr => 189, $path, $name, $value, 1, 0],
        [setxattrat => 463, -100, $path, 0, $name, pack('QLL', 0, 0, 0), 16],
        [file_setattr => 469, -100, $path, pack('QLLLL', 0, 0, 0, 0, 0), 24, 0],
    );
    push @calls, [fsetxattr => 190, fileno($file), $name, $value, 1, 0],
        [FS_IOC_SETFLAGS => 16, fileno($file), 0x40086602, $flags],
        [FS_IOC_SETVERSION => 16, fileno($file), 0x40087602, $flags] if $open;
    for (@calls) { my ($what, $number, @rest) = @$_; print "$what\n" if syscall($number, @rest) >= 0 }
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
