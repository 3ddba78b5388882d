//! The ways in which the program is called.

use engine::case::{Call, Case};

use engine::judgement::Judgement;

use super::plan::{Due, Input, Plan};
use super::promises::{AT_MOST, Bodies, CODE, ENDS, INTACT, NAMES, ORDER, PARALLEL, WHOLE, case};
use super::simulate::{Simulate, overlapping};
use super::{EXERCISE, faults, letter};
use crate::scripted::http::{Answer, Framing, Hold, Order};
use exercise::judges::{one_write_a_line, terminates};
use exercise::outputs::{full, unread};
use exercise::wrong_usage::{help, wrong_usage};

/// For calls that are to be refused before anything is fetched.
const UNREACHED: &str = "http://127.0.0.1/";

/// All cases; first those in which nothing goes wrong.
pub(super) fn all(seed: u64) -> Vec<Case> {
    let bodies = Bodies(seed);
    let groups = [
        simulated(),
        whole(bodies),
        at_once(bodies),
        faults::failing(bodies),
        faults::retried(bodies),
        letter::cases(bodies),
    ];
    let wrong = wrong_usage(&[("no-jobs", &["--jobs", "0", UNREACHED])]);
    let unread = unread(Call::new(["--simulate", "cat.png", "dog.png"]), 0);
    // A line that needs no network.
    let full = full(EXERCISE.name, Call::new(["no-url"]));
    let help = help(&[
        ("--jobs", "4"),
        ("--out", "."),
        ("--timeout", "30"),
        ("--retries", "2"),
        ("--input", ""),
        ("--simulate", ""),
    ]);
    let cases = groups.into_iter().flatten().map(with_sentences).chain([unread]).map(Case::networked);
    cases.chain(wrong).chain([full, help]).collect()
}

/// What the cases are about where they do not say so themselves.
fn with_sentences(case: Case) -> Case {
    const FAILURES: &[&str] = &[
        "failed-line",
        "said",
        "failure-code",
        "goes-on",
        "status",
        "truncated",
        "redirect-loop",
        "refused",
        "bad-url",
        "write",
        "timeout",
    ];
    const USUAL: [(&str, &[&str]); 10] = [
        ("files-intact", &["files-intact", "ok-line"]),
        ("in-list-order", &["in-list-order"]),
        ("no-name-conflicts", &["names", "index-html", "safe-names", "same-name", "names-by-list"]),
        ("parallel", &["parallel"]),
        ("at-most-jobs", &["at-most-jobs"]),
        ("no-partial-files", &["whole", "part", "part-removed", "out"]),
        ("failures-named", FAILURES),
        ("retries", &["retries", "retried", "not-retried"]),
        ("simulate-overlaps", &["simulate-overlaps", "simulate-lines", "simulate-last"]),
        ("terminates", &["ends", "exit-0"]),
    ];
    USUAL.into_iter().fold(case, |case, (check, sentences)| {
        let is_judged = case.judges.iter().any(|(judged, _)| *judged == check);
        if is_judged { case.tries(check, sentences) } else { case }
    })
}

