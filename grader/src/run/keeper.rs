//! The keeper: the process between the grader and a program that it runs.
//!
//! Its standard input is a socket to the grader. It writes `started PID`, then, when all is over,
//! `exited CODE SURVIVORS` or `signalled SIGNAL SURVIVORS`, or `failed REASON`. When the grader
//! closes its end, by intent or by dying, the keeper ends the program and writes `ended`.
//!
//! The keeper is a *child subreaper* (`PR_SET_CHILD_SUBREAPER`, prctl(2)): a process that the
//! program starts cannot leave its subtree, not by `setsid` nor by forking twice, so ending all
//! descendants ends all that the program started.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitOptions, getpid, getrlimit, kill_process, pidfd_open,
    set_child_subreaper, setrlimit, setsid, wait,
};

use super::process_table::descendants;

/// The first argument that makes the grader's executable a keeper.
pub const ARGUMENT: &str = "__keep";

static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();

/// The executable that is started as keeper: this one, or what a test named. By its link in /proc
/// this one is found even when its file has been replaced meanwhile, as a build does.
pub(super) fn executable() -> &'static Path {
    EXECUTABLE.get().map_or(Path::new("/proc/self/exe"), PathBuf::as_path)
}

/// Names the keeper's executable, for programs that use this library but cannot be keepers
/// themselves (test binaries). Only the first call counts.
pub fn use_executable(path: impl Into<PathBuf>) {
    let _ = EXECUTABLE.set(path.into());
}

/// Is the keeper, until its program and all its descendants have ended. `args` are what follows
/// [`ARGUMENT`]: the path of the program's standard input, its variables, `--`, the program, its arguments.
pub fn keep(args: impl IntoIterator<Item = OsString>) -> io::Result<()> {
    let mut control = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let report = match keep_program(args.into_iter(), &mut control) {
        Ok(Some((status, survivors))) => match status.code() {
            Some(code) => format!("exited {code} {survivors}"),
            None => format!("signalled {} {survivors}", status.signal().unwrap_or(0)),
        },
        Ok(None) => "ended".into(),
        Err(error) => format!("failed {error}"),
    };
    writeln!(control, "{report}")
}

fn keep_program(
    mut args: impl Iterator<Item = OsString>,
    control: &mut File,
) -> io::Result<Option<(ExitStatus, usize)>> {
    let usage =
        || io::Error::new(io::ErrorKind::InvalidInput, "usage: STDIN [NAME=VALUE...] -- PROGRAM [ARG...]");
    let stdin = File::open(args.next().ok_or_else(usage)?)?;
    let variables: Vec<OsString> = args.by_ref().take_while(|word| word != "--").collect();
    let program = args.next().ok_or_else(usage)?;
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    set_resource_limits()?;
    let mut child = Command::new(program)
        .args(args)
        .envs(variables.iter().filter_map(|variable| split_variable(variable)))
        .stdin(Stdio::from(stdin))
        .process_group(0)
        .spawn()?;
    writeln!(control, "started {}", child.id())?;
    wait_for_end_or_order(&child, control)?;
    let ended_by_itself = child.try_wait()?;
    let survivors = end_descendants();
    Ok(ended_by_itself.map(|status| (status, survivors)))
}

fn split_variable(variable: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = variable.as_bytes();
    let end = bytes.iter().position(|&byte| byte == b'=')?;
    Some((OsStr::from_bytes(&bytes[..end]), OsStr::from_bytes(&bytes[end + 1..])))
}

/// No core files; room for programs that serve many clients (the usual soft limit is 1,024).
fn set_resource_limits() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    raise_open_files()
}

/// Raises the soft limit of open descriptors to what 500 clients need on both sides.
pub fn raise_open_files() -> io::Result<()> {
    const WANTED: u64 = 8192;
    let files = getrlimit(Resource::Nofile);
    let current = files.maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
    if files.current.is_none_or(|now| now >= current) {
        return Ok(());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum: files.maximum })?)
}

fn wait_for_end_or_order(child: &Child, control: &File) -> io::Result<()> {
    let pid = Pid::from_child(child);
    let process: OwnedFd = pidfd_open(pid, PidfdFlags::empty())?;
    let mut watched = [PollFd::new(&process, PollFlags::IN), PollFd::new(control, PollFlags::IN)];
    loop {
        match poll(&mut watched, None) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result.map(|_| ())?),
        }
    }
}

/// Kills and reaps descendants until none is left; a process that forks faster than one pass is
/// met again in the next. Returns how many were alive in the first pass.
fn end_descendants() -> usize {
    let me = getpid();
    let mut survivors = None;
    loop {
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        let alive = descendants(me);
        survivors.get_or_insert(alive.len());
        for pid in &alive {
            let _ = kill_process(*pid, Signal::KILL);
        }
        // Blocks until one of them has died; an error says that no child is left.
        if wait(WaitOptions::empty()).is_err() {
            return survivors.unwrap_or(0);
        }
    }
}
