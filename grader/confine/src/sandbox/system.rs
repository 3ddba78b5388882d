//! The system calls of the sandbox that no safe interface has. Linux only.
#![expect(unsafe_code, reason = "system calls without a safe interface")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// Moves this process into namespaces of its own (unshare(2)).
///
/// # Errors
/// When the system forbids it, or this process has a second thread.
pub(super) fn unshare(namespaces: UnshareFlags) -> io::Result<()> {
    // SAFETY: no flag is passed that changes what threads share (CLONE_FILES, CLONE_FS, CLONE_SYSVSEM).
    Ok(unsafe { rustix::thread::unshare_unsafe(namespaces) }?)
}

/// Makes a child that goes on from here, as fork(2), in `namespaces` of its own. `None` in the child.
///
/// # Errors
/// When the system forbids it.
pub(crate) fn fork_into(namespaces: UnshareFlags) -> io::Result<Option<Pid>> {
    let flags = libc::c_long::from(namespaces.bits()) | libc::c_long::from(libc::SIGCHLD);
    // SAFETY: only keepers call it, which have one thread, so the child finds no lock held by a thread that
    // it does not have. No stack is passed: the child gets a copy of this one.
    let result = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match i32::try_from(result) {
        Ok(-1) | Err(_) => Err(io::Error::last_os_error()),
        Ok(pid) => Ok(Pid::from_raw(pid)),
    }
}

/// Ends this process at once: no destructor of the parent's values runs a second time.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit(2) takes any code and does not return.
    unsafe { libc::_exit(code) }
}

/// Has all descriptors but the three standard ones closed by the next exec.
///
/// # Errors
/// When the kernel is older than 5.11.
pub(crate) fn close_others_on_exec() -> io::Result<()> {
    // SAFETY: nothing is closed now, so no descriptor that somebody owns becomes invalid.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Makes the mount at `path`, and all below it if `deep`, read-only, without devices or set-user-id programs
/// (mount_setattr(2)).
///
/// # Errors
/// When the system forbids it or is older than 5.12.
pub(super) fn make_read_only(path: &Path, deep: bool) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let flags = if deep { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path ends with a zero, and the attributes are valid for their size.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of_val(&attributes),
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The version of Landlock's interface that the kernel has (landlock_create_ruleset(2)).
///
/// # Errors
/// When it has none.
pub(super) fn landlock_version() -> io::Result<u32> {
    const OF_VERSION: libc::c_uint = 1;
    // SAFETY: asked for the version, the call takes no attributes.
    let result = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0usize, OF_VERSION)
    };
    u32::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// `struct landlock_ruleset_attr`. Older kernels know a part of it, and take the whole if the rest is zero.
#[repr(C)]
pub(super) struct RulesetAttributes {
    pub(super) files: u64,
    pub(super) network: u64,
    pub(super) scopes: u64,
}

/// Makes a set of rules (landlock_create_ruleset(2)).
///
/// # Errors
/// When the kernel has no Landlock, or not all of `attributes`.
pub(super) fn landlock_ruleset(attributes: &RulesetAttributes) -> io::Result<OwnedFd> {
    const NO_FLAGS: libc::c_uint = 0;
    // SAFETY: the attributes are valid for their size, and only read.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::from_ref(attributes),
            size_of_val(attributes),
            NO_FLAGS,
        )
    };
    match i32::try_from(result) {
        // SAFETY: the kernel has just opened it for this process, and nobody else knows of it.
        Ok(descriptor) if descriptor >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
pub(super) struct PathRule<'a> {
    rights: u64,
    place: libc::c_int,
    _open: std::marker::PhantomData<std::os::fd::BorrowedFd<'a>>,
}

impl<'a> PathRule<'a> {
    /// These rights to what is open as `place` and below.
    pub(super) fn new(rights: u64, place: &'a OwnedFd) -> Self {
        Self { rights, place: place.as_raw_fd(), _open: std::marker::PhantomData }
    }
}

