use engine::observation::Observation;

use super::super::ledger::{Operation, deposit, transfer, withdraw};
use super::*;
use exercise::random::Random;

/// `alice` and `bob` on `joint`, opened with 10, and `rent`, with 0.
fn ledger() -> Ledger {
    let operations =
        [deposit("alice", "joint", 5), withdraw("bob", "joint", 12), transfer("alice", "joint", "rent", 1)];
    Ledger::new(&[("rent", 0), ("joint", 10)], operations)
}

const RIGHT: &str = "alice deposit joint 5 ok 15\nbob withdraw joint 12 ok 3\n\
                     alice transfer joint>rent 1 ok 2\nbalance joint 2\nbalance rent 1\n";

fn judgement(case: &Case, check: &str, stdout: &str) -> Judgement {
    let judge = &case.judges.iter().find(|(id, _)| *id == check).unwrap().1;
    judge.judge_unasked(&Observation { stdout: stdout.into(), ..Observation::default() })
}

/// What `check` says of `stdout`: `kept`, `unproven`, or what it has seen.
fn says(case: &Case, check: &str, stdout: &str) -> String {
    match judgement(case, check, stdout) {
        Judgement::Kept => "kept".into(),
        Judgement::Unproven(_) => "unproven".into(),
        Judgement::Nothing => "nothing".into(),
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
fn each_teller_is_one_thread() {
    let by = |threads: [u8; 3]| {
        let lines: Vec<String> = RIGHT.lines().map(|line| format!("{line}\n")).collect();
        let written = threads.into_iter().zip(lines.iter().map(String::as_bytes));
        match own_threads(&Text::written(written)) {
            Judgement::Broken(fault) => fault.seen,
            other => format!("{other:?}"),
        }
    };
    assert_eq!(by([1, 2, 1]), "Nothing");
    assert_eq!(by([0, 2, 0]), "Nothing");
    assert_eq!(by([1, 1, 1]), "line 2, of bob, is written by the thread of alice");
    assert_eq!(by([1, 2, 3]), "line 3, of alice, is written by another thread than the one before it");
    assert_eq!(by([1, 2, 2]), "line 3, of alice, is written by another thread than the one before it");
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
fn the_same_money_is_not_taken_twice() {
    let both = Ledger::new(&[("joint", 10)], [withdraw("alice", "joint", 8), withdraw("bob", "joint", 8)]);
    let case = of_ledger(Case::of_args("", [""]), both);
    let output = "alice withdraw joint 8 ok 2\nbob withdraw joint 8 ok 2\nbalance joint 2\n";
    let seen = "the accepted operations take 6 more from joint than it ever held";
    assert_eq!(says(&case, "never-overdrawn", output), seen);
}

#[test]
fn nothing_is_taken_that_cannot_be_there() {
    let alice = [withdraw("alice", "joint", 8), withdraw("alice", "joint", 8), deposit("alice", "joint", 9)];
    let case = of_ledger(Case::of_args("", [""]), Ledger::new(&[("joint", 10)], alice));
    let output = "alice withdraw joint 8 ok 2\nalice withdraw joint 8 ok 0\nalice deposit joint 9 ok 3\nbalance joint 3\n";
    assert_eq!(
        says(&case, "never-overdrawn", output),
        "line 2 is `alice withdraw joint 8 ok 0`, but in no order joint holds more than 2 then"
    );
}

/// What a right bank prints whose tellers take `patience` turns, in the mean, before they
/// print a line.
fn played(ledger: &Ledger, patience: u64, random: &mut Random) -> String {
    let mut holds: BTreeMap<&str, i64> =
        ledger.opening.iter().map(|(account, amount)| (account.as_str(), *amount)).collect();
    let mut tellers: Vec<_> =
        ledger.by_teller().into_values().map(|operations| (operations.into_iter(), None::<String>)).collect();
    let mut output = String::new();
    while !tellers.is_empty() {
        let at = usize::try_from(random.below(tellers.len() as u64)).unwrap();
        let (operations, unsaid) = &mut tellers[at];
        if let Some(line) = unsaid.take_if(|_| random.below(patience) == 0) {
            output += &line;
        } else if unsaid.is_none() {
            match operations.next() {
                Some(operation) => *unsaid = Some(applied(&mut holds, operation)),
                None => drop(tellers.remove(at)),
            }
        }
    }
    holds.iter().for_each(|(account, amount)| output += &format!("balance {account} {amount}\n"));
    output
}

fn applied<'a>(holds: &mut BTreeMap<&'a str, i64>, operation: &'a Operation) -> String {
    let Operation { action, account, to, amount, .. } = operation;
    let takes = *action != Action::Deposit;
    let accepted = !takes || holds[account.as_str()] >= *amount;
    if accepted {
        *holds.get_mut(account.as_str()).unwrap() += if takes { -amount } else { *amount };
        holds.entry(to.as_str()).and_modify(|target| *target += amount);
    }
    format!("{operation} {} {}\n", if accepted { "ok" } else { "rejected" }, holds[account.as_str()])
}

#[test]
fn slow_tellers_of_a_right_bank_are_always_explained() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        for (accounts, tellers, rounds) in [(1, 8, 40), (4, 6, 60), (2, 40, 5)] {
            let accounts = &["rent", "food", "travel", "savings"][..accounts];
            let ledger = Ledger::drawn(&mut random, accounts, tellers, rounds);
            let output = played(&ledger, 1 + 10 * (seed % 4), &mut random);
            for (check, rule) in RULES {
                let judgement = rule(&ledger, &Statement::read(&output.as_str().into()));
                assert_eq!(judgement, Judgement::Kept, "{check}, {tellers} tellers, seed {seed}");
            }
        }
    }
}

#[test]
fn one_wrong_balance_among_slow_tellers_is_never_explained() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let ledger = Ledger::drawn(&mut random, &["rent", "food"], 6, 20);
        let output = played(&ledger, 10, &mut random);
        let mut statement = Statement::read(&output.as_str().into());
        let at = usize::try_from(random.below(statement.entries.len() as u64)).unwrap();
        statement.entries[at].balance += 1;
        let judgement = linearizable(&ledger, &statement);
        assert!(matches!(judgement, Judgement::Broken(_)), "seed {seed}: {judgement:?}");
    }
}

#[test]
fn the_example_has_operations_and_a_balance_for_each_account() {
    assert_eq!(example("conserves-money", ""), "there is not one");
    assert_eq!(example("linearizable", ""), "unproven");
    let (operations, _) = RIGHT.split_once("balance rent").unwrap();
    assert_eq!(example("conserves-money", operations), "there is no such line for rent");
}
