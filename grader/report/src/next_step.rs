//! What a student does next, told from the report.

use crate::verdict::Verdict;
use crate::{ExerciseReport, Report, Subject};

/// One line for the end of a report: what to do about the first exercise, in the order of the course, that is
/// not done yet. `None` where everything passed.
pub(super) fn next_step(report: &Report) -> Option<String> {
    // An exercise that was begun comes before one that was not.
    let begun =
        |exercise: &&ExerciseReport| !matches!(exercise.verdict, Verdict::Pass | Verdict::NotImplemented);
    let open = |exercise: &&ExerciseReport| exercise.verdict != Verdict::Pass;
    let exercise = report.exercises.iter().find(begun).or_else(|| report.exercises.iter().find(open))?;
    if report.subject == Subject::Targets {
        return replay(exercise).map(|replay| format!("next: see it again with {replay}"));
    }
    let name = exercise.exercise.as_str();
    Some(match exercise.verdict {
        Verdict::Pass => return None,
        Verdict::NotImplemented => match place(exercise) {
            Some(place) => {
                format!("next: write {place}, then cargo grade {name}; stuck? cargo grade hint {name}")
            }
            None => format!("next: read crates/{name}/README.md; stuck? cargo grade hint {name}"),
        },
        Verdict::Fail => match replay(exercise) {
            Some(replay) => format!("next: see it again with {replay}; stuck? cargo grade hint {name}"),
            None => format!(
                "next: read what {name} must keep in crates/{name}/README.md; stuck? cargo grade hint {name}"
            ),
        },
        Verdict::BuildError => format!("next: make {name} compile, then cargo grade {name}"),
        Verdict::Refused => format!("next: take out of {name} what is refused, then cargo grade {name}"),
        Verdict::Inconclusive | Verdict::Skipped => when_unproven(exercise),
    })
}

/// What may prove more next time, by the reason of the first check that is not proven.
fn when_unproven(exercise: &ExerciseReport) -> String {
    let name = &exercise.exercise;
    let mut counted = exercise.checks.iter().filter(|check| !check.is_advice());
    let unproven = counted.find(|check| check.verdict == Verdict::Inconclusive);
    let reason = unproven.map_or("", |check| check.message.as_str());
    let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
    if says(&["too little processor time", "often enough", "never came to rest", "long enough"]) {
        format!("next: cargo grade {name} again, when the machine is less busy")
    } else if says(&["too few schedules"]) {
        format!("next: cargo grade {name} again, with more --schedules")
    } else if says(&["still at work after"]) {
        format!(
            "next: let {name} take fewer steps, as by waiting without looking again and again, then cargo grade {name}"
        )
    } else if says(&["as a run takes about"]) {
        format!("next: let {name} compute less, or wait less, in one run, then cargo grade {name}")
    } else if reason.is_empty() {
        format!("next: read what {name} must keep in crates/{name}/README.md; stuck? cargo grade hint {name}")
    } else {
        format!(
            "next: see above why {name} is not proven, and docs/schedule-control.md for what is under control"
        )
    }
}

/// Where the stub stands, `crates/x/src/main.rs:7`, from `the stub at src/main.rs:7:5 is …`.
fn place(exercise: &ExerciseReport) -> Option<String> {
    let message = exercise.message.as_deref()?;
    let place = message.strip_prefix("the stub at ")?.split(' ').next()?;
    // The column says nothing; the path may stand with or without the crate before it.
    let (place, _) = place.rsplit_once(':')?;
    let (_, below) = place.rsplit_once("src/")?;
    Some(format!("crates/{}/src/{below}", exercise.exercise))
}

