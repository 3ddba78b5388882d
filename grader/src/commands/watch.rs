//! `cargo grade watch`: grade an exercise again whenever its source is saved.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use crate::cli::WatchArgs;
use crate::error::Error;
use crate::exercise::Exercise;
use crate::exit_code;
use crate::grade::{self, Options};
use crate::progress::Progress;
use crate::report::{ExerciseReport, Format, Report};
use crate::run::RunError;
use crate::source::Source;
use crate::watch::{Watch, Woken};
use crate::workspace::Workspace;

/// Clears the screen and puts the cursor into its first corner (ECMA-48 `ED`, `CUP`).
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

pub(super) fn run(args: &WatchArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercises = super::selected(&args.exercises)?;
    super::enter(&workspace, &exercises, &args.sandbox)?;
    let folders =
        exercises.iter().map(|exercise| workspace.crate_folder(exercise.name).join("src")).collect();
    let mut watch = Watch::on(folders).map_err(Error::file("the folders to watch"))?;
    let options = Options { seed: args.seed, schedules: args.schedules, ..Options::default() };
    let mut watched: Vec<Watched> = exercises.into_iter().map(Watched::new).collect();
    if args.exercises.is_empty() {
        watched.iter_mut().for_each(|each| _ = each.changed(&workspace));
    }
    loop {
        match grade_changed(&mut watched, &workspace, &options) {
            Ok(reports) if reports.is_empty() => show(&status(&watched)),
            Ok(reports) => {
                let report = Format::Human.render(&Report::new(args.seed, reports));
                let not_used: String = watched.iter().map(|each| each.not_used.as_str()).collect();
                show(&format!("{}{report}\n{not_used}{}", clear(), status(&watched)));
            }
            Err(Error::Run(RunError::Interrupted)) => return Ok(exit_code::PASS),
            // A file that is just being replaced, a network that is away: the next save may do.
            Err(error) => show(&format!("{}cargo grade: {error}\n\n{}", clear(), status(&watched))),
        }
        if watch.wait().map_err(Error::file("the folders to watch"))? == Woken::Quit {
            return Ok(exit_code::PASS);
        }
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
                return Err(error);
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

fn grade_changed(
    watched: &mut [Watched],
    workspace: &Workspace,
    options: &Options,
) -> Result<Vec<ExerciseReport>, Error> {
    let progress = Progress::on_terminal();
    let mut reports = Vec::new();
    for each in watched {
        if let Some(source) = each.changed(workspace)? {
            reports.push(grade::grade(workspace, each.exercise, &source, options, &progress)?);
        }
    }
    Ok(reports)
}

fn status(watched: &[Watched]) -> String {
    let what = match watched {
        [one] => format!("crates/{}/src", one.exercise.name),
        several => format!("the sources of {} exercises", several.len()),
    };
    let quit = if io::stdin().is_terminal() { "q or Ctrl-C" } else { "Ctrl-C" };
    format!("watching {what}: save to grade, {quit} to quit\n")
}

fn clear() -> &'static str {
    if io::stdout().is_terminal() { CLEAR } else { "" }
}

/// A closed output is nobody's fault: the watch goes on until it is ended.
fn show(text: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
