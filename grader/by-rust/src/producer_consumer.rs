//! Producers and consumers around one bounded buffer.

use engine::case::{Call, Case, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, Text};

use exercise::judges::{kept_back, lines, number, one_write_a_line, rests, terminates};
use exercise::outputs::{CANNOT_WRITE, full, too_many_threads, unread};
use exercise::quoted::quoted;
use exercise::wrong_usage::{USAGE, advised_usage, help};
use exercise::{Check, Exercise};

/// Producers put numbered items into a bounded buffer, consumers take them out.
pub static EXERCISE: Exercise = Exercise {
    name: "producer-consumer",
    root: "main.rs",
    summary: "Producers put numbered items into a bounded buffer, consumers take them all",
    checks: &[
        Check { id: "exactly-once", about: "each item is produced once and consumed once" },
        Check { id: "fifo", about: "each consumer sees the items of each producer ascending" },
        Check {
            id: "bounded",
            about: "producers are never ahead by more than the buffer and the consumers hold",
        },
        Check { id: "terminates", about: "the program ends, also without items and with idle consumers" },
        Check { id: "done-last", about: "the last line, and only the last, is `done TOTAL`" },
        USAGE,
        CANNOT_WRITE,
        Check { id: "blocks", about: "who waits for a place or an item sleeps (advice)" },
    ],
    after: &[
        ("done-last", &["exactly-once"]),
        ("blocks", &["exactly-once"]),
        ("terminates", &["exactly-once"]),
        (USAGE.id, &["exactly-once"]),
        (CANNOT_WRITE.id, &["exactly-once"]),
    ],
    untried: &[],
    cases: &cases,
};

/// How the program is called.
#[derive(Clone, Copy)]
struct Setting {
    producers: usize,
    consumers: usize,
    items: usize,
    capacity: usize,
}

const DEFAULTS: Setting = Setting { producers: 1, consumers: 1, items: 5, capacity: 1 };

/// One thread that prints in turns what it produces and consumes has no buffer, and nobody waits for it.
const BUFFERED: Sharing = Sharing {
    checks: &["exactly-once", "fifo", "bounded"],
    expected: "producers and consumers that are threads around one buffer",
    threads: 2,
    operations: 2,
};

const SMALL_RUNS: u32 = 12;
const LARGE_RUNS: u32 = 3;

const NO_ITEMS: &str = "no-items";
const TWO_AND_TWO: &str = "two-and-two";

/// Producers, consumers, items of each producer, places.
const SMALL: &[(&str, [usize; 4])] = &[
    (NO_ITEMS, [2, 2, 0, 1]),
    (TWO_AND_TWO, [2, 2, 3, 1]),
    ("one-to-two", [1, 2, 4, 1]),
    ("two-to-one", [2, 1, 3, 2]),
    ("three-to-one", [3, 1, 2, 1]),
    ("idle-consumers", [1, 4, 2, 1]),
    ("room-for-all", [2, 2, 4, 100]),
];

const LARGE: &[(&str, [usize; 4])] = &[
    ("one-place-for-many", [4, 4, 250, 1]),
    ("many-producers", [16, 3, 100, 8]),
    ("many-consumers", [3, 16, 400, 8]),
    ("long", [2, 2, 2000, 16]),
];

fn cases(_seed: u64) -> Vec<Case> {
    let defaults = judged(Case::of_args("defaults", [""; 0]), DEFAULTS).runs(SMALL_RUNS).explored(12);
    let blocks = rests("threads that wait for a place or an item sleep until there is one");
    let defaults = defaults.judge_starved("blocks", blocks).tries("blocks", &["sleeps"]).shared(BUFFERED);
    let small = SMALL.iter().map(|&(id, numbers)| of_setting(id, numbers).runs(SMALL_RUNS).explored(12));
    let small = small.map(|case| match case.id.as_str() {
        NO_ITEMS => case.idle(),
        TWO_AND_TWO => case
            .witness("exactly-once", "a schedule in which both consumers take items", both_take)
            .of("consumers"),
        _ => case,
    });
    let large = LARGE.iter().map(|&(id, numbers)| of_setting(id, numbers).runs(LARGE_RUNS));
    let wrong = advised_usage(&[
        ("no-producers", &["--producers", "0"]),
        ("no-consumers", &["--consumers", "0"]),
        ("no-places", &["--capacity", "0"]),
        ("items-in-words", &["--items", "five"]),
        ("stray-argument", &["5"]),
    ]);
    let two = || Call::new(["--producers", "2", "--items", "3"]);
    let outputs = [
        unread(two(), 3).explored(4),
        full(EXERCISE.name, two()),
        too_many_threads(EXERCISE.name, &["--producers", "10001"]),
        help(&[("--producers", "1"), ("--consumers", "1"), ("--items", "5"), ("--capacity", "1")]),
    ];
    [defaults].into_iter().chain(small).chain(large).chain(wrong).chain(outputs).collect()
}

