//! The order in which clients see events.

use std::collections::{BTreeMap, HashMap};

use engine::judgement::Fault;

use super::event::{Event, What, events, members};
use crate::scripted::chat::{Manner, Transcript, Transcripts};
use exercise::quoted::quoted;

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
            const EXPECTED: &str =
                "events `SEQ JOIN nick`, `SEQ MSG nick text`, `SEQ LEAVE nick` and nothing else";
            return fault(EXPECTED).map_err(|fault| fault.of("events"));
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
        return Err(Fault::new(expected, format!("{nick} receives {}", quoted(first))).of("welcome"));
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

#[cfg(test)]
mod tests {
    use engine::judgement::Judgement;

    use super::super::tests::{ANN, BOB, ann, bob, client, cut, judged, seen, talk_of};
    use super::*;
    use crate::chat_server::held;
    use crate::scripted::chat::Because;

    fn seen_by(ann_receives: &str, bob_receives: &str) -> String {
        seen(held(same_for_all), talk_of([ann(ann_receives), bob(bob_receives)]))
    }

    #[test]
    fn two_events_behind_one_number_are_a_fault() {
        let swapped = BOB.replace("3 MSG ann a1\n4 MSG bob b1", "3 MSG bob b1\n4 MSG ann a1");
        assert_eq!(seen_by(ANN, &swapped), "bob sees `3 MSG bob b1` where ann sees `3 MSG ann a1`");
    }

    #[test]
    fn a_gap_and_a_repetition_are_faults() {
        assert_eq!(seen_by(&ANN.replace("4 MSG bob b1\n", ""), BOB), "ann receives `5 MSG ann a2`");
        assert_eq!(seen_by(&ANN.replace("4 MSG", "3 MSG"), BOB), "ann receives `3 MSG bob b1`");
    }

    #[test]
    fn the_welcome_and_the_own_join_come_first() {
        assert_eq!(seen_by(ANN, &BOB.replace("WELCOME bob\n", "")), "bob receives `2 JOIN bob`");
        assert_eq!(seen_by(ANN, &BOB.replace("2 JOIN bob\n", "")), "bob receives `3 MSG ann a1`");
        assert_eq!(seen_by(ANN, &BOB.replace("2 JOIN", "1 JOIN ann\n2 JOIN")), "bob receives `1 JOIN ann`");
    }

    #[test]
    fn lines_that_are_no_events_are_faults() {
        assert_eq!(seen_by(&ANN.replace("4 MSG", "four MSG"), BOB), "ann receives `four MSG bob b1`");
        assert_eq!(seen_by(&(ANN.to_owned() + "ERROR full\n"), BOB), "ann receives `ERROR full`");
        let huge = ANN
            .replace("2 JOIN", &format!("{} JOIN", u64::MAX))
            .replace("1 JOIN", "18446744073709551615 JOIN");
        assert_eq!(seen_by(&huge, BOB), "ann receives `18446744073709551615 JOIN bob`");
    }

    #[test]
    fn numbering_may_start_anywhere_and_a_dropped_client_may_be_told_why() {
        let ann = ann("WELCOME ann\n21 JOIN ann\n22 JOIN bob\n23 JOIN guest\n");
        let mut guest = client("guest", "", "WELCOME guest\n23 JOIN guest\nERROR too slow\n");
        guest.manner = Manner::Leaves;
        let transcripts = talk_of([ann, bob("WELCOME bob\n22 JOIN bob\n23 JOIN guest\n"), guest]);
        assert_eq!(judged(held(same_for_all), transcripts), Judgement::Kept);
    }

    #[test]
    fn messages_of_one_sender_the_wrong_way_round_are_a_fault() {
        let swapped = ANN.replace("a1", "a0").replace("a2", "a1").replace("a0", "a2");
        let Judgement::Broken(fault) = judged(held(fifo), talk_of([ann(&swapped)])) else { panic!() };
        assert_eq!(fault.expected, "`a1` before `a2`, as ann sent them");
        assert_eq!(fault.seen, "ann receives them the other way round");
    }

    #[test]
    fn messages_of_different_senders_have_no_order() {
        let later = ANN.replace("4 MSG bob b1\n5 MSG ann a2", "4 MSG ann a2\n5 MSG bob b1");
        assert_eq!(judged(held(fifo), talk_of([ann(&later), bob("")])), Judgement::Kept);
    }

    #[test]
    fn a_fault_shows_also_in_a_talk_that_was_cut_short() {
        let swapped = ANN.replace("a1", "a0").replace("a2", "a1").replace("a0", "a2");
        let transcripts = Transcripts { cut: cut(Because::Impatience), ..talk_of([ann(&swapped)]) };
        assert!(matches!(judged(held(fifo), transcripts), Judgement::Broken(_)));
    }
}
