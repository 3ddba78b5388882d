//! Ledgers with one fault each. All of a ledger has to be read before anything is applied.

use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::call;
use exercise::Check;
use exercise::judges::ends;
use exercise::quoted::quoted;

/// The start of every bad ledger: lines 1 to 5 are good, and would print something if applied.
const GOOD: &str = "\
teller,operation,account,to,amount
,open,rent,,100
,open,food,,100
alice,deposit,rent,,5
bob,transfer,food,rent,7
";

/// The sentences that a bad line is held against: the one about what is wrong, and these. Who applies the whole ledger
/// breaks the first.
const APPLIED: &str = "nothing-applied";
const LINE: &str = "bad-line";

/// What is wrong, the sentences of it, and the lines that follow the good ones; the fault is in the last of them.
type BadRows = (&'static str, &'static [&'static str], &'static str);

const FAULTS: &[BadRows] = &[
    ("unknown-account", &["unknown-account", APPLIED, LINE], "alice,deposit,travel,,5\n"),
    ("unknown-target", &["unknown-account", APPLIED, LINE], "alice,transfer,rent,travel,5\n"),
    ("missing-target", &["unknown-account", APPLIED, LINE], "alice,transfer,rent,,5\n"),
    ("unknown-operation", &["unknown-operation", APPLIED, LINE], "alice,borrow,rent,,5\n"),
    ("missing-operation", &["unknown-operation", APPLIED, LINE], "alice,,rent,,5\n"),
    ("missing-column", &["few-columns", APPLIED, LINE], "bob,deposit,food,,1\nalice,deposit,rent,5\n"),
    ("amount-in-words", &["bad-amount", APPLIED, LINE], "alice,deposit,rent,,five\n"),
    ("amount-with-a-point", &["bad-amount", APPLIED, LINE], "alice,deposit,rent,,1.5\n"),
    ("missing-amount", &["bad-amount", APPLIED, LINE], "alice,withdraw,rent,,\n"),
    ("negative-amount", &["bad-amount", APPLIED, LINE], "alice,withdraw,rent,,-5\n"),
    ("overflowing-amount", &["bad-amount", APPLIED, LINE], "alice,deposit,rent,,9223372036854775808\n"),
    ("late-open", &["late-open", APPLIED, LINE], ",open,travel,,5\n"),
    ("missing-teller", &["missing-teller", APPLIED, LINE], ",deposit,rent,,5\n"),
    ("deposit-with-target", &["superfluous-to", APPLIED, LINE], "alice,deposit,rent,food,5\n"),
    ("withdrawal-with-target", &["superfluous-to", APPLIED, LINE], "alice,withdraw,rent,food,5\n"),
    ("after-blank-lines", &[LINE, APPLIED, "blank-lines"], "\n\nalice,borrow,rent,,5\n"),
    ("in-an-unended-line", &[LINE, APPLIED], "alice,borrow,rent,,5"),
];

/// Whole ledgers with a fault before the first operation, and the lines at which it may be seen.
const EARLY_FAULTS: &[(&str, &[&str], &str, &[usize])] = &[
    (
        "open-twice",
        &["open-twice", APPLIED, LINE],
        "teller,operation,account,to,amount\n,open,rent,,1\n,open,rent,,2\nal,deposit,rent,,5\n",
        &[3],
    ),
    (
        "negative-open",
        &["bad-amount", APPLIED, LINE],
        "teller,operation,account,to,amount\n,open,rent,,1\n,open,food,,-2\nal,deposit,rent,,5\n",
        &[3],
    ),
    (
        "open-with-target",
        &["superfluous-to", APPLIED, LINE],
        "teller,operation,account,to,amount\n,open,rent,food,1\nal,deposit,rent,,5\n",
        &[2],
    ),
    // Wrong in the header, and in each row as well.
    (
        "column-missing-everywhere",
        &["few-columns", APPLIED, LINE],
        "teller,operation,account,amount\n,open,rent,1\nal,deposit,rent,5\n",
        &[1, 2],
    ),
];

/// Advice: many programs that refuse all of the above take some of these, or know of CSV only the commas.
pub(super) const STRICT: Check = Check {
    id: "strict-ledger",
    about: "the finer points of a ledger: quotes, line ends, what else is refused (advice)",
};

const STRICT_FAULTS: &[BadRows] = &[
    ("more-columns", &["many-columns"], "alice,deposit,rent,,5,\n"),
    ("plus-sign", &["signs"], "alice,deposit,rent,,+5\n"),
    ("control-character", &["control-character"], "al\u{7}ice,deposit,rent,,5\n"),
];

const STRICT_EARLY_FAULTS: &[(&str, &[&str], &[u8], usize)] = &[
    ("other-header", &["bad-header"], b"teller,operation,account,amount,to\n,open,rent,,1\n", 1),
    ("no-header", &["bad-header"], b",open,rent,,1\n,open,food,,1\nal,deposit,food,,5\n", 1),
    (
        "open-by-a-teller",
        &["bad-open"],
        b"teller,operation,account,to,amount\n,open,rent,,1\nal,open,food,,1\n",
        3,
    ),
    (
        "open-without-account",
        &["bad-open"],
        b"teller,operation,account,to,amount\n,open,rent,,1\n,open,,,1\n",
        3,
    ),
    (
        "not-utf-8",
        &["not-utf-8"],
        b"teller,operation,account,to,amount\n,open,rent,,1\nal\xff,deposit,rent,,1\n",
        3,
    ),
];

pub(super) fn cases() -> Vec<Case> {
    let late = FAULTS.iter().map(|(id, sentences, rows)| {
        let csv = format!("{GOOD}{rows}");
        let line = csv.lines().count();
        case(id, call(csv), &[line]).tries(CHECK, sentences)
    });
    let early = EARLY_FAULTS
        .iter()
        .map(|(id, sentences, csv, lines)| case(id, call(*csv), lines).tries(CHECK, sentences));
    let unreadable = [("missing-file", "missing.csv"), ("folder", ".")].map(|(id, path)| {
        let call = Call::new(["--ledger", path]);
        judged(&format!("bad-{id}"), call, vec![path.into()]).tries(CHECK, &["cannot-read"])
    });
    late.chain(early).chain(unreadable).chain(strict()).collect()
}

fn strict() -> impl Iterator<Item = Case> {
    let late = STRICT_FAULTS.iter().map(|(id, sentences, rows)| {
        let csv = format!("{GOOD}{rows}");
        let line = csv.lines().count();
        (*id, *sentences, csv.into_bytes(), line)
    });
    let early =
        STRICT_EARLY_FAULTS.iter().map(|(id, sentences, csv, line)| (*id, *sentences, csv.to_vec(), *line));
    late.chain(early).map(|(id, sentences, csv, line)| {
        let subjects = vec![format!("ledger.csv:{line}")];
        Case::new(format!("strict-{id}"), call(csv))
            .runs(1)
            .judge(STRICT.id, move |seen: &Observation| refused(seen, &subjects))
            .tries(STRICT.id, sentences)
    })
}

const CHECK: &str = "bad-ledger";

fn case(id: &str, call: Call, lines: &[usize]) -> Case {
    judged(&format!("bad-{id}"), call, lines.iter().map(|line| format!("ledger.csv:{line}")).collect())
}

/// The exit code is judged with the message, so it does not count a second time as a bad end.
fn judged(id: &str, call: Call, subjects: Vec<String>) -> Case {
    let refused = move |seen: &Observation| refused(seen, &subjects);
    Case::new(id, call)
        .runs(1)
        .judge(CHECK, refused)
        .judge_ending("terminates", ends())
        .tries("terminates", &["ends"])
}

fn refused(seen: &Observation, subjects: &[String]) -> Judgement {
    let expected =
        format!("nothing applied, exit code 1, `bank-account: {}: reason` on standard error", subjects[0]);
    let fault = |seen: String| Fault::new(&expected, seen);
    if let Some(line) = seen.stdout.lines.first() {
        let fault = fault(format!("standard output is not empty: {}", quoted(line))).at(0);
        // Who takes the bad line for a good one has another fault.
        return if seen.code() == Some(1) { fault.of(APPLIED) } else { fault }.into();
    }
    if seen.code() != Some(1) {
        return fault(seen.ending().to_string()).into();
    }
    let reports: Vec<&String> =
        seen.stderr.lines.iter().filter(|line| line.starts_with("bank-account: ")).collect();
    let names = |report: &&&String| subjects.iter().any(|subject| gives_reason(report, subject));
    match (reports.iter().find(names), reports.first()) {
        (Some(_), _) => Judgement::Kept,
        (None, Some(report)) => fault(format!("standard error has {}", quoted(report))).of(LINE).into(),
        (None, None) => {
            fault("standard error has no line that begins with `bank-account: `".into()).of(LINE).into()
        }
    }
}

fn gives_reason(report: &str, subject: &str) -> bool {
    let reason = report.strip_prefix(&format!("bank-account: {subject}:"));
    reason.is_some_and(|reason| !reason.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::*;

    fn judge(code: i32, stdout: &str, stderr: &str) -> Result<(), String> {
        let seen = Observation {
            ending: Some(Ending::Exited(code)),
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..Observation::default()
        };
        match refused(&seen, &["ledger.csv:6".into(), "ledger.csv:7".into()]) {
            Judgement::Kept => Ok(()),
            Judgement::Broken(fault) => Err(fault.seen),
            other => panic!("neither: {other:?}"),
        }
    }

    #[test]
    fn a_refusal_names_file_and_line() {
        assert_eq!(judge(1, "", "bank-account: ledger.csv:6: unknown account\n"), Ok(()));
        assert_eq!(judge(1, "", "warning\nbank-account: ledger.csv:7: unknown account\n"), Ok(()));
    }

    #[test]
    fn another_line_or_none_is_not_what_was_asked() {
        let wrong = judge(1, "", "bank-account: ledger.csv:66: unknown account\n");
        assert_eq!(wrong.unwrap_err(), "standard error has `bank-account: ledger.csv:66: unknown account`");
        let silent = judge(1, "", "Error: unknown account\n");
        assert_eq!(silent.unwrap_err(), "standard error has no line that begins with `bank-account: `");
        assert!(judge(1, "", "bank-account: ledger.csv:6:\n").is_err());
        assert!(judge(1, "", "bank-account: ledger.csv: line 6\n").is_err());
    }

    #[test]
    fn nothing_may_be_applied() {
        let applied = judge(1, "alice deposit rent 5 ok 105\n", "bank-account: ledger.csv:6: no\n");
        assert_eq!(applied.unwrap_err(), "standard output is not empty: `alice deposit rent 5 ok 105`");
    }

    #[test]
    fn the_exit_code_is_that_of_a_failure() {
        let ignored = judge(0, "", "bank-account: ledger.csv:6: no\n");
        assert_eq!(ignored.unwrap_err(), "it ended with exit code 0");
    }

    #[test]
    fn every_fault_is_in_the_last_line_of_its_ledger() {
        for (id, _, rows) in FAULTS {
            let last = rows.lines().last().unwrap();
            let columns = if *id == "missing-column" { 4 } else { 5 };
            assert_eq!(last.split(',').count(), columns, "{id}");
        }
    }
}
