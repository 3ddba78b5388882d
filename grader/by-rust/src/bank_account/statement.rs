//! What the program printed: an entry for each operation, then the final balances.

use std::collections::BTreeMap;
use std::fmt;

use engine::judgement::Fault;
use engine::observation::Text;

use super::ledger::{Action, Ledger, Operation};
use exercise::judges::{lines, number};
use exercise::quoted::quoted;

/// An operation with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) operation: Operation,
    pub(super) accepted: bool,
    /// What the account held when the operation took effect.
    pub(super) balance: i64,
    /// The line of output, from 0: here it had taken effect.
    pub(super) line: usize,
    /// The line after its teller's line before it: here it began at the earliest.
    pub(super) begins: usize,
}

impl Entry {
    /// Reads `OPERATION ok BALANCE` or `OPERATION rejected BALANCE`.
    fn parse(text: &str, line: usize) -> Option<Self> {
        let (rest, balance) = text.rsplit_once(' ')?;
        let (operation, outcome) = rest.rsplit_once(' ')?;
        let accepted = match outcome {
            "ok" => true,
            "rejected" => false,
            _ => return None,
        };
        Some(Self {
            operation: Operation::parse(operation)?,
            accepted,
            balance: number(balance)?,
            line,
            begins: 0,
        })
    }

    /// Whether it had taken effect before `other` began.
    pub(super) fn precedes(&self, other: &Self) -> bool {
        self.line < other.begins
    }

    /// What it brought to `account`: below 0 where it took money from it.
    pub(super) fn change(&self, account: &str) -> i64 {
        let Operation { action, account: own, to, amount, .. } = &self.operation;
        let takes = own == account && *action != Action::Deposit;
        let gives = if *action == Action::Deposit { own == account } else { to == account };
        match (self.accepted, takes, gives) {
            (true, true, false) => -amount,
            (true, false, true) => *amount,
            _ => 0,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.accepted { "ok" } else { "rejected" };
        write!(f, "{} {outcome} {}", self.operation, self.balance)
    }
}

/// A line that begins with `balance`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Balance {
    pub(super) text: String,
    pub(super) line: usize,
}

impl Balance {
    /// The account and what it holds, if the line is well formed.
    pub(super) fn parts(&self) -> Option<(&str, i64)> {
        let (account, amount) = self.text.strip_prefix("balance ")?.rsplit_once(' ')?;
        Some((account, number(amount)?))
    }
}

/// All that was printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) entries: Vec<Entry>,
    pub(super) balances: Vec<Balance>,
    /// What is wrong with the first line that is neither.
    pub(super) unreadable: Option<Fault>,
}

impl Statement {
    pub(super) fn read(stdout: &Text) -> Self {
        let mut statement = Self { unreadable: lines(stdout).err(), ..Self::default() };
        let mut next_begins: BTreeMap<String, usize> = BTreeMap::new();
        for (line, text) in stdout.lines.iter().enumerate() {
            if let Some(mut entry) = Entry::parse(text, line) {
                entry.begins = next_begins.insert(entry.operation.teller.clone(), line + 1).unwrap_or(0);
                statement.entries.push(entry);
            } else if text.starts_with("balance") {
                statement.balances.push(Balance { text: text.clone(), line });
            } else if statement.unreadable.is_none() {
                let seen = format!("line {} is {}", line + 1, quoted(text));
                statement.unreadable = Some(Fault::new(FORMAT, seen).at(line));
            }
        }
        let sentence = if stdout.is_torn.is_some() { "one-write" } else { "line" };
        statement.unreadable = statement.unreadable.map(|fault| fault.of(sentence));
        statement
    }

    /// What the accepted operations brought to each account that any operation names.
    pub(super) fn changes(&self) -> BTreeMap<&str, i128> {
        let mut changes = BTreeMap::new();
        for entry in &self.entries {
            let Operation { account, to, .. } = &entry.operation;
            *changes.entry(account.as_str()).or_default() += i128::from(entry.change(account));
            if !to.is_empty() && to != account {
                *changes.entry(to.as_str()).or_default() += i128::from(entry.change(to));
            }
        }
        changes
    }

