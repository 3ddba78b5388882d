//! Pull requests taken as data: honest ones, and trees that no checkout should ever see.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::{grade, root};

/// What stands in a folder of a git tree. Objects are written byte for byte, also those that git's own
/// commands would not make.
enum Node {
    File(Vec<u8>),
    Folder(Vec<(&'static str, Node)>),
    /// Mode and object.
    Raw(&'static str, String),
}

fn file(text: &str) -> Node {
    Node::File(text.as_bytes().to_vec())
}

/// A bare repository, as a code forge has it.
struct Forge {
    folder: TempDir,
}

impl Forge {
    fn new() -> Self {
        let forge = Self { folder: tempfile::tempdir().unwrap() };
        forge.git(&["init", "--quiet", "--bare", "."], b"");
        forge
    }

    #[track_caller]
    fn git(&self, args: &[&str], input: &[u8]) -> String {
        let mut git = Command::new("git")
            .args(args)
            .current_dir(self.folder.path())
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@b"), ("GIT_COMMITTER_NAME", "a")])
            .envs([("GIT_COMMITTER_EMAIL", "a@b"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        git.stdin.take().unwrap().write_all(input).unwrap();
        let output = git.wait_with_output().unwrap();
        assert!(output.status.success(), "git {args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn object(&self, kind: &str, content: &[u8]) -> String {
        self.git(&["hash-object", "-t", kind, "-w", "--literally", "--stdin"], content)
    }

    /// Writes a node, gives back its mode and object.
    fn write(&self, node: &Node) -> (&'static str, String) {
        match node {
            Node::File(content) => ("100644", self.object("blob", content)),
            Node::Raw(mode, object) => (mode, object.clone()),
            Node::Folder(entries) => {
                let entries = entries.iter().map(|(name, node)| (*name, self.write(node)));
                ("40000", self.tree(entries.map(|(name, (mode, object))| (name.to_owned(), mode, object))))
            }
        }
    }

    fn tree(&self, entries: impl Iterator<Item = (String, &'static str, String)>) -> String {
        let mut entries: Vec<_> = entries.collect();
        // Git's order: a folder's name counts as if it ended in a slash.
        entries.sort_by_key(|(name, mode, _)| format!("{name}{}", if *mode == "40000" { "/" } else { "" }));
        let mut content = Vec::new();
        for (name, mode, object) in entries {
            content.extend(format!("{mode} {name}\0").bytes());
            content.extend((0..20).map(|at| u8::from_str_radix(&object[2 * at..2 * at + 2], 16).unwrap()));
        }
        self.object("tree", &content)
    }

    /// A pull request numbered 7 with this tree; its head.
    fn pull_request(&self, tree: &Node) -> String {
        let (_, tree) = self.write(tree);
        let head = self.git(&["commit-tree", &tree, "-m", "Work"], b"");
        self.git(&["update-ref", "refs/pull/7/head", &head], b"");
        head
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("taken")
    }

    #[track_caller]
    fn take(&self, number: &str, head: &str) -> assert_cmd::assert::Assert {
        let (forge, out) = (self.folder.path().display().to_string(), self.out().display().to_string());
        let place = ["take-pull-request", "--repository", &forge, "--out", &out];
        grade(place.into_iter().chain(["--number", number, "--head", head]))
    }

    /// A pull request with `node` in the place of `crates/even-odd/src` is refused, and says why.
    #[track_caller]
    fn refuses(&self, node: Node, why: &str) {
        let exercise = Node::Folder(vec![("src", node)]);
        let tree = Node::Folder(vec![("crates", Node::Folder(vec![("even-odd", exercise)]))]);
        let head = self.pull_request(&tree);
        self.take("7", &head).code(1).stdout("").stderr(contains(why));
        assert!(!self.out().exists());
    }

    /// The same with `name` beside a `main.rs` in `src`.
    #[track_caller]
    fn refuses_entry(&self, name: &'static str, node: Node, why: &str) {
        self.refuses(Node::Folder(vec![("main.rs", file("fn main() {}\n")), (name, node)]), why);
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path().strip_prefix(folder).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

/// An exercise as its author hands it in, with things that only the base branch decides about.
fn handed_in() -> Node {
    let src = Node::Folder(vec![
        ("main.rs", file("mod turns;\nfn main() {}\n")),
        ("notes.txt", file("a note\n")),
        ("turns", Node::Folder(vec![("mod.rs", file("pub fn next() {}\n"))])),
    ]);
    let exercise = Node::Folder(vec![("Cargo.toml", file("bad")), ("build.rs", file("bad")), ("src", src)]);
    let unknown = Node::Folder(vec![("src", Node::Folder(vec![("main.rs", file("bad"))]))]);
    let crates = vec![("Even-Odd", unknown), ("even-odd", exercise)];
    Node::Folder(vec![
        (".cargo", Node::Folder(vec![("config.toml", file("bad"))])),
        (".github", Node::Folder(vec![("workflows", Node::Folder(vec![("grade.yml", file("bad"))]))])),
        ("CRATES", Node::Folder(Vec::new())),
        ("Cargo.toml", file("bad")),
        ("crates", Node::Folder(crates)),
        ("grader", Node::Folder(vec![("src", Node::Folder(vec![("main.rs", file("bad"))]))])),
        ("rust-toolchain.toml", file("bad")),
    ])
}

#[test]
fn only_the_sources_of_exercises_are_taken() {
    let forge = Forge::new();
    let head = forge.pull_request(&handed_in());
    forge.take("7", &head).success().stdout(
        "2 source files taken, 1 files left that are no Rust\n\
         left: crates/even-odd/src/notes.txt\n\
         not taken, as the course's own are used: Cargo.toml, rust-toolchain.toml, .cargo/config.toml, \
         crates/even-odd/Cargo.toml, crates/even-odd/build.rs\n",
    );
    assert_eq!(files(&forge.out()), ["crates/even-odd/src/main.rs", "crates/even-odd/src/turns/mod.rs"]);
    let main = fs::read_to_string(forge.out().join("crates/even-odd/src/main.rs")).unwrap();
    assert_eq!(main, "mod turns;\nfn main() {}\n");
}

#[test]
fn a_file_that_a_source_includes_is_taken_with_it() {
    let forge = Forge::new();
    let main = file(
        "const HELP: &str = include_str!(\"texts/help.txt\"); // \"Cargo.toml\" \".env\"\nfn main() {}\n",
    );
    let texts = Node::Folder(vec![("help.txt", file("It's help.\n")), ("other.txt", file("nobody's\n"))]);
    let src = vec![("main.rs", main), ("texts", texts), ("Cargo.toml", file("bad")), (".env", file("bad"))];
    let exercise = Node::Folder(vec![("src", Node::Folder(src))]);
    let tree = Node::Folder(vec![("crates", Node::Folder(vec![("even-odd", exercise)]))]);
    let head = forge.pull_request(&tree);
    forge.take("7", &head).success().stdout(contains("2 source files taken, 3 files left"));
    assert_eq!(files(&forge.out()), ["crates/even-odd/src/main.rs", "crates/even-odd/src/texts/help.txt"]);
}

#[test]
fn a_manifest_that_is_the_courses_own_is_not_called_changed() {
    let forge = Forge::new();
    let own = |path: &str| Node::File(fs::read(root().join(path)).unwrap());
    let src = Node::Folder(vec![("main.rs", file("fn main() {}\n"))]);
    let manifest =
        file(&(fs::read_to_string(root().join("crates/even-odd/Cargo.toml")).unwrap() + "rand = \"0.9\"\n"));
    let exercise = Node::Folder(vec![("src", src), ("Cargo.toml", manifest), ("README.md", file("mine"))]);
    let crates = Node::Folder(vec![("even-odd", exercise)]);
    let tree =
        vec![("Cargo.toml", own("Cargo.toml")), ("clippy.toml", own("clippy.toml")), ("crates", crates)];
    let head = forge.pull_request(&Node::Folder(tree));
    let list = forge.folder.path().join("list");
    let (place, out) = (forge.folder.path().display().to_string(), forge.out().display().to_string());
    let args = ["take-pull-request", "--repository", &place, "--out", &out, "--number", "7", "--head", &head];
    grade(args.into_iter().chain(["--not-taken", list.to_str().unwrap()]))
        .success()
        .stdout(contains("as the course's own are used: crates/even-odd/Cargo.toml\n"));
    assert_eq!(fs::read_to_string(list).unwrap(), "crates/even-odd/Cargo.toml\n");
}

/// A call that takes pull request 7 of `repository`, with these variables.
#[track_caller]
fn take_from(forge: &Forge, repository: &str, variables: &[(&str, &str)]) -> assert_cmd::assert::Assert {
    let head = "0123456789abcdef0123456789abcdef01234567";
    let out = forge.out().display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args([
        "take-pull-request",
        "--repository",
        repository,
        "--out",
        &out,
        "--number",
        "7",
        "--head",
        head,
    ]);
    command.current_dir(forge.folder.path()).envs(variables.iter().copied());
    assert_cmd::Command::from_std(command).assert()
}

#[test]
fn what_is_not_the_pull_requests_fault_does_not_refuse_it() {
    let forge = Forge::new();
    let head = forge.pull_request(&handed_in());
    let place = forge.folder.path().canonicalize().unwrap().display().to_string();
    let other_user = ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let settings = forge.folder.path().join("settings");
    let own_settings = ("GIT_CONFIG_GLOBAL", settings.to_str().unwrap());
    let advice = format!("git config --global --add safe.directory {place}");
    take_from(&forge, &place, &[other_user, own_settings])
        .code(70)
        .stdout("")
        .stderr(contains("dubious ownership").and(contains(advice)).and(contains("refused").not()));
    // Who follows the advice is past it.
    fs::write(&settings, format!("[safe]\n\tdirectory = {place}\n")).unwrap();
    let moved = format!("its head is {head}");
    take_from(&forge, &place, &[other_user, own_settings]).code(1).stderr(contains(moved));
    take_from(&forge, &place, &[("PATH", "/nonexistent")]).code(70).stderr(contains("git"));
    take_from(&forge, "origin", &[]).code(2).stderr(contains("there is no such folder"));
    fs::create_dir(forge.folder.path().join("empty")).unwrap();
    take_from(&forge, "empty", &[]).code(2).stderr(contains("git finds no repository there"));
    take_from(&forge, "https://127.0.0.1:1/a/b", &[]).code(70).stderr(contains("git: "));
    assert!(!forge.out().exists());
}

#[test]
fn a_shallow_repository_will_do() {
    let forge = Forge::new();
    let head = forge.pull_request(&handed_in());
    fs::write(forge.folder.path().join("shallow"), format!("{head}\n")).unwrap();
    forge.take("7", &head).success();
}

#[test]
fn an_executable_source_is_a_plain_file_when_taken() {
    use std::os::unix::fs::PermissionsExt;
    let forge = Forge::new();
    let object = forge.object("blob", b"fn main() {}\n");
    let src = Node::Folder(vec![("main.rs", Node::Raw("100755", object))]);
    let crates = Node::Folder(vec![("primes", Node::Folder(vec![("src", src)]))]);
    let head = forge.pull_request(&Node::Folder(vec![("crates", crates)]));
    forge.take("7", &head).success();
    let mode = fs::metadata(forge.out().join("crates/primes/src/main.rs")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn another_head_than_the_events_is_refused() {
    let forge = Forge::new();
    let first = forge.pull_request(&handed_in());
    let second = forge.pull_request(&Node::Folder(vec![("other", file("text"))]));
    assert_ne!(first, second);
    forge
        .take("7", &first)
        .code(1)
        .stderr(contains(format!("its head is {second}, and the event was about {first}")));
    forge.take("8", &second).code(1).stderr(contains("git cannot take it"));
    forge.take("7", "HEAD").code(2).stderr(contains("hexadecimal digits"));
    forge.take("7", &second).code(1).stderr(contains("no source of any exercise"));
    assert!(!forge.out().exists());
}

#[test]
fn an_earlier_result_is_not_mixed_with_a_new_one() {
    let forge = Forge::new();
    let head = forge.pull_request(&handed_in());
    forge.take("7", &head).success();
    forge.take("7", &head).code(2).stderr(contains("it is not empty"));
}

#[test]
fn links_and_submodules_are_refused_wherever_they_stand() {
    let forge = Forge::new();
    let link = || Node::Raw("120000", forge.object("blob", b"/etc/passwd"));
    let module = || Node::Raw("160000", "0123456789abcdef0123456789abcdef01234567".to_owned());
    forge.refuses_entry("a.rs", link(), "crates/even-odd/src/a.rs: a symbolic link");
    forge.refuses_entry("sub", module(), "crates/even-odd/src/sub: a submodule");
    forge.refuses(link(), "crates/even-odd/src: a symbolic link");
    forge.refuses(module(), "crates/even-odd/src: a submodule");
    forge.refuses(file("fn main() {}"), "crates/even-odd/src: not a folder");
    let head = forge.pull_request(&Node::Folder(vec![("crates", link())]));
    forge.take("7", &head).code(1).stderr(contains("no source of any exercise"));
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let forge = Forge::new();
    let folder = || Node::Folder(vec![("a.rs", file("fn a() {}\n"))]);
    for name in ["..", ".", ".git", "..\\..", "a:b", "-x", "a\nb"] {
        forge.refuses_entry(name, folder(), "the pull request is refused: ");
    }
    for name in ["../a.rs", "/tmp/a.rs", "..\\a.rs", "a\u{1b}[2J.rs", "ä.rs", ".rs"] {
        forge.refuses_entry(name, file("fn a() {}\n"), "the pull request is refused: ");
    }
}

#[test]
fn names_that_differ_only_in_case_are_refused() {
    let forge = Forge::new();
    forge.refuses_entry("Main.rs", file("fn main() {}"), "differs only in upper and lower case");
    forge.refuses_entry("b.RS", file("fn main() {}"), "its ending is not `.rs`");
}

#[test]
fn a_file_sent_as_a_folder_of_the_wrong_kind_is_refused() {
    let forge = Forge::new();
    let blob = forge.object("blob", b"fn main() {}\n");
    let tree = forge.tree(std::iter::empty());
    forge.refuses_entry("a", Node::Raw("40000", blob), "the pull request is refused: ");
    forge.refuses_entry("a.rs", Node::Raw("100644", tree), "the pull request is refused: ");
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let forge = Forge::new();
    forge.refuses_entry("big.rs", Node::File(vec![b' '; 32 << 20]), "big.rs: larger than 256 KiB");

    let blob = forge.object("blob", &[b' '; 250_000]);
    let same = |count: usize, mode, object: &str| {
        let entries = (0..count).map(|number| (format!("f{number}.rs"), mode, object.to_owned()));
        Node::Raw("40000", forge.tree(entries))
    };
    forge.refuses(same(20, "100644", &blob), "more than 4 MiB");
    let empty = forge.object("blob", b"");
    forge.refuses(same(5_000, "100644", &empty), "its sources are too much");

    // A dozen small objects that stand for more paths than anybody could list.
    let bomb = |levels: usize, width: usize| {
        let bottom = forge.tree([("a.rs".to_owned(), "100644", empty.clone())].into_iter());
        let wrap = |inner: String, _| {
            forge.tree((0..width).map(|number| (format!("d{number}"), "40000", inner.clone())))
        };
        Node::Raw("40000", (0..levels).fold(bottom, wrap))
    };
    forge.refuses(bomb(7, 40), "its sources are too much");
    forge.refuses(bomb(12, 10), "folders stand too deep");
}

#[test]
fn the_comment_is_made_of_what_the_grader_knows() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let text = r#"{"schema_version":1,"exercises":[{"exercise":"even-odd","verdict":"VERDICT","score":0,"max_score":10,"checks":[]}]}"#;
    let head = "0123456789abcdef0123456789abcdef01234567";
    let comment = || grade(["pull-request-comment", "--report", report.to_str().unwrap(), "--head", head]);
    fs::write(&report, text.replace("VERDICT", "not-implemented")).unwrap();
    comment().success().stdout(contains("| even-odd | not-implemented | 0.00/10 |"));
    fs::write(&report, text.replace("VERDICT", "**pass**")).unwrap();
    comment().code(70).stdout("").stderr(contains("a verdict of even-odd is unknown"));
}

#[test]
fn the_workflows_take_pull_requests_only_this_way() {
    let workflow = fs::read_to_string(root().join(".github/workflows/grade.yml")).unwrap();
    let taken = workflow.find("cargo grade take-pull-request ").unwrap();
    assert!(workflow.find("actions/cache/save@").unwrap() < taken);
    assert!(!workflow.contains("ref:") && !workflow.contains("secrets."));
    for line in workflow.lines().filter(|line| line.contains("${{")) {
        let harmless =
            line.trim_start().starts_with("path: ${{ runner.temp }}") || line.starts_with("  group: ");
        let by_environment = line.starts_with("          ") && line.contains(": ${{ github.");
        // A cache is of the base branch's own files, and kept before anything of the pull request is there.
        let of_the_cache = line.contains("hashFiles(") || line.contains("steps.built.outputs.cache-");
        assert!(harmless || by_environment || of_the_cache, "{line}");
    }
}
