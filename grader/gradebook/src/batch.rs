//! Grading many submissions at once. Whatever one of them does, the others are graded.

use std::collections::HashSet;
use std::time::{Instant, SystemTime};

use grader::error::Error as GraderError;
use grader::exercise::Exercise;
use grader::grade::Options;
use grader::late::{Late, LateRule, Moment};
use grader::report::{ExerciseReport, Report};
use grader::rubric::Rubric;
use grader::run::RunError;
use grader::source::Source;
use grader::verdict::Verdict;
use grader::workspace::Workspace;

use crate::attempt::{Attempt, Outcome, Timestamp};
use crate::book::Settled;
use crate::error::Error;
use crate::fingerprint;
use crate::handed_in::Times;
use crate::pool;
use crate::submission::{Problem, Submission};

/// One submission and one exercise of it.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// What was handed in.
    pub submission: &'a Submission,
    /// What it is graded as.
    pub exercise: &'a Graded,
}

/// An exercise, and what does not depend on who hands it in.
pub struct Graded {
    /// The exercise.
    pub exercise: &'static Exercise,
    fingerprint: String,
    max_score: f64,
    /// What being late costs, and when that begins.
    late: Option<(LateRule, Moment)>,
}

/// What came of a task.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// It was graded now.
    New(Box<Attempt>),
    /// The gradebook has it.
    Unchanged,
    /// The grader was asked to stop: there is no result.
    Interrupted,
}

/// How a class is graded.
pub struct Batch<'a> {
    /// Where the exercises are.
    pub workspace: &'a Workspace,
    /// What is graded.
    pub exercises: Vec<Graded>,
    /// How.
    pub options: Options,
    /// What needs not be graded again.
    pub settled: HashSet<Settled>,
    /// When submissions came, where that is known better than by their files.
    pub handed_in: Times,
    /// Tasks that are done at once.
    pub jobs: usize,
}

/// Grades one source. Always the grader's, but in tests.
pub type Grade<'a> = dyn Fn(&Exercise, &Source) -> Result<ExerciseReport, GraderError> + Sync + 'a;

/// What `exercises` need to be graded with `options`. `due` stands in place of the rubrics' due dates.
///
/// # Errors
/// When the grader's files cannot be read, or no rubric says what being late after `due` costs.
pub fn prepare(
    workspace: &Workspace,
    exercises: &[&'static Exercise],
    options: &Options,
    due: Option<Moment>,
) -> Result<Vec<Graded>, Error> {
    let grader = fingerprint::grader(workspace)?;
    let prepare = |exercise: &&'static Exercise| {
        let rubric = Rubric::read(workspace, exercise)?;
        let rule = rubric.late().copied();
        let late = rule.and_then(|rule| Some((rule, due.or(rule.due)?)));
        Ok(Graded {
            exercise,
            fingerprint: fingerprint::exercise(workspace, exercise.name, &grader, options, due)?,
            late,
            max_score: exercise.checks.iter().map(|check| rubric.points(check.id)).sum(),
        })
    };
    let graded: Vec<Graded> = exercises.iter().map(prepare).collect::<Result<_, Error>>()?;
    if due.is_some() && graded.iter().all(|exercise| exercise.late.is_none()) {
        return Err(Error::usage("--due needs an exercise whose rubric.toml has `[late]`"));
    }
    Ok(graded)
}

