//! `cargo grade check`: grade exercises and report.

use crate::cli::CheckArgs;
use crate::error::Error;
use crate::exit_code;
use crate::grade::{self, Options};
use crate::output::Output;
use crate::progress::Progress;
use crate::report::Report;
use crate::source::Source;
use crate::workspace::Workspace;

pub(super) fn run(args: &CheckArgs) -> Result<u8, Error> {
    let exercises = super::selected(&args.exercises)?;
    if args.source.is_some() && exercises.len() != 1 {
        return Err(Error::Usage("--source stands for one exercise's source: name that exercise".into()));
    }
    let workspace = Workspace::find()?;
    let output = Output::open(args.output.output.as_deref())?;
    let CheckArgs { seed, schedules, preemptions, .. } = *args;
    let options = Options { seed, schedules, preemptions, ..Options::default() };
    super::enter(&workspace, &exercises, &args.sandbox)?;
    let progress = Progress::on_terminal();
    let mut reports = Vec::with_capacity(exercises.len());
    for exercise in exercises {
        let source = Source::read(&workspace, exercise.name, args.source.as_deref())?;
        reports.push(grade::grade(&workspace, exercise, &source, &options, &progress)?);
    }
    drop(progress);
    let report = Report::new(args.seed, reports);
    output.write(&args.output.format.render(&report))?;
    Ok(exit_code::of(report.verdict))
}
