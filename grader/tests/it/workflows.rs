//! The workflows that students get: what they show of a pull request, and that nothing is built twice.

use std::fs;
use std::path::Path;

use crate::support::{Program, even_odd, grade, root};

fn workflow(name: &str) -> String {
    fs::read_to_string(root().join(".github/workflows").join(name)).unwrap()
}

/// The steps of all jobs, a text each.
fn steps(workflow: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for line in workflow.lines() {
        match steps.last_mut() {
            _ if line.starts_with("      - ") => steps.push(line.to_owned()),
            Some(step) if line.starts_with("        ") => *step += &format!("\n{line}"),
            _ => {}
        }
    }
    steps
}

/// The step that has `text`, and how many come before it.
#[track_caller]
fn step<'a>(steps: &'a [String], text: &str) -> (usize, &'a str) {
    let mut found = steps.iter().enumerate().filter(|(_, step)| step.contains(text));
    let (place, step) = found.next().unwrap_or_else(|| panic!("no step has {text}"));
    assert!(found.next().is_none(), "several steps have {text}");
    (place, step)
}

/// The arguments with which feedback.yml calls the grader.
fn arguments_of_feedback() -> Vec<String> {
    let workflow = workflow("feedback.yml");
    let steps = steps(&workflow);
    let (_, command) = step(&steps, "cargo grade check ").1.split_once("cargo grade ").unwrap();
    command.split_whitespace().map(str::to_owned).collect()
}

/// What `--report FORMAT=FILE` names.
fn reports(arguments: &[String]) -> Vec<(&str, &str)> {
    arguments.iter().filter_map(|argument| argument.split_once('=')).collect()
}

/// Calls the grader for `program` as feedback.yml does, with the reports in `folder`. Gives the exit code and what it printed.
fn feedback(program: &Program, folder: &Path) -> (i32, String) {
    let in_folder = |argument: String| match argument.split_once('=') {
        Some((format, file)) => format!("{format}={}", folder.join(file).display()),
        None => argument,
    };
    let mut arguments: Vec<String> = arguments_of_feedback().into_iter().map(in_folder).collect();
    arguments.extend(["even-odd", "--source", &program.path()].map(str::to_owned));
    let assert = grade(arguments.iter().map(String::as_str));
    let output = assert.get_output();
    (output.status.code().unwrap(), String::from_utf8(output.stdout.clone()).unwrap())
}

#[test]
fn feedback_is_given_and_kept_though_a_program_is_wrong() {
    let (program, folder) = (Program::new(&even_odd("println!(\"{max}\");")), tempfile::tempdir().unwrap());
    let (code, printed) = feedback(&program, folder.path());
    assert_eq!(code, 1);
    assert!(printed.contains("::error file="), "{printed}");
    for (format, file) in reports(&arguments_of_feedback()) {
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.contains("alternates"), "{format}: {text}");
    }
}

#[test]
fn feedback_is_green_where_something_is_still_to_be_written() {
    let program = Program::new("fn main() { todo!(\"write main\") }\n");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(feedback(&program, folder.path()).0, 0);
}

#[test]
fn feedback_keeps_every_report_that_it_makes_also_of_what_failed() {
    let workflow = workflow("feedback.yml");
    let steps = steps(&workflow);
    let (graded, _) = step(&steps, "cargo grade check ");
    let (kept, upload) = step(&steps, "actions/upload-artifact@");
    assert!(graded < kept && upload.contains("if: ${{ !cancelled() }}"), "{upload}");
    let arguments = arguments_of_feedback();
    let (formats, files): (Vec<&str>, Vec<&str>) = reports(&arguments).into_iter().unzip();
    assert_eq!(formats, ["human", "html", "junit"]);
    for file in files {
        assert!(upload.lines().any(|line| line.trim() == file), "{file}");
    }
}

/// The grader is built by the first call in a job: all that it is built from must be as old as what the cache has.
#[test]
fn nothing_is_built_that_was_built_before() {
    let alias = fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    assert!(alias.contains("grade = \"run --profile grade "), "it is built in target/grade");
    for name in ["feedback.yml", "grade.yml"] {
        let workflow = workflow(name);
        for job in workflow.split("    runs-on: ").skip(1) {
            let steps = steps(job);
            let restores =
                |step: &String| step.contains("actions/cache@") || step.contains("actions/cache/restore@");
            let restored = steps.iter().position(restores).unwrap();
            let path = |path: &str| steps[restored].lines().any(|line| line.trim() == path);
            assert!(path("target/grade") && path("~/.cargo/registry"), "{name}: {}", steps[restored]);
            let (aged, _) = step(&steps, "touch --no-create --date");
            let called = steps.iter().position(|step| step.contains("cargo grade ")).unwrap();
            assert!(restored < aged && aged < called, "{name}");
            let others = steps.iter().flat_map(|step| step.lines()).filter(|line| line.contains("cargo "));
            for call in others.filter(|line| !line.trim().starts_with('#')) {
                assert!(call.contains("cargo grade "), "{name} builds with other settings: {call}");
            }
        }
    }
    let calls = workflow("feedback.yml").lines().filter(|line| line.contains("cargo grade check ")).count();
    assert_eq!(calls, 1, "all exercises in one call");
}
