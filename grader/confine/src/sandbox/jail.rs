//! Becoming a program in its jail.
//!
//! The keeper makes a child in namespaces of its own and tells it over a socket when its users are
//! known. In the strongest tier the child is the first process of its namespace (process 1, see
//! pid_namespaces(7)): it makes the root, gives up what it need not have, starts the program, and stays to
//! reap. When it ends, the kernel ends everything else in there, however it hides. In the other tiers the child
//! becomes the program itself.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use rustix::fs::statvfs;
use rustix::net::{AddressFamily, SocketType, socket};
use rustix::process::{
    DumpableBehavior, Gid, Pid, Signal, Uid, WaitOptions, geteuid, getpid, set_dumpable_behavior,
    set_parent_process_death_signal, wait,
};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, UnshareFlags, set_capabilities,
    set_capabilities_secure_bits, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::group::Group;
use super::{Network, Policy, Tier, audit, restrict, root, system, users};
use crate::process_table::descendants;

/// The user that programs run as where the grader was started by root (`nobody`).
const NOBODY: u32 = 65534;

/// What is run in the jail.
pub(crate) struct Target {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) variables: Vec<(OsString, OsString)>,
    pub(crate) folder: PathBuf,
    pub(crate) stdin: File,
}

/// A child of the keeper: the jail's first process, or the program itself.
pub(crate) struct Jailed {
    pub(crate) child: Pid,
    pub(crate) words: UnixStream,
    group: Option<Group>,
}

impl Jailed {
    /// Whether the jail was ended as it asked for more memory than it may have. Only the strongest tier knows.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        self.group.as_ref().is_some_and(Group::ran_out_of_memory)
    }
}

/// Starts `target` in the jail of `policy`. The child says over the socket (in an audited run after it has handed over
/// its listener): nothing and closes it, where it
/// became the program; else `started`, waits for a byte, and last `exited CODE SURVIVORS FULL` or
/// `signalled SIGNAL SURVIVORS FULL`. `failed REASON` in both cases where the program could not be started.
///
/// # Errors
/// When the child cannot be made.
pub(crate) fn start(policy: &Policy, target: Target) -> io::Result<Jailed> {
    let (mut words, inside) = UnixStream::pair()?;
    let Some(child) = system::fork_into(namespaces(policy))? else {
        drop(words);
        live(policy, target, inside)
    };
    drop(inside);
    let mut group = None;
    if policy.tier >= Tier::Strong {
        introduce_users(child)?;
        group = own_group(policy, child)?;
        words.write_all(b"!")?;
    }
    Ok(Jailed { child, words, group })
}

/// The jail's control group, with its first process in it. Files in memory count, and what the kernel keeps for it; the
/// grader's own watch looks at the rest.
fn own_group(policy: &Policy, first: Pid) -> io::Result<Option<Group>> {
    const FOR_THE_KERNEL: u64 = 64 << 20;
    const OF_THE_JAIL: u64 = 1;
    let Some(delegated) = &policy.group else { return Ok(None) };
    let files = policy.writable.iter().map(|folder| size(folder)).sum::<u64>() + policy.disk;
    let memory = policy.memory.saturating_add(files).saturating_add(FOR_THE_KERNEL);
    let group = Group::new(delegated, memory, policy.processes + OF_THE_JAIL)?;
    group.add(first)?;
    Ok(Some(group))
}

fn namespaces(policy: &Policy) -> UnshareFlags {
    if policy.tier < Tier::Strong {
        return UnshareFlags::empty();
    }
    let all = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    match policy.network {
        Network::Own => all | UnshareFlags::NEWNET,
        Network::Shared => all,
    }
}

/// The jail has the grader's own user; for root also the one that the program will run as.
fn introduce_users(child: Pid) -> io::Result<()> {
    let process = Path::new("/proc").join(child.to_string());
    if geteuid().is_root() {
        let both = format!("0 0 1\n{NOBODY} {NOBODY} 1\n");
        users::map(&process, &both, &both)
    } else {
        users::Own::here().map(&process)
    }
}

