//! Thirty submissions, as a class hands them in.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use engine::workspace::Workspace;
use exercises::Course;
use grader::course::sample_programs;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What is graded.
pub(crate) const EXERCISES: [&str; 2] = ["hello-threads", "even-odd"];

/// How many hand in.
pub(crate) const STUDENTS: usize = 30;

/// A name that a spreadsheet would calculate.
pub(crate) const FORMULA: &str = "=SUM(1,2)";

/// The outcomes that are certain: student, in hello-threads, in even-odd.
pub(crate) const CERTAIN: [(&str, &str, &str); 18] = [
    (FORMULA, "missing", "not-implemented"),
    ("broken-0", "missing", "build-error"),
    ("broken-1", "build-error", "missing"),
    ("cut-off", "unreadable", "unreadable"),
    ("empty", "missing", "missing"),
    ("hostile-fake-report", "missing", "fail"),
    ("hostile-fork-bomb", "missing", "fail"),
    ("hostile-include-outside", "missing", "refused"),
    ("hostile-kills-others", "missing", "fail"),
    ("hostile-much-memory", "missing", "fail"),
    ("hostile-output-flood", "missing", "fail"),
    ("linked", "refused", "refused"),
    ("packed", "missing", "pass"),
    ("reference", "pass", "pass"),
    ("repository", "pass", "missing"),
    ("stub", "not-implemented", "not-implemented"),
    ("tarred.tar", "unreadable", "unreadable"),
    ("wrapped", "missing", "pass"),
];

/// Makes the submissions in `folder`; stubs are as they were `released` to students, and those that are not certain
/// are mutants and variants.
pub(crate) fn make(workspace: &Workspace, released: &Path, folder: &Path) {
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let [hello, even_odd] = EXERCISES.map(|exercise| main_of(workspace.root(), exercise));
    let [hello_stub, even_odd_stub] = EXERCISES.map(|exercise| main_of(released, exercise));
    write("reference/hello-threads.rs", &hello);
    write("reference/even-odd.rs", &even_odd);
    write("repository/crates/hello-threads/src/main.rs", &hello);
    write("wrapped/wrapped-main/even-odd/src/main.rs", &even_odd);
    write("stub/hello-threads/src/main.rs", &hello_stub);
    write("stub/even-odd/src/main.rs", &even_odd_stub);
    write("broken-0/even-odd.rs", "fn main() { let number: u32 = \"text\"; }");
    write("broken-1/hello-threads.rs", "fn main() { not rust at all");
    write(&format!("{FORMULA}/even-odd.rs"), &even_odd_stub);
    write("empty/notes.txt", "to do");
    write("cut-off.zip", "PK\x03\x04 and no more");
    write("tarred.tar.gz", "");
    symlink("/etc", folder.join("linked")).unwrap();
    for (name, program) in
        CERTAIN.iter().filter_map(|(name, ..)| Some((name, name.strip_prefix("hostile-")?)))
    {
        let source = workspace.root().join(format!("grader/tests/hostile/{program}.rs"));
        write(&format!("{name}/even-odd.rs"), &fs::read_to_string(source).unwrap());
    }
    pack(&folder.join("packed.zip"), "even-odd/src/main.rs", &even_odd);
    let course = Course::of(workspace).unwrap();
    let samples = EXERCISES.map(|name| sample_programs::all(workspace, course.find(name).unwrap()).unwrap());
    let [hello, even_odd] = samples.map(|samples| samples.into_iter().map(|it| it.path));
    let others: Vec<(usize, PathBuf)> =
        hello.take(8).map(|path| (0, path)).chain(even_odd.rev().map(|path| (1, path))).collect();
    for (number, (exercise, path)) in others.iter().take(STUDENTS - CERTAIN.len()).enumerate() {
        let name = EXERCISES[*exercise];
        write(&format!("student-{number:02}/{name}.rs"), &fs::read_to_string(path).unwrap());
    }
}

fn main_of(repository: &Path, exercise: &str) -> String {
    fs::read_to_string(repository.join("crates").join(exercise).join("src/main.rs")).unwrap()
}

fn pack(path: &Path, name: &str, content: &str) {
    let mut archive = ZipWriter::new(File::create(path).unwrap());
    archive.start_file(name, SimpleFileOptions::default()).unwrap();
    archive.write_all(content.as_bytes()).unwrap();
    archive.finish().unwrap();
}
