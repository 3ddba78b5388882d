//! Ledgers with one fault each. All of a ledger has to be read before anything is applied.

use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::call;
use crate::judges::ends;
use crate::quoted::quoted;

/// The start of every bad ledger: lines 1 to 5 are good, and would print something if applied.
const GOOD: &str = "\
teller,operation,account,to,amount
,open,rent,,100
,open,food,,100
alice,deposit,rent,,5
bob,transfer,food,rent,7
";

/// What is wrong, and the lines that follow the good ones; the fault is in the last of them.
const FAULTS: &[(&str, &str)] = &[
    ("unknown-account", "alice,deposit,travel,,5\n"),
    ("unknown-target", "alice,transfer,rent,travel,5\n"),
    ("missing-target", "alice,transfer,rent,,5\n"),
    ("unknown-operation", "alice,borrow,rent,,5\n"),
    ("missing-operation", "alice,,rent,,5\n"),
    ("missing-column", "bob,deposit,food,,1\nalice,deposit,rent,5\n"),
    ("amount-in-words", "alice,deposit,rent,,five\n"),
    ("amount-with-a-point", "alice,deposit,rent,,1.5\n"),
    ("missing-amount", "alice,withdraw,rent,,\n"),
    ("negative-amount", "alice,withdraw,rent,,-5\n"),
    ("overflowing-amount", "alice,deposit,rent,,9223372036854775808\n"),
    ("late-open", ",open,travel,,5\n"),
    ("missing-teller", ",deposit,rent,,5\n"),
    ("deposit-with-target", "alice,deposit,rent,food,5\n"),
    ("withdrawal-with-target", "alice,withdraw,rent,food,5\n"),
    ("after-blank-lines", "\n\nalice,borrow,rent,,5\n"),
    ("in-an-unended-line", "alice,borrow,rent,,5"),
];

/// Whole ledgers with a fault before the first operation, and the lines at which it may be seen.
const EARLY_FAULTS: &[(&str, &str, &[usize])] = &[
    (
        "open-twice",
        "teller,operation,account,to,amount\n,open,rent,,1\n,open,rent,,2\nal,deposit,rent,,5\n",
        &[3],
    ),
    (
        "negative-open",
        "teller,operation,account,to,amount\n,open,rent,,1\n,open,food,,-2\nal,deposit,rent,,5\n",
        &[3],
    ),
    ("open-with-target", "teller,operation,account,to,amount\n,open,rent,food,1\nal,deposit,rent,,5\n", &[2]),
    // Wrong in the header, and in each row as well.
    (
        "column-missing-everywhere",
        "teller,operation,account,amount\n,open,rent,1\nal,deposit,rent,5\n",
        &[1, 2],
    ),
];

pub(super) fn cases() -> Vec<Case> {
    let late = FAULTS.iter().map(|(id, rows)| {
        let csv = format!("{GOOD}{rows}");
        let line = csv.lines().count();
        case(id, call(csv), &[line])
    });
    let early = EARLY_FAULTS.iter().map(|(id, csv, lines)| case(id, call((*csv).into()), lines));
    let missing = Call { args: vec!["--ledger".into(), "missing.csv".into()], files: Vec::new() };
    late.chain(early).chain([judged("bad-missing-file", missing, vec!["missing.csv".into()])]).collect()
}

fn case(id: &str, call: Call, lines: &[usize]) -> Case {
    judged(&format!("bad-{id}"), call, lines.iter().map(|line| format!("ledger.csv:{line}")).collect())
}

/// The exit code is judged with the message, so it does not count a second time as a bad end.
fn judged(id: &str, call: Call, subjects: Vec<String>) -> Case {
    let refused = move |seen: &Observation| refused(seen, &subjects);
    Case::new(id, call).runs(1).judge("bad-ledger", refused).judge_ending("terminates", ends())
}

fn refused(seen: &Observation, subjects: &[String]) -> Judgement {
    let expected =
        format!("nothing applied, exit code 1, `bank-account: {}: reason` on standard error", subjects[0]);
    let fault = |seen: String| Fault::new(&expected, seen);
    if let Some(line) = seen.stdout.lines.first() {
        return fault(format!("standard output is not empty: {}", quoted(line))).at(0).into();
    }
    if seen.code() != Some(1) {
        return fault(seen.ending().to_string()).into();
    }
    let reports: Vec<&String> =
        seen.stderr.lines.iter().filter(|line| line.starts_with("bank-account: ")).collect();
    let names = |report: &&&String| subjects.iter().any(|subject| gives_reason(report, subject));
    match (reports.iter().find(names), reports.first()) {
        (Some(_), _) => Judgement::Kept,
        (None, Some(report)) => fault(format!("standard error has {}", quoted(report))).into(),
        (None, None) => fault("standard error has no line that begins with `bank-account: `".into()).into(),
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
        for (id, rows) in FAULTS {
            let last = rows.lines().last().unwrap();
            let columns = if *id == "missing-column" { 4 } else { 5 };
            assert_eq!(last.split(',').count(), columns, "{id}");
        }
    }
}
