//! `cargo grade new`: make an exercise.

use std::fmt::Write;

use engine::workspace::Workspace;

use crate::cli::args::NewArgs;
use crate::cli::output::Output;
use crate::course::new_exercise::{self, Kind};
use crate::error::Error;
use crate::error::exit_code;

pub(super) fn run(args: &NewArgs) -> Result<u8, Error> {
    let name = &args.name;
    let mut text = String::new();
    let kind = if args.lib { Kind::Library } else { Kind::Program };
    for file in new_exercise::make(&Workspace::find()?, name, kind)? {
        let _ = writeln!(text, "made {file}");
    }
    let _ = writeln!(text, "next: cargo grade {name}, and cargo grade selftest {name}; then make it yours");
    Output::open(None)?.write(&text)?;
    Ok(exit_code::PASS)
}
