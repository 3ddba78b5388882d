//! Which of a student's attempts at an exercise counts.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::attempt::{Attempt, Outcome};

/// How the attempt that counts is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// The one with the most points; among equals the latest.
    #[default]
    Best,
    /// The latest.
    Last,
}

/// The attempt that counts of each student and exercise, by student and exercise. `attempts` are in
/// the order in which they were graded. A failure of the grader counts only where there is nothing else.
pub fn choose(attempts: Vec<Attempt>, policy: Policy) -> Vec<Attempt> {
    let mut chosen: BTreeMap<(String, String), Attempt> = BTreeMap::new();
    for attempt in attempts {
        let key = (attempt.student.clone(), attempt.exercise.clone());
        match chosen.get_mut(&key) {
            None => _ = chosen.insert(key, attempt),
            Some(before) if counts_more(&attempt, before, policy) => *before = attempt,
            Some(_) => {}
        }
    }
    chosen.into_values().collect()
}

/// Whether the later attempt `new` counts more than `before`.
fn counts_more(new: &Attempt, before: &Attempt, policy: Policy) -> bool {
    let is_proof = |attempt: &Attempt| attempt.outcome != Outcome::GraderError;
    match (is_proof(before), is_proof(new)) {
        (true, false) => false,
        (false, true) => true,
        _ => policy == Policy::Last || new.final_score() >= before.final_score(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use grader::verdict::Verdict;

    use super::*;
    use crate::attempt::Timestamp;

    pub(crate) fn attempt(student: &str, score: f64, graded_at: i64) -> Attempt {
        let verdict = if score == 10.0 { Verdict::Pass } else { Verdict::Fail };
        Attempt {
            student: student.to_owned(),
            exercise: "even-odd".to_owned(),
            fingerprint: format!("{score}"),
            outcome: Outcome::Graded(verdict),
            score,
            max_score: 10.0,
            late_penalty: 0.0,
            message: None,
            submitted_at: Some(Timestamp(1_700_000_000_000)),
            graded_at: Timestamp(graded_at),
            seconds: 1.5,
            report: None,
        }
    }

    fn chosen_time(attempts: &[Attempt], policy: Policy) -> i64 {
        let chosen = choose(attempts.to_vec(), policy);
        assert_eq!(chosen.len(), 1);
        chosen[0].graded_at.0
    }

    #[test]
    fn the_best_attempt_is_kept_when_a_later_one_is_worse() {
        let attempts = [attempt("ada", 3.0, 1), attempt("ada", 10.0, 2), attempt("ada", 6.5, 3)];
        assert_eq!(chosen_time(&attempts, Policy::Best), 2);
        assert_eq!(chosen_time(&attempts, Policy::Last), 3);
    }

    #[test]
    fn among_equals_the_latest_counts() {
        let attempts = [attempt("ada", 10.0, 1), attempt("ada", 10.0, 2)];
        assert_eq!(chosen_time(&attempts, Policy::Best), 2);
    }

    #[test]
    fn a_failure_of_the_grader_never_takes_the_place_of_a_result() {
        let failure = |at| Attempt { outcome: Outcome::GraderError, ..attempt("ada", 0.0, at) };
        for policy in [Policy::Best, Policy::Last] {
            assert_eq!(chosen_time(&[attempt("ada", 0.0, 1), failure(2)], policy), 1);
            assert_eq!(chosen_time(&[failure(1), attempt("ada", 0.0, 2)], policy), 2);
        }
    }

    #[test]
    fn a_penalty_counts_in_what_is_best() {
        let late = Attempt { late_penalty: 5.0, ..attempt("ada", 10.0, 2) };
        assert_eq!(chosen_time(&[attempt("ada", 6.5, 1), late], Policy::Best), 1);
    }
}