impl Batch<'_> {
    /// Every exercise of every submission.
    pub fn tasks<'a>(&'a self, submissions: &'a [Submission]) -> Vec<Task<'a>> {
        let of = |submission: &'a Submission| {
            self.exercises.iter().map(move |exercise| Task { submission, exercise })
        };
        submissions.iter().flat_map(of).collect()
    }

    /// Does `tasks`, several at once, and hands each step to `receive` as it comes. Ends early, with
    /// some tasks not begun, when `stop` says so.
    ///
    /// # Errors
    /// Those of `receive`. What goes wrong with a task is in its attempt.
    pub fn run(
        &self,
        tasks: &[Task<'_>],
        grade: &Grade<'_>,
        stop: impl Fn() -> bool + Sync,
        mut receive: impl FnMut(&Task<'_>, Step) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let work = |task: &Task<'_>| self.step(task, grade);
        pool::for_each(tasks, self.jobs, stop, work, |task, done| {
            let panicked = |words| Step::New(Box::new(task.failed(format!("the grader panicked: {words}"))));
            receive(task, done.unwrap_or_else(panicked))
        })
    }

    fn step(&self, task: &Task<'_>, grade: &Grade<'_>) -> Step {
        let exercise = task.exercise.exercise;
        let only = self.exercises.len() == 1;
        let read =
            task.submission.open().and_then(|opened| opened.source(self.workspace, exercise.name, only));
        let source = read.as_ref().map(|(source, _)| source);
        let known = self.handed_in.get(&task.submission.student).copied();
        let fingerprint = fingerprint::submission(&task.exercise.fingerprint, source, known);
        let student = task.submission.student.clone();
        if self.settled.contains(&Settled { student, fingerprint: fingerprint.clone() }) {
            return Step::Unchanged;
        }
        let started = Instant::now();
        let attempt = match read {
            Err(problem) => Attempt { submitted_at: known, ..task.unusable(problem) },
            Ok((source, newest)) => match grade(exercise, &source) {
                Ok(report) => task.graded(report, self.options.seed, known.or(newest)),
                Err(GraderError::Run(RunError::Interrupted)) => return Step::Interrupted,
                Err(error) => Attempt { submitted_at: known.or(newest), ..task.failed(error.to_string()) },
            },
        };
        Step::New(Box::new(Attempt { fingerprint, seconds: started.elapsed().as_secs_f64(), ..attempt }))
    }
}

impl Graded {
    /// What is taken off `score`; nothing where nobody knows when the submission came.
    fn lateness(&self, submitted_at: Option<Timestamp>, score: f64) -> Option<Late> {
        let (rule, due) = self.late?;
        rule.apply(due, submitted_at?.to_string().parse().ok()?, score)
    }
}

impl Task<'_> {
    fn graded(&self, mut report: ExerciseReport, seed: u64, submitted_at: Option<Timestamp>) -> Attempt {
        let outcome = Outcome::Graded(report.verdict);
        let (score, max_score) = (report.score, report.max_score);
        let late = self.exercise.lateness(submitted_at, score);
        let late_penalty = late.as_ref().map_or(0.0, Late::lost);
        if let Some(late) = late {
            report.hand_in_late(late);
        }
        let message = report.message.clone();
        let report = serde_json::to_string(&Report::new(seed, vec![report])).ok();
        Attempt { score, max_score, late_penalty, submitted_at, report, ..self.attempt(outcome, message) }
    }

    fn unusable(&self, problem: Problem) -> Attempt {
        let name = self.exercise.exercise.name;
        match problem {
            Problem::Missing => self.attempt(Outcome::Missing, Some(format!("nothing for {name} in it"))),
            Problem::Unreadable(reason) => self.attempt(Outcome::Unreadable, Some(reason)),
            Problem::Refused(reason) => self.attempt(Outcome::Graded(Verdict::Refused), Some(reason)),
        }
    }

    fn failed(&self, reason: String) -> Attempt {
        self.attempt(Outcome::GraderError, Some(reason))
    }

    /// An attempt without points.
    fn attempt(&self, outcome: Outcome, message: Option<String>) -> Attempt {
        Attempt {
            student: self.submission.student.clone(),
            exercise: self.exercise.exercise.name.to_owned(),
            fingerprint: String::new(),
            outcome,
            score: 0.0,
            max_score: self.exercise.max_score,
            late_penalty: 0.0,
            message,
            submitted_at: None,
            graded_at: SystemTime::now().into(),
            seconds: 0.0,
            report: None,
        }
    }
}

