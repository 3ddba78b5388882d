//! `cargo gradebook collect` (and `cargo grade-all`): grade the submissions of a class.

mod summary;

use std::collections::{BTreeSet, HashSet};
use std::io::{self, IsTerminal};
use std::thread;

use grader::exercise::Exercise;
use grader::grade::{self, Options};
use grader::progress::Progress;
use grader::random::drawn_seed;
use grader::workspace::Workspace;
use grader::{exercises, exit_code, interrupt};

use crate::attempt::{Attempt, Outcome};
use crate::batch::{self, Batch, Step, Task};
use crate::book::Book;
use crate::cli::CollectArgs;
use crate::error::Error;
use crate::handed_in::{self, Times};
use crate::page;
use crate::submission::{self, Submission};
use crate::table::harmless;

/// What became of the tasks.
#[derive(Default)]
struct Counts {
    tasks: usize,
    new: usize,
    unchanged: usize,
    grader_errors: usize,
}

pub(super) fn run(args: &CollectArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let class = submissions(args)?;
    let exercises = exercises(args, &class)?;
    let handed_in = handed_in(args, &class)?;
    let submissions = part(args, class);
    grader::commands::enter(&workspace, &exercises, &args.sandbox)?;
    let mut book = Book::open(&args.book.path)?;
    let options = Options { seed: seed(args, &book)?, schedules: args.schedules, ..Options::default() };
    let batch = Batch {
        exercises: batch::prepare(&workspace, &exercises, &options, args.due)?,
        workspace: &workspace,
        options: options.clone(),
        settled: if args.again { HashSet::new() } else { book.settled()? },
        handed_in,
        jobs: args.jobs.map_or_else(processors, usize::from),
    };
    let counts = grade_all(&batch, &submissions, &mut book)?;
    finish(args, &counts, &submissions, &exercises, &book, options.seed)
}

/// The same for the whole class, also where it is graded in several goes; and one that nobody knew before it handed in.
fn seed(args: &CollectArgs, book: &Book) -> Result<u64, Error> {
    let kept = book.seed(args.seed.unwrap_or_else(drawn_seed))?;
    Ok(args.seed.unwrap_or(kept))
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The whole class.
fn submissions(args: &CollectArgs) -> Result<Vec<Submission>, Error> {
    let class = submission::list(&args.folders)?;
    for path in &class.ignored {
        eprintln!("ignored: {}", harmless(&path.display().to_string()));
    }
    if class.submissions.is_empty() {
        return Err(Error::NothingMatched("no submission is in these folders".into()));
    }
    Ok(class.submissions)
}

/// When submissions came, as far as a file says so. Who is in the file and not in the class is said: a name with a
/// mistake would cost somebody points.
fn handed_in(args: &CollectArgs, class: &[Submission]) -> Result<Times, Error> {
    let times = args.handed_in.as_deref().map_or(Ok(Times::new()), handed_in::read)?;
    let is_known = |name: &str| class.iter().any(|submission| submission.student == name);
    for name in times.keys().filter(|name| !is_known(name)) {
        eprintln!("--handed-in: no submission is called {}", harmless(name));
    }
    Ok(times)
}

/// The part of the class that is graded here.
fn part(args: &CollectArgs, class: Vec<Submission>) -> Vec<Submission> {
    let is_mine = |place, student: &str| args.partition.is_none_or(|part| part.contains(place, student));
    let all = class.into_iter().enumerate();
    all.filter(|(place, submission)| is_mine(*place, &submission.student)).map(|(_, it)| it).collect()
}

/// The exercises that are asked for; else those that somebody in the class has handed in, so that every
/// part grades the same ones.
fn exercises(args: &CollectArgs, class: &[Submission]) -> Result<Vec<&'static Exercise>, Error> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for name in &args.exercises {
        names.insert(super::find(name)?.name);
    }
    if args.exercises.is_empty() {
        for opened in class.iter().filter_map(|submission| submission.open().ok()) {
            names.extend(exercises::ALL.iter().map(|exercise| exercise.name).filter(|name| opened.has(name)));
        }
    }
    let wanted: Vec<_> = exercises::ALL.iter().copied().filter(|it| names.contains(it.name)).collect();
    if wanted.is_empty() {
        let hint = "no submission names its exercise; say which it is: --exercise EXERCISE";
        return Err(Error::NothingMatched(hint.into()));
    }
    Ok(wanted)
}

fn grade_all(batch: &Batch<'_>, submissions: &[Submission], book: &mut Book) -> Result<Counts, Error> {
    let tasks = batch.tasks(submissions);
    let progress = Progress::on_terminal();
    let hidden = Progress::hidden();
    let grade = |exercise: &Exercise, source: &_| {
        grade::grade(batch.workspace, exercise, source, &batch.options, &hidden)
    };
    let mut counts = Counts { tasks: tasks.len(), ..Counts::default() };
    batch.run(&tasks, &grade, interrupt::requested, |task, step| {
        match step {
            Step::New(attempt) => {
                book.record(&attempt)?;
                counts.new += 1;
                counts.grader_errors += usize::from(attempt.outcome == Outcome::GraderError);
                tell(&counts, &attempt);
            }
            Step::Unchanged => counts.unchanged += 1,
            Step::Interrupted => {}
        }
        progress.say(counts.line(task));
        Ok(())
    })?;
    Ok(counts)
}

impl Counts {
    fn done(&self) -> usize {
        self.new + self.unchanged
    }

    fn line(&self, task: &Task<'_>) -> String {
        let name = harmless(&task.submission.student);
        format!("{} of {} graded, last {name}", self.done(), self.tasks)
    }
}

/// Where there is no terminal, and so no line that changes, each attempt is a line in the log.
fn tell(counts: &Counts, attempt: &Attempt) {
    if !io::stderr().is_terminal() {
        let Attempt { exercise, score, max_score, .. } = attempt;
        let (student, outcome) = (harmless(&attempt.student), attempt.outcome.word());
        eprintln!(
            "{} of {}: {student} {exercise} {outcome} {score}/{max_score}",
            counts.done(),
            counts.tasks
        );
    }
}

fn finish(
    args: &CollectArgs,
    counts: &Counts,
    submissions: &[Submission],
    exercises: &[&Exercise],
    book: &Book,
    seed: u64,
) -> Result<u8, Error> {
    let attempts = book.attempts()?;
    if let Some(folder) = &args.reports {
        page::write_all(folder, attempts.clone())?;
    }
    super::say(&summary::render(attempts, submissions, exercises))?;
    super::say(&format!(
        "\n{} graded, {} unchanged, {} left · seed {seed} · {}\n",
        counts.new,
        counts.unchanged,
        counts.tasks - counts.done(),
        args.book.path.display(),
    ))?;
    if interrupt::requested() {
        eprintln!("cargo gradebook: stopped; the same command goes on where it was");
        return Ok(exit_code::INTERRUPTED);
    }
    Ok(if counts.grader_errors > 0 { exit_code::FAIL } else { exit_code::PASS })
}
