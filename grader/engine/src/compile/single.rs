//! One source, built by the compiler alone: in a jail, in a folder of its own, with nothing of the user's environment.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use confine::left_behind;
use confine::run::{Ending, Invocation, Outcome};
use confine::sandbox;

use super::folders::OF_PROGRAMS;
use super::package::Package;
use super::parts::Parts;
use super::recipe::Recipe;
use super::toolchain::Toolchain;
use super::{Build, advice, diagnostics, package, programs};
use crate::error::Error;
use crate::rules::Rule;
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
    /// What is linked into it.
    pub(super) hooks: &'a Path,
    pub(super) package: &'a Package,
    pub(super) source: &'a Source,
}

impl Single<'_> {
    /// Builds it and keeps it as `program`, if it breaks no rule.
    ///
    /// # Errors
    /// When the compiler cannot be run or fails for another reason than the source.
    pub(super) fn build(&self, program: PathBuf) -> Result<Build<PathBuf>, Error> {
        let folder = sandbox::folder(BUILD_BYTES).map_err(Error::file("the folder for temporary files"))?;
        let folder = folder.path();
        for (path, content) in &self.source.files {
            package::write_file(&folder.join(self.src()).join(path), content)?;
        }
        let mut parts = Parts::default();
        let mut library = None;
        if self.has_library() {
            let out = made(folder, "library")?;
            let call = self.compiler(folder, &out, self.recipe.args_of_library(&out))?;
            if let Some(message) = self.compiled(call, &out, &mut parts)? {
                return Ok(self.failed(message, &parts));
            }
            library = Some(self.crate_name() + "=" + &format!("library/lib{}.rlib", self.crate_name()));
        }
        let out = made(folder, "out")?;
        let args = match &self.source.checks {
            Some(checks) => {
                let tests = tests_of(self.package.exercise());
                package::write_file(&folder.join(&tests), checks)?;
                self.recipe.args_of_tests(&tests, &out)
            }
            None => self.recipe.args_into(&out),
        };
        let call = self.compiler(folder, &out, args)?;
        let call = library.into_iter().fold(call, |call, library| call.args(["--extern", &library]));
        if let Some(message) = self.compiled(call, &out, &mut parts)? {
            return Ok(self.failed(message, &parts));
        }
        match self.judged(&parts) {
            Some(unfit) => Ok(unfit),
            None => self.keep(&out, program, &parts),
        }
    }

    /// Why a program that the compiler has built is not taken. It was not run yet.
    fn judged(&self, parts: &Parts) -> Option<Build<PathBuf>> {
        let refusals = parts.refusals(self.source);
        let outside = parts.outside.as_ref();
        let outside =
            outside.map(|file| format!("{file}: only files of the source itself can be a part of it\n"));
        if refusals.is_empty() { outside.map(Build::Errors) } else { Some(Build::Refused(refusals)) }
    }

    /// What the compiler's errors come to. A rule that is broken is said instead of them; that the grader cannot read
    /// what the compiler cannot read either is not worth a word.
    fn failed(&self, message: String, parts: &Parts) -> Build<PathBuf> {
        let mut refusals = parts.refusals(self.source);
        refusals.retain(|refusal| refusal.rule != Rule::NoTokens);
        refusals.extend(diagnostics::asked_for(&message, &self.src(), &self.source.refused));
        match refusals.is_empty() {
            false => Build::Refused(refusals),
            true => {
                let advice = advice::on(&message, self.source, self.package);
                Build::Errors(diagnostics::with_user_paths(message, &self.src(), self.source) + &advice)
            }
        }
    }

    /// Where the source stands in the folder of a build.
    fn src(&self) -> PathBuf {
        Path::new("crates").join(self.package.exercise()).join("src")
    }

    fn crate_name(&self) -> String {
        self.package.exercise().replace('-', "_")
    }

    /// Whether there is a `lib.rs`, which cargo makes a library of the package's name, and some file with that name; or
    /// it is the library that is judged.
    fn has_library(&self) -> bool {
        if self.source.checks.is_some() {
            return true;
        }
        let name = self.crate_name();
        let names = |text: &Vec<u8>| text.windows(name.len()).any(|word| word == name.as_bytes());
        let files = &self.source.files;
        files.contains_key(Path::new("lib.rs")) && files.values().any(names)
    }

    /// Runs the compiler and adds what it read to `parts`. Gives back its errors, if there are some.
    fn compiled(&self, call: Invocation, out: &Path, parts: &mut Parts) -> Result<Option<String>, Error> {
        let outcome = call.run()?;
        let list = out.join(self.crate_name()).with_extension("d");
        parts.add_list(&list, self.source, &self.src(), &tests_of(self.package.exercise()));
        let fault = self.fault(&outcome)?;
        if fault.is_some() && !(self.hooks.is_file() && self.recipe.is_there()) {
            let reason = "what programs are built with was taken away meanwhile (cargo grade clean?)";
            return Err(Error::Cargo(reason.into()));
        }
        Ok(fault)
    }

    /// Keeps what stands in `out`.
    fn keep(&self, out: &Path, program: PathBuf, parts: &Parts) -> Result<Build<PathBuf>, Error> {
        let built = out.join(self.crate_name());
        let file = left_behind::file(&built).map_err(Error::file(&built))?;
        let bytes = file.metadata().map_err(Error::file(&built))?.len();
        if bytes > MOST_BYTES {
            let (large, most) = (bytes >> 20, MOST_BYTES >> 20);
            let message = format!("the program is too large: {large} MiB, and {most} MiB is the most\n");
            return Ok(Build::Errors(message));
        }
        programs::keep_list(&program, &parts.to_bytes())?;
        programs::keep(file, &program)?;
        Ok(Build::Ready(program))
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
            _ => diagnostics::errors(outcome, &self.toolchain.sysroot).map(Some),
        }
    }

    /// A call of the compiler with `args`, which may write to `out`.
    fn compiler(&self, folder: &Path, out: &Path, args: Vec<OsString>) -> Result<Invocation, Error> {
        let target = OF_PROGRAMS.of(self.workspace);
        // A link is shown as a link: what it leads to must be there, too.
        let linked = fs::canonicalize(&target).map_err(Error::file(&target))?;
        let ceiling = sandbox::ceiling();
        let mut remapped = OsString::from("--remap-path-prefix=");
        remapped.push(folder);
        remapped.push(format!("={SHOWN_FOLDER}"));
        let call = Invocation::new(&self.recipe.compiler, folder)
            .args(args)
            .args([remapped])
            .args(["-Funsafe_code"])
            .env("TMPDIR", out)
            .readable(&self.toolchain.sysroot)
            .readable(target)
            .readable(linked)
            .readable(self.hooks)
            .limit(|limits| {
                limits.idle = Duration::from_secs(300);
                // Of time on the clock it has much more: the machine may be busy with other builds.
                (limits.processor, limits.wall) = (ceiling.build, 10 * ceiling.build);
                limits.memory = ceiling.build_memory;
            });
        let package = format!("{SHOWN_FOLDER}/crates/{}", self.package.exercise());
        let call = call
            .env("CARGO_MANIFEST_PATH", format!("{package}/Cargo.toml"))
            .env("CARGO_MANIFEST_DIR", package);
        Ok(self.recipe.environment.iter().fold(call, |call, (name, value)| call.env(name, value)))
    }
}

/// Where the tests of a library stand in the folder of a build: as in the course's repository.
fn tests_of(exercise: &str) -> PathBuf {
    Path::new("fixtures").join(exercise).join("checks.rs")
}

/// A folder that the compiler may write to.
fn made(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let out = folder.join(name);
    fs::create_dir(&out).and_then(|()| sandbox::open_to_all(&out)).map_err(Error::file(&out))?;
    Ok(out)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stopped_the_compiler_is_told_with_its_own_limits() {
        assert!(stopped(&Ending::MemoryLimit { bytes: 3 << 30 }).contains("3072 MiB"));
        assert!(stopped(&Ending::ProcessorLimit { seconds: 9 }).contains("--limit build=9"));
        assert!(stopped(&Ending::DiskLimit { bytes: 1 }).contains("512 MiB"));
    }
}
