//! Holds what the program printed against its ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::case::Case;
use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, Text, writer};
use schedule::ThreadId;
use schedule::protocol::CHILD;

use super::bank::{Bank, history, outcome_sentence};
use super::ledger::{Action, Ledger};
use super::statement::{Entry, Statement};
use exercise::judges::{one_write_a_line, terminates};
use exercise::linearizability::{Decision, check};
use exercise::quoted::quoted;

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
    told(own_lines(RULES.into_iter().fold(case, add)).judge_ending("terminates", terminates(0)))
}

/// What each check is about in a case that does not say so itself.
fn told(case: Case) -> Case {
    case.tries("every-operation-once", ONCE)
        .tries("linearizable", &["balance-then", "covered", "self-transfer", "overflow"])
        .tries("conserves-money", &["conserves-money", "final-balances", "sorted"])
        .tries("never-overdrawn", &["never-overdrawn"])
        .tries("terminates", &["ends", "exit-0"])
}

const ONCE: &[&str] = &["every-operation-once", "teller-threads", "line", "one-write", "ledger"];

/// Adds the judges of a run of the built-in example. Only the program knows its ledger, so what
/// is judged is whether one ledger can be behind all that was printed.
pub(super) fn of_example(case: Case) -> Case {
    let add = |case: Case, (check, rule): (&'static str, Rule)| {
        case.judge(check, move |seen| {
            let statement = Statement::read(&seen.stdout);
            match statement.ledger() {
                Ok(ledger) => rule(&ledger, &statement),
                Err(fault) if check == "conserves-money" => fault.into(),
                Err(_) => Judgement::Unproven("the final balances tell no opening balances".into()),
            }
        })
    };
    let case = RULES.into_iter().fold(case, add).judge("every-operation-once", one_account);
    let case = case.tries("every-operation-once", &["example", "teller-threads", "line", "one-write"]);
    told(own_lines(case).judge_ending("terminates", terminates(0)))
}

fn one_account(seen: &Observation) -> Judgement {
    let balances = Statement::read(&seen.stdout).balances;
    let fault = |seen: String| Fault::new("a built-in example with one shared account", seen).of("example");
    match &balances[..] {
        [] | [_] => Judgement::Nothing,
        [_, second, ..] => {
            fault(format!("there are balances of {} accounts", balances.len())).at(second.line).into()
        }
    }
}

fn own_lines(case: Case) -> Case {
    case.judge_writers("every-operation-once", |seen| own_threads(&seen.stdout))
        .judge_writes("every-operation-once", one_write_a_line)
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
            let sentence = if ledger.by_teller().contains_key(operation.teller.as_str()) {
                "every-operation-once"
            } else {
                "ledger"
            };
            let due = due.map_or("nothing more of this teller".into(), |due| quoted(&due.to_string()));
            let seen =
                format!("line {} is about {} where {due} was due", line + 1, quoted(&operation.to_string()));
            return Err(Fault::new(EXPECTED, seen).at(*line).of(sentence));
        }
        *count += 1;
    }
    let missing = due.iter().find_map(|(teller, due)| due.get(done.get(teller).copied().unwrap_or(0)));
    missing.map_or(Ok(()), |missing| {
        let fault = Fault::new(EXPECTED, format!("there is no line for {}", quoted(&missing.to_string())));
        // Who prints nothing at all has refused something else.
        Err(if statement.entries.is_empty() { fault } else { fault.of("every-operation-once") })
    })
}

/// Each teller is a thread. Nothing keeps the main thread from being one of them.
fn own_threads(stdout: &Text) -> Judgement {
    const EXPECTED: &str = "each teller to be one thread that prints its own lines, and no other teller's";
    let Some(threads) = &stdout.threads else {
        return Judgement::Unproven("who wrote the lines is not known".into());
    };
    let mut owners: Vec<(String, ThreadId)> = Vec::new();
    for Entry { operation, line, .. } in Statement::read(stdout).entries {
        let (teller, thread) = (operation.teller, threads[line]);
        if thread == CHILD {
            let seen = format!("line {}, of {teller}, is written by {}", line + 1, writer(thread));
            return Fault::new(EXPECTED, seen).at(line).of("teller-threads").into();
        }
        match owners.iter().find(|(other, owner)| *other == teller || *owner == thread) {
            Some((other, owner)) if (&teller, thread) != (other, *owner) => {
                let whose = if *other == teller {
                    "another thread than the one before it".to_owned()
                } else {
                    format!("the thread of {other}")
                };
                let seen = format!("line {}, of {teller}, is written by {whose}", line + 1);
                return Fault::new(EXPECTED, seen).at(line).of("teller-threads").into();
            }
            Some(_) => {}
            None => owners.push((teller, thread)),
        }
    }
    // That there are lines at all is the other judge's matter.
    Judgement::Nothing
}