fn of_setting(id: &str, [producers, consumers, items, capacity]: [usize; 4]) -> Case {
    let options = ["--producers", "--consumers", "--items", "--capacity"].into_iter();
    let numbers = [producers, consumers, items, capacity].map(|number| number.to_string());
    let args = options.zip(numbers).flat_map(|(option, number)| [option.to_owned(), number]);
    judged(Case::of_args(id, args), Setting { producers, consumers, items, capacity })
}

fn judged(case: Case, setting: Setting) -> Case {
    case.judge("exactly-once", move |seen| exactly_once(setting, &seen.stdout).into())
        .judge("fifo", move |seen| when_complete(setting, &seen.stdout, fifo))
        .judge("bounded", move |seen| when_complete(setting, &seen.stdout, bounded))
        .judge_ending("terminates", terminates(0))
        .judge("done-last", move |seen| done_last(setting, &seen.stdout).into())
        .judge_writes("exactly-once", one_write_a_line)
        .tries("exactly-once", &["exactly-once", "lines", "producers", "consumers", "items", "one-write"])
        .tries("fifo", &["fifo", "items-ascending"])
        .tries("bounded", &["bounded"])
        .tries("terminates", &["ends", "exit-0"])
        .tries("done-last", &["done-last", "total"])
}

/// The line at which a second consumer has taken something.
fn both_take(seen: &Observation) -> Option<(String, Option<usize>)> {
    let mut takers = events(&seen.stdout).filter_map(|(line, event)| match event {
        Event::Consumed { consumer, .. } => Some((line, consumer)),
        Event::Produced { .. } => None,
    });
    let (_, first) = takers.next()?;
    let (line, second) = takers.find(|(_, consumer)| *consumer != first)?;
    Some((format!("consumer {second} takes an item, too"), Some(line)))
}

/// A line of output that is about one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Produced { producer: usize, item: usize },
    Consumed { consumer: usize, producer: usize, item: usize },
}

impl Event {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["produced", producer, item] => {
                Some(Self::Produced { producer: number(producer)?, item: number(item)? })
            }
            ["consumed", consumer, producer, item] => Some(Self::Consumed {
                consumer: number(consumer)?,
                producer: number(producer)?,
                item: number(item)?,
            }),
            _ => None,
        }
    }

    /// The sentence that it breaks, if there is no such producer, consumer or item.
    fn beyond(self, setting: Setting) -> Option<&'static str> {
        let (producer, item) = match self {
            Self::Produced { producer, item } | Self::Consumed { producer, item, .. } => (producer, item),
        };
        match self {
            Self::Consumed { consumer, .. } if consumer >= setting.consumers => Some("consumers"),
            _ if producer >= setting.producers => Some("producers"),
            _ => (item >= setting.items).then_some("items"),
        }
    }
}

/// The events with their lines, other lines left out.
fn events(stdout: &Text) -> impl Iterator<Item = (usize, Event)> {
    stdout.lines.iter().enumerate().filter_map(|(line, text)| Some((line, Event::parse(text)?)))
}

fn is_about_the_end(line: &str) -> bool {
    line.starts_with("done")
}

/// What is missing or too much is blamed only once, under `exactly-once`.
fn when_complete(
    setting: Setting,
    stdout: &Text,
    rule: fn(Setting, &Text) -> Result<(), Fault>,
) -> Judgement {
    match exactly_once(setting, stdout) {
        Ok(()) => rule(setting, stdout).map_err(|fault| kept_back(fault, stdout)).into(),
        Err(_) => Judgement::Unproven("needs every item exactly once".into()),
    }
}

const PRODUCED: &str = "produced";

