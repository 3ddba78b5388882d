//! Judges over transcripts made by hand.

use super::*;
use crate::case::Judge;
use crate::fixture::chat::{Because, End, GaveUp, Manner, Transcript};
use crate::run::Ending;

/// A client that stays: `sent` and `received` line by line.
fn client(nick: &str, sent: &str, received: &str) -> Transcript {
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

fn ann(received: &str) -> Transcript {
    client("ann", "a1\na2", received)
}

fn bob(received: &str) -> Transcript {
    client("bob", "b1", received)
}

const ANN: &str = "WELCOME ann\n1 JOIN ann\n2 JOIN bob\n3 MSG ann a1\n4 MSG bob b1\n5 MSG ann a2\n";
const BOB: &str = "WELCOME bob\n2 JOIN bob\n3 MSG ann a1\n4 MSG bob b1\n5 MSG ann a2\n";

fn talk_of(clients: impl Into<Vec<Transcript>>) -> Transcripts {
    Transcripts { clients: clients.into(), ..Transcripts::default() }
}

fn cut(because: Because) -> Option<GaveUp> {
    Some(GaveUp { waiting_for: "`MSG ann a3` to bob".into(), because })
}

fn observed(transcripts: Transcripts) -> Observation {
    let observation = Observation { ending: Some(Ending::Exited(0)), ..Observation::default() };
    observation.with(Evidence::Chat(Box::new(transcripts)))
}

fn judged(judge: impl Fn(&Observation) -> Judgement, transcripts: Transcripts) -> Judgement {
    judge(&observed(transcripts))
}

/// What the judge saw in a talk that breaks the promise.
#[track_caller]
fn seen(judge: impl Fn(&Observation) -> Judgement, transcripts: Transcripts) -> String {
    match judged(judge, transcripts) {
        Judgement::Broken(fault) => fault.seen,
        other => panic!("not broken: {other:?}"),
    }
}

#[track_caller]
fn assert_unproven(judgement: &Judgement) {
    assert!(matches!(judgement, Judgement::Unproven(_)), "{judgement:?}");
}

mod any_talk {
    use super::*;

    fn judges() -> Vec<Judge> {
        vec![
            Box::new(held(order::same_for_all)),
            Box::new(held(order::fifo)),
            Box::new(delivery::judge),
            Box::new(shutdown::judge),
            Box::new(refusal::judge),
            Box::new(came_through("it goes on")),
        ]
    }

    #[test]
    fn a_right_talk_keeps_every_promise() {
        for judge in judges() {
            assert_eq!(judged(judge, talk_of([ann(ANN), bob(BOB)])), Judgement::Kept);
        }
    }

    #[test]
    fn a_talk_that_the_machine_cut_short_proves_nothing() {
        for because in [Because::Impatience, Because::Machine("no descriptors left".into())] {
            for judge in judges() {
                let transcripts = Transcripts { cut: cut(because.clone()), ..talk_of([ann(ANN), bob("")]) };
                assert_unproven(&judged(judge, transcripts));
            }
        }
    }

    #[test]
    fn a_server_that_never_answers_passes_no_judge() {
        for judge in judges() {
            let transcripts = Transcripts { cut: cut(Because::Idle), ..talk_of([client("ann", "", "")]) };
            assert_ne!(judged(judge, transcripts), Judgement::Kept);
        }
    }
}

mod same_order {
    use super::*;

    fn seen_by(ann_receives: &str, bob_receives: &str) -> String {
        seen(held(order::same_for_all), talk_of([ann(ann_receives), bob(bob_receives)]))
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
        assert_eq!(judged(held(order::same_for_all), transcripts), Judgement::Kept);
    }
}

mod fifo {
    use super::*;

    #[test]
    fn messages_of_one_sender_the_wrong_way_round_are_a_fault() {
        let swapped = ANN.replace("a1", "a0").replace("a2", "a1").replace("a0", "a2");
        let Judgement::Broken(fault) = judged(held(order::fifo), talk_of([ann(&swapped)])) else { panic!() };
        assert_eq!(fault.expected, "`a1` before `a2`, as ann sent them");
        assert_eq!(fault.seen, "ann receives them the other way round");
    }

    #[test]
    fn messages_of_different_senders_have_no_order() {
        let later = ANN.replace("4 MSG bob b1\n5 MSG ann a2", "4 MSG ann a2\n5 MSG bob b1");
        assert_eq!(judged(held(order::fifo), talk_of([ann(&later), bob("")])), Judgement::Kept);
    }

    #[test]
    fn a_fault_shows_also_in_a_talk_that_was_cut_short() {
        let swapped = ANN.replace("a1", "a0").replace("a2", "a1").replace("a0", "a2");
        let transcripts = Transcripts { cut: cut(Because::Impatience), ..talk_of([ann(&swapped)]) };
        assert!(matches!(judged(held(order::fifo), transcripts), Judgement::Broken(_)));
    }
}

mod deliveries {
    use super::*;

    #[test]
    fn a_message_that_nobody_receives_is_lost() {
        let without = |text: &str| text.replace("5 MSG ann a2\n", "");
        let transcripts = talk_of([ann(&without(ANN)), bob(&without(BOB))]);
        assert_eq!(seen(delivery::judge, transcripts), "`a2` of ann reaches nobody");
    }

    #[test]
    fn a_message_must_reach_its_sender_too() {
        let transcripts = talk_of([ann(ANN), bob(&BOB.replace("4 MSG bob b1\n", ""))]);
        assert_eq!(seen(delivery::judge, transcripts), "bob never receives `b1` of bob, which others do");
    }

    #[test]
    fn who_has_left_may_miss_the_rest() {
        let mut guest = bob("WELCOME bob\n2 JOIN bob\n");
        guest.manner = Manner::Leaves;
        assert_eq!(judged(delivery::judge, talk_of([ann(ANN), guest])), Judgement::Kept);
    }

    #[test]
    fn a_message_twice_is_a_fault_under_one_number_and_under_two() {
        for again in ["5 MSG ann a2\n", "6 MSG ann a2\n"] {
            let transcripts = talk_of([ann(&(ANN.to_owned() + again)), bob(BOB)]);
            assert_eq!(seen(delivery::judge, transcripts), "ann receives `a2` of ann, a second time");
        }
    }

    #[test]
    fn a_message_that_nobody_sent_is_a_fault() {
        let transcripts = talk_of([ann(&ANN.replace("a2", "a2 ")), bob(BOB)]);
        assert_eq!(seen(delivery::judge, transcripts), "ann receives `a2 ` of ann, which was never sent");
    }

    #[test]
    fn an_unfinished_line_may_count_as_a_message_or_not() {
        for tail in ["", "6 MSG bob half\n"] {
            let mut guest = bob(BOB);
            (guest.manner, guest.unfinished) = (Manner::Leaves, Some("half".into()));
            let transcripts = talk_of([ann(&format!("{ANN}{tail}")), guest]);
            assert_eq!(judged(delivery::judge, transcripts), Judgement::Kept, "{tail:?}");
        }
    }

    #[test]
    fn join_and_leave_alternate() {
        let after = |tail: &str| {
            let mut guest = bob(BOB);
            guest.manner = Manner::Leaves;
            judged(delivery::judge, talk_of([ann(&format!("{ANN}{tail}")), guest]))
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
        assert_eq!(seen(delivery::judge, transcripts), "`b2` of bob reaches nobody");
    }
}

mod refusals {
    use super::*;

    fn refused(manner: Manner, received: &str, end: End) -> Judgement {
        let client = Transcript { manner, end, ..client("eve", "", received) };
        judged(refusal::judge, talk_of([ann(ANN), client, bob(BOB)]))
    }

    fn opener() -> Manner {
        Manner::OpensWith("an empty name".into())
    }

    fn sender() -> Manner {
        Manner::Sends("a line of 4097 bytes".into())
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
            seen(refusal::judge, talk_of([ann(&format!("{ANN}{event}\n")), bob(BOB), eve]))
        };
        assert_eq!(published(opener(), "6 JOIN eve"), "a refused JOIN is published");
        assert_eq!(published(sender(), "6 MSG eve xxx"), "a refused message is published");
    }

    #[test]
    fn a_good_line_that_is_not_delivered_is_a_fault() {
        let transcripts = Transcripts { cut: cut(Because::Idle), ..talk_of([ann(ANN), bob(BOB)]) };
        let expected = "`MSG ann a3` to bob did not come: every thread of the server sleeps";
        assert_eq!(seen(refusal::judge, transcripts), expected);
    }
}

mod shutdowns {
    use super::*;

    #[test]
    fn what_one_client_has_received_all_must_receive() {
        let transcripts = talk_of([ann(ANN), bob(&BOB.replace("5 MSG ann a2\n", ""))]);
        assert_eq!(seen(shutdown::judge, transcripts), "bob never receives `a2` of ann, which others do");
    }

    #[test]
    fn a_connection_that_stays_open_is_a_fault() {
        let not_closed = Some(GaveUp { waiting_for: "the end of ann".into(), because: Because::Idle });
        let transcripts = Transcripts { not_closed, ..talk_of([ann(ANN), bob(BOB)]) };
        let expected = "the end of ann did not come: every thread of the server sleeps";
        assert_eq!(seen(shutdown::judge, transcripts), expected);
    }

    #[test]
    fn half_a_line_at_the_end_is_a_fault() {
        let torn = Transcript { torn: true, ..bob(BOB) };
        let expected = "the last line that bob receives has no end";
        assert_eq!(seen(shutdown::judge, talk_of([ann(ANN), torn])), expected);
    }

    #[test]
    fn another_exit_code_is_a_fault() {
        let mut observation = observed(talk_of([ann(ANN), bob(BOB)]));
        observation.ending = Some(Ending::Exited(1));
        assert!(matches!(shutdown::judge(&observation), Judgement::Broken(_)));
    }
}

mod scripts_end {
    use super::*;

    #[test]
    fn what_can_never_come_is_a_fault() {
        let all = [Because::Idle, Because::Closed, Because::Flooded, Because::Printed("hello".into())];
        for because in all {
            let transcripts = Transcripts { cut: cut(because), ..talk_of([]) };
            assert!(
                seen(came_through("it goes on"), transcripts)
                    .starts_with("`MSG ann a3` to bob did not come: ")
            );
        }
    }
}

mod demonstrations {
    use super::*;

    const RIGHT: &str = "1 JOIN client-2\n2 JOIN client-1\n3 MSG client-1 message 1\n4 MSG client-2 message 1\n\
        5 MSG client-2 message 2\n6 MSG client-1 message 2\n7 LEAVE client-1\ndelivered 4 to 2 clients\n";

    fn judged(stdout: &str) -> Judgement {
        demo::judge(2, 2)(&Observation { stdout: stdout.into(), ..Observation::default() })
    }

    #[track_caller]
    fn fault(stdout: &str) -> Fault {
        match judged(stdout) {
            Judgement::Broken(fault) => fault,
            other => panic!("not broken: {other:?}"),
        }
    }

    #[test]
    fn with_all_leave_events_or_with_none_it_is_right() {
        assert_eq!(judged(RIGHT), Judgement::Kept);
        assert_eq!(judged(&RIGHT.replace("7 LEAVE client-1\n", "")), Judgement::Kept);
        assert_eq!(judged(&RIGHT.replace("delivered", "8 LEAVE client-2\ndelivered")), Judgement::Kept);
    }

    #[test]
    fn the_numbers_start_at_1_and_have_no_gap() {
        assert_eq!(fault(&RIGHT.replace("1 JOIN", "0 JOIN")).line, Some(0));
        let gap = fault(&RIGHT.replace("5 MSG", "6 MSG"));
        assert_eq!((gap.line, gap.expected.as_str()), (Some(4), "event 5 of the room"));
    }

    #[test]
    fn nobody_talks_before_all_have_joined() {
        let early = RIGHT.replace(
            "2 JOIN client-1\n3 MSG client-1 message 1",
            "2 MSG client-2 message 1\n3 JOIN client-1",
        );
        assert_eq!(fault(&early).expected, "no message before all clients have joined");
    }

    #[test]
    fn messages_of_one_client_come_in_order_and_all_of_them() {
        let swapped = RIGHT.replace("6 MSG client-1 message 2", "6 MSG client-1 message 3");
        assert_eq!(fault(&swapped).line, Some(5));
        let twice = RIGHT.replace("3 MSG client-1 message 1", "3 MSG client-2 message 1");
        assert_eq!(fault(&twice).line, Some(3));
        let lost = RIGHT.replace("6 MSG client-1 message 2\n7 LEAVE client-1\n", "");
        assert_eq!(fault(&lost).seen, "there are 2 JOINs and 3 messages");
    }

    #[test]
    fn nobody_leaves_before_the_last_message_or_twice() {
        let early = RIGHT.replace(
            "6 MSG client-1 message 2\n7 LEAVE client-1",
            "6 LEAVE client-1\n7 MSG client-1 message 2",
        );
        assert_eq!(fault(&early).expected, "one LEAVE of client-1, after the last message");
        let twice = RIGHT.replace("delivered", "8 LEAVE client-1\ndelivered");
        assert_eq!(fault(&twice).line, Some(7));
    }

    #[test]
    fn only_the_clients_are_in_the_room_and_the_last_line_counts_right() {
        assert_eq!(
            fault(&RIGHT.replace("client-2", "client-3")).expected,
            "an event of client-1 to client-2"
        );
        assert_eq!(fault(&RIGHT.replace("delivered 4", "delivered 5")).line, Some(7));
        assert_eq!(fault(&RIGHT.replace("delivered 4 to 2 clients\n", "")).seen, "it is `7 LEAVE client-1`");
        assert_eq!(fault("").seen, "nothing is printed");
        assert_eq!(fault("delivered 4 to 2 clients\n").seen, "there are 0 JOINs and 0 messages");
    }
}

#[test]
fn every_case_judges_checks_of_the_exercise_and_its_end() {
    let cases = (EXERCISE.cases)(1);
    for case in &cases {
        assert!(case.judges.iter().all(|(check, _)| EXERCISE.check(check).is_some()), "{}", case.id);
        assert!(case.judges.iter().any(|(check, _)| *check == "terminates"), "{}", case.id);
    }
    for check in EXERCISE.checks {
        let is_judged = |case: &Case| case.judges.iter().any(|(id, _)| *id == check.id);
        assert!(cases.iter().any(is_judged), "{}", check.id);
    }
}
