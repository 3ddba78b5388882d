//! Whether every message reaches everybody once.

use std::collections::{HashMap, HashSet};

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::event::{What, events, history, members, residents};
use super::transcripts;
use crate::scripted::chat::Transcripts;
use exercise::quoted::quoted;

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

/// What a client sent after its last line end is no message.
pub(super) fn nothing_unfinished(transcripts: &Transcripts) -> Result<(), Fault> {
    let halves: HashSet<&str> =
        transcripts.clients.iter().filter_map(|one| one.unfinished.as_deref()).collect();
    match history(transcripts).into_values().filter_map(What::message).find(|(_, text)| halves.contains(text))
    {
        None => Ok(()),
        Some((nick, text)) => {
            let seen = format!("{} of {nick} is sent round", quoted(text));
            Err(Fault::new("a line without its end is no message", seen))
        }
    }
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
            let sentence = match text {
                "QUIT" if !said.iter().any(|(by, text)| *by == nick && text.trim() == "QUIT") => "quit",
                _ if !said.contains(&(nick, text)) => "message",
                _ => "everything-once",
            };
            return Err(Fault::new("every message arrives once, as it was sent", seen).of(sentence));
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

#[cfg(test)]
mod tests {
    use super::super::tests::{ANN, BOB, ann, bob, client, cut, judged, seen, talk_of};
    use super::*;
    use crate::scripted::chat::{Because, Manner};

    #[test]
    fn a_message_that_nobody_receives_is_lost() {
        let without = |text: &str| text.replace("5 MSG ann a2\n", "");
        let transcripts = talk_of([ann(&without(ANN)), bob(&without(BOB))]);
        assert_eq!(seen(judge, transcripts), "`a2` of ann reaches nobody");
    }

    #[test]
    fn a_message_must_reach_its_sender_too() {
        let transcripts = talk_of([ann(ANN), bob(&BOB.replace("4 MSG bob b1\n", ""))]);
        assert_eq!(seen(judge, transcripts), "bob never receives `b1` of bob, which others do");
    }

    #[test]
    fn who_has_left_may_miss_the_rest() {
        let mut guest = bob("WELCOME bob\n2 JOIN bob\n");
        guest.manner = Manner::Leaves;
        assert_eq!(judged(judge, talk_of([ann(ANN), guest])), Judgement::Kept);
    }

    #[test]
    fn a_message_twice_is_a_fault_under_one_number_and_under_two() {
        for again in ["5 MSG ann a2\n", "6 MSG ann a2\n"] {
            let transcripts = talk_of([ann(&(ANN.to_owned() + again)), bob(BOB)]);
            assert_eq!(seen(judge, transcripts), "ann receives `a2` of ann, a second time");
        }
    }

    #[test]
    fn a_message_that_nobody_sent_is_a_fault() {
        let transcripts = talk_of([ann(&ANN.replace("a2", "a2 ")), bob(BOB)]);
        assert_eq!(seen(judge, transcripts), "ann receives `a2 ` of ann, which was never sent");
    }

    #[test]
    fn an_unfinished_line_may_count_as_a_message_or_not() {
        for tail in ["", "6 MSG bob half\n"] {
            let mut guest = bob(BOB);
            (guest.manner, guest.unfinished) = (Manner::Leaves, Some("half".into()));
            let transcripts = talk_of([ann(&format!("{ANN}{tail}")), guest]);
            assert_eq!(judged(judge, transcripts), Judgement::Kept, "{tail:?}");
        }
    }

    #[test]
    fn join_and_leave_alternate() {
        let after = |tail: &str| {
            let mut guest = bob(BOB);
            guest.manner = Manner::Leaves;
            judged(judge, talk_of([ann(&format!("{ANN}{tail}")), guest]))
        };
        assert_eq!(after("6 LEAVE bob\n7 JOIN bob\n8 LEAVE bob\n"), Judgement::Kept);
        for (tail, what) in [
            ("6 LEAVE bob\n7 LEAVE bob\n", "event 7 is a LEAVE of `bob`, who has left already"),
            ("6 JOIN bob\n", "event 6 is a JOIN of `bob`, who is in the room already"),
        ] {
            let Judgement::Broken(fault) = after(tail) else { panic!("{tail:?}") };
            assert_eq!(fault.seen, what);
        }
    }

    #[test]
    fn what_is_missing_when_the_server_sleeps_is_lost() {
        let transcripts =
            Transcripts { cut: cut(Because::Idle), ..talk_of([ann(ANN), client("bob", "b1\nb2", BOB)]) };
        assert_eq!(seen(judge, transcripts), "`b2` of bob reaches nobody");
    }
}
