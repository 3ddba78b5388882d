//! The keeper: the process between the grader and a program that it runs.
//!
//! Its standard input is a socket to the grader, over which it gets its `Order`: it may wait for that (`reserve`). It makes
//! the program's jail and writes `started PID REAPER` (0 without a jail of its own), then, when all is over, `exited CODE SURVIVORS FULL` or `signalled SIGNAL
//! SURVIVORS FULL` (1 where the program filled its folder), `out-of-memory 0 SURVIVORS 0` where its control group
//! was ended, or `failed REASON`. In an audited run the listener comes before all. When the grader
//! closes its end, by intent or by dying, the keeper ends the program and writes `ended`.
//!
//! The keeper is a *child subreaper* (`PR_SET_CHILD_SUBREAPER`, prctl(2)): a process that the
//! program starts cannot leave its subtree, not by `setsid` nor by forking twice, so ending all
//! descendants ends all that the program started.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Mode;
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitOptions, getpgid, getpgrp, getpid, getrlimit,
    kill_process, kill_process_group, pidfd_open, set_child_subreaper, setrlimit, setsid, umask, wait,
    waitpid,
};

use super::order::Order;
use crate::process_table::{children, descendants};
use crate::sandbox::jail::{self, Target};
use crate::sandbox::{audit, system};

/// The first argument that makes the grader's executable a keeper.
pub const ARGUMENT: &str = "__keep";
/// What it is called in the list of processes: programs see that of their jail's first process.
pub(super) const NAME: &str = "lockstep";

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

/// Is the keeper, until its program and all its descendants have ended.
pub fn keep() -> io::Result<()> {
    let mut control = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let report = match keep_program(&mut control) {
        Ok(Some(report)) => report,
        Ok(None) => "ended".into(),
        Err(error) => format!("failed {error}"),
    };
    writeln!(control, "{}", report.trim_end())
}

fn keep_program(control: &mut File) -> io::Result<Option<String>> {
    // Nothing of this needs the order. Of a terminal's signals the grader tells it, by hanging up.
    setsid()?;
    // What it makes is for the program, which may run as another user.
    umask(Mode::WGRP | Mode::WOTH);
    set_child_subreaper(Some(getpid()))?;
    set_resource_limits()?;
    // Older kernels lack it; then only what Rust opened is closed.
    let _ = system::close_others_on_exec();
    let Order { policy, stdin, variables, program, args, folder } = Order::receive(&mut *control)?;
    let target = Target { program, args, variables, folder: folder.into(), stdin: File::open(stdin)? };
    let is_audited = policy.is_audited;
    let mut jailed = jail::start(&policy, target)?;
    let process: OwnedFd = pidfd_open(jailed.child, PidfdFlags::empty())?;
    let mut first = String::new();
    if is_audited {
        match audit::take_over(&jailed.words)? {
            Ok(Some(listener)) => audit::hand_over(&control, Some(listener))?,
            Ok(None) => {}
            Err(byte) => first.push(char::from(byte)),
        }
    }
    let mut words = BufReader::new(&mut jailed.words);
    words.read_line(&mut first)?;
    if let Some(reason) = first.strip_prefix("failed ") {
        return Err(io::Error::other(reason.trim_end().to_owned()));
    }
    let has_reaper = first.starts_with("started");
    if has_reaper {
        // Until it gets its answer the reaper reaps nobody, so the program can be found here.
        let program = children(jailed.child).first().map_or(0, |program| program.as_raw_pid());
        writeln!(control, "started {program} {}", jailed.child)?;
        // Fails where the kernel has ended the jail for its memory.
        let _ = words.get_mut().write_all(b"!");
    } else {
        writeln!(control, "started {} 0", jailed.child)?;
    }
    wait_for_end_or_order(&process, control)?;
    let report = if has_reaper { last_words(&process, words) } else { Ok(status_of(jailed.child)?) };
    if report.as_ref().map_or(true, Option::is_none) {
        let _ = kill_process(jailed.child, Signal::KILL);
    }
    let survivors = end_descendants();
    if jailed.ran_out_of_memory() {
        return Ok(Some(format!("out-of-memory 0 {survivors} 0")));
    }
    let report = report?;
    Ok(report.map(|report| if has_reaper { report } else { format!("{report} {survivors} 0") }))
}

/// What the jail's first process said last; `None` while it lives.
fn last_words(process: &OwnedFd, mut words: impl BufRead) -> io::Result<Option<String>> {
    if !is_ready(process)? {
        return Ok(None);
    }
    let mut report = String::new();
    words.read_line(&mut report)?;
    match report.strip_prefix("failed ") {
        None if report.is_empty() => Err(io::Error::other("the jail ended without a word")),
        None => Ok(Some(report.trim_end().to_owned())),
        Some(reason) => Err(io::Error::other(reason.trim_end().to_owned())),
    }
}

/// How a child ended: `exited CODE` or `signalled SIGNAL`; `None` while it lives.
fn status_of(child: Pid) -> io::Result<Option<String>> {
    let found = waitpid(Some(child), WaitOptions::NOHANG)?;
    Ok(found.map(|(_, status)| match status.exit_status() {
        Some(code) => format!("exited {code}"),
        None => format!("signalled {}", status.terminating_signal().unwrap_or(0)),
    }))
}

fn is_ready(descriptor: &impl AsFd) -> io::Result<bool> {
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    Ok(poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&now))? > 0)
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

fn wait_for_end_or_order(process: &OwnedFd, control: &File) -> io::Result<()> {
    let mut watched = [PollFd::new(process, PollFlags::IN), PollFd::new(control, PollFlags::IN)];
    loop {
        match poll(&mut watched, None) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result.map(|_| ())?),
        }
    }
}

/// Kills and reaps descendants until none is left. Returns how many were alive at first.
fn end_descendants() -> usize {
    /// Far more than ending takes. Only where a program has no process ids of its own can it get away so long, by
    /// forking faster than it is found, each time in a group of its own.
    const PATIENCE: Duration = Duration::from_secs(20);
    let me = getpid();
    // Who is stopped with its whole group in one stroke cannot fork while the others are found (kill(2)).
    signal_groups(&children(me), Signal::STOP);
    reap_ended();
    let survivors = descendants(me).len();
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        // What they have started becomes a child of this process, and is met in the next pass.
        let found = children(me);
        signal_groups(&found, Signal::KILL);
        for pid in found {
            let _ = kill_process(pid, Signal::KILL);
        }
        // Blocks until one of them has died; an error says that no child is left.
        if wait(WaitOptions::empty()).is_err() {
            break;
        }
        reap_ended();
    }
    survivors
}

/// Reaps who has ended; not for ever, as others may end meanwhile.
fn reap_ended() {
    const MOST: usize = 8192;
    let _ = (0..MOST).take_while(|_| matches!(wait(WaitOptions::NOHANG), Ok(Some(_)))).count();
}

/// Sends `signal` to the groups of `processes`, but not to this one's own.
fn signal_groups(processes: &[Pid], signal: Signal) {
    let groups: HashSet<Pid> = processes.iter().filter_map(|&process| getpgid(Some(process)).ok()).collect();
    for group in groups.into_iter().filter(|group| *group != getpgrp()) {
        let _ = kill_process_group(group, signal);
    }
}
