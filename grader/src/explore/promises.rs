//! What must hold of any program, in every schedule.

use confine::run::Ending;
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

/// A check that needs no contract.
pub(super) struct Promise {
    /// The check.
    pub(super) id: &'static str,
    /// What it asks for.
    pub(super) about: &'static str,
    /// Whether it is broken by a run that ended so, where the usual run ended with this exit code.
    is_broken: fn(&Ending, usual: i32) -> bool,
}

/// Those of a program.
pub(super) const PROMISES: [Promise; 5] = [
    Promise {
        id: "deadlock",
        about: "no schedule leaves all threads waiting for ever",
        is_broken: |ending, _| matches!(ending, Ending::Deadlocked { .. } | Ending::Idle { .. }),
    },
    Promise {
        id: "livelock",
        about: "no schedule lets threads look for something for ever",
        is_broken: |ending, _| matches!(ending, Ending::Livelocked { .. }),
    },
    Promise {
        id: "panic",
        about: "no schedule ends the program with a panic",
        is_broken: |ending, _| matches!(ending, Ending::Panicked { .. }),
    },
    Promise {
        id: "signal",
        about: "no schedule ends the program with a signal, or at a limit",
        is_broken: |ending, _| {
            matches!(ending, Ending::Signalled(_)) || ending.is_limit() && !is_for_output(ending)
        },
    },
    Promise {
        id: "exit-code",
        about: "the exit code is the same in all schedules",
        is_broken: |ending, usual| matches!(ending, Ending::Exited(code) if *code != usual),
    },
];

/// The check that asks for one output.
pub(super) const SAME_OUTPUT: &str = "same-output";
/// What it asks for.
pub(super) const SAME_OUTPUT_ABOUT: &str = "the standard output is the same in all schedules";

/// The check that asks for the ends of all threads.
pub(super) const THREADS_LEFT: &str = "threads-left";
/// What it asks for.
pub(super) const THREADS_LEFT_ABOUT: &str = "no thread is at work or waits when `main` returns";

/// The check that asks for threads that end well.
pub(super) const THREAD_PANICKED: &str = "thread-panicked";
/// What it asks for.
pub(super) const THREAD_PANICKED_ABOUT: &str = "no thread panics while the program ends as if all were well";

impl Promise {
    /// What a run says of it.
    pub(super) fn judge(&self, seen: &Observation, usual: i32) -> Judgement {
        let ending = seen.ending();
        if is_for_output(ending) {
            return Judgement::Unproven(ending.to_string());
        }
        match (self.is_broken)(ending, usual) {
            true => Fault::new(self.about, ending.to_string()).into(),
            false => Judgement::Kept,
        }
    }
}

/// More was printed than is kept of a run under control, which says nothing of the program.
fn is_for_output(ending: &Ending) -> bool {
    matches!(ending, Ending::OutputLimit { .. })
}

/// The output is that of the usual run.
pub(super) fn same_output(seen: &Observation, usual: &[u8]) -> Judgement {
    if seen.stdout.bytes == usual {
        return Judgement::Kept;
    }
    let usual = String::from_utf8_lossy(usual);
    let line = seen.stdout.lines.iter().zip(usual.lines()).position(|(line, usual)| line != usual);
    let line = line.unwrap_or_else(|| seen.stdout.lines.len().min(usual.lines().count()));
    let fault =
        Fault::new(SAME_OUTPUT_ABOUT, format!("line {} differs from that of the usual run", line + 1));
    if line < seen.stdout.lines.len() { fault.at(line).into() } else { fault.into() }
}

/// No thread but the main one has panicked in a run that ended with exit code 0. Nobody joined it, or nobody looked at
/// what it came to.
pub(super) fn none_panicked(seen: &Observation) -> Judgement {
    let is_panic = |line: &&String| line.starts_with("thread '") && line.contains(" panicked at ");
    let panicked = seen.stderr.lines.iter().find(|line| is_panic(line) && !line.starts_with("thread 'main'"));
    match (seen.code(), panicked) {
        (Some(0), Some(line)) => Fault::new(THREAD_PANICKED_ABOUT, line.trim_end_matches(':')).into(),
        _ => Judgement::Kept,
    }
}

/// All threads have ended.
pub(super) fn none_left(seen: &Observation) -> Judgement {
    match seen.threads_left {
        0 => Judgement::Kept,
        1 => Fault::new(THREADS_LEFT_ABOUT, "1 thread had not ended when the program did").into(),
        more => Fault::new(THREADS_LEFT_ABOUT, format!("{more} threads had not ended when the program did"))
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(ending: Ending, usual: i32) -> Vec<&'static str> {
        let seen = Observation { ending: Some(ending), ..Observation::default() };
        let is_broken = |promise: &&Promise| matches!(promise.judge(&seen, usual), Judgement::Broken(_));
        PROMISES.iter().filter(is_broken).map(|promise| promise.id).collect()
    }

    #[test]
    fn each_wrong_end_breaks_one_promise() {
        let panic = || Ending::Panicked { code: 101, message: "no".into() };
        assert_eq!(broken(Ending::Deadlocked { threads: 2 }, 0), ["deadlock"]);
        assert_eq!(broken(Ending::Livelocked { steps: 9 }, 0), ["livelock"]);
        assert_eq!(broken(panic(), 0), ["panic"]);
        assert_eq!(broken(Ending::Signalled(11), 0), ["signal"]);
        assert_eq!(broken(Ending::Exited(3), 0), ["exit-code"]);
    }

    #[test]
    fn what_the_usual_run_does_is_no_fault() {
        assert_eq!(broken(Ending::Exited(3), 3), [""; 0]);
        assert_eq!(broken(Ending::OutputLimit { bytes: 9 }, 0), [""; 0]);
    }

    #[test]
    fn a_panic_that_nobody_heard_is_told() {
        let seen = |code: i32, stderr: &str| {
            let ending = Some(Ending::Exited(code));
            none_panicked(&Observation { ending, stderr: stderr.into(), ..Observation::default() })
        };
        let panic = "\nthread '<unnamed>' (7) panicked at src/main.rs:9:5:\nno\n";
        assert!(matches!(seen(0, panic), Judgement::Broken(_)));
        assert!(matches!(seen(0, &panic.replace(" (7)", "")), Judgement::Broken(_)));
        assert_eq!(seen(101, panic), Judgement::Kept);
        assert_eq!(seen(0, "thread 'main' (1) panicked at src/main.rs:9:5:\n"), Judgement::Kept);
        assert_eq!(seen(0, "the thread panicked at noon\n"), Judgement::Kept);
    }

    #[test]
    fn another_output_is_told_with_its_line() {
        let seen = Observation { stdout: "a\nc\n".into(), ..Observation::default() };
        let Judgement::Broken(fault) = same_output(&seen, b"a\nb\n") else { panic!("it differs") };
        assert_eq!(fault.line, Some(1));
        assert_eq!(same_output(&seen, b"a\nc\n"), Judgement::Kept);
    }
}
