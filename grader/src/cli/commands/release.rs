//! `cargo grade release`: make the students' repository.

use std::io::Write;

use engine::workspace::Workspace;

use crate::cli::args::ReleaseArgs;
use crate::course::release;
use crate::error::Error;
use crate::error::exit_code;

pub(super) fn run(args: &ReleaseArgs) -> Result<u8, Error> {
    let released = release::release(&Workspace::find()?, &args.out)?;
    let release::Released { files, regions } = released;
    // A closed standard output is nobody's fault.
    let _ = writeln!(
        anstream::stdout(),
        "{}: {files} files, {regions} solution regions taken out; commit it as it is",
        args.out.display()
    );
    Ok(exit_code::PASS)
}