fn simulated() -> Vec<Case> {
    let case = |id, args: &[&'static str], names: &'static [&'static str]| {
        Case::new(id, Simulate { args: args.to_vec() })
            .runs(1)
            .judge_ending("terminates", terminates(0))
            .judge("simulate-overlaps", move |seen| match overlapping(names, seen) {
                Judgement::Broken(fault) if names == EXAMPLE && fault.sentence == Some("simulate-lines") => {
                    fault.of("example").into()
                }
                other => other,
            })
    };
    vec![
        case("simulate", &["--simulate", "cat.png", "dog.png"], &["cat.png", "dog.png"]),
        case("example", &[], EXAMPLE).tries("simulate-overlaps", &["simulate-overlaps", "example"]),
    ]
}

/// The names that the program takes where it gets none.
const EXAMPLE: &[&str] = &["file1.zip", "file2.zip", "file3.zip"];

/// Downloads that all succeed.
fn whole(bodies: Bodies) -> Vec<Case> {
    let one = Plan { out: None, ..Plan::new("") }.file("/one.bin", bodies.small(1)).named("one.bin");
    vec![
        case("one-file", 1, one, &[INTACT, ORDER, NAMES, CODE])
            .tries("files-intact", &["files-intact", "out", "ok-line"]),
        case("sizes", 1, sizes(bodies), &[INTACT, ORDER, CODE]).tries("files-intact", &["framings"]),
        case("redirects", 1, redirects(bodies), &[INTACT, ORDER, ENDS]).tries("files-intact", &["redirects"]),
        case("names", 1, names(bodies), &[NAMES, INTACT, WHOLE, ENDS]),
        case("same-name", 1, same_name(bodies), &[NAMES, INTACT, ORDER, ENDS]),
        case("numbered-names", 1, numbered_names(bodies), &[NAMES, INTACT, ENDS]),
        case("part-of-another", 1, part_of_another(bodies), &[INTACT, ENDS])
            .tries("files-intact", &["part-names"]),
        case("input-file", 1, input(2, Input::File, bodies), &[ORDER, INTACT, ENDS])
            .tries("in-list-order", &["input", "list", "skipped-lines"]),
        case("input-stdin", 1, input(0, Input::Stdin, bodies), &[ORDER, INTACT, CODE])
            .tries("in-list-order", &["input"]),
        case("many", 2, many(bodies), &[INTACT, ORDER, NAMES, WHOLE, ENDS]),
        case("few", 2, few(bodies), &[INTACT, ORDER, NAMES, WHOLE, ENDS])
            .judge_writes("in-list-order", one_write_a_line)
            .tries("in-list-order", &["in-list-order", "one-write"])
            .explored(5),
    ]
}

fn sizes(bodies: Bodies) -> Plan {
    let framings =
        [("length", Framing::Length), ("chunked", Framing::Chunked), ("close", Framing::UntilClose)];
    let lengths = [0, 1, 65_537, 700_001];
    let mut plan = Plan::new("");
    for (index, (name, framing)) in (0..).zip(framings) {
        for length in lengths {
            let body = bodies.sized(index, length);
            let path = format!("/{name}-{length}.bin");
            plan = plan.serve(&path, vec![Answer::Whole(body, framing)], Due::File(body.content()));
        }
    }
    plan
}

/// The last segment stays the same, so that it does not matter which of the URLs gives the name.
fn redirects(bodies: Bodies) -> Plan {
    let to = |code, path: String| vec![Answer::Redirect(code, path)];
    let mut plan = Plan::new("");
    for (index, code) in (0..).zip([301, 302, 303, 307, 308]) {
        let (body, target) = (bodies.small(index), format!("/new/{code}.bin"));
        plan = plan
            .serve(&format!("/old/{code}.bin"), to(code, target.clone()), Due::File(body.content()))
            .page(&target, vec![Answer::Whole(body, Framing::Length)]);
    }
    let body = bodies.small(9);
    plan.serve("/1/far.bin", to(302, "/2/far.bin".into()), Due::File(body.content()))
        .page("/2/far.bin", to(302, "../3/far.bin".into()))
        .page("/3/far.bin", to(301, "/4/far.bin".into()))
        .page("/4/far.bin", vec![Answer::Whole(body, Framing::Length)])
}

/// Plain names, and such as a server would choose that wants to write elsewhere.
fn names(bodies: Bodies) -> Plan {
    let plan = Plan { out: Some("a/b/downloads"), ..Plan::new("") }
        .file("/docs/", bodies.small(1))
        .named("index.html")
        .of("index-html")
        .file("/data.csv?version=2/x", bodies.small(2))
        .named("data.csv")
        .file("/%41bc%2Dd.txt", bodies.small(3))
        .named("Abc-d.txt");
    let hostile = [
        "..%2f..%2fescape",
        "%2e%2e%2fescape",
        "a%2fb",
        "nul%00nul",
        "line%0aline",
        "%0d%1b%5B2J",
        "..%5c..%5cescape",
        "%ff%fe",
        "caf%C3%A9%20au%20lait",
        "100%25",
    ];
    let numbered = (10..).zip(hostile);
    let plan =
        numbered.fold(plan, |plan, (index, name)| plan.file(&format!("/n/{name}"), bodies.small(index)));
    // A client may resolve the dots itself; the server has the same file at both places.
    plan.file("/n/%2e%2e", bodies.small(30)).page("/", vec![Answer::Whole(bodies.small(30), Framing::Length)])
}

/// The last one is whole first, so that names given in the order of completion show.
fn same_name(bodies: Bodies) -> Plan {
    let plan = Plan::new("--jobs 4 --timeout 600").file("/a/x.bin", bodies.small(0)).named("x.bin");
    let numbered = (1..).zip(["/b/x.bin", "/c/x.bin", "/d/x.bin"]);
    numbered
        .fold(plan, |plan, (index, path)| {
            plan.file(path, bodies.small(index)).named(&format!("x.bin.{index}"))
        })
        .held(4, Hold::Head, Order::LastFirst)
}

/// Names that look like the number that another one gets. Which number they get instead is open.
fn numbered_names(bodies: Bodies) -> Plan {
    let paths = ["/a/x.1", "/a/x", "/b/x", "/b/x.1", "/c/x", "/c/x.1"];
    (0..).zip(paths).fold(Plan::new(""), |plan, (index, path)| plan.file(path, bodies.small(index)))
}

/// While the first one grows the second one gets its name, which must not be where the first one grows.
fn part_of_another(bodies: Bodies) -> Plan {
    Plan::new("--jobs 2 --timeout 600")
        .file("/x", bodies.sized(1, 300_000))
        .file("/x.part", bodies.sized(2, 300_000))
        .held(2, Hold::Middle, Order::LastFirst)
}

/// Four URLs, of which `arguments` are arguments; the last one is whole first.
fn input(arguments: u64, input: Input, bodies: Bodies) -> Plan {
    let add = |plan: Plan, index: u64| plan.file(&format!("/{index}.bin"), bodies.small(index));
    let plan = (0..arguments).fold(Plan::new("--jobs 4 --timeout 600"), add).input(input);
    (arguments..4).fold(plan, add).held(4, Hold::Head, Order::LastFirst)
}

fn many(bodies: Bodies) -> Plan {
    let plan = Plan::new("--jobs 8").file("/0/data.bin", bodies.small(0)).named("data.bin");
    (1..24).fold(plan, |plan, index| {
        plan.file(&format!("/{index}/data.bin"), bodies.small(index)).named(&format!("data.bin.{index}"))
    })
}

/// Three files for two threads.
fn few(bodies: Bodies) -> Plan {
    let named =
        |plan: Plan, index: u64, name| plan.file(&format!("/{index}/x.bin"), bodies.small(index)).named(name);
    let plan = named(Plan::new("--jobs 2 --timeout 600"), 0, "x.bin");
    named(named(plan, 1, "x.bin.1"), 2, "x.bin.2")
}

/// How many downloads are under way at once.
fn at_once(bodies: Bodies) -> Vec<Case> {
    let held = |options, count, jobs| {
        let plan = (0..count)
            .fold(Plan::new(options), |plan, index| plan.file(&format!("/{index}.bin"), bodies.small(index)));
        plan.held(jobs, Hold::Head, Order::Together)
    };
    let half_way = Plan::new("--jobs 2 --timeout 600")
        .file("/left.bin", bodies.sized(1, 300_000))
        .file("/right.bin", bodies.sized(2, 300_000))
        .held(2, Hold::Middle, Order::Together);
    vec![
        case("three-jobs", 2, held("--jobs 3 --timeout 600", 7, 3), &[PARALLEL, AT_MOST, ENDS]),
        case("four-jobs-by-default", 1, held("--timeout 600", 6, 4), &[PARALLEL, AT_MOST, ENDS])
            .tries("parallel", &["jobs"])
            .tries("at-most-jobs", &["jobs"]),
        // One after the other: for that nobody counts jobs.
        case("one-job", 1, held("--jobs 1 --timeout 600", 3, 1), &[AT_MOST, ENDS]).idle(),
        case("more-jobs-than-urls", 1, held("--jobs 8 --timeout 600", 5, 8), &[PARALLEL, AT_MOST, ENDS]),
        case("half-way", 1, half_way, &[WHOLE, INTACT, ENDS]),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::EXERCISE;
    use super::*;
    use exercise::outputs::CANNOT_WRITE;
    use exercise::wrong_usage::USAGE;

    #[test]
    fn every_case_has_its_own_name_and_judges_that_it_terminates() {
        let cases = all(0);
        let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids.len(), cases.len());
        let is_advice = |check: &str| [letter::TO_THE_LETTER, CANNOT_WRITE.id, USAGE.id].contains(&check);
        for case in cases.iter().filter(|case| !case.judges.iter().all(|(check, _)| is_advice(check))) {
            assert!(case.judges.iter().any(|(check, _)| *check == "terminates"), "{}", case.id);
        }
    }

    #[test]
    fn every_check_is_judged_and_every_judge_has_its_check() {
        let cases = all(0);
        let judged: BTreeSet<&str> =
            cases.iter().flat_map(|case| case.judges.iter().map(|(check, _)| *check)).collect();
        let promised: BTreeSet<&str> = EXERCISE.checks.iter().map(|check| check.id).collect();
        assert_eq!(judged, promised);
    }
}
