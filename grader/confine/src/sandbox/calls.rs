//! Every system call up to Linux 6.18, looked through once: who may make it, and why not. What stands here is in the
//! tables of all architectures, under whatever numbers; what else is in the one of this machine stands in [`own`].
//!
//! What is not listed as allowed is refused, so a call that a newer kernel brings is, too, until somebody has
//! looked at it and has moved [`NEWEST`].

use std::ffi::c_long;

/// The newest call that was looked at (`file_setattr`). What is above is said to be missing, as it is on the kernels
/// before, among it the second table of x86-64, whose numbers begin at 2^30 (seccomp(2)).
pub(super) const NEWEST: u32 = 469;

/// The numbers of calls by their names. Those that libc has no name for yet stand in [`new`].
macro_rules! calls {
    ($($from:ident: $($name:ident)*;)*) => { &[$($($from::$name),*),*] };
}

#[cfg_attr(target_arch = "aarch64", path = "calls/aarch64.rs")]
#[cfg_attr(target_arch = "x86_64", path = "calls/x86_64.rs")]
pub(super) mod own;

/// Names for calls that came after Linux 6.4; from 424 on all tables have the same numbers.
#[rustfmt::skip]
mod new {
    use std::ffi::c_long;

    pub(super) const CACHESTAT: c_long = 451;
    pub(super) const FCHMODAT2: c_long = 452;
    pub(super) const MAP_SHADOW_STACK: c_long = 453;
    pub(super) const FUTEX_WAKE: c_long = 454;
    pub(super) const FUTEX_WAIT: c_long = 455;
    pub(super) const FUTEX_REQUEUE: c_long = 456;
    pub(super) const SETXATTRAT: c_long = 463;
    pub(super) const GETXATTRAT: c_long = 464;
    pub(super) const LISTXATTRAT: c_long = 465;
    pub(super) const REMOVEXATTRAT: c_long = 466;
    pub(super) const FILE_GETATTR: c_long = 468;
    pub(super) const FILE_SETATTR: c_long = 469;
}

