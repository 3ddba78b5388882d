//! What `/proc` says of processes and their threads (proc(5)).

use std::ffi::c_long;
use std::fs;
use std::iter;
use std::thread;
use std::time::Duration;

use rustix::process::Pid;

/// The processes that `parent` started and that it has not waited for.
pub fn children(parent: Pid) -> Vec<Pid> {
    let pid = parent.as_raw_nonzero();
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let of_task = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
    tasks.flatten().map(of_task).flat_map(|list| parse_pids(&list)).collect()
}

/// All processes below `ancestor`, parents before their children.
pub fn descendants(ancestor: Pid) -> Vec<Pid> {
    let mut found = children(ancestor);
    let mut next = 0;
    while next < found.len() {
        found.extend(children(found[next]));
        next += 1;
    }
    found
}

/// Whether `process` runs a program of its own: until exec the parent of a spawned child waits for it (vfork(2)), and who
/// stops the child stops both.
pub fn has_begun(process: Pid) -> bool {
    let stat = stat(process);
    !stat.is_empty() && !is_before_exec(&stat)
}

/// The flag `PF_FORKNOEXEC` of the ninth field.
fn is_before_exec(stat: &str) -> bool {
    const FORKED_WITHOUT_EXEC: u32 = 0x40;
    let flags = after_name(stat).and_then(|fields| fields.split_whitespace().nth(6)?.parse::<u32>().ok());
    flags.is_some_and(|flags| flags & FORKED_WITHOUT_EXEC != 0)
}

fn parse_pids(list: &str) -> Vec<Pid> {
    list.split_whitespace().filter_map(|word| Pid::from_raw(word.parse().ok()?)).collect()
}

/// One thread at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Thread {
    /// The letter of its state: `R` runs or wants to, `S` sleeps, `D` waits for a disk.
    pub(super) state: char,
    /// Time on a processor.
    pub(super) ran: Duration,
    /// Time in which it was ready but had no processor.
    pub(super) starved: Duration,
    /// How many times it was given a processor.
    pub(super) turns: u64,
    /// Whether it waits on a futex without a time-out: only another thread can wake it.
    pub(super) waits_for_ever: bool,
}

/// The living threads of `process`; empty when it has ended, waited for or not.
pub(super) fn threads(process: Pid) -> Vec<Thread> {
    let pid = process.as_raw_nonzero();
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let read = |task: fs::DirEntry| {
        let file = |name| fs::read_to_string(task.path().join(name)).ok();
        parse_thread(&file("stat")?, &file("schedstat")?, &file("syscall").unwrap_or_default())
    };
    tasks.flatten().filter_map(read).filter(|thread| !matches!(thread.state, 'Z' | 'X')).collect()
}

fn parse_thread(stat: &str, schedstat: &str, syscall: &str) -> Option<Thread> {
    let mut numbers = schedstat.split_whitespace().map(|word| word.parse::<u64>().ok());
    Some(Thread {
        state: after_name(stat)?.chars().next()?,
        ran: Duration::from_nanos(numbers.next()??),
        starved: Duration::from_nanos(numbers.next()??),
        turns: numbers.next()??,
        waits_for_ever: is_endless_futex_wait(syscall),
    })
}

/// The fields of `/proc/PID/stat` after the name, which may itself contain spaces and brackets.
fn after_name(stat: &str) -> Option<&str> {
    Some(stat.rsplit_once(')')?.1.trim_start())
}

/// `/proc/PID/syscall` holds the number and six arguments of the call that a thread is blocked
/// in; the fourth argument of futex(2) is its time-out.
fn is_endless_futex_wait(syscall: &str) -> bool {
    let words: Vec<&str> = syscall.split_whitespace().collect();
    let number = words.first().and_then(|word| word.parse::<c_long>().ok());
    number == Some(libc::SYS_futex) && words.get(4) == Some(&"0x0")
}

/// Whether every thread of `process` and of all that it started sleeps at this moment. Takes no
/// time, so a thread that wakes now and then does not hide that the others sleep; see [`activity`].
/// False when the process has ended.
pub fn is_asleep(process: Pid) -> bool {
    let threads = all_threads(process);
    !threads.is_empty() && threads.iter().all(|thread| thread.state == 'S')
}

