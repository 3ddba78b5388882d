use proptest::prelude::*;

use super::*;

const FILE: &str = r#"
summary = "counts in turns"

[untried]
cannot-write = "no call leads there"

[[check]]
id = "alternates"
about = "the output is exactly 1 to N"

[[check]]
id = "terminates"
about = "the program ends"
needs = ["alternates"]

[[case]]
id = "none"
args = ["--max", "0"]
percent = 10
idle = true

[[case.expect]]
check = "alternates"
lines = []

[[case]]
id = "two"
args = ["--max", "2"]
runs = 3

[[case.expect]]
check = "alternates"
tries = ["numbers", "order"]
lines = { from = 1, to = 2 }

[[case.expect]]
check = "terminates"
exit = 0

[[case]]
id = "seven"
args = ["--max", "7"]
files = { "in.txt" = "x" }

[[case.expect]]
check = "alternates"
lines = { from = 1, to = 7 }
"#;

fn error(text: &str) -> String {
    CasesFile::parse(text).unwrap_err()
}

/// What is wrong with the file when `new` stands in the place of `old`.
fn error_with(old: &str, new: &str) -> String {
    assert!(FILE.contains(old), "{old}");
    error(&FILE.replacen(old, new, 1))
}

#[test]
fn a_file_is_read_with_all_it_says() {
    let file = CasesFile::parse(FILE).unwrap();
    assert_eq!(file.summary, "counts in turns");
    assert_eq!(file.untried["cannot-write"], "no call leads there");
    let checks: Vec<_> = file.checks.iter().map(|it| (it.id, it.about, it.needs.len())).collect();
    let expected = [("alternates", "the output is exactly 1 to N", 0), ("terminates", "the program ends", 1)];
    assert_eq!(checks, expected);
    let cases: Vec<_> =
        file.cases.iter().map(|it| (it.id.as_str(), it.percent, it.runs, it.is_idle)).collect();
    assert_eq!(cases, [("none", 10, None, true), ("two", 45, Some(3), false), ("seven", 45, None, false)]);
    assert_eq!(file.cases[1].expectations[0].tries, ["numbers", "order"]);
    assert_eq!(
        (file.cases[1].args.join(" "), file.cases[2].files["in.txt"].as_str()),
        ("--max 2".into(), "x")
    );
}

#[test]
fn what_toml_knows_is_said_with_its_line() {
    let unknown = error_with("idle = true", "idel = true");
    assert!(unknown.starts_with("line 20: unknown field `idel`, expected one of `id`, `args`"), "{unknown}");
    let of_type = error_with("to = 7", "to = true");
    assert!(of_type.starts_with("line 47: expected an integer, or a text"), "{of_type}");
    assert!(error("summary = ").starts_with("line 1: "));
    assert!(error("").contains("missing field `summary`"));
    assert!(error("summary = \"é\"\nx = \"\u{301}").starts_with("line 2: "));
}

#[test]
fn names_are_known_and_unique() {
    let unknown = error_with("check = \"alternates\"", "check = \"alternate\"");
    assert_eq!(unknown, "line 22: no check is called `alternate`: is `alternates` meant?");
    let unknown = error_with("check = \"terminates\"", "check = \"zzz\"");
    assert!(unknown.ends_with("no check is called `zzz`, but alternates, terminates"), "{unknown}");
    assert_eq!(error_with("id = \"seven\"", "id = \"two\""), "two cases are called `two`");
    assert_eq!(
        error_with("id = \"terminates\"", "id = \"alternates\""),
        "two checks are called `alternates`"
    );
    assert!(error_with("id = \"two\"", "id = \"Two 2\"").contains("cannot be the id of a case"));
    let need = error_with("needs = [\"alternates\"]", "needs = [\"alternats\"]");
    assert_eq!(need, "`needs` of `terminates`: no check is called `alternats`: is `alternates` meant?");
}

#[test]
fn shares_are_percent_of_one_whole() {
    let too_much = "the cases have 101 percent of the schedules together, and there are 100";
    assert_eq!(error_with("percent = 10", "percent = 101"), too_much);
    assert!(
        error_with("percent = 10", "percent = 99")
            .contains("1 percent of the schedules are left for 2 cases")
    );
    assert!(error_with("runs = 3", "runs = 0\npercent = 0").contains("never run"));
    let unseen =
        error_with("runs = 3", "percent = 0\n[[case.expect]]\ncheck = \"alternates\"\nsleeps = true");
    assert!(unseen.contains("what only schedules show"), "{unseen}");
}

/// Two cases that must do the same, each with its number.
const SHARING: &str = r#"
summary = "counts in turns"

[groups]
both = ["two", "seven"]

[[expect]]
cases = ["both"]
check = "alternates"
lines = { from = 1, to = "$max" }

[[expect]]
cases = ["seven"]
check = "terminates"
exit = 0

[[check]]
id = "alternates"
about = "the output is exactly 1 to N"

[[check]]
id = "terminates"
about = "the program ends"
needs = ["alternates"]

[[case]]
id = "two"
with = { max = 2 }
args = ["--max", "$max"]

