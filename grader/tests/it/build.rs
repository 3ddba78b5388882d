//! Sources that do not compile, or are not written yet.

use crate::support::{Program, even_odd, grade};

#[test]
fn a_program_that_does_not_compile_gets_the_compilers_words_with_the_users_path() {
    let program = Program::new("fn main() { let number: u32 = \"seven\"; }\n");
    let (code, report) = program.grade_as("even-odd");
    assert_eq!((code, &report["exercises"][0]["verdict"]), (1, &"build-error".into()));
    let message = report["exercises"][0]["message"].as_str().unwrap();
    assert!(message.contains("error[E0308]: mismatched types"), "{message}");
    assert!(message.contains(&format!("{}:1:", program.path())), "{message}");
    assert_eq!(report["max_score"], 10.0);
}

#[test]
fn a_stub_is_not_implemented_and_says_where() {
    let program = Program::new(&even_odd("let _ = max; todo!()"));
    let (code, report) = program.grade_as("even-odd");
    assert_eq!((code, &report["exercises"][0]["verdict"]), (1, &"not-implemented".into()));
    assert!(report["exercises"][0]["message"].as_str().unwrap().contains("main.rs:3:"));
}

#[test]
fn a_folder_stands_for_src() {
    let program = Program::new("mod numbers;\nfn main() { numbers::print(); }\n");
    std::fs::write(program.folder().join("numbers.rs"), "pub fn print() { println!(\"0\"); }\n").unwrap();
    grade(["check", "even-odd", "--source", program.folder().to_str().unwrap()])
        .code(1)
        .stdout(predicates::str::contains("alternates"));
}

/// So deep that the compiler's own stack is not enough.
#[test]
fn a_source_that_crashes_the_compiler_is_a_build_error() {
    let program = Program::new(&format!("fn main() {{ let _ = {}1i32; }}\n", "-".repeat(200_000)));
    let (code, report) = program.grade_as("even-odd");
    assert_eq!((code, &report["exercises"][0]["verdict"]), (1, &"build-error".into()));
    let message = report["exercises"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("the compiler crashed on this source (signal"), "{message}");
}

#[test]
fn a_program_that_is_too_large_is_not_kept() {
    let program = Program::new(
        "static DATA: [u8; 70 << 20] = [1; 70 << 20];\nfn main() { println!(\"{}\", DATA[std::env::args().count()]); }\n",
    );
    let (code, report) = program.grade_as("even-odd");
    assert_eq!((code, &report["exercises"][0]["verdict"]), (1, &"build-error".into()));
    let message = report["exercises"][0]["message"].as_str().unwrap();
    assert!(message.contains("MiB, and 64 MiB is the most"), "{message}");
}

/// What the words of a source do not show, the list of what the compiler read does.
#[test]
fn a_file_of_somebody_else_is_no_part_of_a_source() {
    let program = Program::new(
        "macro_rules! module { ($attribute:meta) => { #[$attribute] mod hidden; } }\n\
         module!(path = \"/dev/null\");\nfn main() {}\n",
    );
    let (code, report) = program.grade_as("even-odd");
    assert_eq!((code, &report["exercises"][0]["verdict"]), (1, &"build-error".into()));
    assert!(report["exercises"][0]["message"].as_str().unwrap().starts_with("/dev/null: only files"));
}

#[test]
fn a_program_does_not_learn_where_the_grader_stands() {
    let program = Program::new(
        "fn main() {
            let first = std::fs::read_to_string(\"/proc/1/cmdline\").unwrap_or_default();
            panic!(\"<{}> <{}>\", env!(\"CARGO_MANIFEST_DIR\"), first.replace('\\0', \" \"));
        }",
    );
    let path = program.path();
    grade(["check", "even-odd", "--source", &path, "--schedules", "10", "--format", "json"])
        .code(1)
        .stdout(predicates::str::contains("</build/crates/even-odd> <lockstep __keep >"));
}
