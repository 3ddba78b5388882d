//! What the table of x86-64 has besides what all have: the older forms of calls, and the processor's own.

use std::ffi::c_long;

pub(in crate::sandbox) const ALLOWED: &[c_long] = calls! {
    // Files and descriptors.
    libc: SYS_open SYS_stat SYS_lstat SYS_access SYS_pipe SYS_dup2 SYS_sync_file_range SYS_getdents SYS_rename
        SYS_mkdir SYS_rmdir SYS_creat SYS_link SYS_unlink SYS_symlink SYS_readlink SYS_mknod SYS_renameat;
    // Waiting for them.
    libc: SYS_poll SYS_select SYS_epoll_create SYS_epoll_wait SYS_eventfd SYS_signalfd;
    // Its threads, its children, signals.
    libc: SYS_fork SYS_vfork SYS_arch_prctl SYS_pause;
    // Time, who it is, and its limits.
    libc: SYS_time SYS_alarm SYS_getpgrp SYS_getrlimit SYS_setrlimit;
};

pub(in crate::sandbox) const CHANGING_FILES: &[c_long] = calls! {
    libc: SYS_chmod SYS_chown SYS_lchown SYS_utime SYS_utimes SYS_futimesat;
};

#[cfg(test)]
pub(super) const REFUSED: &[(&str, &[c_long])] = &[
    ("file systems as such", calls! { libc: SYS_ustat SYS_sysfs; }),
    ("watching what others do with files", calls! { libc: SYS_inotify_init; }),
    ("the machine's ports", calls! { libc: SYS_ioperm SYS_iopl; }),
    (
        "much code of the kernel that hardly any program runs",
        calls! { libc: SYS_modify_ldt SYS_set_thread_area SYS_get_thread_area SYS_uselib; },
    ),
    ("the same: io_pgetevents, uretprobe, uprobe", &[333, 335, 336]),
    (
        "gone, or never there",
        calls! {
            libc: SYS__sysctl SYS_getpmsg SYS_putpmsg SYS_afs_syscall SYS_tuxcall SYS_security
                SYS_epoll_ctl_old SYS_epoll_wait_old SYS_vserver;
        },
    ),
    ("the same: create_module, get_kernel_syms, query_module", &[174, 177, 178]),
];

/// Numbers that were never given.
#[cfg(test)]
pub(super) const GAPS: &[std::ops::RangeInclusive<c_long>] = &[337..=423];
