//! `cargo gradebook collect` (and `cargo grade-all`): grade the submissions of a class.

mod lateness;
mod summary;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use confine::interrupt;
use engine::workspace::Workspace;
use exercises::random::drawn_seed;
use exercises::{Course, Exercise};
use grader::error::exit_code;
use grader::grade::progress::Progress;
use grader::grade::{self, Options};
use report::late::Moment;

use crate::attempt::{Attempt, AttemptOutcome};
use crate::batch::{self, Batch, Event, Step, Task};
use crate::book::{Book, Presence, Wanted};
use crate::cli::CollectArgs;
use crate::error::Error;
use crate::page;
use crate::sight::Sight;
use crate::status::Running;
use crate::submission::{self, Naming, Submission};
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
    let (due, zone) = (args.due.due()?, args.due.zone());
    let class = submissions(args)?;
    let course = Course::of(&workspace)?;
    course.require(&workspace, &args.exercises)?;
    let exercises = exercises(args, &class, &course)?;
    let handed_in = lateness::handed_in(args.handed_in.as_deref(), &class, &zone)?;
    let submissions = part(args, class);
    grader::cli::commands::enter(&workspace, &exercises, &args.sandbox)?;
    grader::cli::commands::prepare(&workspace, &exercises)?;
    let book = Book::open(&args.book.path)?;
    let options = Options { seed: seed(args, &book)?, schedules: args.schedules, ..Options::default() };
    let prepared = batch::prepare(&workspace, &exercises, &options, due)?;
    exercises.iter().try_for_each(|exercise| book.keep_due(exercise.name, due))?;
    lateness::tell_what_is_assumed(&prepared, args.handed_in.is_some());
    let present = Presence::begin(&args.book.path, SystemTime::now().into(), args.again)?;
    let book = Mutex::new(book);
    let batch = Batch {
        exercises: prepared,
        workspace: &workspace,
        course: &course,
        options: options.clone(),
        claim: &|wanted: &Wanted| locked(&book).claim(wanted, &present),
        running: &Running::default(),
        handed_in,
        zone,
        jobs: args.jobs.map_or_else(processors, usize::from),
    };
    let counts = grade_all(&batch, &submissions, &book)?;
    let call = Call { args, workspace: &workspace, submissions: &submissions, due };
    finish(&call, &counts, &batch, &locked(&book))
}

/// What was called for.
struct Call<'a> {
    args: &'a CollectArgs,
    workspace: &'a Workspace,
    submissions: &'a [Submission],
    due: Option<Moment>,
}

fn locked(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
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
    let naming = if args.plain_names { Naming::Plain } else { Naming::Known };
    let class = submission::list(&args.folders, naming)?;
    for path in &class.ignored {
        eprintln!("ignored: {}", harmless(&path.display().to_string()));
    }
    for note in &class.notes {
        eprintln!("{}", harmless(note));
    }
    if class.submissions.is_empty() {
        return Err(Error::NothingMatched("no submission is in these folders".into()));
    }
    Ok(class.submissions)
}

/// The part of the class that is graded here.
fn part(args: &CollectArgs, class: Vec<Submission>) -> Vec<Submission> {
    let is_mine = |place, student: &str| args.partition.is_none_or(|part| part.contains(place, student));
    let all = class.into_iter().enumerate();
    all.filter(|(place, submission)| is_mine(*place, &submission.student)).map(|(_, it)| it).collect()
}

/// The exercises that are asked for; else those that somebody in the class has handed in, so that every
/// part grades the same ones.
fn exercises(
    args: &CollectArgs,
    class: &[Submission],
    course: &Course,
) -> Result<Vec<&'static Exercise>, Error> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for name in &args.exercises {
        names.insert(grader::cli::commands::known(course, name)?.name);
    }
    if args.exercises.is_empty() {
        for opened in class.iter().filter_map(|submission| submission.open().ok()) {
            let handed_in = course.exercises().iter().filter(|exercise| opened.has(course, exercise));
            names.extend(handed_in.map(|exercise| exercise.name));
        }
    }
    let wanted: Vec<_> = course.exercises().iter().copied().filter(|it| names.contains(it.name)).collect();
    if wanted.is_empty() {
        let hint = "no submission names its exercise; say which it is: --exercise EXERCISE";
        return Err(Error::NothingMatched(hint.into()));
    }
    Ok(wanted)
}

/// How often it is looked whether another grader is done.
const PAUSE: Duration = Duration::from_millis(200);

