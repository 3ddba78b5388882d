//! `cargo grade prepare`: builds what grading needs, so that later calls need no network and no time for it.

use engine::compile;
use engine::workspace::Workspace;

use crate::cli::args::PrepareArgs;
use crate::cli::output::Output;
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::progress::Progress;

pub(super) fn run(args: &PrepareArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercises = super::selected(&workspace, &args.exercises)?;
    let progress = Progress::on_terminal();
    for exercise in &exercises {
        let tell = |what| progress.say(what);
        compile::fetch(&workspace, exercise.name, &tell)?;
        compile::prepare(&workspace, exercise.name, &tell)?;
    }
    drop(progress);
    let count = exercises.len();
    let what = if count == 1 { exercises[0].name.to_owned() } else { format!("{count} exercises") };
    Output::open(None)?.write(&format!("ready to grade {what}\n"))?;
    Ok(exit_code::PASS)
}