impl From<&Attempt> for Settled {
    fn from(attempt: &Attempt) -> Self {
        Self { student: attempt.student.clone(), fingerprint: attempt.fingerprint.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use grader::report::{Explored, Stressed};

    use super::*;
    use crate::submission;

    fn workspace() -> Workspace {
        Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap())
    }

    /// Passes, unless the source says otherwise.
    fn grade(exercise: &Exercise, source: &Source) -> Result<ExerciseReport, GraderError> {
        match source.files[Path::new("main.rs")].as_slice() {
            b"panic" => panic!("a bug of the grader"),
            b"error" => Err(GraderError::Cargo("the disk is full".into())),
            b"stop" => Err(RunError::Interrupted.into()),
            _ => Ok(report(exercise)),
        }
    }

    fn report(exercise: &Exercise) -> ExerciseReport {
        ExerciseReport {
            late: None,
            source: Vec::new(),
            withheld: Default::default(),
            exercise: exercise.name.to_owned(),
            verdict: Verdict::Pass,
            score: 10.0,
            max_score: 10.0,
            message: None,
            explored: Explored::default(),
            stressed: Stressed::default(),
            checks: Vec::new(),
            seconds: 0.5,
        }
    }

    fn class(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<Submission>) {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
        let submissions = submission::list(&[PathBuf::from(folder.path())]).unwrap().submissions;
        (folder, submissions)
    }

    fn steps(submissions: &[Submission], settled: HashSet<Settled>) -> Vec<(String, Step)> {
        let workspace = workspace();
        let options = Options::default();
        let mut exercises =
            prepare(&workspace, &[&grader::exercises::even_odd::EXERCISE], &options, None).unwrap();
        let rule = LateRule { due: None, per_day: 10.0, at_most: 50.0 };
        exercises[0].late = Some((rule, "2026-03-01T00:00:00Z".parse().unwrap()));
        let late = "2026-03-02T12:00:00Z".parse::<Moment>().unwrap();
        let handed_in = ["a", "b"].into_iter().zip([late.unix_seconds() * 1000, 0]);
        let handed_in = handed_in.map(|(student, time)| (student.to_owned(), Timestamp(time))).collect();
        let batch = Batch { workspace: &workspace, exercises, options, settled, handed_in, jobs: 2 };
        let mut steps = Vec::new();
        let receive = |task: &Task<'_>, step| {
            steps.push((task.submission.student.clone(), step));
            Ok(())
        };
        batch.run(&batch.tasks(submissions), &grade, || false, receive).unwrap();
        steps.sort_by(|(one, _), (other, _)| one.cmp(other));
        steps
    }

    fn attempt(step: &Step) -> &Attempt {
        let Step::New(attempt) = step else { panic!("{step:?}") };
        attempt
    }

    #[test]
    fn whatever_one_submission_does_the_others_are_graded() {
        let files = [("a.rs", ""), ("b.rs", "panic"), ("c.zip", "no zip"), ("d.rs", "error"), ("e.rs", "")];
        let (_folder, submissions) = class(&files);
        let steps = steps(&submissions, HashSet::new());
        let outcomes: Vec<&str> = steps.iter().map(|(_, step)| attempt(step).outcome.word()).collect();
        assert_eq!(outcomes, ["pass", "grader-error", "unreadable", "grader-error", "pass"]);
        let message = attempt(&steps[1].1).message.as_deref();
        assert_eq!(message, Some("the grader panicked: a bug of the grader"));
        assert!(steps.iter().all(|(_, step)| attempt(step).max_score == 10.0));
    }

    #[test]
    fn what_came_late_keeps_its_points_and_loses_some() {
        let (_folder, submissions) = class(&[("a.rs", ""), ("b.rs", "")]);
        let steps = steps(&submissions, HashSet::new());
        let (late, in_time) = (attempt(&steps[0].1), attempt(&steps[1].1));
        assert_eq!((late.score, late.late_penalty, late.final_score()), (10.0, 2.0, 8.0));
        assert!(late.report.as_ref().unwrap().contains("\"days\":2"));
        assert_eq!((in_time.late_penalty, in_time.final_score()), (0.0, 10.0));
    }

    #[test]
    fn a_due_date_without_a_rule_is_a_mistake() {
        let due = "2026-03-01T00:00:00Z".parse().ok();
        let exercises = [&grader::exercises::even_odd::EXERCISE];
        assert!(prepare(&workspace(), &exercises, &Options::default(), due).is_err());
    }

    #[test]
    fn what_is_settled_is_not_graded_again() {
        let (_folder, submissions) = class(&[("a.rs", ""), ("b.rs", "changed later")]);
        let first = steps(&submissions, HashSet::new());
        let settled = first.iter().map(|(_, step)| Settled::from(attempt(step))).collect();
        fs::write(&submissions[1].path, "changed").unwrap();
        let second = steps(&submissions, settled);
        assert_eq!(second[0].1, Step::Unchanged);
        assert_eq!(attempt(&second[1].1).outcome.word(), "pass");
    }

    #[test]
    fn a_grading_that_was_stopped_leaves_no_attempt() {
        let (_folder, submissions) = class(&[("a.rs", "stop")]);
        assert_eq!(steps(&submissions, HashSet::new())[0].1, Step::Interrupted);
    }
}
