//! One counter and several threads that add to it, with and without a race.

use engine::case::{Call, Case, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use crate::exercise::{Check, Exercise};
use crate::judges::{lines, number, one_write_a_line, terminates};
use crate::outputs::{CANNOT_WRITE, full, too_many_threads, unread};
use crate::quoted::quoted;
use crate::wrong_usage::{USAGE, help, wrong_usage};

/// The lost update, and two ways to keep it from happening.
pub static EXERCISE: Exercise = Exercise {
    name: "race-counter",
    root: "main.rs",
    summary: "Threads add to one counter: with a race, with a mutex, with an atomic",
    checks: &[
        Check { id: "mutex-exact", about: "with the mutex no update is lost" },
        Check { id: "atomic-exact", about: "with the atomic no update is lost" },
        Check { id: "race-shown", about: "some schedule loses an update without synchronisation" },
        Check { id: "counts-add-up", about: "each line has the right numbers, and there are no others" },
        Check { id: "terminates", about: "the program ends" },
        USAGE,
        CANNOT_WRITE,
    ],
    after: &[
        ("terminates", &["counts-add-up"]),
        (USAGE.id, &["counts-add-up"]),
        (CANNOT_WRITE.id, &["counts-add-up"]),
    ],
    untried: &[],
    cases: &cases,
};

const MODES: [&str; 3] = ["unsynchronized", "mutex", "atomic"];

/// How the program is called.
#[derive(Clone, Copy)]
struct Setting {
    threads: u64,
    increments: u64,
    modes: &'static [&'static str],
}

fn cases(_seed: u64) -> Vec<Case> {
    let defaults = Setting { threads: 2, increments: 100_000, modes: &MODES };
    let race = Setting { threads: 2, increments: 2, modes: &MODES[..1] };
    let mutex = Setting { threads: 3, increments: 2, modes: &MODES[1..2] };
    let atomic = Setting { threads: 3, increments: 2, modes: &MODES[2..] };
    let all = Setting { threads: 2, increments: 1, modes: &MODES };
    let once = |modes| Setting { threads: 2, increments: 1, modes };
    let lost = "a schedule in which two threads read the same number, and one addition is lost";
    let right = [
        of_setting("race", race)
            .runs(5)
            .explored(30)
            .lesson("race-shown", lost, race_shown)
            .tries("race-shown", &["race-shown"])
            .shared(adding(race, &["race-shown", "counts-add-up"])),
        // The smallest that can go wrong comes first: it is the easiest to read.
        of_setting("mutex-once", once(&MODES[1..2])).runs(2).explored(5),
        of_setting("atomic-once", once(&MODES[2..])).runs(2).explored(5),
        of_setting("mutex", mutex)
            .runs(5)
            .explored(20)
            .shared(adding(mutex, &["mutex-exact", "counts-add-up"])),
        of_setting("atomic", atomic)
            .runs(5)
            .explored(20)
            .shared(adding(atomic, &["atomic-exact", "counts-add-up"])),
        of_setting("all", all).runs(5).explored(10),
        of_setting("no-increments", Setting { increments: 0, ..all }).runs(2).explored(5).idle(),
        judged(Case::of_args("defaults", [""; 0]), defaults).runs(5),
        of_setting("many-threads", Setting { threads: 16, increments: 5_000, modes: &MODES }).runs(5),
        of_setting("one-thread", Setting { threads: 1, increments: 1_000, modes: &MODES }).runs(2),
    ];
    let wrong = wrong_usage(&[("no-threads", &["--threads", "0"])]);
    let few = || Call::new(["--increments", "1", "--threads", "2"]);
    let outputs = [
        unread(few(), 1).explored(5),
        full(EXERCISE.name, few()),
        too_many_threads(EXERCISE.name, &["--threads", "10001"]),
        help(&[("--threads", "2"), ("--increments", "100000"), ("--mode", "all")]),
    ];
    right.into_iter().chain(wrong).chain(outputs).collect()
}

/// What is counted is what the threads add to one counter. Who holds a lock for all its additions takes it and gives it
/// back; two operations are more than a reference count has of a thread that does nothing.
fn adding(setting: Setting, checks: &'static [&'static str]) -> Sharing {
    let expected = "as many threads as asked for add to one counter";
    Sharing { checks, expected, threads: setting.threads as usize, operations: setting.increments as usize }
}

fn of_setting(id: &str, setting: Setting) -> Case {
    let mode = if setting.modes.len() == 1 { setting.modes[0] } else { "all" };
    let (threads, increments) = (setting.threads.to_string(), setting.increments.to_string());
    let args = ["--threads", &threads, "--increments", &increments, "--mode", mode].map(str::to_owned);
    judged(Case::of_args(id, args), setting)
}

fn judged(case: Case, setting: Setting) -> Case {
    let mut case = case
        .judge("counts-add-up", move |seen| counts_add_up(seen, setting).into())
        .judge_writes("counts-add-up", one_write_a_line)
        .tries("counts-add-up", &["sums", "threads", "increments", "mode", "nothing-else", "one-write"])
        .judge_ending("terminates", terminates(0))
        .tries("terminates", &["ends", "exit-0"]);
    for (mode, check) in [("mutex", "mutex-exact"), ("atomic", "atomic-exact")] {
        if setting.modes.contains(&mode) {
            case = case.judge(check, move |seen| exact(seen, mode));
            case = case.tries(check, if mode == "mutex" { &["mutex-exact"] } else { &["atomic-exact"] });
        }
    }
    case
}

