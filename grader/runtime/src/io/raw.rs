//! The same calls made by number: syscall(2).

use core::ffi::c_int;

use super::{children, fifos, files, locks, polling, sockets};
use crate::arch::{self, Older};
use crate::system;

/// The result as libc's callers expect it, for a call that may block; `None` for others.
pub(crate) fn any_call(number: usize, arguments: [usize; 6], frame: *const u64) -> Option<isize> {
    let [a, b, c, d, e, f] = arguments;
    let descriptor = a as c_int;
    let result = match number {
        system::READ => files::read_some(descriptor, b as *mut u8, c, frame),
        system::WRITE => files::write_some(descriptor, b as *mut u8, c, frame),
        system::READV => files::read_parts(descriptor, b as *const _, c as c_int, frame),
        system::WRITEV => files::write_parts(descriptor, b as *const _, c as c_int, frame),
        system::RECVFROM => {
            sockets::receive_from(descriptor, b as *mut u8, c, d as c_int, e as *mut _, f as *mut u32, frame)
        }
        system::SENDTO => {
            sockets::transmit_to(descriptor, b as *mut u8, c, d as c_int, e as *const _, f as u32, frame)
        }
        system::RECVMSG => sockets::receive_message(descriptor, b as *mut _, c as c_int, frame),
        system::SENDMSG => sockets::transmit_message(descriptor, b as *const _, c as c_int, frame),
        number => return waiting_call(number, arguments, frame).map(|result| result as isize),
    };
    Some(result)
}

fn waiting_call(number: usize, [a, b, c, d, e, _]: [usize; 6], frame: *const u64) -> Option<c_int> {
    let descriptor = a as c_int;
    let result = match number {
        system::OPENAT => fifos::open_at(descriptor, b as *const _, c as c_int, d as c_int, frame),
        system::FLOCK => locks::lock_file(descriptor, b as c_int, frame),
        system::FCNTL => locks::control_file(descriptor, b as c_int, c as *mut _, frame),
        system::ACCEPT => sockets::accept_one(descriptor, b as *mut _, c as *mut u32, 0, frame),
        system::ACCEPT4 => sockets::accept_one(descriptor, b as *mut _, c as *mut u32, d as c_int, frame),
        system::CONNECT => sockets::make_connection(descriptor, b as *const _, c as u32, frame),
        system::PPOLL => polling::poll_with_mask(a as *mut _, b, c as *const _, d as *const _, frame),
        system::EPOLL_PWAIT => {
            polling::epoll_with_mask(descriptor, b as *mut _, c as c_int, d as c_int, e as *const _, frame)
        }
        system::WAIT4 => children::wait_child(descriptor, b as *mut c_int, c as c_int, d as *mut _, frame),
        system::WAITID => children::wait_for_change(a as u32, b as c_int, c as *mut i32, d as c_int, frame),
        number => return older_call(arch::older(number)?, [a, b, c, d], frame),
    };
    Some(result)
}

fn older_call(call: Older, [a, b, c, d]: [usize; 4], frame: *const u64) -> Option<c_int> {
    Some(match call {
        Older::Open => fifos::open_here(a as *const _, b as c_int, c as c_int, frame),
        Older::Poll => polling::poll_some(a as *mut _, b, c as c_int, frame),
        Older::EpollWait => polling::epoll_some(a as c_int, b as *mut _, c as c_int, d as c_int, frame),
    })
}
