//! Runs in which the kernel says who writes.
//!
//! What the runtime records of a controlled run lies in the program's own memory. In an *audited* run there is no
//! runtime: a filter of seccomp(2) holds up each call that can write to a pipe until the grader has decided on it, and
//! the kernel names the thread that makes it (seccomp_unotify(2)). The jail installs the filter ([`listen`]) and hands
//! its listener over a socket to the keeper, which hands it on to the grader.

use std::ffi::c_long;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use rustix::process::Pid;

use super::system;

/// What can bring bytes into a pipe.
const WRITES: [c_long; 8] = [
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwritev2,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_tee,
    libc::SYS_vmsplice,
    libc::SYS_copy_file_range,
];

/// Where a call writes, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// So many bytes at an address.
    Bytes(u64, u64),
    /// Pieces of memory, so many, that an array at an address names (iovec(3type)).
    Pieces(u64, u64),
    /// Other files, or in another way. Libraries that are refused these write as usual.
    Other,
}

/// A call that waits for a decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    id: u64,
    /// Who makes it, as the reader of the listener knows it.
    pub(crate) thread: Pid,
    /// The descriptor that it writes to.
    pub(crate) descriptor: i32,
    /// What it writes.
    pub(crate) source: Source,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The kernel makes it.
    Proceed,
    /// It has written so many bytes.
    Wrote(usize),
    /// It is not possible.
    Invalid,
    /// There are no bytes at its addresses.
    Fault,
}

/// Has this process and all that it starts ask before they write.
///
/// # Errors
/// When the kernel gives no listener, as within a container whose own filter has one.
pub(super) fn listen() -> io::Result<OwnedFd> {
    let instruction = |code: u32, jt, k| libc::sock_filter { code: code as u16, jt, jf: 0, k };
    let load_number = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0);
    let to_end = |left: usize| u8::try_from(left).unwrap_or(u8::MAX);
    let compare = WRITES.iter().enumerate().map(|(at, &number)| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, to_end(WRITES.len() - at), number)
    });
    let answer = [libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_USER_NOTIF];
    let answer = answer.map(|answer| instruction(libc::BPF_RET | libc::BPF_K, 0, answer));
    let mut filter: Vec<_> = [load_number].into_iter().chain(compare).chain(answer).collect();
    system::listen(&mut filter)
}

/// Whether a listener comes with it, or there is none.
const WITH: u8 = b'+';
const WITHOUT: u8 = b'-';

/// Sends a listener, or that there is none: one byte. Not by a write, which would wait for who has the listener.
pub(crate) fn hand_over(to: impl AsFd, listener: Option<OwnedFd>) -> io::Result<()> {
    let word = [if listener.is_some() { WITH } else { WITHOUT }];
    let descriptors: Vec<_> = listener.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut message = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        message.push(SendAncillaryMessage::ScmRights(&descriptors));
    }
    sendmsg(to, &[IoSlice::new(&word)], &mut message, SendFlags::empty())?;
    Ok(())
}

/// Receives what was handed over. An error begins with another byte, which is returned.
pub(crate) fn take_over(from: impl AsFd) -> io::Result<Result<Option<OwnedFd>, u8>> {
    let mut word = [0];
    let (count, listener) = receive(from, &mut word)?;
    match word[0] {
        _ if count == 0 => Err(io::ErrorKind::UnexpectedEof.into()),
        WITH | WITHOUT => Ok(Ok(listener)),
        other => Ok(Err(other)),
    }
}

/// Reads from a socket: how many bytes, and the descriptor that came with them.
pub(crate) fn receive(from: impl AsFd, into: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut message = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(from, &mut [IoSliceMut::new(into)], &mut message, RecvFlags::CMSG_CLOEXEC)?;
    let descriptors = message.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    Ok((received.bytes, descriptors.flatten().next()))
}

/// The next call that waits; `None` when its thread has ended or was interrupted meanwhile.
///
/// # Errors
/// When the descriptor is not one of a listener.
pub(crate) fn next(listener: impl AsFd) -> io::Result<Option<Call>> {
    let call = match system::next_call(&listener) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        call => call?,
    };
    let args = call.data.args;
    let (descriptor, source) = match c_long::from(call.data.nr) {
        libc::SYS_write => (args[0], Source::Bytes(args[1], args[2])),
        libc::SYS_writev => (args[0], Source::Pieces(args[1], args[2])),
        libc::SYS_splice | libc::SYS_copy_file_range => (args[2], Source::Other),
        libc::SYS_tee => (args[1], Source::Other),
        _ => (args[0], Source::Other),
    };
    let thread = Pid::from_raw(call.pid.cast_signed()).ok_or(io::ErrorKind::InvalidData)?;
    // The kernel reads half of it.
    Ok(Some(Call { id: call.id, thread, descriptor: descriptor as i32, source }))
}

/// Decides on a call. Returns whether it took place: its thread can have ended, or a signal have come.
pub(crate) fn decide(listener: impl AsFd, call: &Call, decision: Decision) -> bool {
    let (value, error, flags) = match decision {
        Decision::Proceed => (0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        Decision::Wrote(count) => (i64::try_from(count).unwrap_or(i64::MAX), 0, 0),
        Decision::Invalid => (0, -libc::EINVAL, 0),
        Decision::Fault => (0, -libc::EFAULT, 0),
    };
    let decision = libc::seccomp_notif_resp { id: call.id, val: value, error, flags };
    system::decide(listener, decision).is_ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_descriptor_arrives_and_nothing_of_what_comes_behind_it() {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        hand_over(&one, Some(writer.into())).unwrap();
        one.write_all(b"started").unwrap();
        let found = take_over(&other).unwrap().unwrap().unwrap();
        std::fs::File::from(found).write_all(b"through").unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        drop(one);
        let mut rest = String::new();
        other.read_to_string(&mut rest).unwrap();
        assert_eq!((text.as_str(), rest.as_str()), ("through", "started"));
    }

    #[test]
    fn there_may_be_none() {
        let (one, other) = UnixStream::pair().unwrap();
        hand_over(&one, None).unwrap();
        assert!(take_over(&other).unwrap().unwrap().is_none());
    }

    #[test]
    fn an_error_in_its_place_is_kept() {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        one.write_all(b"failed").unwrap();
        drop(one);
        assert_eq!(take_over(&other).unwrap().unwrap_err(), b'f');
        let mut rest = String::new();
        other.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "ailed");
        assert!(take_over(&other).is_err());
    }
}
