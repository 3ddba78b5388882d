//! A fixed pool of threads that squares numbers.

use std::collections::{BTreeMap, BTreeSet};

use engine::case::{Call, Case, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use schedule::protocol::CHILD;

use exercise::judges::{lines, number, one_write_a_line, same_lines, terminates};
use exercise::outputs::{CANNOT_WRITE, full, too_many_threads, unread};
use exercise::quoted::quoted;
use exercise::wrong_usage::{USAGE, help, wrong_usage};
use exercise::{Check, Exercise};

/// Workers that take jobs from one place.
pub static EXERCISE: Exercise = Exercise {
    name: "thread-pool",
    root: "main.rs",
    summary: "A fixed pool of threads runs jobs, survives those that panic, and loses none",
    checks: &[
        Check { id: "results-in-order", about: "the results come in the order of the jobs" },
        Check { id: "pool-size", about: "no more than the workers of the pool run jobs" },
        Check { id: "shares-work", about: "some schedule has two jobs under way at once" },
        Check { id: "panic-contained", about: "a job that panics fails alone, and the pool lives on" },
        Check { id: "clean-shutdown", about: "every job is run once, and ends before the program does" },
        Check { id: "terminates", about: "the program ends, also without jobs and with idle workers" },
        USAGE,
        CANNOT_WRITE,
    ],
    after: &[
        ("terminates", &["results-in-order"]),
        (USAGE.id, &["results-in-order"]),
        (CANNOT_WRITE.id, &["results-in-order"]),
    ],
    untried: &[],
    cases: &cases,
};

/// How the program is called.
#[derive(Clone, Copy)]
struct Setting {
    workers: u64,
    jobs: u64,
    panic_on: Option<u64>,
    verbose: bool,
}

fn cases(_seed: u64) -> Vec<Case> {
    let plain = |workers, jobs| Setting { workers, jobs, panic_on: None, verbose: false };
    let told = |workers, jobs| Setting { verbose: true, ..plain(workers, jobs) };
    let panics = |workers, jobs, job| Setting { panic_on: Some(job), ..told(workers, jobs) };
    let at_once = "two jobs between their start and their end";
    let right = [
        of_setting("two-workers", told(2, 3))
            .runs(8)
            .explored(25)
            .witness("shares-work", at_once, shares_work)
            .tries("shares-work", &["shares-work"])
            .shared(pooled(&["pool-size", "clean-shutdown"])),
        of_setting("no-jobs", told(2, 0)).runs(3).explored(10).idle(),
        of_setting("idle-workers", told(4, 2)).runs(3).explored(15),
        of_setting("panic-first", panics(2, 3, 1)).runs(3).explored(15).shared(pooled(&["panic-contained"])),
        of_setting("panic-alone", panics(1, 3, 2)).runs(3).explored(15),
        of_setting("panic-last", panics(3, 4, 4)).runs(3).explored(10),
        judged(Case::of_args("defaults", [""; 0]), plain(5, 10)).tries("results-in-order", &["jobs"]).runs(5),
        judged(Case::of_args("default-workers", ["--jobs", "40", "--verbose"]), told(5, 40))
            .tries("pool-size", &["workers"])
            .runs(3),
        judged(Case::of_args("panic-on-nothing", ["--jobs", "3", "--panic-on", "4"]), plain(5, 3))
            .tries("results-in-order", &["panic-on"])
            .runs(2),
        of_setting("many-jobs", told(4, 500)).runs(3),
        of_setting("many-workers", told(32, 100)).runs(3),
        of_setting("panic-among-many", panics(4, 200, 77)).runs(3),
    ];
    let wrong = wrong_usage(&[("no-workers", &["--workers", "0"])]);
    let few = || Call::new(["--jobs", "6"]);
    let outputs = [
        unread(few(), 2).explored(5),
        full(EXERCISE.name, few()),
        too_many_threads(EXERCISE.name, &["--workers", "10001"]),
        help(&[("--workers", "5"), ("--jobs", "10"), ("--panic-on", ""), ("--verbose", "")]),
    ];
    right.into_iter().map(with_sentences).chain(wrong).chain(outputs).collect()
}

/// What a case is about where it does not say so itself.
fn with_sentences(case: Case) -> Case {
    const USUAL: [(&str, &[&str]); 5] = [
        ("results-in-order", &["results-in-order", "one-write"]),
        ("pool-size", &["pool-size"]),
        ("panic-contained", &["panic-contained", "failed", "failure-code"]),
        ("clean-shutdown", &["clean-shutdown", "verbose"]),
        ("terminates", &["ends", "exit-0"]),
    ];
    USUAL.into_iter().fold(case, |case, (check, sentences)| {
        let is_judged = case.judges.iter().any(|(judged, _)| *judged == check);
        if is_judged { case.tries(check, sentences) } else { case }
    })
}

/// One thread that does all the jobs is no pool: it contains no panic, and nobody has to be shut down. The main thread
/// may be one of the workers.
fn pooled(checks: &'static [&'static str]) -> Sharing {
    Sharing { checks, expected: "threads that take the jobs from one place", threads: 2, operations: 2 }
}

