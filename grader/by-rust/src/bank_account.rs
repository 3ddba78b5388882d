//! Tellers on shared accounts: no money lost, none made, nobody sees a transfer half done.

mod bad_ledger;
mod bank;
mod judges;
mod ledger;
mod statement;

use engine::case::{Call, Case, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use exercise::judges::ends;
use exercise::outputs::{CANNOT_WRITE, full, unread};
use exercise::quoted::quoted;
use exercise::random::Random;
use exercise::wrong_usage::{USAGE, advised_usage, help};
use exercise::{Check, Exercise};
use judges::{every_operation_once, of_example, of_ledger};
use ledger::{Ledger, Operation, deposit, transfer, withdraw};
use statement::Statement;

/// Deposits, withdrawals and transfers by several tellers at once.
pub static EXERCISE: Exercise = Exercise {
    name: "bank-account",
    root: "main.rs",
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
        bad_ledger::STRICT,
        USAGE,
        CANNOT_WRITE,
    ],
    after: &[
        ("terminates", &["every-operation-once"]),
        ("bad-ledger", &["every-operation-once"]),
        (bad_ledger::STRICT.id, &["every-operation-once"]),
        (USAGE.id, &["every-operation-once"]),
        (CANNOT_WRITE.id, &["every-operation-once"]),
    ],
    untried: &[
        (
            "main-prints-balances",
            "who prints the last lines makes no difference that a reader of them could see",
        ),
        ("many-tellers", "where the machine has room for more threads, a program may start them all"),
    ],
    cases: &cases,
};

const SMALL_RUNS: u32 = 12;
const LARGE_RUNS: u32 = 3;
/// Of the schedules, in percent, for each case that is explored.
const SHARE: u32 = 7;
/// What no teller works on has next to no schedules.
const SHARE_OF_NONE: u32 = 1;

const NO_OPERATIONS: &str = "no-operations";
const SAME_MONEY_TWICE: &str = "same-money-twice";

/// What cases are about where that is more than any operations.
const ABOUT: [(&str, &str, &[&str]); 6] = [
    (NO_OPERATIONS, "conserves-money", &["open", "final-balances", "sorted"]),
    ("extreme-amounts", "every-operation-once", &["amounts", "every-operation-once", "line"]),
    ("at-the-limit", "never-overdrawn", &["overflow", "never-overdrawn"]),
    ("at-the-limit", "linearizable", &["overflow", "balance-then"]),
    ("watched-transfers", "linearizable", &["never-half"]),
    ("watched-by-the-refused", "linearizable", &["never-half"]),
];

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
        NO_OPERATIONS => case.idle().explored(SHARE_OF_NONE),
        SAME_MONEY_TWICE => case.shared(TELLERS).small(),
        "same-money-moved-twice" | "rejected-or-paid" => case.small(),
        _ => case,
    });
    let plain = plain().into_iter().map(|(id, ledger)| case(id, ledger).runs(1));
    let mut small: Vec<Case> = small.collect();
    // Where one teller alone goes wrong, that is the easiest to read.
    small.splice(1..1, plain);
    let large = large(seed).into_iter().map(|(id, ledger)| case(id, ledger).runs(LARGE_RUNS));
    let example = of_example(Case::of_args("example", [""; 0])).runs(SMALL_RUNS).explored(SHARE - 1);
    let wrong = advised_usage(&[("ledger-without-file", &["--ledger"]), ("stray-argument", &["ledger.csv"])]);
    let none = || Call::new([""; 0]);
    let outputs = [unread(none(), 2).explored(2), full(EXERCISE.name, none()), help(&[("--ledger", "")])];
    let others = [example].into_iter().chain(spellings()).chain([full_account_to_itself()]).chain(outputs);
    small.into_iter().chain(large).chain(others).chain(bad_ledger::cases()).chain(wrong).collect()
}

fn case(id: &str, ledger: Ledger) -> Case {
    let about = ABOUT.iter().filter(|(about, ..)| *about == id);
    let case = about
        .fold(Case::new(id, call(ledger.csv())), |case, (_, check, sentences)| case.tries(check, sentences));
    of_ledger(case, ledger)
}

/// A call with a ledger file of this content.
fn call(csv: impl Into<Vec<u8>>) -> Call {
    const FILE: &str = "ledger.csv";
    Call::new(["--ledger", FILE]).with([(FILE, csv.into())])
}