/// `MODE expected E counted C lost L`.
struct Count<'a> {
    mode: &'a str,
    expected: u64,
    counted: u64,
    lost: u64,
}

impl<'a> Count<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["expected", expected, "counted", counted, "lost", lost] = words.get(1..)? else { return None };
        let numbers = (number(expected)?, number(counted)?, number(lost)?);
        Some(Self { mode: words[0], expected: numbers.0, counted: numbers.1, lost: numbers.2 })
    }
}

fn counts(seen: &Observation) -> impl Iterator<Item = (usize, Count<'_>)> {
    seen.stdout.lines.iter().enumerate().filter_map(|(at, line)| Some((at, Count::parse(line)?)))
}

fn exact(seen: &Observation, mode: &str) -> Judgement {
    let of_mode = |line: &&str| line.split(' ').next() == Some(mode);
    let mut lines = seen.stdout.lines.iter().map(|line| &**line).enumerate();
    let Some((at, line)) = lines.find(|(_, line)| of_mode(line)) else {
        return Judgement::Unproven(format!("there is no line of {mode}"));
    };
    match Count::parse(line) {
        Some(count) if count.lost == 0 && count.counted == count.expected => Judgement::Kept,
        _ => Fault::new(format!("{mode} counts every addition"), format!("it says {}", quoted(line)))
            .at(at)
            .into(),
    }
}

fn counts_add_up(seen: &Observation, setting: Setting) -> Result<(), Fault> {
    let lines = lines(&seen.stdout)?;
    let due = setting.threads * setting.increments;
    for (at, mode) in setting.modes.iter().enumerate() {
        let expected =
            format!("line {} to be `{mode} expected {due} counted C lost L`, L = {due} - C", at + 1);
        let line = lines.get(at).map_or("", |line| line);
        let count = Count::parse(line);
        let Some(sentence) = broken_by(count.as_ref(), mode, setting) else { continue };
        return Err(Fault::new(expected, format!("it is {}", quoted(line))).at(at).of(sentence));
    }
    match lines.get(setting.modes.len()) {
        Some(line) => {
            let seen = format!("also {}", quoted(line));
            let fault = Fault::new("a line for each mode and no other", seen).at(setting.modes.len());
            let is_of_mode = Count::parse(line).is_some_and(|count| MODES.contains(&count.mode));
            Err(fault.of(if is_of_mode { "mode" } else { "nothing-else" }))
        }
        None => Ok(()),
    }
}

/// The sentence that a line breaks where `mode` is due; none where it is right.
fn broken_by(count: Option<&Count<'_>>, mode: &str, setting: Setting) -> Option<&'static str> {
    let Setting { threads, increments, .. } = setting;
    let due = threads * increments;
    match count {
        None => Some("sums"),
        Some(count) if count.mode != mode => Some("mode"),
        Some(count) if count.expected != due => {
            Some(if count.expected == increments { "threads" } else { "increments" })
        }
        Some(count) => {
            let is_in_range = (due.min(1)..=due).contains(&count.counted);
            (!is_in_range || count.lost != due - count.counted).then_some("sums")
        }
    }
}

fn race_shown(seen: &Observation) -> Option<(String, Option<usize>)> {
    let (at, count) = counts(seen).find(|(_, count)| count.mode == MODES[0] && count.lost > 0)?;
    Some((format!("of {} additions only {} are counted", count.expected, count.counted), Some(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTING: Setting = Setting { threads: 2, increments: 2, modes: &MODES };
    const RIGHT: &str = "unsynchronized expected 4 counted 3 lost 1\nmutex expected 4 counted 4 lost 0\n\
        atomic expected 4 counted 4 lost 0\n";

    fn output(text: &str) -> Observation {
        Observation { stdout: text.into(), ..Observation::default() }
    }

    fn adds_up(text: &str) -> bool {
        counts_add_up(&output(text), SETTING).is_ok()
    }

    #[test]
    fn every_mode_has_its_line_with_numbers_that_add_up() {
        assert!(adds_up(RIGHT));
        assert!(!adds_up(&RIGHT.replace("counted 3 lost 1", "counted 3 lost 0")));
        assert!(!adds_up(&RIGHT.replace("counted 3 lost 1", "counted 5 lost 0")));
        assert!(!adds_up(&RIGHT.replace("mutex", "Mutex")));
        assert!(!adds_up(&format!("{RIGHT}done\n")));
        assert!(!adds_up(""));
    }

    #[test]
    fn a_loss_breaks_the_modes_that_must_be_exact() {
        assert_eq!(exact(&output(RIGHT), "mutex"), Judgement::Kept);
        let lossy = RIGHT.replace("mutex expected 4 counted 4 lost 0", "mutex expected 4 counted 3 lost 1");
        assert!(matches!(exact(&output(&lossy), "mutex"), Judgement::Broken(_)));
        let gained = RIGHT.replace("mutex expected 4 counted 4 lost 0", "mutex expected 4 counted 8 lost -4");
        assert!(matches!(exact(&output(&gained), "mutex"), Judgement::Broken(_)));
        assert!(matches!(exact(&output(""), "mutex"), Judgement::Unproven(_)));
    }

    #[test]
    fn a_race_shows_where_an_update_is_lost() {
        assert_eq!(
            race_shown(&output(RIGHT)).unwrap(),
            ("of 4 additions only 3 are counted".into(), Some(0))
        );
        assert_eq!(race_shown(&output(&RIGHT.replace("counted 3 lost 1", "counted 4 lost 0"))), None);
    }
}
