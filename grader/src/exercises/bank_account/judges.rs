//! Holds what the program printed against its ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bank::{Bank, history};
use super::ledger::{Action, Ledger};
use super::statement::{Entry, Statement};
use crate::case::{Case, Fault, Judgement};
use crate::judges::{quoted, terminates};
use crate::linearizability::{Answer, check};

/// The most configurations that one history is searched through. Right programs need about as
/// many as there are operations.
const SEARCH_BUDGET: usize = 100_000;

type Rule = fn(&Ledger, &Statement) -> Judgement;

const RULES: [(&str, Rule); 4] = [
    ("every-operation-once", |ledger, statement| every_operation_once(ledger, statement).into()),
    ("linearizable", |ledger, statement| when_complete(ledger, statement, linearizable)),
    ("conserves-money", |ledger, statement| when_complete(ledger, statement, conserves_money)),
    ("never-overdrawn", |ledger, statement| match no_negative_balance(statement) {
        Ok(()) => when_complete(ledger, statement, never_overdrawn),
        Err(fault) => fault.into(),
    }),
];

/// Adds the judges of a run that applies `ledger`.
pub(super) fn of_ledger(case: Case, ledger: Ledger) -> Case {
    let ledger = Arc::new(ledger);
    let add = |case: Case, (check, rule): (&'static str, Rule)| {
        let ledger = Arc::clone(&ledger);
        case.judge(check, move |seen| rule(&ledger, &Statement::read(&seen.stdout)))
    };
    RULES.into_iter().fold(case, add).judge("terminates", terminates(0))
}

/// Adds the judges of a run of the built-in example. Only the program knows its ledger, so what
/// is judged is whether one ledger can be behind all that was printed.
pub(super) fn of_example(case: Case) -> Case {
    let add = |case: Case, (check, rule): (&'static str, Rule)| {
        case.judge(check, move |seen| {
            let statement = Statement::read(&seen.stdout);
            match Ledger::behind(&statement) {
                Ok(ledger) => rule(&ledger, &statement),
                Err(fault) if check == "conserves-money" => fault.into(),
                Err(_) => Judgement::Unproven("the final balances tell no opening balances".into()),
            }
        })
    };
    RULES.into_iter().fold(case, add).judge("terminates", terminates(0))
}

/// Blames what is missing or too much only once, under `every-operation-once`.
fn when_complete(ledger: &Ledger, statement: &Statement, rule: Rule) -> Judgement {
    match every_operation_once(ledger, statement) {
        Ok(()) => rule(ledger, statement),
        Err(_) => Judgement::Unproven("needs every operation exactly once".into()),
    }
}

pub(super) fn every_operation_once(ledger: &Ledger, statement: &Statement) -> Result<(), Fault> {
    const EXPECTED: &str = "each teller's operations, each once and in the order of the ledger";
    if let Some(fault) = &statement.unreadable {
        return Err(fault.clone());
    }
    let due = ledger.by_teller();
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for Entry { operation, line, .. } in &statement.entries {
        let count = done.entry(&operation.teller).or_default();
        let due = due.get(operation.teller.as_str()).and_then(|operations| operations.get(*count));
        if due.copied() != Some(operation) {
            let due = due.map_or("nothing more of this teller".into(), |due| quoted(&due.to_string()));
            let seen =
                format!("line {} is about {} where {due} was due", line + 1, quoted(&operation.to_string()));
            return Err(Fault::new(EXPECTED, seen).at(*line));
        }
        *count += 1;
    }
    let missing = due.iter().find_map(|(teller, due)| due.get(done.get(teller).copied().unwrap_or(0)));
    missing.map_or(Ok(()), |missing| {
        Err(Fault::new(EXPECTED, format!("there is no line for {}", quoted(&missing.to_string()))))
    })
}