fn of_setting(id: &str, setting: Setting) -> Case {
    let mut args =
        vec!["--workers".into(), setting.workers.to_string(), "--jobs".into(), setting.jobs.to_string()];
    args.extend(setting.panic_on.into_iter().flat_map(|job| ["--panic-on".to_owned(), job.to_string()]));
    args.extend(setting.verbose.then(|| "--verbose".to_owned()));
    judged(Case::of_args(id, args), setting)
}

fn judged(case: Case, setting: Setting) -> Case {
    let code = i32::from(setting.panic_on.is_some());
    let case = match setting.panic_on {
        None => case
            .judge("results-in-order", move |seen| results(seen, setting).into())
            .judge_writes("results-in-order", one_write_a_line)
            .judge_ending("terminates", terminates(0)),
        Some(_) => case
            .judge("panic-contained", move |seen| match terminates(code)(seen) {
                Judgement::Kept => with_a_failure(seen, setting).into(),
                Judgement::Broken(fault) if seen.code() == Some(0) => fault.of("failure-code").into(),
                other => other,
            })
            .judge_ending("terminates", exercise::judges::ends()),
    };
    if !setting.verbose {
        return case;
    }
    case.judge("pool-size", move |seen| pool_size(seen, setting))
        .judge("clean-shutdown", move |seen| clean_shutdown(seen, setting).into())
}

/// The line of the job that panicked is a promise of its own.
fn with_a_failure(seen: &Observation, setting: Setting) -> Result<(), Fault> {
    results(seen, setting).map_err(|fault| match (setting.panic_on, fault.line) {
        (Some(job), Some(line)) if line as u64 + 1 == job => fault.of("failed"),
        _ => fault,
    })
}

fn results(seen: &Observation, setting: Setting) -> Result<(), Fault> {
    let due = (1..=setting.jobs).map(|job| match setting.panic_on {
        Some(failing) if failing == job => format!("{job} failed"),
        _ => format!("{job} squared is {}", job * job),
    });
    same_lines(lines(&seen.stdout)?, due, "a line for each job, in the order of the jobs")
}

/// `worker W starts job J` or `worker W ends job J`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Event {
    worker: u64,
    job: u64,
    starts: bool,
}

impl Event {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["worker", worker, what @ ("starts" | "ends"), "job", job] = words[..] else { return None };
        Some(Self { worker: number(worker)?, job: number(job)?, starts: what == "starts" })
    }
}

/// The events, each with its place among the lines of standard error.
fn events(seen: &Observation) -> impl Iterator<Item = (usize, Event)> {
    seen.stderr.lines.iter().enumerate().filter_map(|(at, line)| Some((at, Event::parse(line)?)))
}

fn fault_in(seen: &Observation, at: usize, expected: impl Into<String>, what: &str) -> Fault {
    Fault::new(expected, format!("{what}: {} on standard error", quoted(&seen.stderr.lines[at])))
}

/// Where no job is run, nobody runs too many.
fn pool_size(seen: &Observation, setting: Setting) -> Judgement {
    match few_workers(seen, setting) {
        Ok(()) if events(seen).next().is_none() => Judgement::Nothing,
        result => result.into(),
    }
}

/// Also one thread for each worker: who starts a thread for each job has as many that run jobs.
fn few_workers(seen: &Observation, setting: Setting) -> Result<(), Fault> {
    let expected =
        format!("at most {} workers, numbered from 0, that run one job at a time", setting.workers);
    let mut busy = BTreeSet::new();
    let mut threads = BTreeSet::new();
    for (at, event) in events(seen) {
        let fault = |what: &str| Err(fault_in(seen, at, &expected, what));
        if event.worker >= setting.workers {
            return fault("there is one more worker");
        }
        if event.starts && !busy.insert(event.worker) {
            return fault("a worker has not ended its job yet");
        }
        if !event.starts {
            busy.remove(&event.worker);
        }
        let thread = seen.stderr.threads.as_ref().map(|threads| threads[at]);
        if thread == Some(CHILD) {
            return fault("a child process runs a job");
        }
        threads.extend(thread);
        // After a panic the pool may replace the thread of a worker.
        if setting.panic_on.is_none() && threads.len() as u64 > setting.workers {
            return fault("one more thread runs a job");
        }
    }
    Ok(())
}

