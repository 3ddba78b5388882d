//! `cargo grade replay`: run one case of a report again and show what the program did.

use engine::source::Source;
use engine::workspace::Workspace;
use report::{Audience, Report};

use crate::cli::args::ReplayArgs;
use crate::cli::output::Output;
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::progress::Progress;
use crate::grade::{self, Options};

pub(super) fn run(args: &ReplayArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercise = super::find(&workspace, &args.exercise)?;
    let output = Output::open(args.output.output.as_deref())?;
    let source = match Source::read(&workspace, exercise.name, args.source.as_deref()) {
        Ok(source) => source,
        Err(error) => {
            let error = Error::from(error);
            super::enter(&workspace, &[], &args.sandbox)?;
            let report = Report::new(args.seed, vec![grade::without_source(&workspace, exercise, &error)?]);
            output.write(&args.output.format.render(&report))?;
            return Err(error);
        }
    };
    eprint!("{}", super::not_used(&workspace, exercise, &source));
    let options = Options { seed: args.seed, case: Some(args.case.clone()), ..Options::default() };
    super::enter(&workspace, &[exercise], &args.sandbox)?;
    super::prepare(&workspace, &[exercise])?;
    let progress = Progress::on_terminal();
    let mut report = match &args.schedule {
        Some(schedule) => grade::replay(&workspace, exercise, &source, &options, schedule, args.times)?,
        None => grade::grade(&workspace, exercise, &source, &options, &progress)?,
    };
    drop(progress);
    // The other checks were not asked for: that nothing judged them here says nothing.
    report.checks.retain(|check| check.verdict != report::verdict::Verdict::Skipped);
    report.recount();
    let report = Report::new(args.seed, vec![report]);
    let text = args.output.format.render_in(&report, Audience::Student, output.width());
    output.write(&text)?;
    Ok(exit_code::of(report.verdict))
}