fn linearizable(ledger: &Ledger, statement: &Statement) -> Judgement {
    const EXPECTED: &str = "some order of all operations explains every balance and outcome, and \
                            keeps apart what did not overlap";
    let opening = ledger.opening.iter().map(|&(_, amount)| amount).collect();
    let Some(history) = history(ledger, statement) else {
        return Judgement::Unproven("an operation names an account that the ledger does not open".into());
    };
    let stuck = match check(&Bank, opening, &history, SEARCH_BUDGET) {
        Answer::Linearizable => return Judgement::Kept,
        Answer::Unknown => return Judgement::Unproven("too many orders are possible to try them all".into()),
        Answer::Contradiction(stuck) => stuck,
    };
    let at_fault = &history[stuck.process][stuck.index];
    let holds = stuck.state[at_fault.op.account];
    let account = &ledger.opening[at_fault.op.account].0;
    let entry = statement.entries.iter().find(|entry| entry.line == at_fault.ends);
    let shown = entry.map_or_else(String::new, |entry| quoted(&entry.to_string()));
    let seen = format!(
        "line {} is {shown}, but in the order that explains most, {account} holds {holds} just before it",
        at_fault.ends + 1
    );
    Fault::new(EXPECTED, seen).at(at_fault.ends).into()
}

fn conserves_money(ledger: &Ledger, statement: &Statement) -> Judgement {
    const EXPECTED: &str = "last, a line `balance ACCOUNT AMOUNT` for each account, by name: \
                            what it was opened with and what the accepted operations brought";
    let fault = |line: Option<usize>, seen: String| Fault { expected: EXPECTED.into(), seen, line }.into();
    let changes = statement.changes();
    let due: BTreeMap<&str, i128> = ledger
        .opening
        .iter()
        .map(|(name, first)| (name.as_str(), i128::from(*first) + changes.get(name.as_str()).unwrap_or(&0)))
        .collect();
    let due: Vec<String> =
        due.iter().map(|(account, amount)| format!("balance {account} {amount}")).collect();
    let last_entry = statement.entries.last().map(|entry| entry.line);
    for (index, balance) in statement.balances.iter().enumerate() {
        let line = balance.line;
        if last_entry > Some(line) {
            return fault(Some(line), format!("after line {}, a balance, comes an operation", line + 1));
        }
        if due.get(index) != Some(&balance.text) {
            let due = due.get(index).map_or("nothing more".into(), |due| quoted(due));
            return fault(
                Some(line),
                format!("line {} is {} where {due} was due", line + 1, quoted(&balance.text)),
            );
        }
    }
    let missing = due.get(statement.balances.len());
    missing
        .map_or(Judgement::Kept, |due| fault(None, format!("the output ends where {} was due", quoted(due))))
}

const NEVER_BELOW: &str = "no account ever goes below 0";

fn no_negative_balance(statement: &Statement) -> Result<(), Fault> {
    let entries = statement.entries.iter().map(|entry| (entry.line, entry.balance));
    let balances = statement.balances.iter().filter_map(|balance| Some((balance.line, balance.parts()?.1)));
    match entries.chain(balances).find(|&(_, amount)| amount < 0) {
        Some((line, amount)) => {
            Err(Fault::new(NEVER_BELOW, format!("line {} tells a balance of {amount}", line + 1)).at(line))
        }
        None => Ok(()),
    }
}

/// Whatever the reported balances: no accepted operation took more than could be there.
fn never_overdrawn(ledger: &Ledger, statement: &Statement) -> Judgement {
    let takes = |entry: &&Entry| entry.accepted && entry.operation.action != Action::Deposit;
    for entry in statement.entries.iter().filter(takes) {
        let most = most_before(ledger, statement, entry);
        if i128::from(entry.operation.amount) > most {
            let line = entry.line;
            let (account, shown) = (&entry.operation.account, quoted(&entry.to_string()));
            let seen = format!(
                "line {} is {shown}, but in no order {account} holds more than {most} then",
                line + 1
            );
            return Fault::new(NEVER_BELOW, seen).at(line).into();
        }
    }
    Judgement::Kept
}

