//! Tellers on shared accounts: no money lost, none made, nobody sees a transfer half done.

mod bad_ledger;
mod bank;
mod judges;
mod ledger;
mod statement;

use engine::case::{Call, Case, Sharing};
use engine::observation::Observation;

use crate::exercise::{Check, Exercise};
use crate::judges::ends;
use crate::random::Random;
use crate::wrong_usage::{USAGE, advised_usage};
use judges::{every_operation_once, of_example, of_ledger};
use ledger::{Ledger, Operation, deposit, transfer, withdraw};
use statement::Statement;

/// Deposits, withdrawals and transfers by several tellers at once.
pub static EXERCISE: Exercise = Exercise {
    name: "bank-account",
    summary: "Tellers, each a thread, apply a ledger of deposits, withdrawals and transfers",
    checks: &[
        Check { id: "every-operation-once", about: "each operation of each teller is done once, in order" },
        Check { id: "linearizable", about: "one order of all operations explains every reported balance" },
        Check { id: "conserves-money", about: "the final balances follow from the accepted operations" },
        Check { id: "never-overdrawn", about: "no account ever goes below 0" },
        Check {
            id: "terminates",
            about: "the program ends, also after opposite transfers and self-transfers",
        },
        Check {
            id: "bad-ledger",
            about: "a bad ledger is refused with its file and line, and nothing is applied",
        },
        USAGE,
    ],
    after: &[
        ("terminates", &["every-operation-once"]),
        ("bad-ledger", &["every-operation-once"]),
        (USAGE.id, &["every-operation-once"]),
    ],
    cases,
};

const SMALL_RUNS: u32 = 12;
const LARGE_RUNS: u32 = 3;
/// Of the schedules, in percent, for each case that is explored.
const SHARE: u32 = 7;

const NO_OPERATIONS: &str = "no-operations";
const SAME_MONEY_TWICE: &str = "same-money-twice";

/// One teller after the other is no matter of order, and overdraws nothing that another one left.
const TELLERS: Sharing = Sharing {
    checks: &["linearizable", "never-overdrawn"],
    expected: "two tellers, each a thread, that share an account",
    threads: 2,
    operations: 2,
};

fn cases(seed: u64) -> Vec<Case> {
    let small = small().into_iter().chain([("eight-accounts", eight_accounts(seed))]);
    let small = small.map(|(id, ledger)| case(id, ledger).runs(SMALL_RUNS).explored(SHARE));
    let small = small.map(|case| match case.id.as_str() {
        NO_OPERATIONS => case.idle(),
        SAME_MONEY_TWICE => case.shared(TELLERS),
        _ => case,
    });
    let large = large(seed).into_iter().map(|(id, ledger)| case(id, ledger).runs(LARGE_RUNS));
    let example = of_example(Case::of_args("example", [""; 0])).runs(SMALL_RUNS).explored(SHARE);
    let wrong = advised_usage(&[("ledger-without-file", &["--ledger"]), ("stray-argument", &["ledger.csv"])]);
    small.chain(large).chain([example, blank_lines()]).chain(bad_ledger::cases()).chain(wrong).collect()
}

fn case(id: &str, ledger: Ledger) -> Case {
    of_ledger(Case::new(id, call(ledger.csv())), ledger)
}

/// A call with a ledger file of this content.
fn call(csv: String) -> Call {
    const FILE: &str = "ledger.csv";
    Call { args: vec!["--ledger".into(), FILE.into()], files: vec![(FILE.into(), csv.into_bytes())] }
}

