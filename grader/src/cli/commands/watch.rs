//! `cargo grade watch`: grade an exercise again whenever its source is saved.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use engine::source::Source;
use engine::workspace::Workspace;
use exercises::{Course, Exercise};
use report::{Audience, Format, Report};

use super::hint;
use crate::cli::args::WatchArgs;
use crate::cli::output::{self, Output, Screen};
use crate::cli::watch::{FolderWatch, KEYS, Key, WatchEvent, fitted};
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::progress::Progress;
use crate::grade::{self, Options};

/// Clears the screen and puts the cursor into its first corner (ECMA-48 `ED`, `CUP`).
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

pub(super) fn run(args: &WatchArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercises = super::selected(&workspace, &args.exercises)?;
    super::enter(&workspace, &exercises, &args.sandbox)?;
    super::prepare(&workspace, &exercises)?;
    let folders =
        exercises.iter().map(|exercise| workspace.crate_folder(exercise.name).join("src")).collect();
    let mut watch = FolderWatch::on(folders).map_err(Error::file("the folders to watch"))?;
    let mut watched: Vec<Watched> = exercises.into_iter().map(Watched::new).collect();
    if args.exercises.is_empty() {
        watched.iter_mut().for_each(|each| _ = each.changed(&workspace));
    }
    let options = Options { seed: args.seed, schedules: args.schedules, ..Options::default() };
    let course = Course::of(&workspace)?;
    let mut watching = Watching { workspace, course, options, watched, current: None, report: String::new() };
    loop {
        match watching.grade_changed() {
            Ok(()) => show(&watching.status()),
            Err(error) if error.is_interrupt() => return Ok(exit_code::PASS),
            // A file that is just being replaced, a network that is away: the next save may do.
            Err(error) => show(&format!("{}cargo grade: {error}\n\n{}", clear(), watching.status())),
        }
        match watch.wait().map_err(Error::file("the folders to watch"))? {
            WatchEvent::Saved => {}
            WatchEvent::Key(Key::Quit) => return Ok(exit_code::PASS),
            WatchEvent::Key(key) => show(&watching.pressed(key)),
        }
    }
}

/// What is watched, and what it last came to.
struct Watching {
    workspace: Workspace,
    course: Course,
    options: Options,
    watched: Vec<Watched>,
    /// The one that was graded last, or is to be graded next.
    current: Option<usize>,
    report: String,
}

impl Watching {
    fn grade_changed(&mut self) -> Result<(), Error> {
        let progress = Progress::on_terminal();
        let mut reports = Vec::new();
        for (index, each) in self.watched.iter_mut().enumerate() {
            if let Some(source) = each.changed(&self.workspace)? {
                self.current = Some(index);
                reports.push(grade::grade(
                    &self.workspace,
                    each.exercise,
                    &source,
                    &self.options,
                    &progress,
                )?);
            }
        }
        if reports.is_empty() { Ok(()) } else { self.show_report(&Report::new(self.options.seed, reports)) }
    }

    /// The report, or as much of it as the screen has room for.
    fn show_report(&mut self, report: &Report) -> Result<(), Error> {
        let output = Output::open(None)?;
        self.report = Format::Human.render_in(report, Audience::Student, output.width());
        let not_used: String = self.watched.iter().map(|each| each.not_used.as_str()).collect();
        let shown = match output::screen() {
            // Below the report stand a line of space and the status.
            Some(Screen { rows, columns }) => {
                fitted(&self.report, rows.saturating_sub(not_used.lines().count() + 3), columns)
            }
            None => self.report.clone(),
        };
        show(&format!("{}{shown}\n{not_used}", clear()));
        Ok(())
    }

    /// Does what a key is for, but for what the next round does; what is to be said.
    fn pressed(&mut self, key: Key) -> String {
        match (key, self.current) {
            (Key::Again, Some(current)) => self.begin(current),
            (Key::Next, _) | (Key::Again, None) => self.begin(self.current.map_or(0, |current| current + 1)),
            (Key::Hint, Some(current)) => {
                let exercise = self.watched[current].exercise.name;
                hint::more(&self.workspace, exercise, false)
                    .unwrap_or_else(|error| format!("cargo grade: {error}\n"))
            }
            (Key::All, Some(_)) => format!("{}{}\n", clear(), self.report),
            (Key::Hint | Key::All, None) => "nothing is graded yet: save a source, or press n\n".into(),
            (Key::Keys | Key::Quit, _) => KEYS.into(),
        }
    }

    /// Has an exercise graded next.
    fn begin(&mut self, index: usize) -> String {
        match self.watched.get_mut(index) {
            Some(each) => {
                each.files = None;
                self.current = Some(index);
                String::new()
            }
            None => {
                let last = self.watched.last().map_or("", |each| each.exercise.name);
                let after = self.course.names().skip_while(|name| *name != last).nth(1);
                match after {
                    Some(next) => format!("only these are watched; then: cargo grade watch {next}\n"),
                    None => format!("{last} is the last one\n"),
                }
            }
        }
    }

    fn status(&self) -> String {
        let what = match self.watched.as_slice() {
            [one] => format!("crates/{}/src", one.exercise.name),
            several => format!("the sources of {} exercises", several.len()),
        };
        let quit = if io::stdin().is_terminal() { "? for the keys, q" } else { "Ctrl-C" };
        format!("watching {what}: save to grade, {quit} to quit\n")
    }
}

/// An exercise, and its source when that was last looked at.
struct Watched {
    exercise: &'static Exercise,
    files: Option<BTreeMap<PathBuf, Vec<u8>>>,
    /// What is said of what stands around it.
    not_used: String,
}

impl Watched {
    fn new(exercise: &'static Exercise) -> Self {
        Self { exercise, files: None, not_used: String::new() }
    }

    /// The source, if it is another one than last time. An editor that writes the same text again
    /// changes nothing.
    fn changed(&mut self, workspace: &Workspace) -> Result<Option<Source>, Error> {
        let source = match Source::read(workspace, self.exercise.name, None) {
            Ok(source) => source,
            Err(error) => {
                // Once it can be read again, it counts as changed.
                self.files = None;
                return Err(error.into());
            }
        };
        if self.files.as_ref() == Some(&source.files) {
            return Ok(None);
        }
        self.files = Some(source.files.clone());
        self.not_used = super::not_used(workspace, self.exercise, &source);
        Ok(Some(source))
    }
}

fn clear() -> &'static str {
    if io::stdout().is_terminal() { CLEAR } else { "" }
}

/// A closed output is nobody's fault: the watch goes on until it is ended.
fn show(text: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
