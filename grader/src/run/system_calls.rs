//! Names of system calls, for reports.

use std::borrow::Cow;

/// Those in which a thread can wait for long, by their numbers on x86-64.
const NAMES: [(u32, &str); 60] = [
    (0, "read"),
    (1, "write"),
    (2, "open"),
    (3, "close"),
    (7, "poll"),
    (16, "ioctl"),
    (17, "pread64"),
    (18, "pwrite64"),
    (19, "readv"),
    (20, "writev"),
    (23, "select"),
    (34, "pause"),
    (35, "nanosleep"),
    (42, "connect"),
    (43, "accept"),
    (44, "sendto"),
    (45, "recvfrom"),
    (46, "sendmsg"),
    (47, "recvmsg"),
    (57, "fork"),
    (58, "vfork"),
    (59, "execve"),
    (61, "wait4"),
    (65, "semop"),
    (69, "msgsnd"),
    (70, "msgrcv"),
    (72, "fcntl"),
    (73, "flock"),
    (74, "fsync"),
    (75, "fdatasync"),
    (101, "ptrace"),
    (128, "rt_sigtimedwait"),
    (130, "rt_sigsuspend"),
    (162, "sync"),
    (202, "futex"),
    (208, "io_getevents"),
    (220, "semtimedop"),
    (230, "clock_nanosleep"),
    (232, "epoll_wait"),
    (242, "mq_timedsend"),
    (243, "mq_timedreceive"),
    (247, "waitid"),
    (257, "openat"),
    (270, "pselect6"),
    (271, "ppoll"),
    (275, "splice"),
    (276, "tee"),
    (278, "vmsplice"),
    (281, "epoll_pwait"),
    (288, "accept4"),
    (295, "preadv"),
    (296, "pwritev"),
    (299, "recvmmsg"),
    (306, "syncfs"),
    (307, "sendmmsg"),
    (326, "copy_file_range"),
    (327, "preadv2"),
    (328, "pwritev2"),
    (441, "epoll_pwait2"),
    (449, "futex_waitv"),
];

/// The name of the system call with this number, or the number where it has none here.
pub(super) fn name(number: u32) -> Cow<'static, str> {
    NAMES
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| format!("number {number}").into(), |(_, name)| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_names_or_numbers() {
        assert_eq!((name(0), name(73), name(449)), ("read".into(), "flock".into(), "futex_waitv".into()));
        assert_eq!(name(9999), "number 9999");
    }
}
