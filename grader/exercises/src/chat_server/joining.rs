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
pub(super) struct Joining;

impl Scenario for Joining {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let mut join = None;
        let talk = |address, room: &mut Room| match start(context, address) {
            Ok(started) => talk(room, join.insert(started)).err(),
            Err(error) => Some(machine(&error.to_string())),
        };
        let observation = serve(context.call(["serve"]), Stop::EndOfInput, talk)?;
        let Some(join) = join else { return Ok(observation) };
        let mut all = transcripts(&observation).clone();
        all.clients.push(transcript(join)?);
        Ok(observation.with(all))
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} join 127.0.0.1:PORT --name {NICK}")
    }
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