    /// The ledger of an output of which only the program knows the ledger: the operations are
    /// those that it printed, and each account was opened with what it holds in the end, less
    /// what the accepted operations brought.
    ///
    /// # Errors
    /// Where no opening balance would explain the output.
    pub(super) fn ledger(&self) -> Result<Ledger, Fault> {
        if self.entries.is_empty() {
            return Err(Fault::new("the operations of the built-in example", "there is not one"));
        }
        let mut changes = self.changes();
        let mut opening = Vec::new();
        for balance in &self.balances {
            let known = balance.parts().map(|(account, last)| (account, i128::from(last)));
            let first = known.map(|(account, last)| (account, last - changes.remove(account).unwrap_or(0)));
            match first.map(|(account, first)| (account, i64::try_from(first))) {
                Some((account, Ok(first))) if first >= 0 => opening.push((account.to_owned(), first)),
                _ => {
                    let seen = format!("line {} does not fit the operations before it", balance.line + 1);
                    return Err(Fault::new(BALANCES, seen).at(balance.line));
                }
            }
        }
        if let Some(account) = changes.keys().next() {
            return Err(Fault::new(BALANCES, format!("there is no such line for {account}")));
        }
        let operations = self.entries.iter().map(|entry| entry.operation.clone()).collect();
        Ok(Ledger { opening, operations })
    }
}

const BALANCES: &str =
    "at the end, a line `balance ACCOUNT AMOUNT` for each account, as the accepted operations leave it";

const FORMAT: &str =
    "a line `TELLER OPERATION ACCOUNT[>TO] AMOUNT ok BALANCE` or `… rejected BALANCE` for each operation";

#[cfg(test)]
mod tests {
    use super::super::{deposit, withdraw};
    use super::*;

    #[test]
    fn entries_and_balances_are_told_apart() {
        let statement =
            Statement::read(&"al deposit a 5 ok 6\nal withdraw a 9 rejected 6\nbalance a 6\n".into());
        let outcomes: Vec<_> =
            statement.entries.iter().map(|entry| (entry.accepted, entry.balance)).collect();
        assert_eq!(outcomes, [(true, 6), (false, 6)]);
        assert_eq!(statement.balances[0].parts(), Some(("a", 6)));
        assert_eq!(statement.unreadable, None);
    }

    #[test]
    fn the_first_line_that_is_neither_is_kept() {
        let statement = Statement::read(&"al deposit a 5 ok 6\nal deposit a 5 fine 6\nwhat\n".into());
        assert_eq!(statement.unreadable.unwrap().seen, "line 2 is `al deposit a 5 fine 6`");
    }

    #[test]
    fn an_operation_begins_after_its_tellers_line_before_it() {
        let output = "al deposit a 1 ok 1\nbo deposit a 1 ok 2\nal deposit a 1 rejected 3\n";
        let entries = Statement::read(&output.into()).entries;
        assert_eq!(
            entries.iter().map(|entry| (entry.begins, entry.line)).collect::<Vec<_>>(),
            [(0, 0), (0, 1), (1, 2)]
        );
        assert!(entries[0].precedes(&entries[2]));
        assert!(!entries[1].precedes(&entries[2]));
        assert_eq!(entries[2].to_string(), "al deposit a 1 rejected 3");
    }

    #[test]
    fn malformed_balances_have_no_parts() {
        for text in ["balance", "balance a", "balance a b", "balance: a 5", "balances a 5"] {
            assert_eq!(Balance { text: text.into(), line: 0 }.parts(), None, "{text}");
        }
    }

    #[test]
    fn changes_add_up_for_each_account() {
        let output = "al deposit a 5 ok 5\nal transfer a>b 3 ok 2\nbo transfer b>b 3 ok 3\nbo withdraw b 9 rejected 3\n";
        let statement = Statement::read(&output.into());
        assert_eq!(statement.changes().into_iter().collect::<Vec<_>>(), [("a", 2), ("b", 3)]);
    }

    #[test]
    fn opening_balances_follow_from_the_final_ones() {
        let output = "al deposit joint 5 ok 15\nbo withdraw joint 99 rejected 15\nbalance joint 15\n";
        let ledger = Statement::read(&output.into()).ledger().unwrap();
        assert_eq!(
            ledger,
            Ledger::new(&[("joint", 10)], [deposit("al", "joint", 5), withdraw("bo", "joint", 99)])
        );
    }

    #[test]
    fn an_output_that_no_opening_balance_explains_has_no_ledger() {
        let ledger = |output: &str| Statement::read(&output.into()).ledger().unwrap_err();
        assert_eq!(ledger("al deposit joint 5 ok 5\nbalance joint 4\n").line, Some(1));
        assert_eq!(ledger("al deposit joint 5 ok 5\n").seen, "there is no such line for joint");
    }
}
