//! `cargo grade collect`: becomes `cargo gradebook collect`.
//!
//! The gradebook is a package of its own, because it needs a database, which no student should have to
//! build before the first grade. This command only makes it easy to find.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::cli::CollectArgs;
use crate::error::Error;
use crate::workspace::Workspace;

pub(super) fn run(args: &CollectArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let error = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--profile", "grade", "--quiet", "--package", "gradebook", "--manifest-path"])
        .arg(workspace.root().join("Cargo.toml"))
        .args(["--", "collect"])
        .args(&args.args)
        .exec();
    // A successful exec never returns.
    Err(Error::Cargo(error.to_string()))
}
