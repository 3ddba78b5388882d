//! The lines that a server sends about its room.

use std::collections::BTreeMap;

use crate::scripted::chat::{Manner, Transcript, Transcripts};
use exercise::judges::number;

/// One line `SEQ JOIN nick`, `SEQ MSG nick text` or `SEQ LEAVE nick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    pub(super) number: u64,
    pub(super) what: What<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    Join(&'a str),
    Message { nick: &'a str, text: &'a str },
    Leave(&'a str),
}

impl<'a> Event<'a> {
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let (sequence, rest) = line.split_once(' ')?;
        let (kind, rest) = rest.split_once(' ')?;
        let what = match kind {
            "JOIN" => What::Join(rest),
            "LEAVE" => What::Leave(rest),
            "MSG" => rest.split_once(' ').map(|(nick, text)| What::Message { nick, text })?,
            _ => return None,
        };
        Some(Self { number: number(sequence)?, what })
    }
}

impl<'a> What<'a> {
    pub(super) fn nick(self) -> &'a str {
        match self {
            Self::Join(nick) | Self::Leave(nick) | Self::Message { nick, .. } => nick,
        }
    }

    /// Sender and text, if it is a message.
    pub(super) fn message(self) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Message { nick, text } => Some((nick, text)),
            _ => None,
        }
    }
}

/// The events that a client received, in its order; other lines are left out.
pub(super) fn events(client: &Transcript) -> impl Iterator<Item = Event<'_>> {
    client.received.iter().filter_map(|line| Event::parse(line))
}

/// What happened in the room, as far as anybody saw it.
pub(super) fn history(transcripts: &Transcripts) -> BTreeMap<u64, What<'_>> {
    transcripts.clients.iter().flat_map(events).map(|event| (event.number, event.what)).collect()
}

/// The clients that were to join.
pub(super) fn members(transcripts: &Transcripts) -> impl Iterator<Item = &Transcript> {
    let joins = |manner: &Manner| matches!(manner, Manner::Stays | Manner::Leaves | Manner::Sends(_));
    transcripts.clients.iter().filter(move |client| joins(&client.manner))
}

/// The clients that were to stay until the server ended their connections.
pub(super) fn residents(transcripts: &Transcripts) -> impl Iterator<Item = &Transcript> {
    transcripts.clients.iter().filter(|client| client.manner == Manner::Stays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_message_is_all_that_follows_the_nick() {
        let event = Event::parse("7 MSG ann 8 LEAVE  bob ").unwrap();
        assert_eq!(event, Event { number: 7, what: What::Message { nick: "ann", text: "8 LEAVE  bob " } });
        assert_eq!(Event::parse("7 MSG ann ").unwrap().what.message(), Some(("ann", "")));
    }

    #[test]
    fn other_lines_are_no_events() {
        for line in
            ["", "WELCOME ann", "ERROR 1 JOIN ann", "x JOIN ann", "+1 JOIN ann", "1 MSG ann", "1 KICK ann"]
        {
            assert_eq!(Event::parse(line), None, "{line:?}");
        }
    }
}
