//! `serve` with scripted clients around it.

use std::net::SocketAddr;
use std::time::Duration;

use confine::run::{
    Activity, Ending, Invocation, Limits, Outcome, RunError, Running, Stdin, activity, keeper,
};
use engine::case::Scenario;
use engine::observation::{Observation, Text};
use engine::run_context::RunContext;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::scripted::chat::{Because, GaveUp, LOOK, Patience, Room, Transcripts};

/// What the clients do. It ends early when something does not come.
pub(super) type Script = fn(&mut Room) -> Result<(), GaveUp>;

/// Starts the server, plays a script, and tells the server to stop.
pub(super) struct Serving {
    pub(super) script: Script,
    pub(super) stop: Stop,
    /// What `--listen` is given, an IP address with port 0, and the address itself.
    pub(super) listen: Option<&'static str>,
}

/// How a server is told to stop.
#[derive(Clone, Copy)]
pub(super) enum Stop {
    EndOfInput,
    Signal(Signal),
}

impl Scenario for Serving {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let args = ["serve"].into_iter().chain(self.listen.into_iter().flat_map(|at| ["--listen", at]));
        serve(context.call(args), self.stop, |address, room| {
            let is_elsewhere = self.listen.is_some_and(|at| !at.starts_with(&format!("{}:", address.ip())));
            let elsewhere = || GaveUp {
                waiting_for: format!("`listening on {}` with a port", self.listen.unwrap_or_default()),
                because: Because::Printed(format!("listening on {}:PORT", address.ip())),
            };
            if is_elsewhere { Some(elsewhere()) } else { (self.script)(room).err() }
        })
    }

    fn shown(&self, program: &str) -> String {
        let listen = self.listen.map_or_else(String::new, |at| format!(" --listen {at}"));
        format!("{program} serve{listen}")
    }
}

/// Runs a `server` around `talk`, which is given its address and says why it ended early, if it did.
pub(super) fn serve(
    server: Invocation,
    stop: Stop,
    talk: impl FnOnce(SocketAddr, &mut Room) -> Option<GaveUp>,
) -> Result<Observation, RunError> {
    keeper::raise_open_files().map_err(|error| RunError::Setup(error.to_string()))?;
    let mut server = server.stdin(Stdin::Open).limit(allow_silence).start()?;
    let transcripts = match address(&server) {
        Ok(address) => {
            let process = server.pid();
            let mut room = Room::new(address, move || process.map_or(Activity::Ended, activity));
            let cut = talk(address, &mut room);
            finish(room, cut, || stop.request(&mut server))
        }
        Err(cut) => {
            stop.request(&mut server);
            Transcripts { cut: Some(cut), ..Transcripts::default() }
        }
    };
    let mut observation = Observation::of(wait_for_end(server)?).with(transcripts);
    for text in [&mut observation.stdout, &mut observation.stderr] {
        *text = Text::new(without_ports(&String::from_utf8_lossy(&text.bytes)).into_bytes());
    }
    Ok(observation)
}

/// A server may sleep for as long as nobody talks to it, and the grader may be slow to talk.
fn allow_silence(limits: &mut Limits) {
    limits.idle = Duration::from_secs(60);
    limits.wall = Duration::from_secs(300);
}

/// Waits for the end of a server that was told to stop. It need not end at once; but one that
/// sleeps will not end at all.
fn wait_for_end(server: Running) -> Result<Outcome, RunError> {
    let mut patience = Patience::default();
    while let Some(process) = server.pid().filter(|&process| !ends_soon(process)) {
        match patience.look(activity(process)) {
            None => {}
            Some(Because::Idle | Because::Unproductive) => {
                server.signal(Signal::KILL);
                let outcome = server.wait()?;
                return Ok(Outcome { ending: Ending::Idle { seconds: 2 }, ..outcome });
            }
            Some(_) => break,
        }
    }
    server.wait()
}

/// Whether the process ends within one look.
fn ends_soon(process: Pid) -> bool {
    let Ok(descriptor) = pidfd_open(process, PidfdFlags::empty()) else { return true };
    let look = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) };
    poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&look)).is_ok_and(|count| count > 0)
}

impl Stop {
    fn request(self, server: &mut Running) {
        match self {
            Self::EndOfInput => server.close_stdin(),
            Self::Signal(signal) => server.signal(signal),
        }
    }
}

/// The address in the server's first line.
fn address(server: &Running) -> Result<SocketAddr, GaveUp> {
    let first_line = server.wait_for_stdout(|text| text.lines().next().map(str::to_owned));
    let address = first_line.as_ref().and_then(|line| line.strip_prefix("listening on ")?.parse().ok());
    address.ok_or_else(|| GaveUp {
        waiting_for: "`listening on ADDR`".into(),
        because: first_line.map_or(Because::Closed, |line| Because::Printed(without_ports(&line))),
    })
}

/// After a whole script the server has to end the connections. After one that was cut short the
/// clients do, which sets free a server that waits for one of them.
fn finish(mut room: Room, cut: Option<GaveUp>, stop: impl FnOnce()) -> Transcripts {
    if cut.is_some() {
        let transcripts = Transcripts { cut, ..room.finish() };
        stop();
        return transcripts;
    }
    stop();
    room.resume_all();
    let not_closed = room.wait_for_all_ends().err();
    Transcripts { not_closed, ..room.finish() }
}

/// Ports differ from run to run; reports must not.
fn without_ports(text: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = text.split(HOST);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let port = if rest.len() < part.len() { "PORT" } else { "" };
        shown.extend([HOST, port, rest]);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_the_loopback_are_replaced_by_the_word() {
        assert_eq!(without_ports("listening on 127.0.0.1:4711\n"), "listening on 127.0.0.1:PORT\n");
        assert_eq!(
            without_ports("127.0.0.1: 127.0.0.1:1x 127.0.0.1:22"),
            "127.0.0.1: 127.0.0.1:PORTx 127.0.0.1:PORT"
        );
        assert_eq!(without_ports("nothing\n"), "nothing\n");
    }
}
