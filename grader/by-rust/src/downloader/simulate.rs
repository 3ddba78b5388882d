//! Downloads that are only simulated: all that shows is the order of the lines.

use std::thread;
use std::time::Duration;

use confine::run::{self, RunError};
use engine::case::Scenario;
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use engine::run_context::RunContext;

use exercise::judges;
use exercise::quoted::quoted;

/// How often a program may look sequential by chance before it is taken for sequential.
const MOST_TRIES: u32 = 10;
/// Looks at which the program idled with one download begun and no other: nothing hindered the
/// others, so there are none at that moment.
const ENOUGH_LOOKS: u32 = 2;
const LOOK: Duration = Duration::from_millis(5);
/// A simulated download may take its time.
const IDLE: Duration = Duration::from_secs(20);
const LAST_LINE: &str = "All downloads complete!";

/// Calls the program until downloads overlap, or it is clear that they never do.
pub(super) struct Simulate {
    pub(super) args: Vec<&'static str>,
}

impl Scenario for Simulate {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        for _ in 1..MOST_TRIES {
            let (seen, is_clear) = self.attempt(context)?;
            if is_clear || overlaps(&seen.stdout.lines) || seen.code().is_none() {
                return Ok(seen);
            }
        }
        Ok(self.attempt(context)?.0)
    }

    fn shown(&self, program: &str) -> String {
        [&[program], self.args.as_slice()].concat().join(" ")
    }
}

impl Simulate {
    /// One run, and whether the program idled with a single download under way.
    fn attempt(&self, context: &RunContext<'_>) -> Result<(Observation, bool), RunError> {
        let program = context.call(self.args.clone()).limit(|limits| limits.idle = IDLE).start()?;
        let mut looks = 0;
        while let Some(pid) = program.pid()
            && looks < ENOUGH_LOOKS
        {
            let output = program.wait_for_stdout(|text| Some(text.to_owned())).unwrap_or_default();
            if output.lines().count() > 1 {
                break;
            }
            looks += u32::from(output.lines().count() == 1 && run::is_idle(pid));
            thread::sleep(LOOK);
        }
        Ok((Observation::of(program.wait()?), looks >= ENOUGH_LOOKS))
    }
}

/// `simulate-overlaps`: a second download starts before the first is done.
pub(super) fn overlapping(names: &[&str], seen: &Observation) -> Judgement {
    complete(names, seen)
        .and_then(|lines| {
            if overlaps(lines) {
                return Ok(());
            }
            let second = lines.get(1).map_or("", |line| line);
            let expected = "a second download starts before the first is done";
            Err(Fault::new(expected, format!("line 2 is {}", quoted(second))).at(1))
        })
        .into()
}

fn overlaps(lines: &[String]) -> bool {
    lines.iter().take(2).filter(|line| line.starts_with("Downloading ")).count() == 2
}

/// At most `jobs` names have begun and not ended, wherever one looks.
pub(super) fn at_most(jobs: usize, names: &[&str], seen: &Observation) -> Judgement {
    complete(names, seen)
        .map_err(|fault| fault.of("simulate-input"))
        .and_then(|lines| {
            let mut under_way = 0_usize;
            for (at, line) in lines.iter().enumerate() {
                if line.starts_with("Downloading ") {
                    under_way += 1;
                } else {
                    under_way = under_way.saturating_sub(1);
                }
                if under_way > jobs {
                    let seen = format!("{under_way} have begun and not ended");
                    return Err(Fault::new(format!("at most {jobs} at once"), seen)
                        .at(at)
                        .of("simulate-jobs"));
                }
            }
            Ok(())
        })
        .into()
}

