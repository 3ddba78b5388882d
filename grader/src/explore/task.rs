//! What is explored at once: one test, or one program.

use std::ffi::OsString;
use std::path::PathBuf;

use confine::run::{Invocation, RunError};
use confine::sandbox::Network;
use engine::case::{Case, External, Scenario};
use engine::compile::Executable;
use engine::libtest;
use engine::observation::Observation;
use engine::run_context::RunContext;
use engine::symbols::OwnCode;
use schedule::search::portfolio::Chances;

use super::Options;
use super::promises::{self, PROMISES};
use engine::escape::as_word;

/// A test, or a program.
#[derive(Clone)]
pub(super) struct Task {
    /// How it is called: a test's name.
    pub(super) id: String,
    /// The exit code that it has to end with, if it is not that of the usual run.
    code: Option<i32>,
    /// Whether it is a test.
    pub(super) is_test: bool,
    /// Whether another output in another schedule is a fault, and no advice.
    pub(super) is_deterministic: bool,
    /// The user's own code.
    pub(super) own: OwnCode,
    /// The command that explores it again, without its arguments.
    pub(super) command: String,
    /// The arguments that the user gave, as they stand at the end of that command.
    pub(super) more: String,
    call: Call,
    most_steps: Option<u32>,
}

/// The check of a test: reports have the test's own name.
pub(super) const TEST: &str = "test";

impl Task {
    /// One test, in a process of its own.
    pub(super) fn test(executable: &Executable, name: &str, options: &Options) -> Self {
        let args = libtest::args(name).into_iter().chain(options.args.iter().cloned()).collect();
        let command = format!("{} --exact {}", options.command, as_word(name));
        Self { id: name.to_owned(), is_test: true, command, ..Self::of(executable, args, options) }
    }

    /// The program. One that stands for tests has to end with exit code 0.
    pub(super) fn program(executable: &Executable, for_tests: bool, options: &Options) -> Self {
        Self { code: for_tests.then_some(0), ..Self::of(executable, options.args.clone(), options) }
    }

    /// The same in another world, which this option of the command makes.
    pub(super) fn in_a_world(&self, option: &str) -> Self {
        Self { command: format!("{} {option}", self.command), ..self.clone() }
    }

    fn of(executable: &Executable, args: Vec<String>, options: &Options) -> Self {
        let shown = format!("{} {}", executable.name, args.join(" ")).trim_end().to_owned();
        let variables = super::environment(executable).collect();
        Self {
            id: executable.name.clone(),
            code: None,
            is_test: false,
            is_deterministic: options.deterministic,
            own: OwnCode::of_folder(&executable.root),
            command: options.command.clone(),
            more: more(&options.args),
            call: Call { args, folder: executable.folder.clone(), variables, shown },
            most_steps: options.most_steps,
        }
    }

    /// The case; with the promises that compare a run to the usual one, once that is known.
    pub(super) fn case(&self, usual: Option<&Observation>, chances: Chances) -> Case {
        let case = Case::new(self.id.clone(), self.call.clone()).networked().talking(External::Nobody);
        let case = Case { chances, most_steps: self.most_steps, ..case };
        match (self.is_test, usual) {
            (true, _) => case.judge_ending(TEST, libtest::passes),
            (false, None) => case,
            (false, Some(usual)) => of_program(case, usual, self.code.or(usual.code()).unwrap_or(0)),
        }
    }
}

fn of_program(case: Case, usual: &Observation, code: i32) -> Case {
    let output = usual.stdout.bytes.clone();
    let case = PROMISES
        .iter()
        .fold(case, |case, promise| case.judge_ending(promise.id, move |seen| promise.judge(seen, code)));
    let case = case.judge(promises::SAME_OUTPUT, move |seen| promises::same_output(seen, &output));
    let case = case.judge(promises::THREADS_LEFT, promises::none_left);
    case.judge(promises::THREAD_PANICKED, promises::none_panicked)
}

/// Arguments as they stand at the end of a command.
fn more(args: &[String]) -> String {
    args.iter().enumerate().fold(String::new(), |text, (place, arg)| {
        text + if place == 0 { " -- " } else { " " } + &as_word(arg)
    })
}

/// A call in the package's folder, in the user's environment.
#[derive(Clone)]
struct Call {
    args: Vec<String>,
    folder: PathBuf,
    variables: Vec<(OsString, OsString)>,
    shown: String,
}

impl Scenario for Call {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let call =
            Invocation::new(context.program, &self.folder).network(Network::Shared).args(self.args.clone());
        context.run(call.envs(self.variables.iter().cloned()))
    }

    fn shown(&self, _program: &str) -> String {
        self.shown.clone()
    }
}
