//! Primes up to some limits, the work shared over processes or threads.

mod judges;
mod known;
mod memory;
mod orphans;
mod transcript;
mod workers;

use confine::run::RunError;
use engine::case::{Call, Case, Scenario};
use engine::observation::Observation;
use engine::run_context::RunContext;

use exercise::judges::{ends, one_write_a_line, terminates};
use exercise::outputs::{CANNOT_WRITE, full, unread};
use exercise::wrong_usage::{USAGE, advised_usage, help};
use exercise::{Check, Exercise};
use judges::{child_processes, counts_right, names_the_worker, same_for_any_workers, worker_death};
use known::Primes;
use memory::{LargestLimit, little_memory};
use orphans::{Orphans, none_left};
use transcript::Session;
use workers::{Count, Death};

/// Child processes or a thread pool count primes.
pub static EXERCISE: Exercise = Exercise {
    name: "primes",
    root: "main.rs",
    summary: "Child processes or a thread pool count the primes up to each limit",
    checks: &[
        Check {
            id: "counts-right",
            about: "the primes up to each limit are right, in at most 64 MiB of memory",
        },
        Check {
            id: "same-for-any-workers",
            about: "the output is the same for any number and kind of workers",
        },
        Check {
            id: "child-processes",
            about: "`--mode processes` shares the work over as many child processes as asked",
        },
        Check {
            id: "worker-death",
            about: "a worker that dies is an error and exit code 1, never a smaller count",
        },
        Check { id: "terminates", about: "the program ends by itself" },
        USAGE,
        CANNOT_WRITE,
        Check { id: "worker-named", about: "a worker that dies is named by its number, from 0 (advice)" },
        Check { id: "no-child-left", about: "the children end where the program was killed (advice)" },
    ],
    after: &[
        ("terminates", &["counts-right"]),
        (USAGE.id, &["counts-right"]),
        (CANNOT_WRITE.id, &["counts-right"]),
    ],
    untried: &[
        (
            "cores",
            "programs ask for the cores in several ways, and get those of the machine or those they may use",
        ),
        ("shared", "who did how much is known by processor times only, and nothing is judged by time"),
        ("short-answer", "what an answer is, and how long, the program alone knows"),
        ("done-stay", "a program may work on all limits at once, and then none is done before the death"),
        (
            "none-left",
            "a child that is about to end looks like one that stays, and the grader ends both at once",
        ),
    ],
    cases: &cases,
};

/// Without limits on the command line.
const DEFAULT_LIMITS: &[u64] = &[10_000, 20_000, 30_000];

/// Around 0, around squares of primes and around primes.
const SMALL_LIMITS: &[u64] =
    &[0, 1, 2, 3, 4, 5, 8, 9, 10, 24, 25, 26, 29, 30, 31, 48, 49, 50, 97, 100, 120, 121, 122, 7];

/// Around squares and powers of two, where shares, segments and small integers end.
const MIDDLE_LIMITS: &[u64] = &[
    960, 961, 962, 1000, 7918, 7919, 7920, 65_535, 65_536, 65_537, 99_990, 99_991, 100_000, 32_768, 10_000,
    10_000,
];

const LARGE_LIMITS: &[u64] = &[1_000_000, 1_999_993, 1_999_992, 2_000_000];

/// More than one piece of 1024 numbers, the shortest that many programs cut, with primes in the second. Few enough
/// numbers for programs that make a job of each: a run has no more steps than [`schedule::search::BUDGET`].
const PIECES_LIMIT: u64 = 1040;

const MODES: [&str; 2] = ["threads", "processes"];