/// Two or three tellers with few operations, each about one way to go wrong.
fn small() -> Vec<(&'static str, Ledger)> {
    vec![
        (NO_OPERATIONS, Ledger::new(&[("rent", 5), ("food", 0)], [])),
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
        ("watched-transfers", {
            // The amounts of 0 only look: the 50 must always be on exactly one side.
            let there_and_back =
                [transfer("alice", "rent", "food", 50), transfer("alice", "food", "rent", 50)];
            let looks = || [deposit("bob", "rent", 0), deposit("bob", "food", 0)];
            Ledger::new(&[("rent", 50), ("food", 0)], there_and_back.into_iter().chain(repeat(2, looks)))
        }),
        ("watched-by-the-refused", {
            // What is rejected tells a balance, too: the 50 must always be on exactly one side.
            let there_and_back =
                [transfer("alice", "rent", "food", 50), transfer("alice", "food", "rent", 50)];
            let looks = || [withdraw("bob", "rent", 99), withdraw("bob", "food", 99)];
            Ledger::new(&[("rent", 50), ("food", 0)], there_and_back.into_iter().chain(repeat(2, looks)))
        }),
        ("opposite-transfers", {
            let round = || [transfer("alice", "rent", "food", 1), transfer("bob", "food", "rent", 2)];
            Ledger::new(&[("rent", 10), ("food", 10)], repeat(2, round))
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

/// One teller alone: what is wrong here is no matter of threads.
fn plain() -> [(&'static str, Ledger); 4] {
    [
        ("whole-balances", {
            let alice = [
                withdraw("alice", "joint", 5),
                deposit("alice", "joint", 7),
                transfer("alice", "joint", "rent", 7),
                transfer("alice", "rent", "joint", 8),
            ];
            Ledger::new(&[("rent", 0), ("joint", 5)], alice)
        }),
        ("to-oneself", {
            let alice = [transfer("alice", "joint", "joint", 5), transfer("alice", "joint", "joint", 6)];
            Ledger::new(&[("joint", 5)], alice)
        }),
        ("at-the-limit", {
            let alice = [deposit("alice", "vault", 1), transfer("alice", "purse", "vault", 1)];
            Ledger::new(&[("vault", i64::MAX), ("purse", 1)], alice)
        }),
        ("extreme-amounts", {
            let alice = [
                deposit("alice", "vault", 0),
                deposit("alice", "vault", i64::MAX),
                withdraw("alice", "vault", 0),
                withdraw("alice", "vault", i64::MAX),
            ];
            Ledger::new(&[("vault", 0), ("empty", 0)], alice)
        }),
    ]
}

/// The same ledger in other spellings of CSV. Who stumbles over one does not lose the points of every check.
fn spellings() -> [Case; 3] {
    let ledger = |account: &str| {
        Ledger::new(&[(account, 5)], [deposit("alice", account, 1), withdraw("bob", account, 2)])
    };
    let (joint, named) = (ledger("joint"), ledger("savings, old"));
    let csv = joint.csv();
    // Quotes around what needs none, too.
    let in_quotes = named.csv().replace("savings, old", "\"savings, old\"").replace("alice", "\"alice\"");
    let (once, strict) = ("every-operation-once", bad_ledger::STRICT.id);
    let blank = spelling("blank-lines", once, &["blank-lines"], csv.replace('\n', "\n\n"), joint.clone());
    [
        blank.judge_ending("terminates", ends()).tries("terminates", &["ends"]),
        spelling("carriage-returns", strict, &["line-ends"], csv.replace('\n', "\r\n"), joint),
        spelling("quoted-fields", strict, &["quoted"], in_quotes, named),
    ]
}

fn spelling(
    id: &str,
    check: &'static str,
    sentences: &'static [&'static str],
    csv: String,
    ledger: Ledger,
) -> Case {
    let once = move |seen: &Observation| every_operation_once(&ledger, &Statement::read(&seen.stdout)).into();
    Case::new(id, call(csv)).runs(1).judge(check, once).tries(check, sentences)
}

/// Advice: a transfer from a full account to itself overflows nothing, as it changes nothing.
fn full_account_to_itself() -> Case {
    const DUE: &str = "alice transfer vault>vault 1 ok 9223372036854775807";
    let ledger = Ledger::new(&[("vault", i64::MAX)], [transfer("alice", "vault", "vault", 1)]);
    let is_accepted = |seen: &Observation| match seen.stdout.lines.first() {
        Some(line) if line == DUE => Judgement::Kept,
        Some(line) => Fault::new(format!("`{DUE}`"), format!("line 1 is {}", quoted(line))).at(0).into(),
        None => Fault::new(format!("`{DUE}`"), "there is no output").into(),
    };
    let strict = bad_ledger::STRICT.id;
    let case = Case::new("full-account-to-itself", call(ledger.csv())).runs(1);
    case.judge(strict, is_accepted).tries(strict, &["self-transfer"])
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
            assert!(judging.count() > usize::from(check.id != CANNOT_WRITE.id), "{}", check.id);
        }
        const ADVICE: [&str; 3] = ["usage", "cannot-write", "strict-ledger"];
        let judges_its_end = |case: &Case| {
            let last = case.judges.last();
            last.is_some_and(|(id, _)| *id == "terminates" || ADVICE.contains(id))
        };
        assert!(cases.iter().all(judges_its_end));
    }
}