/// What a process and all that it started did between two looks, some milliseconds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// All threads slept: none ran, wanted to run, or was given a processor. One moment only: a timer or
    /// another process may still wake a thread.
    Idle,
    /// Some thread ran, and none had to wait long for a processor.
    Awake,
    /// Some thread could have run and had no processor for much of the time.
    Starved,
    /// It has ended.
    Ended,
}

/// Looks at `process` and all that it started, twice.
pub fn activity(process: Pid) -> Activity {
    activity_of(|| all_threads(process))
}

/// Looks at `process` alone, twice.
pub fn activity_of_one(process: Pid) -> Activity {
    activity_of(|| threads(process))
}

fn activity_of(look: impl Fn() -> Vec<Thread>) -> Activity {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
    const MUCH: Duration = Duration::from_millis(4);
    let first = look();
    if first.is_empty() {
        return Activity::Ended;
    }
    thread::sleep(BETWEEN_LOOKS);
    let second = look();
    let starved = |threads: &[Thread]| threads.iter().map(|thread| thread.starved).sum::<Duration>();
    if first == second && first.iter().all(|thread| thread.state == 'S') {
        Activity::Idle
    } else if starved(&second).saturating_sub(starved(&first)) > MUCH {
        Activity::Starved
    } else {
        Activity::Awake
    }
}

/// Whether `process` is [`Activity::Idle`] at this moment.
pub fn is_idle(process: Pid) -> bool {
    activity(process) == Activity::Idle
}

/// The threads of `process` and of all that it started.
fn all_threads(process: Pid) -> Vec<Thread> {
    iter::once(process).chain(descendants(process)).flat_map(threads).collect()
}

/// Processor time that `process` and those of its children that it has waited for have used,
/// ended threads included.
pub fn processor_time(process: Pid) -> Duration {
    ticks(process, 0)
}

/// Processor time of the children that `process` has waited for.
pub(super) fn processor_time_of_reaped(process: Pid) -> Duration {
    ticks(process, 2)
}

/// The letter of what `process` is doing, field 3 of `/proc/PID/stat` (proc(5)); `None` where there is no such process.
pub fn state(process: Pid) -> Option<char> {
    parse_state(&stat(process))
}

fn parse_state(stat: &str) -> Option<char> {
    after_name(stat)?.chars().next()
}

/// `/proc/PID/stat`, empty where there is no such process.
fn stat(process: Pid) -> String {
    file_of(process, "stat")
}

/// Of utime, stime, cutime, cstime, fields 14 to 17, the sum of all but the first `skipped`; the state is field 3.
fn ticks(process: Pid, skipped: usize) -> Duration {
    parse_ticks(&stat(process), skipped)
}