fn exactly_once(setting: Setting, stdout: &Text) -> Result<(), Fault> {
    let Setting { producers, consumers, items, .. } = setting;
    let expected = format!(
        "each of {producers} × {items} items produced once and consumed once, by {consumers} consumers, \
         all numbered from 0"
    );
    let fault =
        |line: usize, seen: &str| Err(Fault::new(&expected, format!("line {} {seen}", line + 1)).at(line));
    let mut produced = vec![false; producers * items];
    let mut consumed = produced.clone();
    for (line, text) in lines(stdout)?.iter().enumerate().filter(|(_, text)| !is_about_the_end(text)) {
        let is_it = || fault(line, &format!("is {}", quoted(text)));
        let Some(event) = Event::parse(text) else { return is_it().map_err(|fault| fault.of("lines")) };
        if let Some(sentence) = event.beyond(setting) {
            return is_it().map_err(|fault| fault.of(sentence));
        }
        let before = match event {
            Event::Produced { producer, item } => &mut produced[producer * items + item],
            Event::Consumed { producer, item, .. } => &mut consumed[producer * items + item],
        };
        if std::mem::replace(before, true) {
            return fault(line, &format!("is {}, for the second time", quoted(text)));
        }
    }
    let missing = |seen: &[bool], what: &str| match seen.iter().position(|&seen| !seen) {
        None => Ok(()),
        Some(place) => {
            let (producer, item) = (place / items, place % items);
            let fault = Fault::new(&expected, format!("item {item} of producer {producer} was never {what}"));
            let is_idle = seen[producer * items..][..items].iter().all(|&seen| !seen);
            // Where others have put theirs, one is not there.
            let is_absent = is_idle && what == PRODUCED && seen.contains(&true);
            Err(if is_absent { fault.of("producers") } else { fault })
        }
    };
    missing(&produced, PRODUCED).and_then(|()| missing(&consumed, "consumed"))
}

fn fifo(setting: Setting, stdout: &Text) -> Result<(), Fault> {
    let mut put = vec![None; setting.producers];
    let mut last = vec![None; setting.consumers * setting.producers];
    for (line, event) in events(stdout) {
        let (consumer, producer, item) = match event {
            Event::Consumed { consumer, producer, item } => (consumer, producer, item),
            Event::Produced { producer, item } => {
                if let Some(before) = put[producer].replace(item).filter(|&before| before > item) {
                    let seen = format!("producer {producer} put item {item} after item {before}");
                    let fault = Fault::new("each producer puts its items in ascending order", seen);
                    return Err(fault.at(line).of("items-ascending"));
                }
                continue;
            }
        };
        let before = last[consumer * setting.producers + producer].replace(item);
        if let Some(before) = before.filter(|&before| before > item) {
            let seen =
                format!("consumer {consumer} got item {item} of producer {producer} after item {before}");
            return Err(
                Fault::new("each consumer gets each producer's items in ascending order", seen).at(line)
            );
        }
    }
    Ok(())
}

/// A consumer may have taken an item and not yet said so: each can be one item behind.
fn bounded(setting: Setting, stdout: &Text) -> Result<(), Fault> {
    let Setting { consumers, capacity, .. } = setting;
    let (mut produced, mut consumed) = (0, 0);
    for (line, event) in events(stdout) {
        match event {
            Event::Produced { .. } => produced += 1,
            Event::Consumed { .. } => consumed += 1,
        }
        if produced > consumed + capacity + consumers {
            let expected = format!(
                "never more than {} items produced and not consumed: {capacity} in the buffer, one with each consumer",
                capacity + consumers
            );
            let seen = format!("at line {}, {produced} are produced and {consumed} consumed", line + 1);
            return Err(Fault::new(expected, seen).at(line));
        }
    }
    Ok(())
}

fn done_last(setting: Setting, stdout: &Text) -> Result<(), Fault> {
    let due = format!("done {}", setting.producers * setting.items);
    let expected = format!("the last line, and only the last, is `{due}`");
    let fault = |line: usize, seen: String| Err(Fault::new(&expected, seen).at(line));
    match stdout.lines.iter().position(|line| is_about_the_end(line)) {
        None => Err(Fault::new(&expected, "there is no such line")),
        Some(line) if stdout.lines[line] != due => {
            let seen = format!("line {} is {}", line + 1, quoted(&stdout.lines[line]));
            fault(line, seen).map_err(|fault| fault.of("total"))
        }
        Some(line) => stdout.lines.get(line + 1).map_or(Ok(()), |after| {
            fault(line + 1, format!("after it, line {} is {}", line + 2, quoted(after)))
        }),
    }
}

#[cfg(test)]
mod tests;