/// Grades what no other grader is at work on; then waits for what one is at work on, and grades it if that leaves it.
fn grade_all(batch: &Batch<'_>, submissions: &[Submission], book: &Mutex<Book>) -> Result<Counts, Error> {
    let mut tasks = batch.tasks(submissions);
    let progress = Progress::on_terminal();
    let mut counts = Counts { tasks: tasks.len(), ..Counts::default() };
    let mut has_waited = false;
    loop {
        tasks = grade_free(batch, &tasks, book, &progress, &mut counts)?;
        if tasks.is_empty() || interrupt::requested() {
            return Ok(counts);
        }
        progress.say(format!("{} · {}", counts.line(), awaited(&tasks)));
        if !has_waited && !io::stderr().is_terminal() {
            eprintln!("{}", awaited(&tasks));
        }
        has_waited = true;
        thread::sleep(PAUSE);
    }
}

/// Grades those of `tasks` that no other grader is at work on. Returns the others.
fn grade_free<'a>(
    batch: &Batch<'_>,
    tasks: &[Task<'a>],
    book: &Mutex<Book>,
    progress: &Progress,
    counts: &mut Counts,
) -> Result<Vec<Task<'a>>, Error> {
    let hidden = Progress::hidden();
    let grade = |exercise: &Exercise, source: &_| {
        grade::grade(batch.workspace, exercise, source, &batch.options, &hidden)
    };
    let mut elsewhere: Vec<usize> = Vec::new();
    batch.run(tasks, &grade, interrupt::requested, |event| {
        match event {
            Event::Done(_, Step::New(attempt)) => {
                locked(book).record(&attempt)?;
                counts.new += 1;
                counts.grader_errors += usize::from(attempt.outcome == AttemptOutcome::GraderError);
                tell(counts, &attempt);
            }
            Event::Done(_, Step::Unchanged) => counts.unchanged += 1,
            Event::Done(task, Step::Elsewhere) => {
                elsewhere.extend(tasks.iter().position(|other| std::ptr::eq(other, task)));
            }
            Event::Done(_, Step::Interrupted) | Event::Tick => {}
        }
        progress.say(counts.line_with(&batch.running.line()));
        Ok(())
    })?;
    elsewhere.sort_unstable();
    Ok(elsewhere.into_iter().map(|place| tasks[place]).collect())
}

/// What is waited for, in a line.
fn awaited(tasks: &[Task<'_>]) -> String {
    const MOST: usize = 5;
    let name =
        |task: &Task<'_>| harmless(&format!("{} {}", task.submission.student, task.exercise.exercise.name));
    let names: Vec<String> = tasks.iter().take(MOST).map(name).collect();
    let more = if tasks.len() > MOST { format!(" and {} more", tasks.len() - MOST) } else { String::new() };
    format!("waiting for another grader of this gradebook: {}{more}", names.join(", "))
}

impl Counts {
    fn done(&self) -> usize {
        self.new + self.unchanged
    }

    fn line(&self) -> String {
        format!("{} of {} graded", self.done(), self.tasks)
    }

    fn line_with(&self, running: &str) -> String {
        if running.is_empty() { self.line() } else { format!("{} · now {}", self.line(), harmless(running)) }
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

fn finish(call: &Call<'_>, counts: &Counts, batch: &Batch<'_>, book: &Book) -> Result<u8, Error> {
    let attempts = book.attempts()?;
    if let Some(folder) = &call.args.reports {
        let sight =
            Sight::new((call.workspace, batch.course), book, &attempts, call.due, SystemTime::now().into())?;
        for path in page::write_all(folder, attempts.clone(), &sight)? {
            eprintln!(
                "{}: a page of before, of nobody in the gradebook",
                harmless(&path.display().to_string())
            );
        }
    }
    lateness::tell_what_was_marked(&attempts, call.submissions, &batch.exercises);
    let exercises: Vec<&Exercise> = batch.exercises.iter().map(|graded| graded.exercise).collect();
    super::say(&summary::render(attempts, call.submissions, &exercises, batch.course))?;
    super::say(&format!(
        "\n{} graded, {} unchanged, {} left · seed {} · {}\n",
        counts.new,
        counts.unchanged,
        counts.tasks - counts.done(),
        batch.options.seed,
        call.args.book.path.display(),
    ))?;
    if interrupt::requested() {
        eprintln!("cargo gradebook: stopped; the same command goes on where it was");
        return Ok(exit_code::INTERRUPTED);
    }
    Ok(if counts.grader_errors > 0 { exit_code::FAIL } else { exit_code::PASS })
}
