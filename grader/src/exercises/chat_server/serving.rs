//! `serve` with scripted clients around it.

use std::net::SocketAddr;

use rustix::process::Signal;

use crate::case::{Evidence, Observation, Scenario, Stage, Text};
use crate::fixture::chat::{Because, GaveUp, Room, Transcripts};
use crate::run::{RunError, Running, Stdin, is_idle, keeper};

/// What the clients do. It ends early when something does not come.
pub(super) type Script = fn(&mut Room) -> Result<(), GaveUp>;

/// Starts the server, plays a script, and tells the server to stop.
pub(super) struct Serving {
    pub(super) script: Script,
    pub(super) stop: Stop,
}

/// How a server is told to stop.
#[derive(Clone, Copy)]
pub(super) enum Stop {
    EndOfInput,
    Signal(Signal),
}

impl Scenario for Serving {
    fn perform(&self, stage: &Stage<'_>) -> Result<Observation, RunError> {
        serve(stage, self.stop, |_, room| (self.script)(room).err())
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} serve")
    }
}

/// Runs the server around `talk`, which is given its address and says why it ended early, if it did.
pub(super) fn serve(
    stage: &Stage<'_>,
    stop: Stop,
    talk: impl FnOnce(SocketAddr, &mut Room) -> Option<GaveUp>,
) -> Result<Observation, RunError> {
    keeper::raise_open_files().map_err(|error| RunError::Stage(error.to_string()))?;
    let mut server = stage.call(["serve"]).stdin(Stdin::Open).start()?;
    let transcripts = match address(&server) {
        Ok(address) => {
            let process = server.pid();
            let mut room = Room::new(address, move || process.is_some_and(is_idle));
            let cut = talk(address, &mut room);
            finish(room, cut, || stop.request(&mut server))
        }
        Err(cut) => {
            stop.request(&mut server);
            Transcripts { cut: Some(cut), ..Transcripts::default() }
        }
    };
    let mut observation = Observation::of(server.wait()?).with(Evidence::Chat(Box::new(transcripts)));
    observation.stdout = without_ports(&observation.stdout);
    observation.stderr = without_ports(&observation.stderr);
    Ok(observation)
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
        because: first_line.map_or(Because::Closed, Because::Printed),
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
fn without_ports(text: &Text) -> Text {
    const HOST: &str = "127.0.0.1:";
    let text = String::from_utf8_lossy(&text.bytes);
    let mut parts = text.split(HOST);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let port = if rest.len() < part.len() { "PORT" } else { "" };
        shown.extend([HOST, port, rest]);
    }
    Text::new(shown.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_the_loopback_are_replaced_by_the_word() {
        let shown = |text: &str| String::from_utf8(without_ports(&text.into()).bytes).unwrap();
        assert_eq!(shown("listening on 127.0.0.1:4711\n"), "listening on 127.0.0.1:PORT\n");
        assert_eq!(
            shown("127.0.0.1: 127.0.0.1:1x 127.0.0.1:22"),
            "127.0.0.1: 127.0.0.1:PORTx 127.0.0.1:PORT"
        );
        assert_eq!(shown("nothing\n"), "nothing\n");
    }
}
