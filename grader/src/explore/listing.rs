//! Which tests an executable of tests has, as libtest lists them (the rustc book, "Tests").

use std::collections::BTreeSet;

use confine::run::Invocation;
use engine::compile::Executable;

use crate::error::Error;

/// What an executable says that it has.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// The names of the tests that are run without being asked for.
    Tests(Vec<String>),
    /// It does not list tests.
    NoHarness,
}

impl Listing {
    /// Asks the executable.
    pub(super) fn of(executable: &Executable) -> Result<Self, Error> {
        let Some(all) = names(executable, &[])? else { return Ok(Self::NoHarness) };
        let ignored: BTreeSet<String> =
            names(executable, &["--ignored"])?.unwrap_or_default().into_iter().collect();
        Ok(Self::Tests(all.into_iter().filter(|name| !ignored.contains(name)).collect()))
    }
}

fn names(executable: &Executable, more: &[&str]) -> Result<Option<Vec<String>>, Error> {
    let call = Invocation::new(&executable.path, &executable.folder).trusted();
    let call = call.envs(super::environment(executable));
    let outcome = call.args(["--list"]).args(more.iter().copied()).run()?;
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    Ok((outcome.ending.code() == Some(0)).then(|| tests(&text)).flatten())
}

/// The tests in a list, which libtest ends with how many there are; none where it is no list.
fn tests(list: &str) -> Option<Vec<String>> {
    let last = list.lines().rfind(|line| !line.is_empty())?;
    let (tests, benchmarks) = last.split_once(", ")?;
    let is_count = |text: &str, what: &str| {
        let count = text.strip_suffix('s').unwrap_or(text).strip_suffix(what);
        count.is_some_and(|count| count.trim_end().parse::<u64>().is_ok())
    };
    let is_list = is_count(tests, "test") && is_count(benchmarks, "benchmark");
    is_list.then(|| list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests_ {
    use super::*;

    #[test]
    fn a_list_is_read_and_other_output_is_none() {
        assert_eq!(tests("a::b: test\nc: benchmark\n\n1 test, 1 benchmark\n"), Some(vec!["a::b".to_owned()]));
        assert_eq!(tests("0 tests, 0 benchmarks\n"), Some(Vec::new()));
        assert_eq!(tests(""), None);
        assert_eq!(tests("hello\n"), None);
    }
}
