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

/// The verdict on `files`, given as a folder, and the message.
#[track_caller]
fn graded(files: &[(&str, &str)]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    verdict_on(folder.path())
}

#[track_caller]
fn verdict_on(folder: &std::path::Path) -> (String, String) {
    let source = folder.to_str().unwrap();
    let assert = grade(["check", "even-odd", "--source", source, "--schedules", "20", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let text = |key: &str| report["exercises"][0][key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("message"))
}

const NOTHING: &str = "fn main() {}\n";

#[test]
fn text_that_is_no_rust_gets_the_compilers_words_whatever_words_it_has() {
    for (text, words) in [
        (
            "#![forbid(unsafe_code)]\n// unsafe, include!\nfn main() {\n",
            "this file contains an unclosed delimiter",
        ),
        (
            "// The upper bound is included.\nfn main() {\n    println!(\"hello);\n}\n",
            "unterminated double quote string",
        ),
        ("fn main() { include!(\"a.rs\"; }", "mismatched closing delimiter"),
    ] {
        let (verdict, message) = graded(&[("main.rs", text)]);
        assert_eq!(verdict, "build-error", "{message}");
        assert!(message.contains(words), "{message}");
    }
    let (verdict, message) =
        graded(&[("main.rs", "mod part;\nfn main() {}\n"), ("part.rs", "// unsafe\nfn f() {")]);
    assert_eq!(verdict, "build-error", "{message}");
    assert!(message.contains("part.rs:2"), "{message}");
}

#[test]
fn what_stands_beside_a_program_is_not_judged() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &[u8]| std::fs::write(folder.path().join(path), text).unwrap();
    write("main.rs", NOTHING.as_bytes());
    write("._main.rs", b"\0\x05\x16\x07\0\x02\0\0Mac OS X unsafe include!(\"/etc/passwd\") \" {");
    write("old.rs", b"fn f() { unsafe { include!(\"/etc/passwd\") }");
    write("old2.rs", b"fn f() { unsafe {} }");
    write("main.rs~", b"unsafe");
    write("notes.txt", b"it's unsafe to include");
    write("large.rs", &vec![b' '; 3 << 20]);
    std::os::unix::fs::symlink("ann@machine.1234:5678", folder.path().join(".#main.rs")).unwrap();
    std::fs::create_dir(folder.path().join("target")).unwrap();
    write("target/CACHEDIR.TAG", b"");
    for number in 0..300 {
        write(&format!("target/{number}.rs"), b"unsafe");
        write(&format!("copy{number}.rs"), b"unsafe");
    }
    let (verdict, message) = verdict_on(folder.path());
    assert_eq!((verdict.as_str(), message.as_str()), ("fail", ""));
}

#[test]
fn what_a_program_is_made_of_is_judged_however_it_is_named() {
    let hidden = "pub fn f() { unsafe {} }";
    for main in [
        "mod hidden; fn main() {}",
        "#[path = \"hidden.rs\"] mod a; fn main() {}",
        "include!(\"hidden.rs\"); fn main() {}",
        "macro_rules! m { ($name:ident) => { mod $name; } } m!(hidden); fn main() {}",
        "macro_rules! m { ($a:tt $b:tt $c:tt) => { $b $a $c } } m!(hidden mod ;); fn main() {}",
        "macro_rules! m { ($a:meta) => { #[$a] mod a; } } m!(path = \"hidden.rs\"); fn main() {}",
    ] {
        let (verdict, message) = graded(&[("main.rs", main), ("hidden.rs", hidden)]);
        assert_eq!(verdict, "refused", "{main}: {message}");
        assert!(message.contains("hidden.rs:1: no `unsafe`"), "{main}: {message}");
    }
    let text = "include!(\"hidden.txt\"); fn main() {}";
    let (verdict, message) = graded(&[("main.rs", text), ("hidden.txt", hidden)]);
    assert_eq!(verdict, "refused", "{message}");
    // Not a part of this program, for the compiler.
    let (verdict, _) =
        graded(&[("main.rs", "#[cfg(windows)] mod hidden; fn main() {}"), ("hidden.rs", hidden)]);
    assert_eq!(verdict, "fail");
}

#[test]
fn a_file_beside_the_source_can_be_a_part_of_the_program() {
    let main = "const HELP: &str = include_str!(\"texts/help.txt\");\nfn main() { print!(\"{HELP}\"); panic!(\"<{HELP}>\") }\n";
    let (verdict, message) = graded(&[("main.rs", main), ("texts/help.txt", "it's unsafe to include\n")]);
    assert_eq!((verdict.as_str(), message.as_str()), ("fail", ""));
    let (verdict, message) = graded(&[("main.rs", main)]);
    assert_eq!(verdict, "build-error");
    let missing = "/texts/help.txt`: No such file";
    assert!(message.contains(missing) && !message.contains("crates/even-odd"), "{message}");
}

#[test]
fn a_single_file_says_that_it_stands_alone() {
    let program =
        Program::new("const HELP: &str = include_str!(\"help.txt\");\nfn main() { print!(\"{HELP}\"); }\n");
    std::fs::write(program.folder().join("help.txt"), "").unwrap();
    let (_, report) = program.grade_as("even-odd");
    let message = report["exercises"][0]["message"].as_str().unwrap();
    assert!(message.contains("a single file stands for main.rs alone: give its folder"), "{message}");
}

#[test]
fn a_library_beside_the_program_is_built_as_cargo_does() {
    let lib = "mod inner;\npub fn other(n: u64) -> u64 { inner::add(n) }\n";
    let inner = "use std::sync::atomic::{AtomicU64, Ordering::SeqCst};\nstatic COUNT: AtomicU64 = AtomicU64::new(1);\n\
        pub(crate) fn add(n: u64) -> u64 { n + COUNT.fetch_add(1, SeqCst) }\n";
    let main = "use even_odd::other;\nfn main() { println!(\"{}\", other(0)); }\n";
    let (verdict, message) = graded(&[("main.rs", main), ("lib.rs", lib), ("inner.rs", inner)]);
    assert_eq!((verdict.as_str(), message.as_str()), ("fail", ""));
    let unsound = inner.replace("n + ", "unsafe { n } + ");
    let (verdict, message) = graded(&[("main.rs", main), ("lib.rs", lib), ("inner.rs", &unsound)]);
    assert_eq!(verdict, "refused");
    assert!(message.contains("inner.rs:3: no `unsafe`"), "{message}");
    let (verdict, message) =
        graded(&[("main.rs", main), ("lib.rs", "pub fn other() {"), ("inner.rs", inner)]);
    assert_eq!(verdict, "build-error");
    assert!(message.contains("lib.rs:1"), "{message}");
    // Nobody asks for this one.
    let (verdict, _) = graded(&[("main.rs", NOTHING), ("lib.rs", "pub fn other() {")]);
    assert_eq!(verdict, "fail");
}

#[test]
fn a_project_is_taken_by_its_src_and_its_manifest_is_not() {
    let manifest = "[package]\nname = \"mine\"\nversion = \"0.1.0\"\n[dependencies]\nrand = \"0.9\"\n";
    let files = [("Cargo.toml", manifest), ("build.rs", "fn main() { panic!() }"), ("src/main.rs", NOTHING)];
    assert_eq!(graded(&files).0, "fail");
    assert_eq!(graded(&[("Cargo.toml", manifest), ("main.rs", NOTHING)]).0, "fail");
    let (verdict, message) = graded(&[files[0], ("src/main.rs", "use rand::Rng;\nfn main() {}\n")]);
    assert_eq!(verdict, "build-error");
    assert!(message.contains("note: what can be used here is std, anyhow, clap, "), "{message}");
}

#[test]
fn errors_are_coloured_for_people_only() {
    let program = Program::new("fn main() { let number: u32 = \"seven\"; }\n");
    let file = program.folder().join("report.txt");
    let args = ["check", "even-odd", "--source", &program.path(), "--report"];
    let report = format!("human={}", file.display());
    let assert = grade(args.into_iter().chain([report.as_str()])).code(1);
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(text.contains("error[E0308]: mismatched types") && !text.contains('\u{1b}'), "{text:?}");
    assert!(!std::fs::read_to_string(file).unwrap().contains('\u{1b}'));
    let command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_grader"))
        .args(["check", "even-odd", "--source", &program.path()])
        .env("CLICOLOR_FORCE", "1")
        .current_dir(crate::support::root())
        .assert();
    let text = String::from_utf8(command.get_output().stdout.clone()).unwrap();
    assert!(text.contains("\u{1b}[91merror[E0308]"), "{text:?}");
}

#[test]
fn what_was_built_is_taken_away_and_the_grader_stays() {
    let target = tempfile::tempdir().unwrap();
    let build = target.path().join("grade");
    let clean = |args: &[&str]| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_grader"));
        let command = command.arg("clean").args(args).env("CARGO_TARGET_DIR", target.path());
        let output =
            command.current_dir(crate::support::root()).assert().success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    assert_eq!(clean(&[]), "nothing to free\n");
    let files = [
        "grader",
        "programs/even-odd-1",
        "programs/even-odd-1.list",
        "target/release/deps/x",
        "runtime/release/x",
    ];
    for file in files.map(|file| build.join(file)) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, vec![0; 2 << 20]).unwrap();
    }
    assert_eq!(
        clean(&["--dry-run"]),
        "would free 8 MiB: 1 program with 4 MiB, and what they are built with: 4 MiB; the next call builds that again, \
         which takes minutes\n"
    );
    assert_eq!(clean(&["--programs"]), "freed 4 MiB: 1 program\n");
    assert!(clean(&[]).starts_with("freed 4 MiB: 0 programs"));
    assert_eq!(clean(&[]), "nothing to free\n");
    assert!(build.join("grader").exists() && !build.join("target").exists());
}
