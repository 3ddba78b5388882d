//! Exercises by tests: a library, judged by the tests in `fixtures/<exercise>/checks.rs`. Each test is a check, explored in a
//! process of its own. Nothing of it is compiled into the grader.

mod tests_file;

use std::fs;

use confine::run::RunError;
use engine::case::{Case, Scenario};
use engine::error::Error;
use engine::judgement::{Fault, Judgement};
use engine::libtest;
use engine::observation::Observation;
use engine::run_context::RunContext;
use engine::workspace::Workspace;

use exercise::{Check, Exercise};
use schedule::search::portfolio::Chances;
pub use tests_file::{Holds, Test, TestsFile};

/// Each check has so many percent of the budget at least, however many there are: tests are short.
const LEAST_PERCENT: u32 = 25;
/// How often each test is run without control.
const RUNS: u32 = 3;

/// The tests of `exercise`.
///
/// # Errors
/// When the file cannot be read, or is not what [`TestsFile`] says; with its line.
pub fn read(workspace: &Workspace, exercise: &str) -> Result<TestsFile, Error> {
    let path = workspace.checks(exercise);
    let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
    TestsFile::parse(&text).map_err(|reason| Error::Content { path, reason })
}

/// The exercise called `name`. What is known of it lives as long as the process, as that of all others does.
///
/// # Errors
/// As for [`read`].
pub fn exercise(workspace: &Workspace, name: &str) -> Result<&'static Exercise, Error> {
    let file = read(workspace, name)?;
    let name: &'static str = name.to_owned().leak();
    let tests: &'static [Test] = file.tests.leak();
    let checks: Vec<Check> = tests.iter().map(|test| Check { id: &test.name, about: &test.about }).collect();
    let share = (100 / tests.len() as u32).max(LEAST_PERCENT);
    let cases = move |_seed: u64| tests.iter().map(|test| case(name, test, share)).collect();
    Ok(Box::leak(Box::new(Exercise {
        name,
        root: "lib.rs",
        summary: file.summary.leak(),
        checks: checks.leak(),
        after: &[],
        untried: &[],
        cases: Box::leak(Box::new(cases)),
    })))
}

fn case(exercise: &'static str, test: &'static Test, percent: u32) -> Case {
    let case = Case::new(test.name.clone(), OneTest { exercise, test }).explored(percent);
    let chances = Chances { stale_loads: test.has_weak_memory, ..Chances::ALL };
    let case = Case { chances, ..case };
    let case = match test.holds {
        Holds::InEverySchedule => case.runs(RUNS).judge_ending(&test.name, |seen| keeps(test, seen)),
        // A run without control shows nothing of what can be.
        Holds::InSomeSchedule => case.runs(0).witness_of_ending(&test.name, &test.about, |seen| {
            (libtest::passes(seen) == Judgement::Kept).then(|| ("the test passes".to_owned(), None))
        }),
    };
    case.tries(&test.name, &test.tries)
}

/// The promise is kept where the test passes.
fn keeps(test: &Test, seen: &Observation) -> Judgement {
    match libtest::passes(seen) {
        Judgement::Broken(fault) => Fault { expected: test.about.clone(), ..fault }.into(),
        other => other,
    }
}

/// One test in a process of its own.
struct OneTest {
    exercise: &'static str,
    test: &'static Test,
}

impl Scenario for OneTest {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        context.run(context.call(libtest::args(&self.test.name)))
    }

    /// The same test without control, as everybody calls it.
    fn shown(&self, _program: &str) -> String {
        format!("cargo test -p {} {}", self.exercise, self.test.name)
    }
}
