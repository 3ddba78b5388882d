//! A lock file that fits the manifests beside it.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::error::Error;

/// Lets cargo add and drop the packages of the workspace in `folder`, keeping every version of others. Also proves that
/// cargo accepts the manifests. Errors name `shown` in place of the folder.
///
/// # Errors
/// When cargo cannot be run, or takes offence at a manifest.
pub(super) fn settle(folder: &Path, shown: &Path) -> Result<(), Error> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["update", "--workspace", "--offline", "--quiet"])
        .current_dir(folder)
        .output()
        .map_err(|error| Error::cargo(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.replace(&folder.display().to_string(), &shown.display().to_string());
    Err(Error::cargo(said.trim().to_owned()))
}
