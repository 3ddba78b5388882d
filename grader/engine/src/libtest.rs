//! Tests as the standard library's harness runs them (the rustc book, "Tests"): how one is called, what it says, and what of
//! a run is the harness's and not the test's.

use confine::run::Ending;
use schedule::ThreadId;

use crate::judgement::{Fault, Judgement};
use crate::observation::Observation;
use crate::picture::Picture;

/// The thread in which the harness waits for the test. No code of the test is run by it.
const HARNESS: ThreadId = 0;

/// The arguments that run the test `name` and no other, and let it print.
pub fn args(name: &str) -> [String; 4] {
    [name, "--exact", "--test-threads=1", "--nocapture"].map(str::to_owned)
}

/// A test passes, and was run. Only the harness can say so: who else prints its words has not passed.
pub fn passes(seen: &Observation) -> Judgement {
    match seen.ending() {
        Ending::Exited(0) if says(seen, "test result: ok. 1 passed;") => Judgement::Kept,
        Ending::Exited(0) if says(seen, "test result: ok. 0 passed;") => {
            Judgement::Unproven("there is no such test".into())
        }
        Ending::Exited(0) => {
            Fault::new(PASSES, "it ended the process with exit code 0 before the test had passed").into()
        }
        Ending::Stopped | Ending::OutputLimit { .. } => Judgement::Unproven(seen.ending().to_string()),
        // The harness ends so when a test has failed, and has said why before.
        Ending::Exited(101) => Fault::new(PASSES, said(seen)).into(),
        ending => Fault::new(PASSES, ending.to_string()).into(),
    }
}

/// What is asked of a test.
pub const PASSES: &str = "the test passes in every schedule";

/// Why a test failed that did not panic.
fn said(seen: &Observation) -> String {
    let lines = seen.stdout.lines.iter().chain(&seen.stderr.lines);
    let mut failed =
        lines.filter(|line| line.starts_with("note: test did not panic") || line.starts_with("Error: "));
    failed.next().cloned().unwrap_or_else(|| "the test fails".to_owned())
}

/// Whether the harness says a line that begins so. Where writers are known it is what its thread alone wrote that counts:
/// others can begin a line that it ends.
fn says(seen: &Observation, words: &str) -> bool {
    let own = seen.stdout.of_main.as_ref().unwrap_or(&seen.stdout.bytes);
    String::from_utf8_lossy(own).lines().any(|line| line.starts_with(words))
}

/// The picture of a test without the thread of the harness: that one does all from one line, which nobody wrote.
pub fn without_harness(mut picture: Picture) -> Picture {
    let mut places =
        picture.rows.iter().filter(|row| row.thread == HARNESS).filter_map(|row| row.place.as_ref());
    let first = places.next().cloned();
    let is_apart = places.all(|place| Some(place) == first.as_ref());
    if !is_apart || picture.lanes.len() < 2 || picture.cycle.contains(&HARNESS) {
        return picture;
    }
    picture.rows.retain(|row| row.thread != HARNESS);
    picture.waits.retain(|wait| wait.thread != HARNESS);
    picture.lanes.retain(|lane| lane.thread != HARNESS);
    let objects = std::mem::take(&mut picture.objects);
    picture.objects = objects.into_iter().filter(|object| picture.names(&object.name)).collect();
    picture
}

/// What the test itself printed.
pub fn own_lines(lines: &[String], test: &str) -> Vec<String> {
    let head = format!("test {test} ... ");
    let begun = lines.iter().skip_while(|line| !line.starts_with(&head));
    let is_end = |line: &str| line == "failures:" || line.ends_with("FAILED") || line == "ok";
    let own = begun.map(|line| line.strip_prefix(&head).unwrap_or(line)).take_while(|line| !is_end(line));
    own.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Text;

    const PASSED: &str = "test result: ok. 1 passed; 0 failed; 0 ignored\n";

    fn ended(stdout: Text) -> Judgement {
        passes(&Observation { ending: Some(Ending::Exited(0)), stdout, ..Observation::default() })
    }

    #[test]
    fn a_test_that_was_not_run_has_not_passed() {
        assert_eq!(ended(PASSED.into()), Judgement::Kept);
        assert!(matches!(ended("test result: ok. 0 passed; 0 failed\n".into()), Judgement::Unproven(_)));
    }

    #[test]
    fn who_only_says_that_it_passed_and_ends_the_process_has_not() {
        assert!(matches!(ended("".into()), Judgement::Broken(_)));
        assert_eq!(ended(Text::written([(0, PASSED.as_bytes())])), Judgement::Kept);
        assert!(matches!(ended(Text::written([(1, PASSED.as_bytes())])), Judgement::Broken(_)));
        let begun = Text::written([(1, PASSED.trim_end().as_bytes()), (0, b"FAILED\n")]);
        assert!(matches!(ended(begun), Judgement::Broken(_)));
    }

    #[test]
    fn what_a_test_prints_is_told_from_what_the_harness_does() {
        let said =
            ["", "running 1 test", "test a::b ... one", "two", "FAILED", "", "failures:"].map(str::to_owned);
        assert_eq!(own_lines(&said, "a::b"), ["one", "two"]);
        assert_eq!(own_lines(&said[..2], "a::b"), [""; 0]);
    }
}