[[case]]
id = "seven"
with = { max = 7 }
args = ["--max", "$max"]

[[case.expect]]
check = "alternates"
last = "$max"
"#;

#[test]
fn what_several_cases_must_do_is_said_once() {
    let file = CasesFile::parse(SHARING).unwrap();
    let said: Vec<_> = file
        .cases
        .iter()
        .map(|case| {
            let kinds: Vec<String> = case.expectations.iter().map(|it| format!("{:?}", it.kind)).collect();
            (case.args.join(" "), kinds)
        })
        .collect();
    let lines = |max: i64| {
        let lines: Vec<String> = (1..=max).map(|line| line.to_string()).collect();
        format!("Lines(Lines({lines:?}))")
    };
    assert_eq!(said[0], ("--max 2".to_owned(), vec![lines(2)]));
    assert_eq!(said[1].0, "--max 7");
    assert!(said[1].1[0].starts_with("Last(") && said[1].1[1] == lines(7) && said[1].1[2] == "Exit(0)");
}

#[test]
fn what_is_wrong_with_a_shared_part_is_said_with_its_line() {
    let error_with = |old: &str, new: &str| {
        assert!(SHARING.contains(old), "{old}");
        error(&SHARING.replacen(old, new, 1))
    };
    let unknown = error_with("\"seven\"]", "\"sevn\"]");
    assert_eq!(unknown, "line 7: no case is called `sevn`: is `seven` meant?");
    let number = error_with("to = \"$max\"", "to = \"$mox\"");
    assert_eq!(number, "line 10: `with` of the case has no `mox`, but `$max`; `$$` is the sign itself");
    let unnamed = error_with("cases = [\"seven\"]\n", "");
    assert!(unnamed.starts_with("line 12: `[[expect]]` names in `cases` the ids"), "{unnamed}");
    assert!(
        error_with("with = { max = 2 }", "with = { max = \"2\" }").starts_with("line 28: `with` gives names")
    );
    assert!(
        error_with("check = \"terminates\"\nexit", "check = \"terminats\"\nexit")
            .starts_with("line 12: no check")
    );
    assert!(error_with("exit = 0", "exits = 0").starts_with("line 15: unknown field `exits`"));
    assert!(
        error_with("both = [\"two\", \"seven\"]", "both = 2").starts_with("line 4: `[groups]` gives names")
    );
    assert!(error(&SHARING.replace("[[expect]]", "[[case]]")).contains("unknown field `cases`"));
}

#[test]
fn what_students_do_not_see_is_left_out_of_shared_parts() {
    let rest = CasesFile::without(SHARING, |check| check == "alternates").unwrap();
    let file = CasesFile::parse(&rest).unwrap();
    let expected: Vec<_> = file.cases.iter().map(|case| case.expectations.len()).collect();
    assert_eq!((file.checks.len(), expected), (1, vec![1, 2]));
}

#[test]
fn an_output_that_nobody_reads_is_left_quietly() {
    let closed = "runs = 3\nstdout = { closed-after = 2 }";
    let quiet = "check = \"terminates\"\nquiet = true";
    let text = FILE.replace("check = \"terminates\"\nexit = 0", quiet);
    assert!(error(&text).contains("expects `quiet`, which is for `stdout"), "{}", error(&text));
    assert!(CasesFile::parse(&text.replace("runs = 3", closed)).is_ok());
    let ends = FILE.replace("runs = 3", closed).replace("exit = 0", "ends = true");
    let kind = format!("{:?}", CasesFile::parse(&ends).unwrap().cases[1].expectations[1].kind);
    assert_eq!(kind, "EndsUnread");
}

#[test]
fn threads_share_for_several_checks() {
    let shared = |check: &str, threads: &str| {
        format!("[[case.expect]]\ncheck = \"{check}\"\nshared = {{ threads = {threads}, operations = 1 }}\n")
    };
    let of = |second: &str| {
        CasesFile::parse(&format!("{FILE}{}{}", shared("alternates", "2"), shared("terminates", second)))
    };
    assert_eq!(of("2").unwrap().cases[2].sharing.unwrap().checks, ["alternates", "terminates"]);
    assert!(of("3").unwrap_err().contains("is of the same threads and operations"));
}

#[test]
fn an_output_can_be_full_or_closed() {
    let stdout = |said: &str| {
        let text = FILE.replace("runs = 3", &format!("stdout = {said}"));
        CasesFile::parse(&text).map(|file| (file.cases[1].stdout, file.cases[1].percent))
    };
    assert_eq!(stdout("\"full\""), Ok((Stdout::Full, 0)));
    assert_eq!(stdout("{ closed-after = 2 }"), Ok((Stdout::Closed { after: 2 }, 45)));
    assert!(stdout("\"full\"\npercent = 5").unwrap_err().contains("which no schedule has"));
    let unknown = stdout("\"gone\"").unwrap_err();
    assert!(unknown.contains("unknown variant `gone`, expected `full` or `closed-after`"), "{unknown}");
}

