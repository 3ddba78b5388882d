//! A whole jail, made and thrown away before anything is given up for one.
//!
//! What a system forbids often shows at a late step only: it lets a process into namespaces of its own, and then refuses
//! it users (Ubuntu's AppArmor), a network device (a container without NET_ADMIN), or a view of processes (a container's
//! masked /proc). A process that has come so far cannot go back. So a child goes the whole way first, with the steps
//! that the grader and its keepers take, and the grader follows only where it arrived.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::{Signal, WaitOptions, set_parent_process_death_signal, waitpid};
use rustix::thread::UnshareFlags;

use super::jail::{self, Target};
use super::steps::step;
use super::{Network, Policy, Tier, scratch, system};

/// What the child says where it arrived.
const ARRIVED: &str = "arrived";

/// Whether a jail can be made after `move_away`, which the child does first. To be called while there is one thread.
///
/// # Errors
/// The step that the system refuses, and why.
pub(super) fn whole_jail(move_away: fn() -> io::Result<()>) -> Result<(), String> {
    match hear(move_away).map_err(|error| error.to_string())?.as_str() {
        ARRIVED => Ok(()),
        "" => Err("it ended without a word".into()),
        reason => Err(reason.to_owned()),
    }
}

fn hear(move_away: fn() -> io::Result<()>) -> io::Result<String> {
    let (mut words, mut inside) = UnixStream::pair()?;
    let Some(child) = system::fork_into(UnshareFlags::empty())? else {
        drop(words);
        let said = rehearse(move_away).map_or_else(|error| error.to_string(), |()| ARRIVED.to_owned());
        let _ = inside.write_all(said.as_bytes());
        system::exit_now(0)
    };
    drop(inside);
    let mut said = String::new();
    words.read_to_string(&mut said)?;
    waitpid(Some(child), WaitOptions::empty())?;
    Ok(said)
}

/// The child's whole life.
fn rehearse(move_away: fn() -> io::Result<()>) -> io::Result<()> {
    const BYTES: u64 = 1 << 20;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    move_away()?;
    let folder = step("a folder", scratch::folder(BYTES))?;
    let policy = Policy { tier: Tier::Strong, group: None, ..Policy::new(folder.path(), &[], Network::Own) };
    let target = Target {
        program: "/bin/sh".into(),
        args: ["-c", ":"].map(Into::into).into(),
        variables: Vec::new(),
        folder: folder.path().to_owned(),
        stdin: File::open(Path::new("/dev/null"))?,
    };
    let mut jailed = step("namespaces of a jail", jail::start(&policy, target))?;
    // It goes on by itself once it has this; where it failed, it has gone.
    let _ = jailed.words.write_all(b"!");
    let mut said = String::new();
    jailed.words.read_to_string(&mut said)?;
    match said.lines().last() {
        Some(line) if line.starts_with("exited 0 ") => Ok(()),
        Some(line) => Err(io::Error::other(line.strip_prefix("failed ").unwrap_or(line).to_owned())),
        None => Err(io::Error::other("a jail's first process ended without a word")),
    }
}