/// The child's life; never returns to what the keeper was doing.
fn live(policy: &Policy, target: Target, mut words: UnixStream) -> ! {
    // Of all on this machine, the first to be ended where memory runs out (proc(5)).
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let result = match policy.tier {
        Tier::Strong | Tier::Full => reign(policy, target, &mut words),
        _ => become_program(policy, target, &words),
    };
    if let Err(error) = result {
        let _ = writeln!(words, "failed {error}");
    }
    system::exit_now(0)
}

fn become_program(policy: &Policy, target: Target, words: &UnixStream) -> io::Result<()> {
    let mut command = command(target);
    set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::process::setpgid(None, None)?;
    if policy.tier > Tier::None && geteuid().is_root() {
        give_up_privileges()?;
    }
    restrict_self(policy, words)?;
    Err(command.exec())
}

/// Gives up what the policy does not allow, and the listener of an audited run away.
fn restrict_self(policy: &Policy, words: &UnixStream) -> io::Result<()> {
    let listener = restrict::give_up(policy)?;
    if policy.is_audited { audit::hand_over(words, listener) } else { Ok(()) }
}

fn command(target: Target) -> Command {
    let mut command = Command::new(target.program);
    command
        .args(target.args)
        .envs(target.variables)
        .current_dir(target.folder)
        .stdin(Stdio::from(target.stdin));
    command
}

/// Is process 1 of the jail.
fn reign(policy: &Policy, target: Target, words: &mut UnixStream) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // An end without a word is the keeper's death before the line above.
    words.read_exact(&mut [0])?;
    if policy.network == Network::Own {
        system::raise_loopback(socket(AddressFamily::INET, SocketType::DGRAM, None)?)?;
    }
    root::move_into(policy)?;
    if geteuid().is_root() {
        become_nobody()?;
        // Another user's is forgotten (prctl(2)); the keeper's death until here ends the wait below.
        set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    // Its memory and descriptors are not for the program, which runs as the same user.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    restrict_self(policy, words)?;
    let mut child = command(target).process_group(0).spawn()?;
    writeln!(words, "started")?;
    words.read_exact(&mut [0])?;
    let status = reap(Pid::from_child(&child))?;
    // Reaped above: only the handle is left.
    let _ = child.try_wait();
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    let survivors = descendants(getpid()).len();
    let full = u8::from(policy.writable.iter().map(PathBuf::as_path).chain([Path::new("/tmp")]).any(is_full));
    match status.code() {
        Some(code) => writeln!(words, "exited {code} {survivors} {full}"),
        None => writeln!(words, "signalled {} {survivors} {full}", status.signal().unwrap_or(0)),
    }
}

/// Without a root of its own a program could not even be found by another user than root, so it stays root, with
/// nothing that root may do beyond its own files (capabilities(7)). As it can gain no privilege, an exec keeps that.
fn give_up_privileges() -> io::Result<()> {
    // Else the kernel gives them to each program that root starts, and takes them away again: that alone undoes
    // personality(2), by which the runtime fixes addresses.
    let not_for_root = CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED;
    set_capabilities_secure_bits(not_for_root)?;
    let none = CapabilitySet::empty();
    Ok(set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?)
}

fn become_nobody() -> io::Result<()> {
    set_thread_groups(&[]).or_else(|_| set_thread_groups(&[Gid::from_raw(NOBODY)]))?;
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    set_thread_res_gid(group, group, group)?;
    Ok(set_thread_res_uid(user, user, user)?)
}

/// Waits for the program, and for whatever orphans end before it.
fn reap(program: Pid) -> io::Result<ExitStatus> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => return Ok(ExitStatus::from_raw(status.as_raw())),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The most bytes that files can have there: folders of runs and builds are file systems in memory.
fn size(folder: &Path) -> u64 {
    statvfs(folder).map_or(0, |found| found.f_blocks * found.f_frsize)
}

/// Whether nothing more can be written there: no space is left, or no file can be added.
fn is_full(folder: &Path) -> bool {
    statvfs(folder).is_ok_and(|found| found.f_bavail == 0 || found.f_favail == 0)
}