/// Two or three tellers with few operations, each about one way to go wrong.
fn small() -> Vec<(&'static str, Ledger)> {
    vec![
        (SAME_MONEY_TWICE, {
            let both = ["alice", "bob"].map(|teller| withdraw(teller, "joint", 100));
            Ledger::new(&[("joint", 100)], both)
        }),
        ("same-money-moved-twice", {
            let both = [transfer("alice", "joint", "rent", 100), transfer("bob", "joint", "food", 100)];
            Ledger::new(&[("joint", 100), ("rent", 0), ("food", 0)], both)
        }),
        ("rejected-or-paid", {
            // Where it is rejected, the account has not yet what the deposit brings.
            let both = [withdraw("alice", "joint", 10), deposit("bob", "joint", 20)];
            Ledger::new(&[("joint", 5)], both)
        }),
        ("deposits", {
            let round = || [deposit("alice", "joint", 1), deposit("bob", "joint", 20)];
            Ledger::new(&[("joint", 0)], repeat(3, round))
        }),
        ("opposite-transfers", {
            let round = || [transfer("alice", "rent", "food", 1), transfer("bob", "food", "rent", 2)];
            Ledger::new(&[("rent", 10), ("food", 10)], repeat(2, round))
        }),
        ("watched-transfers", {
            // The amounts of 0 only look: the 50 must always be on exactly one side.
            let there_and_back =
                [transfer("alice", "rent", "food", 50), transfer("alice", "food", "rent", 50)];
            let looks = || [deposit("bob", "rent", 0), deposit("bob", "food", 0)];
            Ledger::new(&[("rent", 50), ("food", 0)], there_and_back.into_iter().chain(repeat(2, looks)))
        }),
        ("ring-of-transfers", {
            let tellers = [("alice", "food", "rent"), ("bob", "rent", "travel"), ("carol", "travel", "food")];
            let round = || tellers.map(|(teller, from, to)| transfer(teller, from, to, 3));
            Ledger::new(&[("travel", 4), ("food", 4), ("rent", 4)], repeat(2, round))
        }),
        ("self-transfers", {
            let alice = [transfer("alice", "joint", "joint", 5), transfer("alice", "joint", "joint", 500)];
            let bob = [withdraw("bob", "joint", 6), transfer("bob", "joint", "joint", 5)];
            Ledger::new(&[("joint", 10)], alice.into_iter().chain(bob))
        }),
        ("largest-balance", {
            let alice = [deposit("alice", "vault", 20), deposit("alice", "vault", 10)];
            let bob = [transfer("bob", "purse", "vault", 11), withdraw("bob", "purse", 11)];
            Ledger::new(&[("vault", i64::MAX - 10), ("purse", 11)], alice.into_iter().chain(bob))
        }),
        ("full-account", {
            // The transfer is rejected only before the withdrawal, when the purse has not yet what bob brings.
            let alice = transfer("alice", "purse", "vault", 5);
            let bob = [withdraw("bob", "vault", 100), deposit("bob", "purse", 7)];
            Ledger::new(&[("vault", i64::MAX), ("purse", 11)], [alice].into_iter().chain(bob))
        }),
        (NO_OPERATIONS, Ledger::new(&[("rent", 5), ("food", 0)], [])),
        ("one-teller", {
            let alice =
                [withdraw("alice", "joint", 1), deposit("alice", "joint", 0), deposit("alice", "joint", 7)];
            Ledger::new(&[("joint", 0)], alice)
        }),
    ]
}

/// Transfers all over: accounts that share a lock with others meet in every order.
fn eight_accounts(seed: u64) -> Ledger {
    let accounts = ["travel", "food", "rent", "savings", "gifts", "taxes", "books", "music"];
    let mut random = Random::new(seed);
    let mut draw = |teller: &str| {
        let (from, to) = (random.pick(&accounts), random.pick(&accounts));
        transfer(teller, from, to, 1)
    };
    let operations: Vec<Operation> = repeat(6, || ["alice", "bob", "carol"].map(&mut draw)).collect();
    Ledger::new(&accounts.map(|account| (account, 10)), operations)
}

/// Many operations at once.
fn large(seed: u64) -> Vec<(&'static str, Ledger)> {
    let mut random = Random::new(seed);
    vec![
        ("many-opposite-transfers", {
            let round = || [transfer("alice", "rent", "food", 1), transfer("bob", "food", "rent", 1)];
            Ledger::new(&[("rent", 20), ("food", 20)], repeat(200, round))
        }),
        ("one-busy-account", Ledger::drawn(&mut random, &["joint"], 8, 40)),
        ("many-accounts", Ledger::drawn(&mut random, &["travel", "food", "rent", "savings"], 6, 60)),
        ("many-tellers", Ledger::drawn(&mut random, &["rent", "food"], 40, 5)),
    ]
}

/// Lines without anything are no rows, wherever they stand. Who stumbles over them does not lose
/// the points of every check.
fn blank_lines() -> Case {
    let ledger = Ledger::new(&[("joint", 5)], [deposit("alice", "joint", 1), withdraw("bob", "joint", 2)]);
    let call = call(ledger.csv().replace('\n', "\n\n"));
    let once = move |seen: &Observation| every_operation_once(&ledger, &Statement::read(&seen.stdout)).into();
    Case::new("blank-lines", call)
        .runs(1)
        .judge("every-operation-once", once)
        .judge_ending("terminates", ends())
}

fn repeat<const N: usize>(
    rounds: usize,
    mut round: impl FnMut() -> [Operation; N],
) -> impl Iterator<Item = Operation> {
    (0..rounds).flat_map(move |_| round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_judged_and_every_case_judges_its_end() {
        let cases = cases(0);
        for check in EXERCISE.checks {
            let judging = cases.iter().filter(|case| case.judges.iter().any(|(id, _)| *id == check.id));
            assert!(judging.count() > 1, "{}", check.id);
        }
        assert!(
            cases
                .iter()
                .all(|case| case.judges.last().is_some_and(|(id, _)| ["terminates", "usage"].contains(id)))
        );
    }
}
