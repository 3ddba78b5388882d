//! `launcher PACKAGE [WORDS]…`: what `cargo grade` and `cargo gradebook` begin with. It has the package built in the sight
//! of whoever waits for it, and becomes its program.
//!
//! Cargo alone can do one or the other: `cargo run --quiet` is silent for minutes when it has something to build, and
//! without `--quiet` each grade that is no pass ends with an error of cargo's own. So this small program is what cargo
//! runs quietly.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// As the grader's own when it cannot do its work (`EX_SOFTWARE` of sysexits.h).
const FAILED: u8 = 70;

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let Some(package) = words.next() else {
        eprintln!("launcher: call it as `cargo grade` or `cargo gradebook`");
        return FAILED.into();
    };
    let Some(folder) = own_folder() else { return failed(&io::ErrorKind::NotFound.into()) };
    match build(&package, &folder) {
        Ok(true) => {}
        Ok(false) => return FAILED.into(),
        Err(error) => return failed(&error),
    }
    // Only a failure comes back.
    failed(&Command::new(folder.join(package)).args(words).exec())
}

fn failed(error: &io::Error) -> ExitCode {
    eprintln!("cargo grade: cannot start the grader: {error}");
    FAILED.into()
}

/// Where cargo has put this program: all those of a profile are in one folder, which has the profile's name.
fn own_folder() -> Option<PathBuf> {
    env::current_exe().ok()?.parent().map(Path::to_owned)
}

/// Has cargo build `package` as this program is built, into `folder`; gives back whether it could. On a terminal one sees
/// it at work.
fn build(package: &OsStr, folder: &Path) -> io::Result<bool> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let profile = folder.file_name().unwrap_or_default();
    cargo.args(["build", "--profile"]).arg(profile).arg("--package").arg(package);
    if !io::stderr().is_terminal() {
        return Ok(cargo.arg("--quiet").status()?.success());
    }
    // Into a pipe cargo shows neither colours nor a bar of its own accord.
    cargo.env("CARGO_TERM_COLOR", "always");
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "80");
    let mut child = cargo.stderr(Stdio::piped()).spawn()?;
    let left = child.stderr.take().map(|said| show_work(said, &mut io::stderr())).transpose()?;
    let is_built = child.wait()?.success();
    if !is_built {
        io::stderr().write_all(&left.unwrap_or_default())?;
    }
    Ok(is_built)
}

/// Passes on what cargo says as it comes, once there is work; gives back what it said where there was none.
fn show_work(mut said: impl Read, shown: &mut impl Write) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    let mut is_work = false;
    loop {
        let count = said.read(&mut buffer)?;
        if count == 0 {
            return Ok(kept);
        }
        kept.extend_from_slice(&buffer[..count]);
        is_work = is_work || is_of_work(&kept);
        if is_work {
            shown.write_all(&kept)?;
            kept.clear();
        }
    }
}

/// Whether the first line, or the first state of a line that moves, is there and says more than that all is built.
fn is_of_work(said: &[u8]) -> bool {
    let is_end = |byte: &u8| *byte == b'\n' || *byte == b'\r';
    let first = said.iter().position(is_end).map(|end| String::from_utf8_lossy(&said[..end]));
    first.is_some_and(|line| !line.contains("Finished"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINISHED: &str =
        "\u{1b}[1m\u{1b}[92m    Finished\u{1b}[0m `grade` profile [unoptimized] target(s) in 0.05s\n";

    /// What is shown, and what is left.
    fn of(said: &str) -> (String, String) {
        let mut shown = Vec::new();
        let left = show_work(said.as_bytes(), &mut shown).unwrap();
        (String::from_utf8(shown).unwrap(), String::from_utf8(left).unwrap())
    }

    #[test]
    fn nothing_is_shown_when_all_is_built() {
        assert_eq!(of(FINISHED), (String::new(), FINISHED.to_owned()));
        assert_eq!(of(""), (String::new(), String::new()));
    }

    #[test]
    fn work_is_shown_whole() {
        for said in [
            "   Compiling syn v3.0.9\n",
            "    Building [=>  ] 1/2: syn\r",
            "    Blocking waiting for file lock\n",
        ] {
            let said = format!("{said}{FINISHED}");
            assert_eq!(of(&said), (said, String::new()));
        }
    }

    #[test]
    fn half_a_line_is_waited_for() {
        assert!(!is_of_work(b"\x1b[1m\x1b[92m   Comp"));
        assert_eq!(of("error: x").1, "error: x");
    }
}