fn linearizable(ledger: &Ledger, statement: &Statement) -> Judgement {
    const EXPECTED: &str = "some order of all operations explains every balance and outcome, and \
                            keeps apart what did not overlap";
    let opening = ledger.opening.iter().map(|&(_, amount)| amount).collect();
    let Some(history) = history(ledger, statement) else {
        return Judgement::Unproven("an operation names an account that the ledger does not open".into());
    };
    let stuck = match check(&Bank, opening, &history, SEARCH_BUDGET) {
        Decision::Linearizable => return Judgement::Kept,
        Decision::Unknown => {
            return Judgement::Unproven("too many orders are possible to try them all".into());
        }
        Decision::Contradiction(stuck) => stuck,
    };
    let at_fault = &history[stuck.process][stuck.index];
    let holds = stuck.state[at_fault.op.account];
    let account = &ledger.opening[at_fault.op.account].0;
    let entry = statement.entries.iter().find(|entry| entry.line == at_fault.ends);
    // With more tellers than one, another order may explain the outcome and not the balance.
    let is_alone = history.len() == 1;
    let sentence = outcome_sentence(&stuck.state, &at_fault.op).filter(|_| is_alone);
    let shown = entry.map_or_else(String::new, |entry| quoted(&entry.to_string()));
    let seen = format!(
        "line {} is {shown}, but in the order that explains most, {account} holds {holds} just before it",
        at_fault.ends + 1
    );
    let fault = Fault::new(EXPECTED, seen).at(at_fault.ends);
    sentence.into_iter().fold(fault, Fault::of).into()
}

fn conserves_money(ledger: &Ledger, statement: &Statement) -> Judgement {
    const EXPECTED: &str = "last, a line `balance ACCOUNT AMOUNT` for each account, by name: \
                            what it was opened with and what the accepted operations brought";
    let fault = |line: Option<usize>, seen: String| Fault { line, ..Fault::new(EXPECTED, seen) };
    let changes = statement.changes();
    let due: BTreeMap<&str, i128> = ledger
        .opening
        .iter()
        .map(|(name, first)| (name.as_str(), i128::from(*first) + changes.get(name.as_str()).unwrap_or(&0)))
        .collect();
    let due: Vec<String> =
        due.iter().map(|(account, amount)| format!("balance {account} {amount}")).collect();
    let mut printed: Vec<&String> = statement.balances.iter().map(|balance| &balance.text).collect();
    let is_out_of_order = printed.len() == due.len() && !printed.iter().copied().eq(&due) && {
        printed.sort();
        let mut due: Vec<&String> = due.iter().collect();
        due.sort();
        printed == due
    };
    let sentence = if is_out_of_order { "sorted" } else { "conserves-money" };
    let last_entry = statement.entries.last().map(|entry| entry.line);
    for (index, balance) in statement.balances.iter().enumerate() {
        let line = balance.line;
        if last_entry > Some(line) {
            return fault(Some(line), format!("after line {}, a balance, comes an operation", line + 1))
                .of("final-balances")
                .into();
        }
        if due.get(index) != Some(&balance.text) {
            let due = due.get(index).map_or("nothing more".into(), |due| quoted(due));
            return fault(
                Some(line),
                format!("line {} is {} where {due} was due", line + 1, quoted(&balance.text)),
            )
            .of(sentence)
            .into();
        }
    }
    let missing = due.get(statement.balances.len());
    missing.map_or(Judgement::Kept, |due| {
        fault(None, format!("the output ends where {} was due", quoted(due))).of("final-balances").into()
    })
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

/// Whatever the reported balances: what was accepted took no more than was there in all, and no
/// single operation more than could be there when it took effect.
fn never_overdrawn(ledger: &Ledger, statement: &Statement) -> Judgement {
    let changes = statement.changes();
    for (account, opening) in &ledger.opening {
        let last = i128::from(*opening) + changes.get(account.as_str()).unwrap_or(&0);
        if last < 0 {
            let seen =
                format!("the accepted operations take {} more from {account} than it ever held", -last);
            return Fault::new(NEVER_BELOW, seen).into();
        }
    }
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
mod tests;