fn clean_shutdown(seen: &Observation, setting: Setting) -> Result<(), Fault> {
    let expected = "each job starts once and ends once, with the same worker";
    let mut running: BTreeMap<u64, u64> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for (at, event) in events(seen) {
        let fault = |what: &str| Err(fault_in(seen, at, expected, what));
        if !(1..=setting.jobs).contains(&event.job) {
            return fault("there is no such job");
        }
        if event.starts && (done.contains(&event.job) || running.insert(event.job, event.worker).is_some()) {
            return fault("the job is run again");
        }
        if !event.starts && (running.remove(&event.job) != Some(event.worker) || !done.insert(event.job)) {
            return fault("the job was not under way there");
        }
    }
    match (1..=setting.jobs).find(|job| !done.contains(job)) {
        Some(job) if running.contains_key(&job) => {
            Err(Fault::new(expected, format!("job {job} starts and never ends")))
        }
        Some(job) => {
            let fault = Fault::new(expected, format!("job {job} is never run"));
            Err(if done.is_empty() && running.is_empty() { fault.of("verbose") } else { fault })
        }
        None => Ok(()),
    }
}

fn shares_work(seen: &Observation) -> Option<(String, Option<usize>)> {
    let thread = |at: usize| seen.stderr.threads.as_ref().map(|threads| threads[at]);
    let mut running = BTreeMap::new();
    for (at, event) in events(seen) {
        if !event.starts {
            running.remove(&event.job);
            continue;
        }
        // One thread that speaks for two workers runs no two jobs.
        let other = running.iter().find(|(_, other)| thread(at).is_none() || **other != thread(at));
        if let Some((other, _)) = other {
            let (first, second) = (event.job.min(*other), event.job.max(*other));
            return Some((format!("jobs {first} and {second} are under way at once"), None));
        }
        running.insert(event.job, thread(at));
    }
    None
}

#[cfg(test)]
mod tests {
    use engine::observation::Text;

    use super::*;

    const SETTING: Setting = Setting { workers: 2, jobs: 2, panic_on: None, verbose: true };
    const RIGHT: [(u8, &str); 4] = [
        (1, "worker 0 starts job 1"),
        (2, "worker 1 starts job 2"),
        (2, "worker 1 ends job 2"),
        (1, "worker 0 ends job 1"),
    ];

    fn told(writes: &[(u8, &str)]) -> Observation {
        let text: Vec<String> = writes.iter().map(|(_, line)| format!("{line}\n")).collect();
        let written = writes.iter().zip(&text).map(|((thread, _), text)| (*thread, text.as_bytes()));
        Observation { stderr: Text::written(written), ..Observation::default() }
    }

    #[test]
    fn results_come_in_order_and_a_failed_job_in_its_place() {
        let output = |text: &str| Observation { stdout: text.into(), ..Observation::default() };
        assert_eq!(results(&output("1 squared is 1\n2 squared is 4\n"), SETTING), Ok(()));
        assert!(results(&output("2 squared is 4\n1 squared is 1\n"), SETTING).is_err());
        let panics = Setting { panic_on: Some(2), ..SETTING };
        assert_eq!(results(&output("1 squared is 1\n2 failed\n"), panics), Ok(()));
    }

    #[test]
    fn a_right_run_keeps_all_promises_and_shares_work() {
        let seen = told(&RIGHT);
        assert_eq!(pool_size(&seen, SETTING), Judgement::Kept);
        assert_eq!(clean_shutdown(&seen, SETTING), Ok(()));
        assert_eq!(shares_work(&seen).unwrap().0, "jobs 1 and 2 are under way at once");
        let [a, b, c, d] = RIGHT;
        assert_eq!(shares_work(&told(&[a, d, b, c])), None);
        let of_one = RIGHT.map(|(_, line)| (1, line));
        assert_eq!(shares_work(&told(&of_one)), None);
    }

    #[test]
    fn a_pool_has_no_more_workers_and_no_more_threads() {
        let more = [RIGHT[0], (3, "worker 2 starts job 2")];
        assert!(few_workers(&told(&more), SETTING).unwrap_err().seen.starts_with("there is one more worker"));
        let thread_for_each = [RIGHT[0], RIGHT[1], RIGHT[2], (3, "worker 1 starts job 3")];
        assert!(
            few_workers(&told(&thread_for_each), SETTING).unwrap_err().seen.starts_with("one more thread")
        );
        let twice = [RIGHT[0], (1, "worker 0 starts job 2")];
        assert!(few_workers(&told(&twice), SETTING).unwrap_err().seen.starts_with("a worker has not"));
    }

    #[test]
    fn a_pool_that_runs_nothing_has_no_size() {
        assert_eq!(pool_size(&told(&[]), SETTING), Judgement::Nothing);
    }

    #[test]
    fn a_job_is_run_once_and_to_its_end() {
        let seen = |writes: &[(u8, &str)]| clean_shutdown(&told(writes), SETTING).unwrap_err().seen;
        let [a, b, c, d] = RIGHT;
        assert_eq!(seen(&[a, d]), "job 2 is never run");
        assert_eq!(seen(&[a, b, c]), "job 1 starts and never ends");
        assert!(seen(&[a, d, a]).starts_with("the job is run again"));
        assert!(seen(&[d]).starts_with("the job was not under way there"));
    }
}
