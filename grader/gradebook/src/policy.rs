//! Which of a student's attempts at an exercise counts.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::attempt::{Attempt, AttemptOutcome};

/// How the attempt that counts is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// Of the sources that were handed in, the one with the most points; among equals the latest.
    #[default]
    Best,
    /// The latest.
    Last,
}

/// The attempt that counts of each student and exercise, by student and exercise. `attempts` are in
/// the order in which they were graded.
///
/// The latest attempt at a source stands for that source, whoever mended a rubric or a date in between: an older one
/// was judged by rules that hold no more. The policy chooses among sources. A failure of the grader counts only where
/// there is nothing else.
pub fn choose(attempts: Vec<Attempt>, policy: Policy) -> Vec<Attempt> {
    let mut standing: BTreeMap<(String, String), Vec<Attempt>> = BTreeMap::new();
    for attempt in attempts {
        let key = (attempt.student.clone(), attempt.exercise.clone());
        stand(standing.entry(key).or_default(), attempt);
    }
    standing.into_values().filter_map(|sources| best(sources, policy)).collect()
}

/// Puts a later attempt in the place of the one that stood for its source.
fn stand(sources: &mut Vec<Attempt>, attempt: Attempt) {
    if let Some(place) = sources.iter().position(|before| is_of_same_source(before, &attempt)) {
        if is_proof(&sources[place]) && !is_proof(&attempt) {
            return;
        }
        sources.remove(place);
    }
    sources.push(attempt);
}

/// Older graders did not keep which source an attempt was of: there, what came at the same moment is one.
fn is_of_same_source(before: &Attempt, after: &Attempt) -> bool {
    match (&before.source, &after.source) {
        (Some(before), Some(after)) => before == after,
        _ => {
            before.fingerprint == after.fingerprint
                || before.submitted_at.is_some() && before.submitted_at == after.submitted_at
        }
    }
}

fn best(sources: Vec<Attempt>, policy: Policy) -> Option<Attempt> {
    sources.into_iter().reduce(|before, new| if counts_more(&new, &before, policy) { new } else { before })
}

/// Whether the later attempt `new` counts more than `before`.
fn counts_more(new: &Attempt, before: &Attempt, policy: Policy) -> bool {
    match (is_proof(before), is_proof(new)) {
        (true, false) => false,
        (false, true) => true,
        _ => policy == Policy::Last || new.final_score() >= before.final_score(),
    }
}

fn is_proof(attempt: &Attempt) -> bool {
    attempt.outcome != AttemptOutcome::GraderError
}

#[cfg(test)]
pub(crate) mod tests {
    use report::verdict::Verdict;

    use super::*;
    use crate::attempt::Timestamp;

    pub(crate) fn attempt(student: &str, score: f64, graded_at: i64) -> Attempt {
        let verdict = if score == 10.0 { Verdict::Pass } else { Verdict::Fail };
        Attempt {
            student: student.to_owned(),
            exercise: "even-odd".to_owned(),
            fingerprint: format!("{score}"),
            source: Some(format!("{score}")),
            rules: None,
            outcome: AttemptOutcome::Graded(verdict),
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
        let failure = |at| Attempt { outcome: AttemptOutcome::GraderError, ..attempt("ada", 0.0, at) };
        for policy in [Policy::Best, Policy::Last] {
            assert_eq!(chosen_time(&[attempt("ada", 0.0, 1), failure(2)], policy), 1);
            assert_eq!(chosen_time(&[failure(1), attempt("ada", 0.0, 2)], policy), 2);
        }
    }

    #[test]
    fn the_latest_attempt_at_a_source_stands_for_it() {
        let regraded = Attempt { source: attempt("ada", 10.0, 1).source, ..attempt("ada", 4.0, 3) };
        let attempts = [attempt("ada", 10.0, 1), attempt("ada", 6.5, 2), regraded];
        assert_eq!(chosen_time(&attempts, Policy::Best), 2, "10 was given by rules that hold no more");
        assert_eq!(chosen_time(&attempts, Policy::Last), 3);
    }

    #[test]
    fn what_came_at_the_same_moment_is_one_source_where_no_hash_was_kept() {
        let old = Attempt { source: None, ..attempt("ada", 10.0, 1) };
        assert_eq!(chosen_time(&[old.clone(), attempt("ada", 6.5, 2)], Policy::Best), 2);
        let before = Attempt { submitted_at: Some(Timestamp(5)), ..old };
        assert_eq!(chosen_time(&[before, attempt("ada", 6.5, 2)], Policy::Best), 1);
    }

    #[test]
    fn a_failed_regrading_leaves_what_there_was() {
        let failure = Attempt {
            outcome: AttemptOutcome::GraderError,
            source: attempt("ada", 10.0, 1).source,
            ..attempt("ada", 0.0, 2)
        };
        for policy in [Policy::Best, Policy::Last] {
            assert_eq!(chosen_time(&[attempt("ada", 10.0, 1), failure.clone()], policy), 1);
        }
    }

    #[test]
    fn a_penalty_counts_in_what_is_best() {
        let late = Attempt { late_penalty: 5.0, ..attempt("ada", 10.0, 2) };
        assert_eq!(chosen_time(&[attempt("ada", 6.5, 1), late], Policy::Best), 1);
    }
}
