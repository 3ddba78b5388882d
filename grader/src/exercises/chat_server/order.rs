//! The order in which clients see events.

use std::collections::{BTreeMap, HashMap};

use super::event::{Event, What, events, members};
use crate::case::Fault;
use crate::fixture::chat::{Manner, Transcript, Transcripts};
use crate::judges::quoted;

/// Every client is welcomed, then sees consecutive numbers from its own JOIN on, and what stands
/// behind a number is the same for all.
pub(super) fn same_for_all(transcripts: &Transcripts) -> Result<(), Fault> {
    // For each number the line, and who saw it first.
    let mut seen: BTreeMap<u64, (&str, &str)> = BTreeMap::new();
    for client in members(transcripts).filter(|client| !client.received.is_empty()) {
        for (event, line) in numbered_without_gap(client)? {
            let (first_line, first) = *seen.entry(event.number).or_insert((line, &client.nick));
            if line != first_line {
                let (ours, theirs) = (quoted(line), quoted(first_line));
                return Err(Fault::new(
                    "the same event behind each number for every client",
                    format!("{} sees {ours} where {first} sees {theirs}", client.nick),
                ));
            }
        }
    }
    Ok(())
}

fn numbered_without_gap(client: &Transcript) -> Result<Vec<(Event<'_>, &str)>, Fault> {
    let mut found: Vec<(Event<'_>, &str)> = Vec::new();
    for line in events_after_welcome(client)? {
        let fault =
            |expected: &str| Err(Fault::new(expected, format!("{} receives {}", client.nick, quoted(line))));
        let Some(event) = Event::parse(line) else {
            return fault("events `SEQ JOIN nick`, `SEQ MSG nick text`, `SEQ LEAVE nick` and nothing else");
        };
        match found.last() {
            None if event.what != What::Join(&client.nick) => {
                return fault("the client's own JOIN as its first event");
            }
            Some((last, _)) if Some(event.number) != last.number.checked_add(1) => {
                return fault(&format!("number {} after {}", last.number.saturating_add(1), last.number));
            }
            _ => found.push((event, line)),
        }
    }
    Ok(found)
}

/// The lines after the welcome, without the ERROR that may tell a client why it has to go.
fn events_after_welcome(client: &Transcript) -> Result<&[String], Fault> {
    let nick = &client.nick;
    let (first, rest) = client.received.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
    if first.strip_prefix("WELCOME ") != Some(nick) {
        let expected = format!("`WELCOME {nick}` before anything else");
        return Err(Fault::new(expected, format!("{nick} receives {}", quoted(first))));
    }
    match rest.split_last() {
        Some((last, events)) if client.manner != Manner::Stays && last.starts_with("ERROR ") => Ok(events),
        _ => Ok(rest),
    }
}

/// Every client sees the messages of each sender in the order in which they were sent.
pub(super) fn fifo(transcripts: &Transcripts) -> Result<(), Fault> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for client in members(transcripts) {
        for text in &client.sent {
            let place = places.len();
            places.insert((&client.nick, text), place);
        }
    }
    for client in members(transcripts) {
        let mut last: HashMap<&str, (usize, &str)> = HashMap::new();
        for (nick, text) in events(client).filter_map(|event| event.what.message()) {
            let Some(&place) = places.get(&(nick, text)) else { continue };
            let before = last.insert(nick, (place, text));
            if let Some((_, later)) = before.filter(|(last, _)| *last > place) {
                return Err(Fault::new(
                    format!("{} before {}, as {nick} sent them", quoted(text), quoted(later)),
                    format!("{} receives them the other way round", client.nick),
                ));
            }
        }
    }
    Ok(())
}
