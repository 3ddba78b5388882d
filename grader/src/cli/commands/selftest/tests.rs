use report::{Explored, Stressed, Visibility};

use super::*;

fn check(id: &str, verdict: Verdict, max_score: f64) -> CheckReport {
    CheckReport {
        id: id.to_owned(),
        verdict,
        score: 0.0,
        max_score,
        visibility: Visibility::Visible,
        message: String::new(),
        failure: None,
        shown: None,
        lesson: report::Lesson::None,
    }
}

fn report(checks: Vec<CheckReport>) -> ExerciseReport {
    ExerciseReport {
        exercise: "sample".to_owned(),
        verdict: Verdict::Fail,
        score: 0.0,
        max_score: 10.0,
        message: None,
        explored: Explored::default(),
        stressed: Stressed::default(),
        checks,
        seconds: 0.0,
        late: None,
        withheld: None,
        source: Vec::new(),
    }
}

#[test]
fn what_a_mutant_fails_besides_its_check_is_said() {
    let of = |order, ends| report(vec![check("order", order, 5.0), check("ends", ends, 5.0)]);
    let also = |order, ends| also_fails(&of(order, ends), "order");
    assert_eq!(also(Verdict::Fail, Verdict::Fail), Some("also fails: ends".to_owned()));
    assert_eq!(also(Verdict::Fail, Verdict::Inconclusive), None);
    assert_eq!(also(Verdict::Pass, Verdict::Pass), None);
}

#[test]
fn advice_that_a_variant_does_not_announce_is_wrong_and_so_is_advice_that_does_not_come() {
    let of = |verdict| report(vec![check("order", Verdict::Pass, 10.0), check("blocks", verdict, 0.0)]);
    let announced = ["blocks".to_owned()];
    assert_eq!(variant_problem(&of(Verdict::Pass), &[]), None);
    assert_eq!(variant_problem(&of(Verdict::Fail), &announced), None);
    assert!(variant_problem(&of(Verdict::Fail), &[]).is_some());
    assert!(variant_problem(&of(Verdict::Pass), &announced).is_some());
}
