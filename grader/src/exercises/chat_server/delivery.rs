//! Whether every message reaches everybody once.

use std::collections::{HashMap, HashSet};

use super::event::{What, events, history, members, residents};
use super::transcripts;
use crate::case::{Fault, Judgement, Observation};
use crate::fixture::chat::Transcripts;
use crate::judges::quoted;

/// No message is lost, doubled or made up, and JOIN and LEAVE alternate for each name.
pub(super) fn judge(observation: &Observation) -> Judgement {
    let transcripts = transcripts(observation);
    if let Err(fault) = nothing_doubled(transcripts).and_then(|()| presence_is_told(transcripts)) {
        return fault.into();
    }
    match transcripts.gave_up() {
        // What is missing might have come yet.
        Some(gave_up) if !gave_up.is_proof() => Judgement::Unproven(gave_up.to_string()),
        gave_up => match (everything_arrives(transcripts), gave_up) {
            (Ok(()), Some(gave_up)) => Judgement::Unproven(gave_up.to_string()),
            (result, _) => result.into(),
        },
    }
}

/// What was sent reached somebody, and so it reached everybody.
fn everything_arrives(transcripts: &Transcripts) -> Result<(), Fault> {
    let history = history(transcripts);
    let published: HashSet<(&str, &str)> = history.values().filter_map(|what| what.message()).collect();
    for client in members(transcripts) {
        let lost = client.sent.iter().find(|text| !published.contains(&(&client.nick, text)));
        if let Some(text) = lost {
            let message = format!("{} of {}", quoted(text), client.nick);
            return Err(Fault::new("every message reaches the room", format!("{message} reaches nobody")));
        }
    }
    reaches_all_residents(transcripts)
}

/// A message that one client saw reached all that were in the room then and stayed.
pub(super) fn reaches_all_residents(transcripts: &Transcripts) -> Result<(), Fault> {
    let history = history(transcripts);
    for client in residents(transcripts) {
        let Some(first) = events(client).next() else { continue };
        let seen: HashSet<(&str, &str)> = events(client).filter_map(|event| event.what.message()).collect();
        let due = history.range(first.number..).filter_map(|(_, what)| what.message());
        if let Some((nick, text)) = due.into_iter().find(|message| !seen.contains(message)) {
            let seen = format!("{} never receives {} of {nick}, which others do", client.nick, quoted(text));
            return Err(Fault::new("every message reaches every client in the room", seen));
        }
    }
    Ok(())
}

fn nothing_doubled(transcripts: &Transcripts) -> Result<(), Fault> {
    let mut said: HashSet<(&str, &str)> = HashSet::new();
    for client in members(transcripts) {
        let texts = client.sent.iter().chain(&client.unfinished);
        said.extend(texts.map(|text| (client.nick.as_str(), text.as_str())));
    }
    for client in members(transcripts) {
        let mut seen = HashSet::new();
        for (nick, text) in events(client).filter_map(|event| event.what.message()) {
            let how = if !said.contains(&(nick, text)) {
                "which was never sent"
            } else if !seen.insert((nick, text)) {
                "a second time"
            } else {
                continue;
            };
            let seen = format!("{} receives {} of {nick}, {how}", client.nick, quoted(text));
            return Err(Fault::new("every message arrives once, as it was sent", seen));
        }
    }
    Ok(())
}

/// Who joins was not there, who leaves or talks was. Of those who were there before the first
/// record nothing is known.
fn presence_is_told(transcripts: &Transcripts) -> Result<(), Fault> {
    let mut present: HashMap<&str, bool> = HashMap::new();
    for (number, what) in history(transcripts) {
        let (must_be_there, is_there) = match what {
            What::Join(_) => (false, true),
            What::Message { .. } => (true, true),
            What::Leave(_) => (true, false),
        };
        let before = present.insert(what.nick(), is_there);
        if before.is_some_and(|before| before != must_be_there) {
            let nick = quoted(what.nick());
            let (kind, state) = match what {
                What::Join(_) => ("JOIN", "is in the room already"),
                What::Message { .. } => ("MSG", "has left"),
                What::Leave(_) => ("LEAVE", "has left already"),
            };
            return Err(Fault::new(
                "a JOIN, the messages, one LEAVE of each client",
                format!("event {number} is a {kind} of {nick}, who {state}"),
            ));
        }
    }
    Ok(())
}
