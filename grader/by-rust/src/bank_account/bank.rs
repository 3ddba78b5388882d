//! The bank as it behaves when one operation is done at a time, and histories of it.

use super::ledger::{Action, Ledger};
use super::statement::{Entry, Statement};
use exercise::linearizability::{Model, Timed};

/// A bank; its state is what each account holds, in the order in which they were opened.
pub(super) struct Bank;

/// An operation with its reported outcome; accounts are places in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    action: Action,
    pub(super) account: usize,
    to: usize,
    amount: i64,
    accepted: bool,
    balance: i64,
}

impl Model for Bank {
    type State = Vec<i64>;
    type Op = Step;

    fn apply(&self, state: &Vec<i64>, step: &Step) -> Option<Vec<i64>> {
        let after = outcome(state, step);
        let agrees = after.is_some() == step.accepted;
        let state = after.unwrap_or_else(|| state.clone());
        (agrees && state[step.account] == step.balance).then_some(state)
    }

    fn only_looks(&self, step: &Step) -> bool {
        let to_itself = step.action == Action::Transfer && step.to == step.account;
        !step.accepted || step.amount == 0 || to_itself
    }
}

/// The state after the operation, whatever was reported; `None` where it has to be rejected.
fn outcome(state: &[i64], &Step { action, account, to, amount, .. }: &Step) -> Option<Vec<i64>> {
    let mut state = state.to_vec();
    if action != Action::Deposit {
        state[account] = state[account].checked_sub(amount).filter(|&rest| rest >= 0)?;
    }
    if action != Action::Withdraw {
        let target = if action == Action::Deposit { account } else { to };
        state[target] = state[target].checked_add(amount)?;
    }
    Some(state)
}

/// The sentence of the contract that a wrong outcome breaks; none where the outcome is right, and so the balance wrong.
pub(super) fn outcome_sentence(state: &[i64], step: &Step) -> Option<&'static str> {
    let to_itself = step.action == Action::Transfer && step.to == step.account;
    match (outcome(state, step).is_some(), step.accepted) {
        (true, true) | (false, false) => None,
        _ if to_itself => Some("self-transfer"),
        (true, false) => Some("covered"),
        (false, true) => Some("overflow"),
    }
}

/// The entries of each teller as a history. `None` where an entry names a teller or an account
/// that `ledger` does not know.
pub(super) fn history(ledger: &Ledger, statement: &Statement) -> Option<Vec<Vec<Timed<Step>>>> {
    let tellers: Vec<&str> = ledger.by_teller().into_keys().collect();
    let mut history = vec![Vec::<Timed<Step>>::new(); tellers.len()];
    for entry in &statement.entries {
        let own = tellers.iter().position(|&teller| teller == entry.operation.teller)?;
        history[own].push(Timed { op: step(ledger, entry)?, begins: entry.begins, ends: entry.line });
    }
    Some(history)
}

fn step(ledger: &Ledger, entry: &Entry) -> Option<Step> {
    let place = |name: &str| ledger.opening.iter().position(|(account, _)| account == name);
    let operation = &entry.operation;
    let account = place(&operation.account)?;
    Some(Step {
        action: operation.action,
        account,
        to: if operation.to.is_empty() { account } else { place(&operation.to)? },
        amount: operation.amount,
        accepted: entry.accepted,
        balance: entry.balance,
    })
}

#[cfg(test)]
mod tests {
    use super::super::ledger::deposit;
    use super::*;

    const MAX: i64 = i64::MAX;

    /// What `line` leaves of accounts `a` and `b`; `None` where its report contradicts them.
    fn after(a: i64, b: i64, line: &str) -> Option<[i64; 2]> {
        let statement = Statement::read(&line.into());
        let ledger = Ledger::new(&[("a", a), ("b", b)], [statement.entries[0].operation.clone()]);
        let step = history(&ledger, &statement).unwrap()[0][0].op;
        Bank.apply(&vec![a, b], &step).map(|state| [state[0], state[1]])
    }

    #[test]
    fn deposits_add_and_are_rejected_only_where_they_overflow() {
        assert_eq!(after(1, 0, "al deposit a 5 ok 6\n"), Some([6, 0]));
        assert_eq!(after(1, 0, "al deposit a 5 ok 5\n"), None);
        assert_eq!(after(1, 0, "al deposit a 5 rejected 1\n"), None);
        assert_eq!(after(MAX, 0, "al deposit a 1 rejected 9223372036854775807\n"), Some([MAX, 0]));
    }

    #[test]
    fn withdrawals_take_what_is_there_and_no_more() {
        assert_eq!(after(5, 0, "al withdraw a 5 ok 0\n"), Some([0, 0]));
        assert_eq!(after(5, 0, "al withdraw a 6 ok -1\n"), None);
        assert_eq!(after(5, 0, "al withdraw a 6 rejected 5\n"), Some([5, 0]));
        assert_eq!(after(5, 0, "al withdraw a 5 rejected 5\n"), None);
    }

    #[test]
    fn transfers_report_the_account_that_they_take_from() {
        assert_eq!(after(5, 1, "al transfer a>b 2 ok 3\n"), Some([3, 3]));
        assert_eq!(after(5, 1, "al transfer a>b 2 ok 5\n"), None);
        assert_eq!(after(5, 1, "al transfer a>b 6 rejected 5\n"), Some([5, 1]));
        assert_eq!(after(5, MAX, "al transfer a>b 2 rejected 5\n"), Some([5, MAX]));
    }

    #[test]
    fn a_transfer_to_itself_changes_nothing_but_needs_the_money() {
        assert_eq!(after(5, 0, "al transfer a>a 5 ok 5\n"), Some([5, 0]));
        assert_eq!(after(5, 0, "al transfer a>a 6 rejected 5\n"), Some([5, 0]));
        assert_eq!(after(5, 0, "al transfer a>a 6 ok 5\n"), None);
        assert_eq!(after(5, 0, "al transfer a>a 5 ok 0\n"), None);
    }

    #[test]
    fn a_history_has_a_process_for_each_teller() {
        let statement =
            Statement::read(&"al deposit a 1 ok 1\nbo deposit a 1 ok 2\nal deposit a 1 ok 3\n".into());
        let operations = statement.entries.iter().map(|entry| entry.operation.clone());
        let history = history(&Ledger::new(&[("a", 0)], operations), &statement).unwrap();
        assert_eq!(history.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!((history[0][1].begins, history[0][1].ends), (1, 2));
    }

    #[test]
    fn unknown_names_have_no_history() {
        let statement = Statement::read(&"al deposit a 1 ok 1\n".into());
        assert_eq!(history(&Ledger::new(&[("b", 0)], [deposit("al", "a", 1)]), &statement), None);
        assert_eq!(history(&Ledger::new(&[("a", 0)], []), &statement), None);
    }
}
