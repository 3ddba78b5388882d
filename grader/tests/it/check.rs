//! Grading programs, and what the report says of them.

use predicates::str::contains;

use crate::support::{Program, check, even_odd, grade, words};

/// Skips 4, whatever the maximum.
const SKIPS_FOUR: &str = "for n in (1..=max).filter(|n| *n != 4) { println!(\"{n}\"); }";

#[test]
fn a_wrong_program_fails_the_named_check_with_a_replay_that_works() {
    let program = Program::new(&even_odd(SKIPS_FOUR));
    let (code, report) = program.grade_as("even-odd");
    assert_eq!(code, 1);
    let failed = check(&report, "alternates");
    assert_eq!(failed["verdict"], "fail");
    let replay = failed["failure"]["replay"].as_str().unwrap();
    grade(words(replay)).code(1).stdout(contains("alternates"));
}

#[test]
fn the_same_source_and_seed_give_the_same_report_but_for_times() {
    let program = Program::new(&even_odd(SKIPS_FOUR));
    let [first, second] = [(); 2].map(|()| {
        let (_, mut report) = program.grade_as("even-odd");
        report["exercises"][0]["seconds"] = 0.into();
        report["exercises"][0]["explored"]["per_second"] = 0.into();
        report
    });
    assert_eq!(first, second);
}

#[test]
fn a_deadlock_is_proven_and_told() {
    let program = Program::new(&even_odd(
        "let lock = std::sync::Mutex::new(max); let first = lock.lock(); let second = lock.lock(); drop((first, second));",
    ));
    let (code, report) = program.grade_as("even-odd");
    assert_eq!(code, 1);
    assert_eq!(check(&report, "terminates")["failure"]["ending"], "deadlock");
}

#[test]
fn an_endless_loop_gets_a_verdict_within_its_limit() {
    let program = Program::new(&even_odd("let _ = max; loop { std::hint::spin_loop(); }"));
    let (code, report) = program.grade_as("even-odd");
    assert_eq!(code, 1);
    assert_eq!(check(&report, "terminates")["failure"]["ending"], "processor-limit");
    assert_ne!(check(&report, "alternates")["verdict"], "pass");
}

#[test]
fn the_report_for_people_shows_the_line_and_the_command() {
    let program = Program::new(&even_odd(SKIPS_FOUR));
    let assert = grade(["even-odd", "--source", &program.path()]).code(1);
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    // How strong the sandbox is depends on the machine.
    let text = ["full", "strong", "basic"]
        .iter()
        .fold(text, |text, tier| text.replace(&format!("sandbox {tier}"), "sandbox TIER"));
    insta::assert_snapshot!(without_times(&text.replace(&program.folder().display().to_string(), "FOLDER")));
}

/// Replaces `1.2 s` by `N s`, wherever it stands.
fn without_times(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_time = |index: usize| {
        words[index].parse::<f64>().is_ok()
            && words.get(index + 1).is_some_and(|next| next.starts_with("s\n"))
    };
    let shown: Vec<&str> =
        (0..words.len()).map(|index| if is_time(index) { "N" } else { words[index] }).collect();
    shown.join(" ")
}

#[test]
fn an_output_file_is_written_whole_and_without_colours() {
    let program = Program::new(&even_odd(SKIPS_FOUR));
    let file = program.folder().join("report.txt");
    grade(["check", "even-odd", "--source", &program.path(), "--output", file.to_str().unwrap()])
        .code(1)
        .stdout("");
    let text = std::fs::read_to_string(file).unwrap();
    let last = text.lines().last().unwrap_or_default();
    assert!(last.starts_with("next: ") && text.ends_with('\n') && !text.contains('\u{1b}'), "{text}");
    let names: Vec<_> =
        std::fs::read_dir(program.folder()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_program_that_prints_without_end_is_ended() {
    let program = Program::new(&even_odd("let _ = max; loop { println!(\"1\"); }"));
    let (code, report) = program.grade_as("even-odd");
    assert_eq!((code, &check(&report, "terminates")["failure"]["ending"]), (1, &"output-limit".into()));
}
