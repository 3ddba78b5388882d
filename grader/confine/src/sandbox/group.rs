//! Control groups (cgroups(7), version 2): the kernel itself counts the memory and processes of a whole jail.
//!
//! The grader needs a *delegated* group, one whose files its user may write and that nobody else is in. A group
//! either has processes or passes controllers on, so the grader first moves into a group below that one; beside it
//! each jail gets its own. A grader cannot remove the group that it is in: the next one there does.
//!
//! A jail may have some more memory than its program: its files are in memory and count here. So the grader's own watch
//! mostly ends a program first; the kernel ends what is faster, and what the watch cannot see.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, getpid};

const MOUNTED: &str = "/sys/fs/cgroup";
/// What the names of the grader's own groups begin with.
const GRADER: &str = "lockstep-grader-";
const JAIL: &str = "lockstep-jail-";

static DELEGATED: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// The group below which jails get theirs; none before the sandbox is entered.
///
/// # Errors
/// Why there is none.
pub fn delegated() -> Result<&'static Path, &'static str> {
    match DELEGATED.get() {
        Some(Ok(folder)) => Ok(folder),
        Some(Err(reason)) => Err(reason),
        None => Err("not tried"),
    }
}

/// Moves this process so that jails can have groups, if this machine lets it; whether it does.
pub(super) fn prepare() -> bool {
    DELEGATED.get_or_init(|| claim().map_err(|error| error.to_string())).is_ok()
}

fn claim() -> io::Result<PathBuf> {
    let missing = |what: &str| io::Error::new(ErrorKind::Unsupported, what);
    let own = fs::read_to_string("/proc/self/cgroup")?;
    let absent = || missing(&format!("no control group of version 2 in {MOUNTED}"));
    let folder = around_grader(&Path::new(MOUNTED).join(own_group(&own).ok_or_else(absent)?));
    let controllers = fs::read_to_string(folder.join("cgroup.controllers")).map_err(|_| absent())?;
    let has = |name| controllers.split_whitespace().any(|controller| controller == name);
    if !has("memory") || !has("pids") {
        return Err(missing("memory and pids are not delegated"));
    }
    remove_left_ones(&folder);
    let mine = folder.join(format!("{GRADER}{}", getpid()));
    make_fresh(&mine)?;
    add(&mine, getpid())?;
    let passed_on = fs::write(folder.join("cgroup.subtree_control"), "+memory +pids");
    // For real, as doctor promises.
    let tried = passed_on.and_then(|()| Group::new(&folder, 1 << 30, 1 << 10));
    if let Err(error) = tried {
        let _ = add(&folder, getpid());
        let _ = fs::remove_dir(&mine);
        return Err(match error.kind() {
            ErrorKind::ResourceBusy => {
                io::Error::new(error.kind(), "other processes are in the grader's group")
            }
            _ => error,
        });
    }
    Ok(folder)
}

/// The path below the mount of this process's group, from `/proc/self/cgroup`.
fn own_group(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::/"))
}

/// A grader that another one started begins in the other's own group.
fn around_grader(folder: &Path) -> PathBuf {
    let is_grader = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(GRADER));
    folder.parent().filter(|_| is_grader).unwrap_or(folder).to_owned()
}

/// Removes the groups of processes that are gone; those of other graders stay.
fn remove_left_ones(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if owner(&entry.file_name().to_string_lossy()).is_some_and(|owner| !is_alive(owner)) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The process that made the group of this name, if it is one of ours.
fn owner(name: &str) -> Option<u32> {
    [GRADER, JAIL].iter().find_map(|prefix| name.strip_prefix(prefix)?.parse().ok())
}

fn is_alive(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

/// One that an earlier process with this number left has counted what that one did.
fn make_fresh(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::remove_dir(folder)?;
            fs::create_dir(folder)
        }
        result => result,
    }
}

fn add(folder: &Path, process: Pid) -> io::Result<()> {
    fs::write(folder.join("cgroup.procs"), process.to_string())
}

/// The group of one jail. Dropping it ends whatever is still in it and removes it.
pub(super) struct Group {
    folder: PathBuf,
}

impl Group {
    /// Makes the group of the calling process's jail: at most so many bytes of memory, those of files in memory among them, and
    /// so many processes and threads. What exceeds the memory is ended as a whole; what exceeds the processes is
    /// refused.
    pub(super) fn new(delegated: &Path, memory: u64, processes: u64) -> io::Result<Self> {
        let folder = delegated.join(format!("{JAIL}{}", getpid()));
        make_fresh(&folder)?;
        let group = Self { folder };
        group.set("memory.max", memory)?;
        group.set("memory.oom.group", 1)?;
        group.set("pids.max", processes)?;
        // Absent where there is no swap.
        let _ = group.set("memory.swap.max", 0);
        Ok(group)
    }

    /// Puts a process into it. What it then starts is in it, too, for good.
    pub(super) fn add(&self, process: Pid) -> io::Result<()> {
        add(&self.folder, process)
    }

    /// Whether it has asked for more memory than it may have, and was ended for that.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        fs::read_to_string(self.folder.join("memory.events")).is_ok_and(|events| has_run_out(&events))
    }

    fn set(&self, name: &str, value: u64) -> io::Result<()> {
        fs::write(self.folder.join(name), value.to_string())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // From Linux 5.14; a jail's end ends all in it anyway.
        let _ = self.set("cgroup.kill", 1);
        // What is killed takes a moment to be gone.
        for _ in 0..20 {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                    thread::sleep(Duration::from_millis(2));
                }
                _ => return,
            }
        }
    }
}

/// From `memory.events`: the limit was reached with nothing to give back (`oom`), and something was ended (`oom_kill`).
/// The second alone is the whole machine's want of memory.
fn has_run_out(events: &str) -> bool {
    let count = |name| {
        let mut lines = events.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(key, _)| *key == name).and_then(|(_, count)| count.parse::<u64>().ok()).unwrap_or(0)
    };
    count("oom") > 0 && count("oom_kill") > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_version_2_is_found_among_others() {
        assert_eq!(own_group("4:memory:/a\n0::/user/x.scope\n"), Some("user/x.scope"));
        assert_eq!(own_group("0::/\n"), Some(""));
        assert_eq!(own_group("4:memory:/a\n"), None);
    }

    #[test]
    fn a_grader_in_another_graders_group_uses_the_one_around() {
        let around = |path| around_grader(Path::new(path));
        assert_eq!(around("/sys/fs/cgroup/a/lockstep-grader-7"), Path::new("/sys/fs/cgroup/a"));
        assert_eq!(around("/sys/fs/cgroup/a"), Path::new("/sys/fs/cgroup/a"));
    }

    #[test]
    fn a_groups_name_tells_whose_it_is() {
        assert_eq!(owner("lockstep-grader-12"), Some(12));
        assert_eq!(owner("lockstep-jail-7"), Some(7));
        assert_eq!(owner("lockstep-jail-"), None);
        assert_eq!(owner("user.slice"), None);
        assert!(is_alive(std::process::id()));
        assert!(!is_alive(u32::MAX));
    }

    #[test]
    fn only_the_groups_own_limit_is_its_fault() {
        assert!(has_run_out("low 0\nhigh 0\nmax 61\noom 2\noom_kill 3\noom_group_kill 1\n"));
        assert!(!has_run_out("low 0\nhigh 0\nmax 61\noom 0\noom_kill 3\n"));
        assert!(!has_run_out("max 61\noom 1\noom_kill 0\n"));
        assert!(!has_run_out(""));
    }
}