fn cases(_seed: u64) -> Vec<Case> {
    let primes = Primes::up_to(2_000_000);
    let defaults = [
        counted("defaults", &[], &[], &primes).runs(3),
        listed("list-defaults", &["--list"], &[], &primes).runs(1),
    ];
    // Small enough for thousands of schedules; a count that is put together in a wrong way shows all the same.
    let explored = counted("threads-explored", &["--mode", "threads", "--workers", "3"], &[200], &primes);
    // Several of the pieces that programs cut the numbers into: whose piece is added last is up to the schedule.
    let pieces =
        counted("threads-pieces", &["--mode", "threads", "--workers", "3"], &[PIECES_LIMIT], &primes);
    let counts = MODES.into_iter().flat_map(|mode| counts(mode, &primes));
    let watched = |id: &str, mode, workers, children| {
        Case::new(id, Count { mode, workers, children })
            .runs(1)
            .judge("child-processes", move |seen| child_processes(seen, children))
            .judge_ending("terminates", terminates(0))
            .tries("terminates", &["ends", "exit-0"])
    };
    let processes = Some("processes");
    let workers = [
        watched("children-2", processes, 2, 2).tries("child-processes", &["children"]),
        watched("children-3", processes, 3, 3).tries("child-processes", &["children"]),
        watched("children-by-default", None, 2, 2).tries("child-processes", &["default-mode"]),
        watched("threads-are-no-children", Some("threads"), 2, 0)
            .tries("child-processes", &["threads"])
            .idle(),
    ];
    let same = [("same-counts", None), ("same-lists", Some("--list"))].map(|(id, list)| {
        Case::new(id, Calls::with_workers(list))
            .runs(2)
            .judge("same-for-any-workers", same_for_any_workers)
            .tries("same-for-any-workers", &["same"])
            .judge_ending("terminates", terminates(0))
            .tries("terminates", &["ends", "exit-0"])
    });
    // No other worker goes on after the only one's death: who sees its answers end before the failure is told counts
    // what there is. That is a matter of microseconds, and seen in most runs.
    let deaths = [("worker-death", 2, 2), ("worker-death-alone", 1, 5)].map(|(id, workers, runs)| {
        Case::new(id, Death { workers })
            .runs(runs)
            .judge("worker-death", worker_death)
            .tries("worker-death", &["death", "death-said", "death-code"])
            .judge_ending("terminates", ends())
            .tries("terminates", &["ends"])
    });
    let deaths = deaths.map(|case| {
        // Of several workers nobody knows which of them was killed.
        if case.id != "worker-death-alone" {
            return case;
        }
        case.judge("worker-named", names_the_worker).tries("worker-named", &["worker-number"])
    });
    let orphans = Case::new("parent-killed", Orphans)
        .runs(1)
        .judge("no-child-left", none_left)
        .tries("no-child-left", &["parent-killed"]);
    let largest = [
        Case::new("largest-limit", LargestLimit { list: false })
            .judge("counts-right", |seen| little_memory(seen, false))
            .tries("counts-right", &["memory", "limits"]),
        Case::new("largest-list", LargestLimit { list: true })
            .judge("counts-right", |seen| little_memory(seen, true))
            .tries("counts-right", &["list-memory", "limits"]),
    ];
    let threads = ["--mode", "threads", "--workers", "2"];
    let few = || Call::new(threads.into_iter().chain(["100", "200"]));
    let outputs = [
        unread(few(), 1).explored(5),
        full(EXERCISE.name, few()),
        help(&[("--workers", ""), ("--mode", "processes"), ("--list", "")]),
    ];
    let wrong = advised_usage(&[
        ("no-workers", &["--workers", "0", "10"]),
        ("limit-in-words", &["ten"]),
        // Beyond 64 bits: who takes it for a number all the same does not compute for ever.
        ("limit-too-large", &["100000000000000000000"]),
        ("limit-above-the-largest", &["1000000000001"]),
        ("unknown-mode", &["--mode", "luck", "10"]),
    ]);
    defaults
        .into_iter()
        .chain(largest.map(|case| case.runs(1)))
        .chain([explored.runs(1).explored(15), pieces.runs(1).explored(15)])
        .chain(counts)
        .chain(same)
        .chain(workers)
        .chain(deaths)
        .chain([orphans])
        .chain(wrong)
        .chain(outputs)
        .collect()
}

