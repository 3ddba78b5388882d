use engine::observation::Observation;

use super::*;

const TWO_AND_TWO: Setting = Setting { producers: 2, consumers: 2, items: 2, capacity: 1 };

const RIGHT: &str = "produced 0 0\nproduced 1 0\nconsumed 0 0 0\nconsumed 1 1 0\nproduced 0 1\n\
                     produced 1 1\nconsumed 1 0 1\nconsumed 1 1 1\ndone 4\n";

fn says(setting: Setting, check: &str, stdout: &str) -> String {
    let case = judged(Case::of_args("", [""; 0]), setting);
    let judge = &case.judges.iter().find(|(id, _)| *id == check).unwrap().1;
    match judge.judge_unasked(&Observation { stdout: stdout.into(), ..Observation::default() }) {
        Judgement::Kept => "kept".into(),
        Judgement::Unproven(_) => "unproven".into(),
        Judgement::Nothing => "nothing".into(),
        Judgement::Broken(fault) => fault.seen,
    }
}

fn of(check: &str, stdout: &str) -> String {
    says(TWO_AND_TWO, check, stdout)
}

#[test]
fn a_right_output_keeps_every_promise() {
    for check in ["exactly-once", "fifo", "bounded", "done-last"] {
        assert_eq!(of(check, RIGHT), "kept", "{check}");
        let nothing = Setting { items: 0, ..TWO_AND_TWO };
        assert_eq!(says(nothing, check, "done 0\n"), "kept", "{check}");
    }
}

#[test]
fn an_item_may_be_consumed_before_its_producer_said_so() {
    let early = RIGHT.replace(
        "produced 0 0\nproduced 1 0\nconsumed 0 0 0\n",
        "consumed 0 0 0\nproduced 0 0\nproduced 1 0\n",
    );
    for check in ["exactly-once", "fifo", "bounded", "done-last"] {
        assert_eq!(of(check, &early), "kept", "{check}");
    }
}

#[test]
fn lost_and_doubled_items_are_named() {
    let once = |stdout: &str| of("exactly-once", stdout);
    assert_eq!(once(&RIGHT.replace("consumed 1 0 1\n", "")), "item 1 of producer 0 was never consumed");
    assert_eq!(once(&RIGHT.replace("produced 1 1\n", "")), "item 1 of producer 1 was never produced");
    assert_eq!(
        once(&RIGHT.replace("consumed 1 0 1", "consumed 0 1 0")),
        "line 7 is `consumed 0 1 0`, for the second time"
    );
    assert_eq!(once("done 4\n"), "item 0 of producer 0 was never produced");
}

#[test]
fn lines_about_anything_else_are_named() {
    let once = |stdout: &str| of("exactly-once", stdout);
    assert_eq!(once("produced 0 2\n"), "line 1 is `produced 0 2`");
    assert_eq!(once("produced 2 0\n"), "line 1 is `produced 2 0`");
    assert_eq!(once("consumed 2 0 0\n"), "line 1 is `consumed 2 0 0`");
    assert_eq!(once("produced 0 00\n"), "line 1 is `produced 0 00`");
    assert_eq!(once("Produced 0\n"), "line 1 is `Produced 0`");
    assert_eq!(once(RIGHT.trim_end()), "the last line, `done 4`, has no end");
}

#[test]
fn a_consumer_that_goes_back_in_a_producers_items_is_named() {
    let swapped = "produced 0 0\nproduced 0 1\nconsumed 0 0 1\nconsumed 0 0 0\ndone 2\n";
    let one = Setting { producers: 1, ..TWO_AND_TWO };
    assert_eq!(says(one, "fifo", swapped), "consumer 0 got item 0 of producer 0 after item 1");
    let by_two = swapped.replace("consumed 0 0 0", "consumed 1 0 0");
    assert_eq!(says(one, "fifo", &by_two), "kept");
}

#[test]
fn a_producer_too_far_ahead_is_named() {
    let ahead =
        "produced 0 0\nproduced 0 1\nproduced 0 2\nconsumed 0 0 0\nconsumed 0 0 1\nconsumed 0 0 2\ndone 3\n";
    let one = Setting { producers: 1, consumers: 1, items: 3, capacity: 1 };
    assert_eq!(says(one, "bounded", ahead), "at line 3, 3 are produced and 0 consumed");
    assert_eq!(says(Setting { capacity: 2, ..one }, "bounded", ahead), "kept");
    assert_eq!(says(Setting { consumers: 2, ..one }, "bounded", ahead), "kept");
}

#[test]
fn order_and_bound_blame_no_missing_item_again() {
    for check in ["fifo", "bounded"] {
        assert_eq!(of(check, "done 4\n"), "unproven", "{check}");
    }
}

#[test]
fn the_end_is_said_once_and_last() {
    let done = |stdout: &str| of("done-last", stdout);
    assert_eq!(done(&RIGHT.replace("done 4\n", "")), "there is no such line");
    assert_eq!(done(&RIGHT.replace("done 4", "done 3")), "line 9 is `done 3`");
    assert_eq!(done(&RIGHT.replace("done 4", "done")), "line 9 is `done`");
    assert_eq!(done(&format!("{RIGHT}done 4\n")), "after it, line 10 is `done 4`");
    assert_eq!(done("done 4\nproduced 0 0\n"), "after it, line 2 is `produced 0 0`");
}

#[test]
fn huge_numbers_are_no_items() {
    let line = "produced 0 99999999999999999999999\nconsumed 18446744073709551615 0 0\n";
    assert_eq!(of("exactly-once", line), "line 1 is `produced 0 99999999999999999999999`");
    assert_eq!(of("fifo", line), "unproven");
}
