//! The bank: each account has a lock of its own, so that tellers who work on different accounts do not wait for each
//! other. A transfer needs two of the locks at once.
//!
//! The tempting bugs: to look at the balance under one lock and change it under the next, and to lock the accounts of
//! a transfer in the order in which they are named. `A>B` and `B>A` then wait for each other for ever.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use crate::ledger::{Action, Operation};

/// The balances in cents, never below 0.
pub(crate) struct Bank {
    accounts: BTreeMap<String, Mutex<i64>>,
}

/// The account's balance when the operation took effect: after it, or unchanged, if the operation is rejected.
pub(crate) type Outcome = Result<i64, i64>;

impl Bank {
    pub(crate) fn new(opening: BTreeMap<String, i64>) -> Self {
        Bank { accounts: opening.into_iter().map(|(name, balance)| (name, Mutex::new(balance))).collect() }
    }

    /// Applies the whole operation at one moment, or rejects it. The ledger has checked that the accounts exist.
    pub(crate) fn apply(&self, operation: &Operation) -> Outcome {
        let Operation { action, account, amount } = operation;
        match action {
            Action::Deposit => self.change(account, |balance| plus(balance, *amount)),
            Action::Withdraw => self.change(account, |balance| minus(balance, *amount)),
            Action::Transfer { to } => self.transfer(account, to, *amount),
        }
    }

    /// Sets the balance to `new_balance` of the present one; rejects where that is `None`.
    fn change(&self, account: &str, new_balance: impl FnOnce(i64) -> Option<i64>) -> Outcome {
        // BEGIN SOLUTION
        let mut balance = self.lock(account);
        match new_balance(*balance) {
            Some(new) => {
                *balance = new;
                Ok(new)
            }
            None => Err(*balance),
        }
        // END SOLUTION
    }

    /// Moves money from one account to another, or to itself: then the money has to be there, and it stays there.
    /// Gives back the balance of `from`.
    fn transfer(&self, from: &str, to: &str, amount: i64) -> Outcome {
        // BEGIN SOLUTION
        if from == to {
            // To lock the same mutex twice would be to wait for oneself.
            return self.change(from, |balance| minus(balance, amount).and(Some(balance)));
        }
        let (mut source, mut target);
        // Everyone who needs two locks takes the one of the smaller name first. So whoever waits for a lock holds
        // only locks of smaller names, and no circle of waiting threads can close.
        if from < to {
            source = self.lock(from);
            target = self.lock(to);
        } else {
            target = self.lock(to);
            source = self.lock(from);
        }
        match (minus(*source, amount), plus(*target, amount)) {
            (Some(less), Some(more)) => {
                *source = less;
                *target = more;
                Ok(less)
            }
            _ => Err(*source),
        }
        // END SOLUTION
    }

    fn lock(&self, account: &str) -> MutexGuard<'_, i64> {
        self.accounts[account].lock().unwrap()
    }

    /// The balances by account name, when all is done.
    pub(crate) fn into_balances(self) -> impl Iterator<Item = (String, i64)> {
        self.accounts.into_iter().map(|(name, balance)| (name, balance.into_inner().unwrap()))
    }
}

fn plus(balance: i64, amount: i64) -> Option<i64> {
    balance.checked_add(amount)
}

fn minus(balance: i64, amount: i64) -> Option<i64> {
    balance.checked_sub(amount).filter(|rest| *rest >= 0)
}