/// Cases of one mode with few, several and more workers than numbers.
fn counts(mode: &str, primes: &Primes) -> Vec<Case> {
    let with = |workers| ["--mode", mode, "--workers", workers];
    vec![
        counted(&format!("{mode}-small"), &with("3"), SMALL_LIMITS, primes).runs(3),
        counted(&format!("{mode}-middle"), &with("2"), MIDDLE_LIMITS, primes).runs(2),
        counted(&format!("{mode}-large"), &with("2"), LARGE_LIMITS, primes).runs(1),
        counted(&format!("{mode}-one-worker"), &with("1"), &[100_000, 1000, 3], primes).runs(1),
        counted(&format!("{mode}-many-workers"), &with("9"), &[3, 10, 1000], primes).runs(3),
        listed(
            &format!("{mode}-list"),
            &[&with("3")[..], &["--list"]].concat(),
            &[30, 1, 2, 0, 121, 997],
            primes,
        )
        .runs(2),
    ]
}

fn counted(id: &str, options: &[&str], limits: &[u64], primes: &Primes) -> Case {
    const SENTENCES: &[&str] = &["line", "none", "included", "order", "one-write"];
    const DEFAULTS: &[&str] = &["default-limits", "line", "order", "one-write"];
    let case = judged(id, options, limits, |limit| vec![primes.summary(limit)]);
    case.tries("counts-right", if limits.is_empty() { DEFAULTS } else { SENTENCES })
        .judge_writes("counts-right", one_write_a_line)
}

fn listed(id: &str, options: &[&str], limits: &[u64], primes: &Primes) -> Case {
    judged(id, options, limits, |limit| primes.list(limit)).tries("counts-right", &["list"])
}

fn judged(id: &str, options: &[&str], limits: &[u64], lines: impl Fn(u64) -> Vec<String>) -> Case {
    let args = options.iter().map(ToString::to_string).chain(limits.iter().map(u64::to_string));
    let limits = if limits.is_empty() { DEFAULT_LIMITS } else { limits };
    let due: Vec<String> = limits.iter().flat_map(|&limit| lines(limit)).collect();
    Case::of_args(id, args)
        .judge("counts-right", move |seen| counts_right(seen, &due))
        .judge_ending("terminates", terminates(0))
        .tries("terminates", &["ends", "exit-0"])
}

/// Calls the program several times, until one call fails.
struct Calls(Vec<Vec<String>>);

impl Calls {
    /// The same limits with both modes and several numbers of workers.
    fn with_workers(list: Option<&str>) -> Self {
        const WORKERS: [&str; 4] = ["1", "2", "3", "8"];
        const LIMITS: [&str; 6] = ["0", "2", "7", "30", "1000", "50000"];
        let call = |mode, workers| {
            let options = ["--mode", mode, "--workers", workers].into_iter().chain(list);
            options.chain(LIMITS).map(str::to_owned).collect()
        };
        Self(MODES.into_iter().flat_map(|mode| WORKERS.map(|workers| call(mode, workers))).collect())
    }
}

impl Scenario for Calls {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let mut session = Session::default();
        for args in &self.0 {
            session.add(args, context.call(args).run()?, Vec::new());
            if !session.goes_well() {
                break;
            }
        }
        Ok(session.observation())
    }

    fn shown(&self, program: &str) -> String {
        self.0.iter().map(|args| format!("{program} {}", args.join(" "))).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use engine::judgement::Judgement;

    use super::*;

    #[test]
    fn the_default_limits_are_judged_without_arguments() {
        let primes = Primes::up_to(30_000);
        let case = counted("defaults", &[], &[], &primes);
        let output = "10000: 1229 primes, largest 9973\n20000: 2262 primes, largest 19997\n30000: 3245 primes, largest 29989\n";
        let seen = Observation { stdout: output.into(), ..Observation::default() };
        assert_eq!(case.judges[0].1.judge_unasked(&seen), Judgement::Kept);
        assert_eq!(case.scenario.shown("primes"), "primes");
    }

    #[test]
    fn both_modes_are_called_with_each_number_of_workers() {
        let shown = Calls::with_workers(Some("--list")).shown("primes");
        assert_eq!(shown.matches("--mode threads").count(), 4);
        assert_eq!(shown.matches("--workers 8 --list 0 2 7").count(), 2);
    }
}
