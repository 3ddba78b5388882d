//! Grading many submissions at once. Whatever one of them does, the others are graded.

use std::time::{Instant, SystemTime};

use engine::source::Source;
use engine::workspace::Workspace;
use exercises::{Course, Exercise};
use grader::error::Error as GraderError;
use grader::grade::Options;
use grader::grade::rubric::Rubric;
use report::late::{Late, LateRule, Moment};
use report::verdict::Verdict;
use report::{ExerciseReport, Report};

use crate::attempt::{Attempt, AttemptOutcome, Timestamp};
use crate::book::{Claim, Wanted};
use crate::error::Error;
use crate::fingerprint;
use crate::handed_in::Times;
use crate::pool;
use crate::status::Running;
use crate::submission::{Problem, Submission};
use crate::when::Zone;

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
    rules: String,
    max_score: f64,
    /// What being late costs, and when that begins.
    late: Option<(LateRule, Moment)>,
    /// Whether being late costs something, and nobody says from when.
    pub lacks_due: bool,
}

/// What came of a task.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// It was graded now.
    New(Box<Attempt>),
    /// The gradebook has it.
    Unchanged,
    /// Another grader is at work on it.
    Elsewhere,
    /// The grader was asked to stop: there is no result.
    Interrupted,
}

/// What a batch tells while it works.
pub enum Event<'a, 't> {
    /// A task came to something.
    Done(&'a Task<'t>, Step),
    /// About a second went by.
    Tick,
}

/// How a class is graded.
pub struct Batch<'a> {
    /// Where the exercises are.
    pub workspace: &'a Workspace,
    /// All exercises that there are.
    pub course: &'a Course,
    /// What is graded.
    pub exercises: Vec<Graded>,
    /// How.
    pub options: Options,
    /// Asks the gradebook for a task, so that no other grader does the same.
    pub claim: &'a Claiming<'a>,
    /// Who is told what is at work.
    pub running: &'a Running,
    /// When submissions came, where that is known better than by their files.
    pub handed_in: Times,
    /// Where the times of files are those of the clocks on the wall.
    pub zone: Zone,
    /// Tasks that are done at once.
    pub jobs: usize,
}

