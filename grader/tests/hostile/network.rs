//! Hostile: talks to servers of the machine: TCP, UDP, sockets with a path and without; and makes unusual sockets.
//! Exercise: even-odd
//! Ends: pass

use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let mut escaped = Vec::new();
    if TcpStream::connect("127.0.0.1:@TCP@").is_ok() {
        escaped.push("TCP".to_owned());
    }
    if let Ok(socket) = UdpSocket::bind("127.0.0.1:0") {
        // Whether it arrived is for the test to see.
        let _ = socket.send_to(b"@MARKER@", "127.0.0.1:@UDP@");
    }
    if UnixStream::connect("@SOCKET@").is_ok() {
        escaped.push("a socket with a path".into());
    }
    let abstract_name = SocketAddr::from_abstract_name("@ABSTRACT@").unwrap();
    if UnixStream::connect_addr(&abstract_name).is_ok() {
        escaped.push("a socket with an abstract name".into());
    }
    if std::fs::read_to_string("/proc/net/unix").is_ok_and(|text| text.contains("@ABSTRACT@")) {
        escaped.push("the names of sockets".into());
    }
    // Raw, packet and Bluetooth sockets, those to the host of a virtual machine, and to the kernel's ciphers; made
    // only.
    let script = r"
        for ([2, 3], [17, 3], [31, 3], [40, 1], [38, 5]) {
            print qq(a socket of family $$_[0]\n) if socket(my $made, $$_[0], $$_[1], 0);
        }
    ";
    escaped.extend(perl(script).lines().map(str::to_owned));
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