/// Each name starts once and then ends once; the last line comes last.
fn complete<'a>(names: &[&str], seen: &'a Observation) -> Result<&'a [String], Fault> {
    let lines = judges::lines(&seen.stdout)?;
    let (begins, ends): (Vec<_>, Vec<_>) =
        names.iter().map(|name| (format!("Downloading {name}..."), format!("{name} downloaded!"))).unzip();
    for (begin, end) in begins.iter().zip(&ends) {
        if only(lines, begin)? > only(lines, end)? {
            let fault = Fault::new(format!("`{begin}` before `{end}`"), "the other way round");
            return Err(fault.of("simulate-lines"));
        }
    }
    let last = only(lines, LAST_LINE)?;
    let is_due = |line: &String| begins.contains(line) || ends.contains(line) || line == LAST_LINE;
    if let Some(other) = lines.iter().position(|line| !is_due(line)) {
        let expected = "two lines for each name, and the last line";
        let fault = Fault::new(expected, format!("also {}", quoted(&lines[other])));
        return Err(fault.at(other).of("simulate-lines"));
    }
    if last + 1 != lines.len() {
        let expected = format!("`{LAST_LINE}` comes last");
        let fault = Fault::new(expected, format!("after it comes {}", quoted(&lines[last + 1])));
        return Err(fault.at(last + 1).of("simulate-last"));
    }
    Ok(lines)
}

/// The place of the only line that is `wanted`.
fn only(lines: &[String], wanted: &str) -> Result<usize, Fault> {
    let mut places = lines.iter().enumerate().filter(|(_, line)| *line == wanted).map(|(at, _)| at);
    let expected = format!("`{wanted}` once");
    let sentence = if wanted == LAST_LINE { "simulate-last" } else { "simulate-lines" };
    match (places.next(), places.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(again)) => Err(Fault::new(expected, "it is there again").at(again).of(sentence)),
        (None, _) => Err(Fault::new(expected, "no such line").of(sentence)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, observed};
    use super::*;
    use crate::scripted::http::Traffic;

    fn judged(lines: &[&str]) -> Judgement {
        let output: String = lines.iter().map(|line| format!("{line}\n")).collect();
        overlapping(&["a", "b"], &observed(&output, Traffic::default()))
    }

    const A: [&str; 2] = ["Downloading a...", "a downloaded!"];
    const B: [&str; 2] = ["Downloading b...", "b downloaded!"];

    #[test]
    fn downloads_overlap_in_any_order() {
        assert_eq!(judged(&[A[0], B[0], A[1], B[1], LAST_LINE]), Judgement::Kept);
        assert_eq!(judged(&[B[0], A[0], A[1], B[1], LAST_LINE]), Judgement::Kept);
    }

    #[test]
    fn no_more_begin_than_may_be_under_way() {
        let judged = |lines: &[&str]| {
            let output: String = lines.iter().map(|line| format!("{line}\n")).collect();
            at_most(1, &["a", "b"], &observed(&output, Traffic::default()))
        };
        assert_eq!(judged(&[A[0], A[1], B[0], B[1], LAST_LINE]), Judgement::Kept);
        assert_eq!(broken(judged(&[A[0], B[0], A[1], B[1], LAST_LINE])), "2 have begun and not ended");
        assert_eq!(broken(judged(&[A[0], A[1], LAST_LINE])), "no such line");
    }

    #[test]
    fn one_after_the_other_is_no_overlap() {
        assert_eq!(broken(judged(&[A[0], A[1], B[0], B[1], LAST_LINE])), "line 2 is `a downloaded!`");
    }

    #[test]
    fn each_line_is_there_once_and_in_its_place() {
        assert_eq!(broken(judged(&[])), "no such line");
        assert_eq!(broken(judged(&[A[0], B[0], A[1], LAST_LINE])), "no such line");
        assert_eq!(broken(judged(&[A[0], B[0], A[1], B[1], B[1], LAST_LINE])), "it is there again");
        assert_eq!(broken(judged(&[A[1], B[0], A[0], B[1], LAST_LINE])), "the other way round");
        assert_eq!(broken(judged(&[A[0], B[0], A[1], LAST_LINE, B[1]])), "after it comes `b downloaded!`");
        assert_eq!(broken(judged(&[A[0], B[0], "hm", A[1], B[1], LAST_LINE])), "also `hm`");
    }

    #[test]
    fn a_name_that_nobody_asked_for_is_no_name() {
        assert_eq!(
            broken(judged(&[A[0], B[0], A[1], B[1], "c downloaded!", LAST_LINE])),
            "also `c downloaded!`"
        );
    }
}
