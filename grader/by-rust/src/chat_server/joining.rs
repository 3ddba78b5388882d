//! `serve`, a scripted client, and the program's own client `join`.
//!
//! `join` sends the lines of its standard input and prints what it receives; so its input and
//! output are the transcript of one more client.

use std::net::SocketAddr;
use std::time::Duration;

use confine::run::{Activity, Limits, RunError, Running, Stdin, activity};
use engine::case::Scenario;
use engine::observation::Observation;
use engine::run_context::RunContext;

use super::serving::{Stop, serve};
use super::transcripts;
use crate::scripted::chat::{Because, End, GaveUp, Manner, Room, Transcript};

const NICK: &str = "joiner";

/// The scenario.
pub(super) struct Joining(pub(super) How);

/// What becomes of `join`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It talks until the server is told to stop.
    Stays,
    /// Its standard input ends while the server goes on.
    Ends,
    /// Its name is in use.
    Refused,
}

impl Scenario for Joining {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let mut join = None;
        let talk = |address, room: &mut Room| {
            let namesake = match self.0 {
                How::Refused => room.join(NICK, Manner::Stays).err(),
                _ => None,
            };
            match (namesake, start(context, address)) {
                (Some(gave_up), _) => Some(gave_up),
                (None, Ok(started)) => self.talk(room, join.insert(started)).err(),
                (None, Err(error)) => Some(machine(&error.to_string())),
            }
        };
        let observation = serve(context.call(["serve"]), Stop::EndOfInput, talk)?;
        let Some(join) = join else { return Ok(observation) };
        let mut all = transcripts(&observation).clone();
        if self.0 != How::Stays {
            all.cut = all.cut.or(otherwise(join, self.0)?);
            return Ok(observation.with(all));
        }
        all.clients.push(transcript(join)?);
        Ok(observation.with(all))
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} join 127.0.0.1:PORT --name {NICK}")
    }
}

impl Joining {
    fn talk(&self, room: &mut Room, join: &mut Running) -> Result<(), GaveUp> {
        match self.0 {
            How::Stays => return talk(room, join),
            How::Refused => {}
            How::Ends => {
                talk(room, join)?;
                join.close_stdin();
            }
        }
        let activity = || join.pid().map_or(Activity::Ended, activity);
        room.wait_for_other(|| activity() == Activity::Ended, activity, "the end of `join`")
    }
}

/// How `join` ended, if that is not as it should.
fn otherwise(mut join: Running, how: How) -> Result<Option<GaveUp>, RunError> {
    join.close_stdin();
    let seen = Observation::of(join.wait()?);
    let code = i32::from(how == How::Refused);
    let is_said = seen.stderr.lines.iter().any(|line| line.starts_with("chat-server: "));
    if seen.code() == Some(code) && (is_said || how != How::Refused) {
        return Ok(None);
    }
    let waiting_for = match how {
        How::Refused => "exit code 1 of `join`, and `chat-server: SUBJECT: reason` on standard error,",
        _ => "exit code 0 of `join`",
    };
    Ok(Some(GaveUp { waiting_for: waiting_for.to_owned(), because: Because::Closed }))
}

fn start(context: &RunContext<'_>, address: SocketAddr) -> Result<Running, RunError> {
    let allow_silence = |limits: &mut Limits| limits.idle = Duration::from_secs(8);
    let call = context.call(["join", &address.to_string(), "--name", NICK]);
    let join = call.stdin(Stdin::Open).limit(allow_silence).start()?;
    // A pipe that is closed before its reader has opened it makes the reader wait for ever.
    let _started = join.pid();
    Ok(join)
}

fn messages() -> impl Iterator<Item = String> {
    (1..=5).map(|count| format!("message {count}"))
}

/// Waits for `join` first, as it may be slow to start.
fn talk(room: &mut Room, join: &mut Running) -> Result<(), GaveUp> {
    let ann = room.join("ann", Manner::Stays)?;
    wait_for_print(room, join, &format!("JOIN {NICK}"))?;
    let lines: String = messages().map(|text| text + "\n").collect();
    join.write_stdin(lines.as_bytes()).map_err(|error| machine(&error.to_string()))?;
    room.say_at_once(ann, messages());
    for nick in [NICK, "ann"] {
        let event = format!("MSG {nick} message 5");
        wait_for_print(room, join, &event)?;
        room.wait_for_event(&[ann], &event)?;
    }
    Ok(())
}

fn wait_for_print(room: &mut Room, join: &Running, event: &str) -> Result<(), GaveUp> {
    let has_printed = || join.has_printed(|text| text.lines().any(|line| line.ends_with(event)));
    let activity = || join.pid().map_or(Activity::Ended, activity);
    room.wait_for_other(has_printed, activity, &format!("`{event}` on the standard output of `join`"))
}

/// A server that is told to stop delivers all before it closes the connection, which ends `join`.
fn transcript(mut join: Running) -> Result<Transcript, RunError> {
    join.close_stdin();
    let stdout = Observation::of(join.wait()?).stdout;
    Ok(Transcript {
        nick: NICK.to_owned(),
        manner: Manner::Stays,
        sent: messages().collect(),
        unfinished: None,
        torn: !stdout.ends_with_newline(),
        received: stdout.lines,
        end: End::ByServer,
    })
}

fn machine(reason: &str) -> GaveUp {
    GaveUp { waiting_for: "`join`".to_owned(), because: Because::Machine(reason.to_owned()) }
}
