//! Programs that do not do the work, and get no points for promises that they keep by doing nothing.

use serde_json::Value;

use crate::support::{Program, check};

fn points(report: &Value) -> f64 {
    report["score"].as_f64().unwrap()
}

#[test]
fn an_empty_program_gets_nothing_for_ending() {
    let (code, report) = Program::new("fn main() {}").grade_as("even-odd");
    assert_eq!((code, points(&report)), (1, 0.0), "{report:#}");
    let ends = check(&report, "terminates");
    assert_eq!(ends["verdict"], "skipped");
    assert!(ends["message"].as_str().unwrap().ends_with("no run kept alternates"), "{ends:#}");
    assert_eq!(check(&report, "two-threads")["verdict"], "skipped");
    assert_eq!(check(&report, "usage")["failure"]["seen"], "it ended with exit code 0");
    assert_eq!(check(&report, "blocks")["verdict"], "skipped");
}

#[test]
fn a_program_that_refuses_every_call_gets_nothing_for_refusing_wrong_ones() {
    let refuses = "fn main() { eprintln!(\"wrong usage\"); std::process::exit(2); }";
    for exercise in ["even-odd", "hello-threads"] {
        let (_, report) = Program::new(refuses).grade_as(exercise);
        assert_eq!(points(&report), 0.0, "{report:#}");
        assert_ne!(check(&report, "usage")["verdict"], "pass");
    }
}

#[test]
fn a_last_line_after_nothing_is_no_last_line() {
    let only_last = "fn main() { println!(\"Both threads have finished execution.\"); }";
    let (_, report) = Program::new(only_last).grade_as("hello-threads");
    assert_eq!(points(&report), 0.0, "{report:#}");
}

#[test]
fn a_total_of_items_that_nobody_makes_is_worth_nothing() {
    let only_done = "fn main() {
        let args: Vec<String> = std::env::args().collect();
        let after = |name, default| match args.iter().position(|arg| arg == name) {
            Some(place) => args[place + 1].parse().unwrap(),
            None => default,
        };
        println!(\"done {}\", after(\"--producers\", 1) * after(\"--items\", 5));
    }";
    let (_, report) = Program::new(only_done).grade_as("producer-consumer");
    assert_eq!(points(&report), 0.0, "{report:#}");
    assert_eq!(check(&report, "done-last")["verdict"], "skipped");
}

#[test]
fn threads_that_do_nothing_count_no_more_than_no_threads() {
    let idle = "use std::sync::Arc;
    use std::thread::spawn;
    fn main() {
        let args: Vec<String> = std::env::args().collect();
        let after = |name: &str| Some(&args[args.iter().position(|arg| arg == name)? + 1]);
        let number = |name, default| after(name).map_or(default, |text| text.parse::<u64>().unwrap());
        let (threads, increments) = (number(\"--threads\", 2), number(\"--increments\", 100_000));
        if threads == 0 {
            std::process::exit(2);
        }
        for (mode, lost) in [(\"unsynchronized\", 1), (\"mutex\", 0), (\"atomic\", 0)] {
            if after(\"--mode\").is_none_or(|wanted| [mode, \"all\"].contains(&wanted.as_str())) {
                let shared = Arc::new(0);
                let idle = |_| { let shared = shared.clone(); spawn(move || drop(shared)) };
                let handles: Vec<_> = (0..threads).map(idle).collect();
                handles.into_iter().for_each(|handle| handle.join().unwrap());
                let expected = threads * increments;
                println!(\"{mode} expected {expected} counted {} lost {lost}\", expected - lost);
            }
        }
    }";
    let (_, report) = Program::new(idle).grade_as("race-counter");
    for id in ["mutex-exact", "atomic-exact", "race-shown", "counts-add-up"] {
        assert_eq!(check(&report, id)["verdict"], "fail", "{id}: {report:#}");
    }
}

#[test]
fn a_program_that_never_ends_fails_to_end_also_where_it_did_nothing() {
    let (code, report) = Program::new("fn main() { std::thread::park(); }").grade_as("even-odd");
    assert_eq!(code, 1);
    assert_eq!(check(&report, "terminates")["verdict"], "fail", "{report:#}");
}
