//! Whether bad lines are refused, and nothing but them.

use std::collections::BTreeMap;

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::event::{history, members};
use super::transcripts;
use crate::scripted::chat::{End, Manner, Transcript, Transcripts};
use exercise::quoted::quoted;

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

/// Of those who ask for one name at once, one gets it.
pub(super) fn judge_rivals(observation: &Observation) -> Judgement {
    let transcripts = transcripts(observation);
    let mut welcomed: BTreeMap<&str, usize> = BTreeMap::new();
    for client in &transcripts.clients {
        let is_welcome = client.received.first().is_some_and(|line| line.starts_with("WELCOME "));
        *welcomed.entry(&client.nick).or_default() += usize::from(is_welcome);
    }
    let fault = |seen| Fault::new("of those who ask for the same name at once, one is welcomed", seen).into();
    // Else somebody else waits, for a message, which another check is about.
    let unanswered = |client: &Transcript| client.manner == Manner::Competes && client.received.is_empty();
    let is_unanswered = transcripts.clients.iter().any(unanswered);
    let unfair = welcomed.iter().find(|(_, count)| **count > 1);
    let nobody = welcomed.iter().find(|(_, count)| **count == 0);
    match (unfair, &transcripts.cut, nobody) {
        (Some((nick, count)), _, _) => fault(format!("{count} clients are welcomed as {nick}")),
        (None, Some(cut), _) if cut.is_proof() && is_unanswered => fault(cut.to_string()),
        (None, Some(cut), _) => Judgement::Unproven(cut.to_string()),
        (None, None, Some((nick, _))) => fault(format!("nobody is welcomed as {nick}")),
        (None, None, None) => Judgement::Kept,
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
        _ if is_answered => {
            let seen = "its connection stays open";
            return Err(
                Fault::new(format!("after the ERROR for {bad}, the connection is closed"), seen).of("error")
            );
        }
        Some(line) => format!("the last that it gets is {}", quoted(line)),
        None => "it gets no answer".to_owned(),
    };
    let sentences = [
        ("in use", "name-in-use"),
        ("UTF-8", "not-utf-8"),
        ("bytes", "long-line"),
        ("mebibyte", "long-line"),
    ];
    let sentence = sentences.into_iter().find(|(word, _)| bad.contains(word)).map_or("nick", |(_, id)| id);
    let expected = format!("{bad} is answered by `ERROR reason`, and the connection is closed");
    Err(Fault::new(expected, seen).of(sentence))
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

#[cfg(test)]
mod tests {
    use super::super::tests::{ANN, BOB, ann, bob, client, cut, judged, seen, talk_of};
    use super::*;
    use crate::scripted::chat::Because;

    fn refused(manner: Manner, received: &str, end: End) -> Judgement {
        let client = Transcript { manner, end, ..client("eve", "", received) };
        judged(judge, talk_of([ann(ANN), client, bob(BOB)]))
    }

    fn opener() -> Manner {
        Manner::OpensWith("an empty name".into())
    }

    fn sender() -> Manner {
        Manner::Sends("a line of 4097 bytes".into())
    }

    #[test]
    fn of_rivals_for_a_name_one_is_welcomed() {
        let rivals = |answers: &[&str]| {
            let rival = |answer: &&str| Transcript { manner: Manner::Competes, ..client("eve", "", answer) };
            judged(judge_rivals, talk_of(answers.iter().map(rival).collect::<Vec<_>>()))
        };
        assert_eq!(rivals(&["ERROR in use\n", "WELCOME eve\n1 JOIN eve\n"]), Judgement::Kept);
        assert_seen(rivals(&["WELCOME eve\n", "WELCOME eve\n"]), "2 clients are welcomed as eve");
        assert_seen(rivals(&["ERROR in use\n", "ERROR in use\n"]), "nobody is welcomed as eve");
    }

    #[track_caller]
    fn assert_seen(judgement: Judgement, seen: &str) {
        let Judgement::Broken(fault) = judgement else { panic!("not broken: {judgement:?}") };
        assert_eq!(fault.seen, seen);
    }

    #[test]
    fn an_error_with_a_reason_and_the_end_is_right() {
        assert_eq!(refused(opener(), "ERROR no name\n", End::ByServer), Judgement::Kept);
        assert_eq!(
            refused(sender(), "WELCOME eve\n6 JOIN eve\nERROR long\n", End::ByServer),
            Judgement::Kept
        );
    }

    #[test]
    fn silence_a_welcome_and_an_open_connection_are_faults() {
        assert_seen(refused(opener(), "", End::ByServer), "it gets no answer");
        assert_seen(refused(opener(), "ERROR \n", End::ByServer), "the last that it gets is `ERROR `");
        assert_seen(refused(opener(), "ERROR no name\n", End::Open), "its connection stays open");
        assert_seen(refused(opener(), "WELCOME eve\n", End::Open), "the last that it gets is `WELCOME eve`");
        assert_seen(
            refused(sender(), "WELCOME eve\n", End::ByServer),
            "the last that it gets is `WELCOME eve`",
        );
    }

    #[test]
    fn what_is_refused_is_not_published() {
        let published = |manner, event: &str| {
            let eve = Transcript { manner, ..client("eve", "", "ERROR no\n") };
            seen(judge, talk_of([ann(&format!("{ANN}{event}\n")), bob(BOB), eve]))
        };
        assert_eq!(published(opener(), "6 JOIN eve"), "a refused JOIN is published");
        assert_eq!(published(sender(), "6 MSG eve xxx"), "a refused message is published");
    }

    #[test]
    fn a_good_line_that_is_not_delivered_is_a_fault() {
        let transcripts = Transcripts { cut: cut(Because::Idle), ..talk_of([ann(ANN), bob(BOB)]) };
        let expected = "`MSG ann a3` to bob did not come: every thread of the server sleeps";
        assert_eq!(seen(judge, transcripts), expected);
    }
}