/// Adds a rule (landlock_add_rule(2)).
///
/// # Errors
/// When it grants what the set does not speak of, or rights of folders to a file.
pub(super) fn landlock_add(ruleset: &OwnedFd, rule: &PathRule) -> io::Result<()> {
    const PATH_BENEATH: libc::c_int = 1;
    const NO_FLAGS: libc::c_uint = 0;
    // SAFETY: the rule is what this type of rule is made of, and only read.
    let result = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            PATH_BENEATH,
            std::ptr::from_ref(rule),
            NO_FLAGS,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Has this thread obey the rules from now on (landlock_restrict_self(2)).
///
/// # Errors
/// When the thread could gain privileges still.
pub(super) fn landlock_restrict(ruleset: &OwnedFd) -> io::Result<()> {
    const NO_FLAGS: libc::c_uint = 0;
    // SAFETY: numbers only.
    let result = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), NO_FLAGS) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether a process may have the same addresses each time (personality(2)): what this one has stays as it is.
///
/// # Errors
/// When the system forbids it, as Docker's usual filter does.
pub(super) fn fixed_addresses() -> io::Result<()> {
    const ASK: libc::c_ulong = 0xffff_ffff;
    // SAFETY: numbers only; what is set changes programs that are started later, and is set back at once.
    unsafe {
        let before = libc::personality(ASK);
        let with = libc::c_ulong::from(before.cast_unsigned()) | libc::ADDR_NO_RANDOMIZE as libc::c_ulong;
        if before < 0 || libc::personality(with) < 0 {
            return Err(io::Error::last_os_error());
        }
        libc::personality(libc::c_ulong::from(before.cast_unsigned()));
    }
    Ok(())
}

/// Installs a filter of seccomp(2) in this process. Calls for which it answers `SECCOMP_RET_USER_NOTIF` wait until
/// who holds the descriptor has decided on them (seccomp_unotify(2)).
///
/// # Errors
/// When the kernel is older than 5.0, or a filter of this process has such a descriptor already.
pub(super) fn listen(filter: &mut [libc::sock_filter]) -> io::Result<OwnedFd> {
    let length = filter.len().try_into().map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = libc::sock_fprog { len: length, filter: filter.as_mut_ptr() };
    let install = |flags: libc::c_ulong| {
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        // SAFETY: the program is valid for its length, and the kernel copies it.
        unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) }
    };
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // A signal that comes while a call is decided on would have it made again (Linux 5.19).
    let mut result = install(flags | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    if result < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) {
        result = install(flags);
    }
    match i32::try_from(result) {
        // SAFETY: the kernel has just opened it for this process, and nobody else knows of it.
        Ok(descriptor) if descriptor >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The next call that waits for a decision.
///
/// # Errors
/// `NotFound` when its thread has ended meanwhile.
pub(super) fn next_call(listener: impl AsFd) -> io::Result<libc::seccomp_notif> {
    // SAFETY: all fields may be zero, and must be.
    let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    let listener = listener.as_fd().as_raw_fd();
    // SAFETY: the place is valid for what the kernel writes there.
    let result = unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) };
    if result == 0 { Ok(call) } else { Err(io::Error::last_os_error()) }
}

/// Decides on a call.
///
/// # Errors
/// `NotFound` when its thread has ended or was interrupted by a signal meanwhile: then the call did not take place.
pub(super) fn decide(listener: impl AsFd, decision: libc::seccomp_notif_resp) -> io::Result<()> {
    let listener = listener.as_fd().as_raw_fd();
    // SAFETY: the decision is valid and is only read.
    let result = unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const decision) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Switches on the loopback device of this process's network (netdevice(7)).
///
/// # Errors
/// When the network is not this process's own.
pub(super) fn raise_loopback(socket: impl AsFd) -> io::Result<()> {
    // SAFETY: all fields may be zero.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request is valid, and names a device and its flags.
    let result =
        unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
