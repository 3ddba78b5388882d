//! A run with the largest limit: it is accepted, and sieved in little memory.
//!
//! To the end such a run would take minutes. What a program takes for memory at once, or for each prime if it finds them
//! fast, shows within a second of work; then the grader ends it. A slow program that keeps its primes is not seen.

use std::thread;
use std::time::Duration;

use confine::run::{Ending, RunError, Running, private_memory, processor_time};
use engine::case::Scenario;
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use engine::run_context::RunContext;
use rustix::process::Pid;

use super::known::LARGEST_LINE;
use crate::scripted::children::PAUSE;
use crate::scripted::pipes::{Reading, Unfinished};
use exercise::judges::{lines, same_lines};

/// Memory of the program's own, in bytes; files that it maps do not count.
const MOST_MEMORY: u64 = 64 << 20;

/// So much work, in processor time, is looked at.
const ENOUGH_WORK: Duration = Duration::from_secs(1);

/// Of a run that lists: half of that, and no more bytes than the grader keeps.
const ENOUGH_LISTED: (Duration, usize) = (Duration::from_millis(500), 4 << 20);

const ARGS: [&str; 5] = ["--mode", "threads", "--workers", "2", "1000000000000"];

/// Looks at the memory of a run until it has worked enough, and ends it.
pub(super) struct LargestLimit {
    /// Whether the primes are listed.
    pub(super) list: bool,
}

impl LargestLimit {
    fn args(&self) -> impl Iterator<Item = &'static str> {
        ARGS.into_iter().chain(self.list.then_some("--list"))
    }

    fn is_enough(&self, running: &Running, program: Pid) -> bool {
        let work = processor_time(program);
        let (time, bytes) = ENOUGH_LISTED;
        let is_listed = || work >= time || running.has_printed(|text| text.len() >= bytes);
        if self.list { is_listed() } else { work >= ENOUGH_WORK }
    }
}

impl Scenario for LargestLimit {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let running = context.call(self.args()).start()?;
        let mut reading = Reading::default();
        while let Some(program) = running.pid() {
            reading.most_memory = reading.most_memory.max(private_memory(program).unwrap_or(0));
            reading.looks += 1;
            if reading.most_memory > MOST_MEMORY || self.is_enough(&running, program) {
                break;
            }
            thread::sleep(PAUSE);
        }
        Ok(Observation::of(running.stop()?).with(Unfinished(reading)))
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} {}", self.args().collect::<Vec<_>>().join(" "))
    }
}

/// Judges that the limit was accepted and the memory stayed small.
pub(super) fn little_memory(seen: &Observation, list: bool) -> Judgement {
    const EXPECTED: &str = "a limit of 10^12 is worked on with at most 64 MiB of memory";
    let fault = |seen: String| Judgement::from(Fault::new(EXPECTED, seen));
    match (seen.evidence(), seen.ending()) {
        (Some(Unfinished(reading)), _) if reading.most_memory > MOST_MEMORY => {
            fault(format!("it had more than {} MiB of its own", MOST_MEMORY >> 20))
        }
        (_, Ending::Stopped) => Judgement::Kept,
        // Some ways to count primes need no sieve.
        (_, Ending::Exited(0)) if !list => {
            let due = [LARGEST_LINE.to_owned()];
            lines(&seen.stdout).and_then(|lines| same_lines(lines, &due, EXPECTED)).into()
        }
        (_, Ending::Idle { .. } | Ending::WallLimit { .. }) => {
            Judgement::Unproven("it did too little to be looked at".into())
        }
        // So much was printed between two looks.
        (_, Ending::OutputLimit { .. }) if list => Judgement::Kept,
        (_, ending @ Ending::Exited(_)) => Fault::new(EXPECTED, ending.to_string()).of("limits").into(),
        (_, ending) => fault(ending.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ending: Ending, stdout: &str, most_memory: u64) -> Judgement {
        let seen = Observation { ending: Some(ending), stdout: stdout.into(), ..Observation::default() };
        little_memory(&seen.with(Unfinished(Reading { most_memory, ..Reading::default() })), false)
    }

    #[test]
    fn a_run_that_the_grader_ended_is_judged_by_its_memory() {
        assert_eq!(judged(Ending::Stopped, "", MOST_MEMORY), Judgement::Kept);
        assert!(matches!(judged(Ending::Stopped, "", MOST_MEMORY + 1), Judgement::Broken(_)));
    }

    #[test]
    fn a_run_that_ends_before_must_be_right() {
        assert_eq!(judged(Ending::Exited(0), &format!("{LARGEST_LINE}\n"), 0), Judgement::Kept);
        assert!(matches!(judged(Ending::Exited(0), "1000000000000: 0 primes\n", 0), Judgement::Broken(_)));
        assert!(matches!(judged(Ending::Exited(2), "", 0), Judgement::Broken(_)));
        assert!(matches!(judged(Ending::Signalled(6), "", 0), Judgement::Broken(_)));
        assert!(matches!(judged(Ending::Idle { seconds: 5 }, "", 0), Judgement::Unproven(_)));
    }
}