/// The most that any order can leave on the account of `entry` just before it: with all that may
/// come before it and adds, and only what must come before it and takes.
fn most_before(ledger: &Ledger, statement: &Statement, entry: &Entry) -> i128 {
    let account = &entry.operation.account;
    let opening = ledger.opening.iter().find(|(name, _)| name == account).map_or(0, |&(_, amount)| amount);
    let others = statement.entries.iter().filter(|other| other.line != entry.line);
    let brought = others.map(|other| match other.change(account) {
        gain if gain > 0 && !entry.precedes(other) => i128::from(gain),
        loss if loss < 0 && other.precedes(entry) => i128::from(loss),
        _ => 0,
    });
    i128::from(opening) + brought.sum::<i128>()
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{deposit, transfer, withdraw};
    use super::*;
    use crate::case::Observation;

    /// `alice` and `bob` on `joint`, opened with 10, and `rent`, with 0.
    fn ledger() -> Ledger {
        let operations = [
            deposit("alice", "joint", 5),
            withdraw("bob", "joint", 12),
            transfer("alice", "joint", "rent", 1),
        ];
        Ledger::new(&[("rent", 0), ("joint", 10)], operations)
    }

    const RIGHT: &str = "alice deposit joint 5 ok 15\nbob withdraw joint 12 ok 3\n\
                         alice transfer joint>rent 1 ok 2\nbalance joint 2\nbalance rent 1\n";

    fn judgement(case: &Case, check: &str, stdout: &str) -> Judgement {
        let judge = &case.judges.iter().find(|(id, _)| *id == check).unwrap().1;
        judge(&Observation { stdout: stdout.into(), ..Observation::default() })
    }

    /// What `check` says of `stdout`: `kept`, `unproven`, or what it has seen.
    fn says(case: &Case, check: &str, stdout: &str) -> String {
        match judgement(case, check, stdout) {
            Judgement::Kept => "kept".into(),
            Judgement::Unproven(_) => "unproven".into(),
            Judgement::Broken(fault) => fault.seen,
        }
    }

    fn of(check: &str, stdout: &str) -> String {
        says(&of_ledger(Case::of_args("", [""]), ledger()), check, stdout)
    }

    fn example(check: &str, stdout: &str) -> String {
        says(&of_example(Case::of_args("", [""])), check, stdout)
    }

    #[test]
    fn a_right_output_keeps_every_promise() {
        for (check, _) in RULES {
            assert_eq!(of(check, RIGHT), "kept", "{check}");
            assert_eq!(example(check, RIGHT), "kept", "{check}");
        }
    }

    #[test]
    fn lines_may_come_out_in_another_order_than_the_operations_took_effect() {
        let swapped = "bob withdraw joint 12 ok 3\nalice deposit joint 5 ok 15\n\
                       alice transfer joint>rent 1 ok 2\nbalance joint 2\nbalance rent 1\n";
        for (check, _) in RULES {
            assert_eq!(of(check, swapped), "kept", "{check}");
        }
    }

    #[test]
    fn every_operation_has_one_line_in_its_tellers_order() {
        let once = |stdout: &str| of("every-operation-once", stdout);
        let (first, rest) = RIGHT.split_once('\n').unwrap();
        assert_eq!(
            once(rest),
            "line 2 is about `alice transfer joint>rent 1` where `alice deposit joint 5` was due"
        );
        assert_eq!(once(&format!("{first}\n")), "there is no line for `alice transfer joint>rent 1`");
        assert_eq!(
            once(&format!("{RIGHT}bob withdraw joint 12 ok 3\n")),
            "line 6 is about `bob withdraw joint 12` where nothing more of this teller was due"
        );
        assert_eq!(once(&format!("{RIGHT}ready\n")), "line 6 is `ready`");
    }

    #[test]
    fn a_check_that_needs_all_operations_blames_no_missing_one_again() {
        let (_, rest) = RIGHT.split_once('\n').unwrap();
        for check in ["linearizable", "conserves-money", "never-overdrawn"] {
            assert_eq!(of(check, rest), "unproven", "{check}");
        }
    }

    #[test]
    fn a_lost_update_has_no_order() {
        let lost = RIGHT.replace("bob withdraw joint 12 ok 3", "bob withdraw joint 12 rejected 10");
        assert_eq!(
            of("linearizable", &lost),
            "line 3 is `alice transfer joint>rent 1 ok 2`, but in the order that explains most, joint holds 15 just before it"
        );
        let torn = RIGHT.replace("ok 2", "ok 9");
        assert!(of("linearizable", &torn).starts_with("line 3 is `alice transfer joint>rent 1 ok 9`"));
        assert!(example("linearizable", &torn).starts_with("line 3 is"));
    }

    #[test]
    fn a_line_that_was_out_before_another_operation_began_comes_first() {
        // Alice's transfer began after her deposit, but Bob's line stands before both.
        let late = "bob withdraw joint 12 ok 2\nalice deposit joint 5 ok 15\nalice transfer joint>rent 1 ok 14\n\
                    balance joint 2\nbalance rent 1\n";
        assert!(of("linearizable", late).starts_with("line 1 is `bob withdraw joint 12 ok 2`"));
    }

    #[test]
    fn final_balances_follow_from_what_was_accepted() {
        let money = |stdout: &str| of("conserves-money", stdout);
        let wrong = RIGHT.replace("balance joint 2", "balance joint 3");
        assert_eq!(money(&wrong), "line 4 is `balance joint 3` where `balance joint 2` was due");
        let short = RIGHT.replace("balance rent 1\n", "");
        assert_eq!(money(&short), "the output ends where `balance rent 1` was due");
        let unsorted = RIGHT.replace("balance joint 2\nbalance rent 1", "balance rent 1\nbalance joint 2");
        assert_eq!(money(&unsorted), "line 4 is `balance rent 1` where `balance joint 2` was due");
        let more = format!("{RIGHT}balance total 3\n");
        assert_eq!(money(&more), "line 6 is `balance total 3` where nothing more was due");
        let first = "balance joint 2\nalice deposit joint 5 ok 15\nbob withdraw joint 12 ok 3\nalice transfer joint>rent 1 ok 2\n";
        assert_eq!(money(first), "after line 1, a balance, comes an operation");
    }

    #[test]
    fn no_balance_below_0_is_reported() {
        let below = RIGHT.replace("ok 3", "ok -2");
        assert_eq!(of("never-overdrawn", &below), "line 2 tells a balance of -2");
        let at_last = RIGHT.replace("balance rent 1", "balance rent -1");
        assert_eq!(of("never-overdrawn", &at_last), "line 5 tells a balance of -1");
    }

    #[test]
    fn nothing_is_taken_that_cannot_be_there() {
        let both =
            Ledger::new(&[("joint", 10)], [withdraw("alice", "joint", 8), withdraw("alice", "joint", 8)]);
        let case = of_ledger(Case::of_args("", [""]), both);
        let output = "alice withdraw joint 8 ok 2\nalice withdraw joint 8 ok 0\nbalance joint 0\n";
        assert_eq!(
            says(&case, "never-overdrawn", output),
            "line 2 is `alice withdraw joint 8 ok 0`, but in no order joint holds more than 2 then"
        );
    }

    #[test]
    fn the_example_has_operations_and_a_balance_for_each_account() {
        assert_eq!(example("conserves-money", ""), "there is not one");
        assert_eq!(example("linearizable", ""), "unproven");
        let (operations, _) = RIGHT.split_once("balance rent").unwrap();
        assert_eq!(example("conserves-money", operations), "there is no such line for rent");
    }
}
