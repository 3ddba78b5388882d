//! One source, built by the compiler alone: in a jail, in a folder of its own, with nothing of the user's environment.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::recipe::Recipe;
use super::toolchain::Toolchain;
use super::{Build, dependencies, diagnostics, package, programs};
use crate::error::Error;
use crate::fixture::left;
use crate::run::{Ending, Invocation, Outcome};
use crate::sandbox;
use crate::source::Source;
use crate::workspace::Workspace;

/// What the compiler may write for one program.
const BUILD_BYTES: u64 = 512 << 20;
/// The largest program that is kept: a usual one of this course has 10 MiB, most of it what the debugger needs.
const MOST_BYTES: u64 = 64 << 20;
/// Where the program says that its source stands; nobody's real folder.
const SHOWN_FOLDER: &str = "/build";

/// What is built and how.
pub(super) struct Single<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) toolchain: &'a Toolchain,
    pub(super) recipe: &'a Recipe,
    pub(super) exercise: &'a str,
    pub(super) source: &'a Source,
}

impl Single<'_> {
    /// Builds it and keeps it as `program`.
    ///
    /// # Errors
    /// When the compiler cannot be run or fails for another reason than the source.
    pub(super) fn build(&self, program: PathBuf) -> Result<Build, Error> {
        let folder = sandbox::folder(BUILD_BYTES).map_err(Error::file("the folder for temporary files"))?;
        let folder = folder.path();
        for (path, content) in &self.source.files {
            package::write_file(&folder.join("crates").join(self.exercise).join("src").join(path), content)?;
        }
        let out = folder.join("out");
        fs::create_dir(&out).map_err(Error::file(&out))?;
        sandbox::open_to_all(&out).map_err(Error::file(&out))?;
        let outcome = self.compiler(folder, &out)?.run()?;
        if let Some(message) = self.fault(&outcome)? {
            return Ok(Build::Errors(message));
        }
        self.take(&out, program)
    }

    /// Keeps what stands in `out`.
    fn take(&self, out: &Path, program: PathBuf) -> Result<Build, Error> {
        let built = out.join(self.exercise.replace('-', "_"));
        let mut read = String::new();
        let list = built.with_extension("d");
        left::file(&list).and_then(|mut file| file.read_to_string(&mut read)).map_err(Error::file(&list))?;
        if let Some(file) = read_outside(&read) {
            let message = format!("{file}: only files of the source itself can be a part of it\n");
            return Ok(Build::Errors(message));
        }
        let file = left::file(&built).map_err(Error::file(&built))?;
        let bytes = file.metadata().map_err(Error::file(&built))?.len();
        if bytes > MOST_BYTES {
            let (large, most) = (bytes >> 20, MOST_BYTES >> 20);
            let message = format!("the program is too large: {large} MiB, and {most} MiB is the most\n");
            return Ok(Build::Errors(message));
        }
        programs::keep(file, &program)?;
        Ok(Build::Program(program))
    }

    /// The source's fault that kept the compiler from building it.
    fn fault(&self, outcome: &Outcome) -> Result<Option<String>, Error> {
        match &outcome.ending {
            Ending::Exited(0) => Ok(None),
            Ending::WallLimit { starved: true, .. } => {
                let reason = "the compiler got too little processor time: the machine is too busy";
                Err(Error::Cargo(reason.into()))
            }
            ending if ending.is_limit() => {
                Ok(Some(format!("the compiler was stopped: {}\n", stopped(ending))))
            }
            _ => diagnostics::errors(outcome, self.exercise, self.source, &self.toolchain.sysroot).map(Some),
        }
    }

    fn compiler(&self, folder: &Path, out: &Path) -> Result<Invocation, Error> {
        let target = dependencies::target(self.workspace);
        // A link is shown as a link: what it leads to must be there, too.
        let linked = fs::canonicalize(&target).map_err(Error::file(&target))?;
        let ceiling = sandbox::ceiling();
        let mut remapped = OsString::from("--remap-path-prefix=");
        remapped.push(folder);
        remapped.push(format!("={SHOWN_FOLDER}"));
        let call = Invocation::new(&self.recipe.compiler, folder)
            .args(self.recipe.args_into(out))
            .args([remapped])
            .args(["-Funsafe_code"])
            .env("TMPDIR", out)
            .readable(&self.toolchain.sysroot)
            .readable(target)
            .readable(linked)
            .limit(|limits| {
                limits.idle = Duration::from_secs(300);
                // Of time on the clock it has much more: the machine may be busy with other builds.
                (limits.processor, limits.wall) = (ceiling.build, 10 * ceiling.build);
                limits.memory = ceiling.build_memory;
            });
        let package = format!("{SHOWN_FOLDER}/crates/{}", self.exercise);
        let call = call
            .env("CARGO_MANIFEST_PATH", format!("{package}/Cargo.toml"))
            .env("CARGO_MANIFEST_DIR", package);
        Ok(self.recipe.environment.iter().fold(call, |call, (name, value)| call.env(name, value)))
    }
}

/// Why the compiler was stopped. Its limits are not those of programs.
fn stopped(ending: &Ending) -> String {
    match ending {
        Ending::ProcessorLimit { seconds } => {
            format!("still at work after {seconds} s of processor time (--limit build={seconds})")
        }
        Ending::MemoryLimit { bytes } => format!("it used more than {} MiB of memory", bytes >> 20),
        Ending::DiskLimit { .. } => format!("it wrote more than {} MiB", BUILD_BYTES >> 20),
        other => other.to_string(),
    }
}

/// The first file outside of the source that was read for it, by the compiler's list: a line a file, with a colon
/// at its end.
fn read_outside(list: &str) -> Option<String> {
    let files = list.lines().filter_map(|line| line.strip_suffix(':')).map(|file| file.replace("\\ ", " "));
    let is_inside = |file: &String| {
        let mut parts = Path::new(file).components();
        parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    let mut files = files.filter(|file| !file.starts_with('#'));
    files.find(|file| !is_inside(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_are_seen_in_the_compilers_list() {
        let list = |file: &str| format!("out/x.d: crates/x/src/main.rs\n\ncrates/x/src/main.rs:\n{file}:\n");
        assert_eq!(read_outside(&list("crates/x/src/a\\ b.rs")), None);
        assert_eq!(read_outside(&list("# env-dep:A=/x")), None);
        for outside in ["/etc/passwd", "crates/x/src/../../secret.rs", "../x"] {
            assert_eq!(read_outside(&list(outside)).as_deref(), Some(outside));
        }
    }

    #[test]
    fn what_stopped_the_compiler_is_told_with_its_own_limits() {
        assert!(stopped(&Ending::MemoryLimit { bytes: 3 << 30 }).contains("3072 MiB"));
        assert!(stopped(&Ending::ProcessorLimit { seconds: 9 }).contains("--limit build=9"));
        assert!(stopped(&Ending::DiskLimit { bytes: 1 }).contains("512 MiB"));
    }
}
