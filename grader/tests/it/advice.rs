//! Advice: what is worth no points, is said all the same, and never said of a program that does it right.

use serde_json::Value;

use crate::support::{Program, check, grade, root};

#[track_caller]
fn grade_fixture(exercise: &str, sample: &str) -> (i32, Value) {
    let path = root().join("fixtures").join(exercise).join(sample);
    let source = path.to_str().unwrap();
    let assert = grade(["check", exercise, "--schedules", "200", "--source", source, "--format", "json"]);
    let output = assert.get_output();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn who_waits_by_looking_again_and_again_is_advised_and_loses_nothing() {
    for sample in ["mutants/looks-again-and-again.rs", "variants/spin-with-yield.rs"] {
        let (code, report) = grade_fixture("even-odd", sample);
        let blocks = check(&report, "blocks");
        let seen = blocks["failure"]["seen"].as_str().unwrap_or_default();
        assert!(seen.contains("threads that wait go on looking"), "{sample}: {blocks:#}");
        assert_eq!((code, &report["score"]), (0, &10.0.into()), "{sample}: {report:#}");
    }
}

#[test]
fn who_sleeps_for_a_time_or_until_it_is_woken_is_not_advised() {
    for sample in ["variants/timed-wait-poison-recovery.rs", "variants/rendezvous-baton.rs"] {
        let (_, report) = grade_fixture("even-odd", sample);
        assert_eq!(check(&report, "blocks")["verdict"], "pass", "{sample}: {report:#}");
    }
}

/// Each line is in time there, and nobody sees it before the main thread empties the buffer.
#[test]
fn whose_lines_wait_in_a_buffer_is_told_of_the_buffer() {
    let program = std::fs::read_to_string(root().join("crates/even-odd/src/main.rs")).unwrap();
    let kept_back =
        "static OUTPUT: std::sync::Mutex<Option<io::BufWriter<io::Stdout>>> = std::sync::Mutex::new(None);

fn say(number: u64) -> io::Result<()> {
    let mut output = OUTPUT.lock().unwrap();
    let output = output.get_or_insert_with(|| io::BufWriter::new(io::stdout()));
    writeln!(output, \"{number}\")
}
";
    let (before, _) = program.split_once("/// Writes `number` as a line").unwrap();
    let flush = "let printed = print_in_turns(args.max);
    OUTPUT.lock().unwrap().iter_mut().for_each(|output| output.flush().unwrap());
    match printed {";
    let program = Program::new(&(before.replace("match print_in_turns(args.max) {", flush) + kept_back));
    let (code, report) = program.grade_as("even-odd");
    let failed = check(&report, "two-threads");
    let seen = "the main thread writes line 1, `1`; lines 1 and 2 came in one write: a buffer is written later, by the thread \
                that empties it";
    assert_eq!((code, failed["failure"]["seen"].as_str()), (1, Some(seen)), "{failed:#}");
    assert_eq!(check(&report, "alternates")["verdict"], "pass", "{report:#}");
}