/// Claims a task for this grader.
pub type Claiming<'a> = dyn Fn(&Wanted) -> Result<Claim, Error> + Sync + 'a;

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
        let rules = fingerprint::rules(workspace, exercise.name, &rubric, due)?;
        Ok(Graded {
            exercise,
            fingerprint: fingerprint::exercise(workspace, exercise.name, &grader, &rules, options)?,
            rules,
            late,
            lacks_due: rule.is_some() && late.is_none(),
            max_score: rubric.max_score(),
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
        mut receive: impl FnMut(Event<'_, '_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let work = |task: &Task<'_>| self.step(task, grade);
        pool::for_each(tasks, self.jobs, stop, work, |event| {
            let Some((task, done)) = event else { return receive(Event::Tick) };
            let panicked = |words| {
                let attempt = task.failed(format!("the grader panicked: {words}"));
                Ok(Step::New(Box::new(Attempt { rules: Some(task.exercise.rules.clone()), ..attempt })))
            };
            receive(Event::Done(task, done.unwrap_or_else(panicked)?))
        })
    }

    fn step(&self, task: &Task<'_>, grade: &Grade<'_>) -> Result<Step, Error> {
        let exercise = task.exercise.exercise;
        let only = self.exercises.len() == 1;
        let read = task
            .submission
            .open()
            .and_then(|opened| opened.source(self.workspace, self.course, exercise, only));
        let source = fingerprint::source(read.as_ref().map(|(source, _)| source));
        let known = self.handed_in.of(&task.submission.student);
        let fingerprint = fingerprint::submission(&task.exercise.fingerprint, &source, known);
        let (student, name) = (task.submission.student.clone(), exercise.name.to_owned());
        match (self.claim)(&Wanted { student, exercise: name, fingerprint: fingerprint.clone() })? {
            Claim::Done => return Ok(Step::Unchanged),
            Claim::Elsewhere => return Ok(Step::Elsewhere),
            Claim::Ours => {}
        }
        let _running = self.running.begin(format!("{} {}", task.submission.student, exercise.name));
        let started = Instant::now();
        let attempt = match read {
            Err(problem) => Attempt { submitted_at: known.map(Timestamp::from), ..task.unusable(problem) },
            Ok((read, newest)) => {
                let came = known.or(newest.and_then(|time| self.zone.of_timestamp(time)));
                let submitted_at = known.map(Timestamp::from).or(newest);
                match grade(exercise, &read) {
                    Ok(report) => Attempt { submitted_at, ..task.graded(report, self.options.seed, came) },
                    Err(error) if error.is_interrupt() => return Ok(Step::Interrupted),
                    Err(error) => Attempt { submitted_at, ..task.failed(error.to_string()) },
                }
            }
        };
        Ok(Step::New(Box::new(Attempt {
            fingerprint,
            source: Some(source),
            rules: Some(task.exercise.rules.clone()),
            seconds: started.elapsed().as_secs_f64(),
            ..attempt
        })))
    }
}

impl Graded {
    /// Whether being late costs something.
    pub fn punishes_lateness(&self) -> bool {
        self.late.is_some()
    }

    /// What is taken off `score`; nothing where nobody knows when the submission came.
    fn lateness(&self, came: Option<Moment>, score: f64) -> Option<Late> {
        let (rule, due) = self.late?;
        rule.apply(due, came?, score)
    }
}

impl Task<'_> {
    fn graded(&self, mut report: ExerciseReport, seed: u64, came: Option<Moment>) -> Attempt {
        let outcome = AttemptOutcome::Graded(report.verdict);
        let (score, max_score) = (report.score, report.max_score);
        let late = self.exercise.lateness(came, score);
        let late_penalty = late.as_ref().map_or(0.0, Late::lost);
        if let Some(late) = late {
            report.hand_in_late(late);
        }
        let message = report.message.clone();
        let report = serde_json::to_string(&Report::new(seed, vec![report])).ok();
        Attempt { score, max_score, late_penalty, report, ..self.attempt(outcome, message) }
    }

    fn unusable(&self, problem: Problem) -> Attempt {
        let name = self.exercise.exercise.name;
        match problem {
            Problem::Missing(names) => {
                let has =
                    if names.is_empty() { String::new() } else { format!("; it has {}", names.join(", ")) };
                self.attempt(AttemptOutcome::Missing, Some(format!("nothing for {name} in it{has}")))
            }
            Problem::Unreadable(reason) => self.attempt(AttemptOutcome::Unreadable, Some(reason)),
            Problem::Refused(reason) => self.attempt(AttemptOutcome::Graded(Verdict::Refused), Some(reason)),
        }
    }

    fn failed(&self, reason: String) -> Attempt {
        self.attempt(AttemptOutcome::GraderError, Some(reason))
    }

    /// An attempt without points.
    fn attempt(&self, outcome: AttemptOutcome, message: Option<String>) -> Attempt {
        Attempt {
            student: self.submission.student.clone(),
            exercise: self.exercise.exercise.name.to_owned(),
            fingerprint: String::new(),
            source: None,
            rules: None,
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use by_rust::bank_account;
    use report::{Explored, Stressed};

    use super::*;
    use crate::submission::{self, Naming};

    fn workspace() -> Workspace {
        Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap())
    }

    /// Passes, unless the source says otherwise.
    fn grade(exercise: &Exercise, source: &Source) -> Result<ExerciseReport, GraderError> {
        match source.files[Path::new("main.rs")].as_slice() {
            b"panic" => panic!("a bug of the grader"),
            b"error" => Err(GraderError::cargo("the disk is full")),
            b"stop" => Err(confine::run::RunError::Interrupted.into()),
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
        let submissions =
            submission::list(&[PathBuf::from(folder.path())], Naming::Known).unwrap().submissions;
        (folder, submissions)
    }

    /// The fingerprints of what is done stand for a gradebook.
    fn steps(submissions: &[Submission], done: HashSet<String>) -> Vec<(String, Step)> {
        let workspace = workspace();
        let options = Options::default();
        let mut exercises = prepare(&workspace, &[&bank_account::EXERCISE], &options, None).unwrap();
        let rule = LateRule { due: None, per_day: 10.0, at_most: 50.0 };
        exercises[0].late = Some((rule, "2026-03-01T00:00:00Z".parse().unwrap()));
        let handed_in = Times::from([("a", "2026-03-02T12:00:00Z"), ("b", "1970-01-01T00:00:00Z")]);
        let claim =
            |wanted: &Wanted| Ok(if done.contains(&wanted.fingerprint) { Claim::Done } else { Claim::Ours });
        let batch = Batch {
            workspace: &workspace,
            course: &Course::of(&workspace).unwrap(),
            exercises,
            options,
            claim: &claim,
            running: &Running::default(),
            handed_in,
            zone: "UTC".parse().unwrap(),
            jobs: 2,
        };
        let mut steps = Vec::new();
        let receive = |event: Event<'_, '_>| {
            if let Event::Done(task, step) = event {
                steps.push((task.submission.student.clone(), step));
            }
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
        let exercises = [&bank_account::EXERCISE];
        assert!(prepare(&workspace(), &exercises, &Options::default(), due).is_err());
    }

    #[test]
    fn what_is_settled_is_not_graded_again() {
        let (_folder, submissions) = class(&[("a.rs", ""), ("b.rs", "changed later")]);
        let first = steps(&submissions, HashSet::new());
        let settled = first.iter().map(|(_, step)| attempt(step).fingerprint.clone()).collect();
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