fn parse_ticks(stat: &str, skipped: usize) -> Duration {
    let fields = after_name(stat).unwrap_or_default().split_whitespace().skip(11).take(4).skip(skipped);
    let ticks: u64 = fields.filter_map(|word| word.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

/// Bytes of memory that `processes` have together: also what was put aside to a disk, and the tables by which the
/// kernel finds it, which can be larger than what they lead to. Files that they map are left out, memory that several
/// of them share counts once. To tell that takes long, so it is asked only where a first estimate is above `limit`.
pub(super) fn memory(processes: &[Pid], limit: u64) -> u64 {
    let estimate = processes.iter().map(|&process| reachable(process)).sum();
    if estimate <= limit {
        return estimate;
    }
    processes.iter().map(|&process| share_of_memory(process)).sum()
}

/// Bytes of memory that can be reached from `process`, with files and what it shares.
fn reachable(process: Pid) -> u64 {
    let status = file_of(process, "status");
    ["VmRSS:", "VmSwap:", TABLES].iter().map(|name| bytes_in(&status, name)).sum()
}

/// Bytes of memory without files; of what several share, each has its part.
fn share_of_memory(process: Pid) -> u64 {
    parse_share(&file_of(process, "smaps_rollup")) + bytes_in(&file_of(process, "status"), TABLES)
}

/// A process's own in any case: those of shared memory, too.
const TABLES: &str = "VmPTE:";

fn parse_share(rollup: &str) -> u64 {
    ["Pss_Anon:", "Pss_Shmem:", "SwapPss:"].iter().map(|name| bytes_in(rollup, name)).sum()
}

/// The number of kibibytes behind `name` (proc(5)), as bytes; 0 where there is none, as for a process that has ended.
fn bytes_in(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// A file in the folder of `process`, empty where there is no such process.
fn file_of(process: Pid, name: &str) -> String {
    fs::read_to_string(format!("/proc/{}/{name}", process.as_raw_nonzero())).unwrap_or_default()
}

/// The memory that a process has for itself, in bytes; files that it maps are not its own (proc(5)).
pub fn private_memory(process: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "12 (a) b) S 1 12 12 0 -1 4194304 1 0 0 0 7 3 2 1 20 0 1 0 5 0 0";

    /// `/proc/PID/syscall` of a thread in that call, with that fourth argument.
    fn blocked_in(call: c_long, fourth: &str) -> String {
        format!("{call} 0x1 0x80 0x2 {fourth} 0x0 0x0 0x7f 0x7e")
    }

    #[test]
    fn a_thread_is_read_from_its_three_files() {
        let thread = parse_thread(STAT, "5000 300 7\n", &blocked_in(libc::SYS_futex, "0x0")).unwrap();
        let expected = Thread {
            state: 'S',
            ran: Duration::from_nanos(5000),
            starved: Duration::from_nanos(300),
            turns: 7,
            waits_for_ever: true,
        };
        assert_eq!(thread, expected);
    }

    #[test]
    fn a_child_before_exec_is_told_from_one_after() {
        assert!(!is_before_exec(STAT));
        assert!(is_before_exec(&STAT.replace("4194304", "4194368")));
        assert!(!is_before_exec(""));
        assert!(has_begun(rustix::process::getpid()));
    }

    #[test]
    fn state_and_work_are_read_behind_any_name() {
        let stat = "12 (a) b) S 1 12 12 0 -1 4194304 1 0 0 0 10 20 30 40 20 0 1 0 5 0 0";
        let ticks = 100_000 / rustix::param::clock_ticks_per_second();
        assert_eq!((parse_state(stat), parse_ticks(stat, 0)), (Some('S'), Duration::from_millis(ticks)));
        assert_eq!((parse_state(""), parse_ticks("", 0)), (None, Duration::ZERO));
    }

    #[test]
    fn memory_without_a_file_counts_and_files_do_not() {
        let rollup = "Pss: 800 kB\nPss_Anon: 20 kB\nPss_File: 700 kB\nPss_Shmem: 3 kB\nSwapPss: 5 kB\n";
        assert_eq!(parse_share(rollup), 28 * 1024);
        assert_eq!(parse_share(""), 0);
    }

    #[test]
    fn what_a_process_can_reach_has_its_tables() {
        let status = "VmPeak: 99 kB\nVmRSS:\t     9 kB\nVmPTE:\t      64 kB\nVmSwap:\t       1 kB\n";
        let bytes = ["VmRSS:", TABLES, "VmSwap:", "VmNone:"].map(|name| bytes_in(status, name));
        assert_eq!(bytes, [9 << 10, 64 << 10, 1 << 10, 0]);
        let own = rustix::process::getpid();
        assert!(reachable(own) > bytes_in(&file_of(own, "status"), "VmRSS:"));
    }

    /// A parent that sleeps is idle, though it has left a child unwaited for.
    #[test]
    fn a_zombie_has_no_threads() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = Pid::from_child(&child);
        let unreaped = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        rustix::process::waitid(rustix::process::WaitId::Pid(pid), unreaped).unwrap();
        assert_eq!(threads(pid), []);
        child.wait().unwrap();
    }

    #[test]
    fn a_wait_with_a_time_out_is_not_endless() {
        assert!(!is_endless_futex_wait(&blocked_in(libc::SYS_futex, "0x7ffd")));
        assert!(!is_endless_futex_wait("running"));
        assert!(!is_endless_futex_wait(&blocked_in(libc::SYS_clock_nanosleep, "0x0")));
    }

    #[test]
    fn a_thread_that_ended_meanwhile_is_left_out() {
        assert_eq!(parse_thread("", "", ""), None);
    }

    #[test]
    fn a_process_at_work_is_not_asleep() {
        assert!(!is_asleep(rustix::process::getpid()));
    }

    #[test]
    fn a_process_that_has_ended_is_not_asleep() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = Pid::from_child(&child);
        child.wait().unwrap();
        assert!(!is_asleep(pid));
    }
}