/// Allowed to every program, with whatever arguments. They reach its own memory, threads and descriptors, files as far
/// as the other layers let them, and processes as far as namespaces and Landlock do.
pub(super) const ALLOWED: &[c_long] = calls! {
    // Files and descriptors.
    libc: SYS_read SYS_write SYS_close SYS_fstat SYS_lseek SYS_pread64 SYS_pwrite64 SYS_readv SYS_writev
        SYS_preadv SYS_pwritev SYS_preadv2 SYS_pwritev2 SYS_pipe2 SYS_dup SYS_dup3 SYS_fcntl SYS_flock
        SYS_fsync SYS_fdatasync SYS_sync SYS_syncfs SYS_truncate SYS_ftruncate SYS_getdents64 SYS_getcwd
        SYS_chdir SYS_fchdir SYS_umask SYS_statfs SYS_fstatfs SYS_readahead SYS_fadvise64 SYS_fallocate
        SYS_openat SYS_openat2 SYS_mkdirat SYS_mknodat SYS_newfstatat SYS_unlinkat SYS_renameat2 SYS_linkat
        SYS_symlinkat SYS_readlinkat SYS_faccessat SYS_faccessat2 SYS_statx SYS_close_range SYS_sendfile
        SYS_splice SYS_tee SYS_vmsplice SYS_copy_file_range SYS_getxattr SYS_lgetxattr SYS_fgetxattr
        SYS_listxattr SYS_llistxattr SYS_flistxattr;
    new: CACHESTAT GETXATTRAT LISTXATTRAT FILE_GETATTR;
    // Waiting for them.
    libc: SYS_ppoll SYS_pselect6 SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2 SYS_eventfd2
        SYS_signalfd4 SYS_timerfd_create SYS_timerfd_settime SYS_timerfd_gettime;
    // Sockets, once there is one: see `filter`.
    libc: SYS_connect SYS_accept SYS_accept4 SYS_sendto SYS_recvfrom SYS_sendmsg SYS_recvmsg SYS_sendmmsg
        SYS_recvmmsg SYS_shutdown SYS_bind SYS_listen SYS_getsockname SYS_getpeername SYS_setsockopt
        SYS_getsockopt;
    // Its own memory.
    libc: SYS_mmap SYS_mprotect SYS_munmap SYS_brk SYS_mremap SYS_msync SYS_mincore SYS_madvise SYS_mlock
        SYS_mlock2 SYS_munlock SYS_mlockall SYS_munlockall SYS_mbind SYS_set_mempolicy SYS_get_mempolicy
        SYS_set_mempolicy_home_node SYS_pkey_mprotect SYS_pkey_alloc SYS_pkey_free SYS_mseal;
    new: MAP_SHADOW_STACK;
    // Its threads, its children, and how it ends.
    libc: SYS_execve SYS_execveat SYS_exit SYS_exit_group SYS_wait4 SYS_waitid SYS_pidfd_open
        SYS_set_tid_address SYS_set_robust_list SYS_rseq SYS_membarrier SYS_futex SYS_futex_waitv
        SYS_sched_yield SYS_sched_getparam SYS_sched_getscheduler SYS_sched_getattr SYS_sched_getaffinity
        SYS_sched_get_priority_max SYS_sched_get_priority_min SYS_sched_rr_get_interval SYS_getpriority
        SYS_ioprio_get SYS_getcpu SYS_personality;
    new: FUTEX_WAKE FUTEX_WAIT FUTEX_REQUEUE;
    // Signals.
    libc: SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn SYS_rt_sigpending SYS_rt_sigtimedwait
        SYS_rt_sigqueueinfo SYS_rt_tgsigqueueinfo SYS_rt_sigsuspend SYS_sigaltstack SYS_kill SYS_tkill
        SYS_tgkill SYS_pidfd_send_signal SYS_restart_syscall;
    // Time and chance.
    libc: SYS_nanosleep SYS_clock_nanosleep SYS_clock_gettime SYS_clock_getres SYS_gettimeofday SYS_times
        SYS_getitimer SYS_setitimer SYS_timer_create SYS_timer_settime SYS_timer_gettime SYS_timer_getoverrun
        SYS_timer_delete SYS_getrandom;
    // Who it is and where it is. It has no privilege to gain, and may give up more.
    libc: SYS_getpid SYS_gettid SYS_getppid SYS_getpgid SYS_getsid SYS_getuid SYS_geteuid SYS_getgid
        SYS_getegid SYS_getgroups SYS_getresuid SYS_getresgid SYS_setuid SYS_setgid SYS_setreuid SYS_setregid
        SYS_setgroups SYS_setresuid SYS_setresgid SYS_setfsuid SYS_setfsgid SYS_capget SYS_capset
        SYS_getrusage SYS_sysinfo SYS_uname SYS_seccomp SYS_landlock_create_ruleset SYS_landlock_add_rule
        SYS_landlock_restrict_self;
};

/// Allowed where a program sees no files but its own: modes, owners, times and attributes of files, for which Landlock
/// has no rule. Where it sees the user's files they are refused for all, its own among them.
pub(super) const CHANGING_FILES: &[c_long] = calls! {
    libc: SYS_fchmod SYS_fchmodat SYS_fchown SYS_fchownat SYS_utimensat SYS_setxattr SYS_lsetxattr
        SYS_fsetxattr SYS_removexattr SYS_lremovexattr SYS_fremovexattr;
    new: FCHMODAT2 SETXATTRAT REMOVEXATTRAT FILE_SETATTR;
};

/// Allowed where a jail's end ends all in it: leaving the process group, by which the weaker tiers end a program.
pub(super) const LEAVING: &[c_long] = calls! {
    libc: SYS_setsid SYS_setpgid;
};

