//! A linker that links the hooks into programs and into nothing else: a shared library that is built beside the tests of
//! a package must not have them, as it finds those of the program that loads it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{hooks, programs};
use crate::error::Error;
use crate::escape::as_word;
use crate::short_hash::short_hash;

/// Writes the script beside the hooks' `object` and gives back its path. It calls `linker`, the user's own.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(object: &Path, linker: &str) -> Result<PathBuf, Error> {
    let text = text(object, linker);
    let hash = short_hash([text.as_bytes()]);
    // The compiler knows by its name what kind of linker it is.
    let folder = object.with_file_name(format!("linker-{hash}"));
    let script = folder.join("cc");
    if !script.is_file() {
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        programs::put(text.as_bytes(), &script)?;
    }
    Ok(script)
}

fn text(object: &Path, linker: &str) -> String {
    let [object, mark] = hooks::link_args(object).map(|arg| as_word(&arg));
    let linker = as_word(linker);
    format!(
        "#!/bin/sh\nfor word do\n    if [ \"$word\" = -shared ]; then exec {linker} \"$@\"; fi\ndone\nexec {linker} \"$@\" {object} {mark}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_programs_get_the_hooks() {
        let folder = tempfile::tempdir().unwrap();
        let script = write(&folder.path().join("it's hooks.o"), "echo").unwrap();
        let said = |args: &[&str]| {
            let output = Command::new(&script).args(args).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(said(&["-o", "a"]).trim_end().contains("it's hooks.o -Wl,"));
        assert_eq!(said(&["-shared", "-o", "a.so"]), "-shared -o a.so\n");
    }
}
