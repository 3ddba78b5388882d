//! Transcripts made by hand, and what all judges do with them.

use confine::run::Ending;
use engine::judgement::Judge;

use super::*;
use crate::scripted::chat::{Because, End, GaveUp, Manner, Transcript};

/// A client that stays: `sent` and `received` line by line.
pub(super) fn client(nick: &str, sent: &str, received: &str) -> Transcript {
    Transcript {
        nick: nick.into(),
        manner: Manner::Stays,
        sent: sent.lines().map(str::to_owned).collect(),
        unfinished: None,
        received: received.lines().map(str::to_owned).collect(),
        torn: false,
        end: End::ByServer,
    }
}

pub(super) fn ann(received: &str) -> Transcript {
    client("ann", "a1\na2", received)
}

pub(super) fn bob(received: &str) -> Transcript {
    client("bob", "b1", received)
}

pub(super) const ANN: &str =
    "WELCOME ann\n1 JOIN ann\n2 JOIN bob\n3 MSG ann a1\n4 MSG bob b1\n5 MSG ann a2\n";
pub(super) const BOB: &str = "WELCOME bob\n2 JOIN bob\n3 MSG ann a1\n4 MSG bob b1\n5 MSG ann a2\n";

pub(super) fn talk_of(clients: impl Into<Vec<Transcript>>) -> Transcripts {
    Transcripts { clients: clients.into(), ..Transcripts::default() }
}

pub(super) fn cut(because: Because) -> Option<GaveUp> {
    Some(GaveUp { waiting_for: "`MSG ann a3` to bob".into(), because })
}

pub(super) fn observed(transcripts: Transcripts) -> Observation {
    let observation = Observation { ending: Some(Ending::Exited(0)), ..Observation::default() };
    observation.with(transcripts)
}

pub(super) fn judged(judge: impl Fn(&Observation) -> Judgement, transcripts: Transcripts) -> Judgement {
    judge(&observed(transcripts))
}

/// What the judge saw in a talk that breaks the promise.
#[track_caller]
pub(super) fn seen(judge: impl Fn(&Observation) -> Judgement, transcripts: Transcripts) -> String {
    match judged(judge, transcripts) {
        Judgement::Broken(fault) => fault.seen,
        other => panic!("not broken: {other:?}"),
    }
}

#[track_caller]
fn assert_unproven(judgement: &Judgement) {
    assert!(matches!(judgement, Judgement::Unproven(_)), "{judgement:?}");
}

#[test]
fn every_case_judges_checks_of_the_exercise_and_its_end() {
    let cases = (EXERCISE.cases)(1);
    for case in &cases {
        assert!(case.judges.iter().all(|(check, _)| EXERCISE.check(check).is_some()), "{}", case.id);
        assert!(
            case.judges
                .iter()
                .any(|(check, _)| ["terminates", "usage", "cannot-write", "fine-print"].contains(check)),
            "{}",
            case.id
        );
    }
    for check in EXERCISE.checks {
        let is_judged = |case: &Case| case.judges.iter().any(|(id, _)| *id == check.id);
        assert!(cases.iter().any(is_judged), "{}", check.id);
    }
}

fn judges() -> Vec<Judge> {
    vec![
        Judge::new(held(order::same_for_all)),
        Judge::new(held(order::fifo)),
        Judge::new(delivery::judge),
        Judge::new(shutdown::judge),
        Judge::new(refusal::judge),
        Judge::new(came_through("it goes on")),
    ]
}

#[test]
fn a_right_talk_keeps_every_promise() {
    for judge in judges() {
        assert_eq!(judged(|seen| judge.judge_unasked(seen), talk_of([ann(ANN), bob(BOB)])), Judgement::Kept);
    }
}

#[test]
fn a_talk_that_the_machine_cut_short_proves_nothing() {
    for because in [Because::Impatience, Because::Machine("no descriptors left".into())] {
        for judge in judges() {
            let transcripts = Transcripts { cut: cut(because.clone()), ..talk_of([ann(ANN), bob("")]) };
            assert_unproven(&judged(|seen| judge.judge_unasked(seen), transcripts));
        }
    }
}

#[test]
fn a_server_that_never_answers_passes_no_judge() {
    for judge in judges() {
        let transcripts = Transcripts { cut: cut(Because::Idle), ..talk_of([client("ann", "", "")]) };
        assert_ne!(judged(|seen| judge.judge_unasked(seen), transcripts), Judgement::Kept);
    }
}

#[test]
fn what_can_never_come_is_a_fault() {
    let all = [Because::Idle, Because::Closed, Because::Flooded, Because::Printed("hello".into())];
    for because in all {
        let transcripts = Transcripts { cut: cut(because), ..talk_of([]) };
        assert!(
            seen(came_through("it goes on"), transcripts).starts_with("`MSG ann a3` to bob did not come: ")
        );
    }
}
