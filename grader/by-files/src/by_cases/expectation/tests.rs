use confine::run::Ending;
use engine::observation::Text;

use super::*;

/// The expectation that this text is.
fn read(text: &str) -> Result<Expectation, String> {
    let raw: RawExpectation =
        toml::from_str(&format!("check = \"c\"\n{text}")).map_err(|error| error.message().to_owned())?;
    raw.read()
}

/// A run that ends with `code`; thread 1 writes each line.
fn ended(code: i32, stdout: &str, stderr: &str) -> Observation {
    let stdout = Text::written(stdout.split_inclusive('\n').map(|line| (1, line.as_bytes())));
    Observation {
        ending: Some(Ending::Exited(code)),
        stdout,
        stderr: stderr.into(),
        ..Observation::default()
    }
}

fn is_kept(text: &str, seen: &Observation) -> bool {
    match read(text).unwrap_or_else(|error| panic!("{text}: {error}")).judge(seen) {
        Judgement::Kept => true,
        Judgement::Broken(_) => false,
        other => panic!("{text}: {other:?}"),
    }
}

/// Each with an output that keeps it and one that breaks it.
#[test]
fn every_kind_of_output_is_kept_and_broken() {
    for (text, right, wrong) in [
        (r#"lines = ["a", "b"]"#, "a\nb\n", "b\na\n"),
        ("lines = { from = 1, to = 3 }", "1\n2\n3\n", "1\n3\n2\n"),
        (r#"any-order = ["a", "b"]"#, "b\na\n", "a\na\n"),
        (r#"groups = [["a", "b"], { from = 1, to = 2 }]"#, "b\na\n2\n1\n", "a\n1\nb\n2\n"),
        (r#"fits = ["a {n}", "b"]"#, "a 1\nb\n", "b\na 1\n"),
        (r#"first = "a {n}""#, "a 1\nb\n", "b\na 1\n"),
        (r#"last = "a {n}""#, "b\na 1\n", "a 1\nb\n"),
        (r#"has = ["a {n}"]"#, "b\na 1\n", "b\n"),
        (r#"each = ["a", "b {n}"]"#, "b 1\na\n", "b\na\n"),
        (r#"among = { line = "a {n}", are = ["a 1"] }"#, "b\na 1\n", "a 2\n"),
        (r#"count = { line = "a {n}", is = 1 }"#, "a 1\nb\n", "a 1\na 2\n"),
        (r#"where = { line = "{n} of {m}", holds = "n <= m" }"#, "1 of 2\n", "3 of 2\n"),
        (r#"ascending = { line = "a {n}", of = "n" }"#, "a 1\na 2\n", "a 2\na 1\n"),
        (r#"writers = { line = "a {n}", are = "one thread" }"#, "a 1\na 2\n", ""),
        (r#"writers = { line = "a {n}", are = "not main" }"#, "a 1\n", ""),
    ] {
        assert!(is_kept(text, &ended(0, right, "")), "{text}");
        if !text.starts_with("writers") {
            assert!(!is_kept(text, &ended(0, wrong, "")), "{text}");
        }
    }
    assert!(!is_kept(r#"writers = { line = "a {n}", are = "main" }"#, &ended(0, "a 1\n", "")));
    assert!(!is_kept(
        r#"writers = { line = "a {n}", are = "different threads" }"#,
        &ended(0, "a 1\na 2\n", "")
    ));
}

#[test]
fn endings_and_errors_are_kept_and_broken() {
    let deadlock = Observation { ending: Some(Ending::Deadlocked { threads: 2 }), ..Observation::default() };
    let busy = Observation { ending: Some(Ending::Livelocked { steps: 9 }), ..Observation::default() };
    assert!(is_kept("ends = true", &ended(3, "", "")) && !is_kept("ends = true", &deadlock));
    assert!(is_kept("exit = 2", &ended(2, "", "")) && !is_kept("exit = 2", &ended(0, "", "")));
    assert!(!is_kept("exit = 0", &deadlock));
    assert!(is_kept("sleeps = true", &deadlock) && !is_kept("sleeps = true", &busy));
    assert!(is_kept("stderr = \"\"", &ended(0, "", "")) && !is_kept("stderr = \"\"", &ended(0, "", "x\n")));
    let pattern = r#"stderr = "error: {what:word}""#;
    assert!(is_kept(pattern, &ended(0, "", "x\nerror: none\n")) && !is_kept(pattern, &ended(0, "", "x\n")));
    assert!(!is_kept(pattern, &ended(0, "", "")));
    let help = r#"help = { "--max" = "10", "--list" = "" }"#;
    assert!(is_kept(help, &ended(0, "--list\n--max N [default: 10]\n", "")));
    assert!(!is_kept(help, &ended(0, "--list\n--max N\n", "")) && !is_kept(help, &ended(0, "", "")));
    let torn = Observation { stdout: Text::written([(1, "a".as_bytes()), (1, b"\n")]), ..ended(0, "", "") };
    assert!(!is_kept("one-write = true", &torn));
}

#[test]
fn a_fault_breaks_a_sentence_that_the_expectation_tries() {
    let sentence = |text: &str, seen: &Observation| match read(text).unwrap().judge(seen) {
        Judgement::Broken(fault) => fault.sentence,
        other => panic!("{other:?}"),
    };
    let panicked = Ending::Panicked { code: 101, message: "no".into() };
    let seen = Observation { ending: Some(panicked), ..Observation::default() };
    assert_eq!(sentence("tries = [\"ends\", \"exit-0\"]\nexit = 0", &ended(1, "", "")), Some("exit-0"));
    assert_eq!(sentence("tries = [\"ends\", \"exit-0\"]\nexit = 0", &seen), Some("ends"));
    assert_eq!(sentence("tries = [\"stops\"]\nexit = 0", &ended(1, "", "")), Some("stops"));
    assert_eq!(sentence("lines = [\"a\"]", &ended(0, "", "")), None);
}

#[test]
fn what_is_expected_can_have_its_own_words() {
    let expected = |text: &str| match read(text).unwrap().judge(&ended(0, "", "")) {
        Judgement::Broken(fault) => fault.expected,
        other => panic!("{other:?}"),
    };
    assert_eq!(expected("has = [\"a\"]"), "a line `a`");
    assert_eq!(expected("has = [\"a\"]\nexpected = \"it says a\""), "it says a");
    let witness = |text: &str| {
        let expectation: &'static Expectation = Box::leak(Box::new(read(text).unwrap()));
        let case = expectation.add_witness(Case::of_args("x", [""; 0]));
        (case.witnesses[0].expected, case.witnesses[0].is_lesson)
    };
    assert_eq!(witness("shows = [\"a\"]"), ("a schedule that shows `a`", false));
    assert_eq!(witness("shows = [\"a\"]\nexpected = \"a race\"\nlesson = true"), ("a race", true));
    assert!(read("ends = true\nlesson = true").unwrap_err().contains("not for `ends`"));
}

#[test]
fn what_cannot_be_meant_is_said() {
    let reason = |text: &str| read(text).unwrap_err();
    assert!(reason("").contains("this one nothing: one of lines, any-order, "), "{}", reason(""));
    assert!(reason("lines = []\nends = true").contains("`lines` and `ends`: make two of it"));
    assert_eq!(reason("ends = false"), "it is `true`, or left out");
    let are = reason(r#"writers = { line = "a", are = "two" }"#);
    assert!(
        are.contains("unknown variant `two`, expected one of `one thread`, `different threads`"),
        "{are}"
    );
    assert!(reason(r#"first = "{n""#).contains("does not close"));
    assert!(reason(r#"where = { line = "{n}", holds = "k == 1" }"#).contains("captures no `k`, but `n`"));
    assert!(reason("each = []").contains("at least one pattern"));
    assert!(
        reason(r#"among = { line = "a {n}", are = ["b"] }"#).contains("`b` is none of the lines `a {n}`")
    );
    assert!(reason("shows = [[\"a\"], \"b\"]").contains("a list of patterns, or of such lists"));
    assert!(reason(r#"count = { line = "a", is = -1 }"#).contains("less than nothing"));
    assert!(reason("help = {}").contains("at least one option"));
    assert!(reason("groups = []").contains("at least one group"));
    assert!(reason("shows = []").contains("at least one line"));
    assert!(reason("shared = { threads = 1, operations = 1 }").contains("two threads at least"));
    assert!(reason("exit = 256").contains("0 to 255"));
    assert!(reason(r#"files = { "../x" = "" }"#).contains("no name of a file"));
    assert!(
        reason("line = [\"a\"]")
            .contains("unknown field `line`, expected one of `check`, `tries`, `expected`")
    );
}
