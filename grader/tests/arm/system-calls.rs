//! Calls whose numbers, flags, structures or way to pass arguments differ from processor to processor.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

unsafe extern "C" {
    fn syscall(number: i64, ...) -> i64;
    fn select(count: i32, read: *mut [u64; 16], write: usize, other: usize, time: *mut [i64; 2]) -> i32;
    fn mkfifo(path: *const i8, mode: u32) -> i32;
    fn lockf(file: i32, command: i32, length: i64) -> i32;
}

const IS_X86: bool = cfg!(target_arch = "x86_64");
const WRITE: i64 = if IS_X86 { 1 } else { 64 };
const FUTEX: i64 = if IS_X86 { 202 } else { 98 };
/// poll(2), or ppoll(2) where there is no other.
const POLL: i64 = if IS_X86 { 7 } else { 73 };
/// No time-out: -1 milliseconds, or no `timespec`.
const FOR_EVER: usize = if IS_X86 { usize::MAX } else { 0 };
const O_NOFOLLOW: i32 = if IS_X86 { 0o400_000 } else { 0o100_000 };
const O_DIRECTORY: i32 = if IS_X86 { 0o200_000 } else { 0o40_000 };

/// The seventh argument of `syscall` says which waiters are meant (futex(2), `FUTEX_WAIT_BITSET`).
fn seven_arguments() {
    const WAIT: i32 = 9 | 128;
    const WAKE: i32 = 10 | 128;
    static WORD: AtomicU32 = AtomicU32::new(0);
    // SAFETY: the word is static.
    let call = |operation: i32, value: u32, bits: u32| unsafe {
        syscall(FUTEX, WORD.as_ptr(), operation, value, 0usize, 0usize, bits)
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            while WORD.load(SeqCst) == 0 {
                call(WAIT, 0, 4);
            }
        });
        thread::yield_now();
        assert_eq!(call(WAKE, 1, 2), 0, "nobody waits for these bits");
        WORD.store(1, SeqCst);
        call(WAKE, 1, 4);
    });
}

/// More than fits goes through a pipe, by number, while the other end waits in poll(2), by number, and in select(2).
fn numbered_calls() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let sender = thread::spawn(move || {
        let all = vec![1u8; 100_000];
        // SAFETY: the buffer has that length.
        assert_eq!(unsafe { syscall(WRITE, writer.as_raw_fd(), all.as_ptr(), all.len()) }, 100_000);
    });
    let own = reader.as_raw_fd();
    let mut asked = (own, 1i16, 0i16);
    // SAFETY: one `struct pollfd`.
    assert_eq!(unsafe { syscall(POLL, &raw mut asked, 1usize, FOR_EVER) }, 1);
    let mut set = [0u64; 16];
    set[own as usize / 64] |= 1 << (own % 64);
    // SAFETY: a set, and a time.
    assert_eq!(unsafe { select(own + 1, &mut set, 0, 0, &mut [1, 0]) }, 1);
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 100_000);
    sender.join().unwrap();
    // SAFETY: a time alone.
    assert_eq!(unsafe { select(0, &mut set, 0, 0, &mut [0, 5_000]) }, 0);
}

/// Six arguments: sendto(2) and recvfrom(2) with names.
fn six_arguments() {
    let _ = fs::remove_file("here");
    let here = UnixDatagram::bind("here").unwrap();
    let sender = thread::spawn(|| UnixDatagram::unbound().unwrap().send_to(b"a datagram", "here").unwrap());
    let mut text = [0; 32];
    let (length, from) = here.recv_from(&mut text).unwrap();
    assert_eq!((&text[..length], from.is_unnamed()), (&b"a datagram"[..], true));
    assert_eq!(sender.join().unwrap(), length);
}

/// What a file is tells its mode; flags say how a path is followed.
fn modes_and_flags() {
    let _ = fs::remove_file("pipe");
    // SAFETY: the path ends with a zero.
    assert_eq!(unsafe { mkfifo(c"pipe".as_ptr().cast(), 0o600) }, 0);
    let writer = thread::spawn(|| fs::write("pipe", "through a pipe").unwrap());
    let mut text = String::new();
    let reader = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW).open("pipe");
    reader.unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "through a pipe");
    writer.join().unwrap();
    let folder = |path| OpenOptions::new().read(true).custom_flags(O_DIRECTORY).open(path);
    assert!(folder(".").is_ok() && folder("pipe").is_err());
    let file = File::create("file").unwrap();
    // SAFETY: numbers only: F_LOCK and F_ULOCK.
    assert_eq!(unsafe { (lockf(file.as_raw_fd(), 1, 0), lockf(file.as_raw_fd(), 0, 0)) }, (0, 0));
}

fn main() {
    seven_arguments();
    numbered_calls();
    six_arguments();
    modes_and_flags();
    // Known as standard output by what it is, under any number.
    let mut other = File::from(std::os::fd::AsFd::as_fd(&std::io::stdout()).try_clone_to_owned().unwrap());
    other.write_all(b"all\n").unwrap();
}