/// The replay command of the first failure that counts.
fn replay(exercise: &ExerciseReport) -> Option<&str> {
    let mut counted = exercise.checks.iter().filter(|check| !check.is_advice());
    counted.find_map(|check| check.failure.as_ref()).map(|failure| failure.replay.as_str())
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::*;
    use crate::{CheckReport, Explored, Failure, Lesson, Stressed};

    fn exercise(name: &str, verdict: Verdict) -> ExerciseReport {
        ExerciseReport {
            late: None,
            source: Vec::new(),
            withheld: Default::default(),
            exercise: name.to_owned(),
            verdict,
            score: 0.0,
            max_score: 10.0,
            message: None,
            explored: Explored::default(),
            stressed: Stressed::default(),
            checks: Vec::new(),
            seconds: 0.0,
        }
    }

    fn stub(name: &str, place: &str) -> ExerciseReport {
        let message = Some(format!("the stub at {place} is still to be written"));
        ExerciseReport { message, ..exercise(name, Verdict::NotImplemented) }
    }

    fn failed(points: f64, replay: &str) -> CheckReport {
        let failure = Failure {
            sentence: None,
            picture: None,
            place: None,
            expected: String::new(),
            seen: String::new(),
            ending: String::new(),
            ended: String::new(),
            case: String::new(),
            call: String::new(),
            schedule: None,
            found_after: None,
            replay: replay.to_owned(),
            lines: Vec::new(),
            stderr: Vec::new(),
            trace: Vec::new(),
        };
        CheckReport {
            visibility: Default::default(),
            id: "terminates".to_owned(),
            verdict: Verdict::Fail,
            score: 0.0,
            max_score: points,
            message: String::new(),
            failure: Some(failure),
            shown: None,
            lesson: Lesson::None,
        }
    }

    fn step(exercises: Vec<ExerciseReport>) -> Option<String> {
        next_step(&Report::new(0, exercises))
    }

    #[test]
    fn nothing_is_left_to_do_when_all_pass() {
        assert_eq!(step(vec![exercise("even-odd", Verdict::Pass)]), None);
        assert_eq!(step(Vec::new()), None);
    }

    #[test]
    fn a_stub_is_named_by_file_and_line() {
        let wanted = "next: write crates/even-odd/src/main.rs:41, then cargo grade even-odd; \
                      stuck? cargo grade hint even-odd";
        for place in ["src/main.rs:41:5", "crates/even-odd/src/main.rs:41:5"] {
            assert_eq!(step(vec![stub("even-odd", place)]).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn a_failure_gives_its_replay_command_and_advice_does_not_count() {
        let checks = vec![failed(0.0, "cargo grade replay a"), failed(2.0, "cargo grade replay b")];
        let report = ExerciseReport { checks, ..exercise("even-odd", Verdict::Fail) };
        let text = step(vec![exercise("hello-threads", Verdict::Pass), report]).unwrap();
        assert_eq!(text, "next: see it again with cargo grade replay b; stuck? cargo grade hint even-odd");
    }

    #[test]
    fn what_was_begun_comes_before_what_was_not() {
        let text = step(vec![stub("even-odd", "src/main.rs:4:5"), exercise("primes", Verdict::BuildError)]);
        assert_eq!(text.as_deref(), Some("next: make primes compile, then cargo grade primes"));
    }

    #[test]
    fn what_is_not_proven_gets_advice_by_its_reason() {
        let unproven = |message: String| {
            let check =
                CheckReport { verdict: Verdict::Inconclusive, message, failure: None, ..failed(2.0, "") };
            step(vec![ExerciseReport { checks: vec![check], ..exercise("primes", Verdict::Inconclusive) }])
                .unwrap()
        };
        let ended = |ending: Ending| unproven(format!("case defaults: {ending}"));
        assert!(ended(Ending::WallLimit { seconds: 60, starved: true }).contains("less busy"));
        assert!(ended(Ending::StepLimit { steps: 40_000 }).contains("fewer steps"));
        for ending in [
            Ending::Unseen { call: None },
            Ending::Unseen { call: Some(0) },
            Ending::Diverged { step: 3 },
            Ending::ToolError("no pipe".into()),
        ] {
            assert!(ended(ending).contains("docs/schedule-control.md"));
        }
        assert!(unproven("case a: it was built without hooks".into()).contains("docs/schedule-control.md"));
        assert!(
            unproven("case a: only 3 of 2000 schedules were run, as a run takes about 8192 ms".into())
                .contains("compute less")
        );
        assert!(unproven("too few schedules were tried to show it".into()).contains("--schedules"));
    }

    #[test]
    fn every_verdict_but_a_pass_has_a_next_step() {
        use Verdict::{BuildError, Fail, Inconclusive, NotImplemented, Refused, Skipped};
        for verdict in [BuildError, Fail, Inconclusive, NotImplemented, Refused, Skipped] {
            let text = step(vec![exercise("primes", verdict)]).unwrap();
            assert!(text.starts_with("next: ") && text.contains("primes"), "{text}");
        }
    }
}