/// What an `ioctl` may ask for: about terminals, how much there is to read, whether to wait, the names of network
/// devices, and files that share their blocks. Others change how files are kept, or type into the user's terminal.
pub(super) const REQUESTS: &[u32] = &[
    0x5401,      // TCGETS
    0x802c_542a, // TCGETS2
    0x540f,      // TIOCGPGRP
    0x5413,      // TIOCGWINSZ
    0x5411,      // TIOCOUTQ, SIOCOUTQ
    0x541b,      // FIONREAD
    0x5421,      // FIONBIO
    0x5450,      // FIONCLEX
    0x5451,      // FIOCLEX
    0x8910,      // SIOCGIFNAME
    0x8912,      // SIOCGIFCONF
    0x8913,      // SIOCGIFFLAGS
    0x8915,      // SIOCGIFADDR
    0x8933,      // SIOCGIFINDEX
    0x4004_9409, // FICLONE
    0x4020_940d, // FICLONERANGE
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Allowed with some arguments only: see `filter`.
    const CONDITIONAL: &[c_long] = calls! {
        libc: SYS_socket SYS_socketpair SYS_clone SYS_clone3 SYS_ioctl SYS_prctl SYS_prlimit64 SYS_setpriority
            SYS_ioprio_set SYS_sched_setparam SYS_sched_setscheduler SYS_sched_setattr SYS_sched_setaffinity;
    };

    /// Refused to every program, and why.
    const REFUSED: &[(&str, &[c_long])] = &[
        (
            "other processes' memory, descriptors and work",
            calls! {
                libc: SYS_ptrace SYS_process_vm_readv SYS_process_vm_writev SYS_process_madvise
                    SYS_process_mrelease SYS_kcmp SYS_pidfd_getfd SYS_perf_event_open SYS_get_robust_list
                    SYS_migrate_pages SYS_move_pages;
            },
        ),
        (
            "mounts, roots, namespaces, and what goes around them",
            calls! {
                libc: SYS_mount SYS_umount2 SYS_pivot_root SYS_chroot SYS_unshare SYS_setns SYS_open_tree
                    SYS_move_mount SYS_fsopen SYS_fsconfig SYS_fsmount SYS_fspick SYS_mount_setattr
                    SYS_name_to_handle_at SYS_open_by_handle_at SYS_lookup_dcookie SYS_quotactl
                    SYS_quotactl_fd SYS_swapon SYS_swapoff;
            },
        ),
        ("the same: statmount, listmount, open_tree_attr", &[457, 458, 467]),
        (
            "watching what others do with files",
            calls! {
                libc: SYS_fanotify_init SYS_fanotify_mark SYS_inotify_init1 SYS_inotify_add_watch
                    SYS_inotify_rm_watch;
            },
        ),
        (
            "the machine: its clock, names, modules, ports, log, accounts",
            calls! {
                libc: SYS_acct SYS_reboot SYS_kexec_load SYS_kexec_file_load SYS_init_module SYS_finit_module
                    SYS_delete_module SYS_syslog SYS_sethostname SYS_setdomainname SYS_settimeofday
                    SYS_clock_settime SYS_adjtimex SYS_clock_adjtime SYS_vhangup SYS_bpf;
            },
        ),
        (
            "memory that no process and no folder is charged with",
            calls! {
                libc: SYS_memfd_create SYS_memfd_secret SYS_shmget SYS_shmat SYS_shmctl SYS_shmdt SYS_semget
                    SYS_semop SYS_semctl SYS_semtimedop SYS_msgget SYS_msgsnd SYS_msgrcv SYS_msgctl
                    SYS_mq_open SYS_mq_unlink SYS_mq_timedsend SYS_mq_timedreceive SYS_mq_notify
                    SYS_mq_getsetattr SYS_add_key SYS_request_key SYS_keyctl;
            },
        ),
        (
            "much code of the kernel that hardly any program runs",
            calls! {
                libc: SYS_io_uring_setup SYS_io_uring_enter SYS_io_uring_register SYS_io_setup SYS_io_destroy
                    SYS_io_getevents SYS_io_submit SYS_io_cancel SYS_userfaultfd SYS_remap_file_pages;
            },
        ),
        (
            "the kernel's security modules: lsm_get_self_attr, lsm_set_self_attr, lsm_list_modules",
            &[459, 460, 461],
        ),
        ("gone", calls! { libc: SYS_nfsservctl; }),
    ];

    #[test]
    fn every_call_was_decided_upon_once() {
        let mut times: BTreeMap<c_long, usize> = BTreeMap::new();
        let allowed = [ALLOWED, own::ALLOWED, CHANGING_FILES, own::CHANGING_FILES, LEAVING, CONDITIONAL];
        let refused = REFUSED.iter().chain(own::REFUSED).map(|(_, calls)| *calls);
        for call in allowed.into_iter().chain(refused).flatten() {
            *times.entry(*call).or_default() += 1;
        }
        let all = (0..=c_long::from(NEWEST)).filter(|call| !own::GAPS.iter().any(|gap| gap.contains(call)));
        assert_eq!(times, all.map(|call| (call, 1)).collect());
    }
}