#[test]
fn checks_are_expected_where_something_is_asked_for() {
    let spare = "[[check]]\nid = \"spare\"\nabout = \"more\"\n[[case]]";
    assert_eq!(
        error_with("[[case]]", spare),
        "the check `spare` has no `[[case.expect]]`: nothing can keep or break it"
    );
    let alone = error_with(
        "check = \"alternates\"\nlines = []",
        "check = \"alternates\"\nlines = []\n[[case.expect]]\ncheck = \"spare\"\nends = true",
    );
    assert!(alone.contains("no check is called `spare`"), "{alone}");
    let text = FILE.replacen("[[case]]", spare, 1);
    let text = text.replacen("lines = []", "lines = []\n[[case.expect]]\ncheck = \"spare\"\nends = true", 1);
    assert!(error(&text).contains("`spare` is expected in idle cases alone"), "{}", error(&text));
    assert!(error("summary = \"x\"").contains("no `[[check]]`"));
    assert!(error("summary = \"x\"\n[[check]]\nid = \"a\"\nabout = \"b\"\n").contains("no `[[case]]`"));
    let empty = "summary = \"x\"\n[[check]]\nid = \"a\"\nabout = \"b\"\n[[case]]\nid = \"c\"\n";
    assert_eq!(error(empty), "line 5: it has no `[[case.expect]]`, and needs one at least");
}

#[test]
fn nothing_is_given_for_nothing() {
    let given = "the check `terminates` is kept by a program that does nothing: name in its `needs`";
    assert!(error_with("needs = [\"alternates\"]\n", "").starts_with(given));
    let itself = error_with("needs = [\"alternates\"]", "needs = [\"terminates\"]");
    assert!(
        itself.starts_with("`needs` of `terminates` names `terminates`, which a program keeps"),
        "{itself}"
    );
    // Who refuses everything keeps it, too.
    assert!(FILE.replace("exit = 0", "exit = 2").contains("exit = 2"));
    assert!(
        error(&FILE.replace("exit = 0", "exit = 2").replace("needs = [\"alternates\"]\n", ""))
            .starts_with(given)
    );
    let refusal = "exit = 2\n[[case.expect]]\ncheck = \"terminates\"\nstderr = \"{why:text}\"";
    let refusing = FILE.replace("exit = 0", refusal);
    assert!(CasesFile::parse(&refusing).is_ok());
    assert!(error(&refusing.replace("needs = [\"alternates\"]\n", "")).starts_with(given));
    // A file that was there before has not been written.
    let file = "files = { \"in.txt\" = \"x\" }\n\n[[case.expect]]\ncheck = \"terminates\"\nfiles = { \"in.txt\" = \"x\" }";
    let text = FILE.replace("files = { \"in.txt\" = \"x\" }", file);
    assert!(CasesFile::parse(&text).is_ok());
    assert!(error(&text.replace("needs = [\"alternates\"]\n", "")).starts_with(given));
}

#[test]
fn what_students_do_not_see_is_left_out() {
    assert_eq!(CasesFile::without(FILE, |_| true).unwrap(), FILE);
    let rest = CasesFile::without(FILE, |check| check == "alternates").unwrap();
    assert!(!rest.contains("terminates") && !rest.contains("exit"), "{rest}");
    let file = CasesFile::parse(&rest).unwrap();
    assert_eq!((file.checks.len(), file.cases.len()), (1, 3));
    let reason = CasesFile::without(FILE, |check| check == "terminates").unwrap_err();
    assert!(
        reason.starts_with("without the checks that students do not see it does not stand: "),
        "{reason}"
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(parts in prop::collection::vec(part(), 0..12)) {
        let _ = CasesFile::parse(&parts.join("\n"));
    }

    #[test]
    fn no_change_of_a_file_makes_it_panic(at in 0..FILE.len(), length in 0..20usize, text in "[a-z0-9{}\\[\\]=\"\n ,é-]{0,6}") {
        let end = (at + length).min(FILE.len());
        let _ = CasesFile::parse(&format!("{}{text}{}", &FILE[..at], &FILE[end..]));
    }
}

/// A line of a file, whatever it is worth.
fn part() -> impl Strategy<Value = String> {
    let line = prop::sample::select(FILE.lines().map(str::to_owned).collect::<Vec<_>>());
    let more = prop::sample::select(vec![
        "any-order = { from = 1, to = 9223372036854775807 }",
        "where = { line = \"{n}\", holds = \"n == n\" }",
        "ascending = { line = \"{n}\", of = \"m\" }",
        "writers = { line = \"{n:word}\", are = \"main\", by = \"n\" }",
        "shows = [\"{n\", \"}\"]",
        "[[expect]]",
        "cases = [\"two\", \"seven\"]",
        "with = { n = -9223372036854775808 }",
        "lines = { from = 1, to = \"$n * $n\" }",
        "count = { line = \"$n\", is = \"$n\" }",
        "percent = 4294967295",
        "exit = -1",
    ]);
    prop_oneof![line, more.prop_map(str::to_owned), "[a-z.\\[\\]{}=\"0-9é -]{0,12}"]
}
