//! Whether bad lines are refused, and nothing but them.

use super::event::{history, members};
use super::transcripts;
use crate::case::{Fault, Judgement, Observation};
use crate::fixture::chat::{End, Manner, Transcript, Transcripts};
use crate::judges::quoted;

/// Who sends a bad line gets `ERROR reason` and is cut off; nobody else hears of it.
pub(super) fn judge(observation: &Observation) -> Judgement {
    let transcripts = transcripts(observation);
    if let Some(cut) = transcripts.cut.as_ref().filter(|cut| !cut.is_proof()) {
        return Judgement::Unproven(cut.to_string());
    }
    let refused = transcripts.clients.iter().try_for_each(refused);
    let result = refused.and_then(|()| stays_unheard(transcripts));
    match (result, &transcripts.cut) {
        (Ok(()), Some(cut)) => {
            Fault::new("good lines are accepted, and the room goes on for the others", cut.to_string()).into()
        }
        (result, _) => result.into(),
    }
}

fn refused(client: &Transcript) -> Result<(), Fault> {
    let is_error = |line: &String| line.strip_prefix("ERROR ").is_some_and(|reason| !reason.is_empty());
    let (bad, is_answered) = match &client.manner {
        Manner::OpensWith(bad) => (bad, matches!(client.received.as_slice(), [line] if is_error(line))),
        Manner::Sends(bad) => (bad, client.received.iter().any(is_error)),
        _ => return Ok(()),
    };
    let seen = match client.received.last() {
        _ if is_answered && client.end == End::ByServer => return Ok(()),
        _ if is_answered => "its connection stays open".to_owned(),
        Some(line) => format!("the last that it gets is {}", quoted(line)),
        None => "it gets no answer".to_owned(),
    };
    Err(Fault::new(format!("{bad} is answered by `ERROR reason`, and the connection is closed"), seen))
}

/// Who was refused at the door never joins; a line that was refused is no message.
fn stays_unheard(transcripts: &Transcripts) -> Result<(), Fault> {
    for (_, what) in history(transcripts) {
        let mut namesakes = members(transcripts).filter(|client| client.nick == what.nick()).peekable();
        let is_member = namesakes.peek().is_some();
        let mut was_sent = |text: &str| namesakes.any(|client| client.sent.iter().any(|sent| sent == text));
        if !is_member || what.message().is_some_and(|(_, text)| !was_sent(text)) {
            let what = what.message().map_or("JOIN", |_| "message");
            return Err(Fault::new(
                "what is refused is not published",
                format!("a refused {what} is published"),
            ));
        }
    }
    Ok(())
}
