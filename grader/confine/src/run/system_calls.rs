//! Names of system calls, for reports.

use std::borrow::Cow;
use std::ffi::c_long;

/// Numbers of calls, as libc has them for this machine, with their names.
macro_rules! names {
    ($($name:ident)*) => { &[$((libc::$name, stringify!($name))),*] };
}

/// Those in which a thread can wait for long.
const NAMES: &[(c_long, &str)] = names! {
    SYS_read SYS_write SYS_close SYS_ioctl SYS_pread64 SYS_pwrite64 SYS_readv SYS_writev SYS_nanosleep SYS_connect
    SYS_accept SYS_sendto SYS_recvfrom SYS_sendmsg SYS_recvmsg SYS_execve SYS_wait4 SYS_semop SYS_msgsnd SYS_msgrcv
    SYS_fcntl SYS_flock SYS_fsync SYS_fdatasync SYS_ptrace SYS_rt_sigtimedwait SYS_rt_sigsuspend SYS_sync SYS_futex
    SYS_io_getevents SYS_semtimedop SYS_clock_nanosleep SYS_mq_timedsend SYS_mq_timedreceive SYS_waitid SYS_openat
    SYS_pselect6 SYS_ppoll SYS_splice SYS_tee SYS_vmsplice SYS_epoll_pwait SYS_accept4 SYS_preadv SYS_pwritev
    SYS_recvmmsg SYS_syncfs SYS_sendmmsg SYS_copy_file_range SYS_preadv2 SYS_pwritev2 SYS_epoll_pwait2
    SYS_futex_waitv
};

/// The same that only older tables have.
#[cfg(target_arch = "x86_64")]
const OLDER: &[(c_long, &str)] =
    names! { SYS_open SYS_poll SYS_select SYS_pause SYS_fork SYS_vfork SYS_epoll_wait };
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[(c_long, &str)] = &[];

/// The name of the system call with this number, or the number where it has none here.
pub(super) fn name(number: u32) -> Cow<'static, str> {
    let known = NAMES.iter().chain(OLDER).find(|(known, _)| *known == c_long::from(number));
    known
        .and_then(|(_, name)| name.strip_prefix("SYS_"))
        .map_or_else(|| format!("number {number}").into(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_names_or_numbers() {
        let of = |number: c_long| name(u32::try_from(number).unwrap());
        assert_eq!(
            (of(libc::SYS_read), of(libc::SYS_flock), of(449)),
            ("read".into(), "flock".into(), "futex_waitv".into())
        );
        assert_eq!(name(9999), "number 9999");
    }
}
