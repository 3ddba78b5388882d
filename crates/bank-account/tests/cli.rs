//! What `bank-account` promises on its command line. Whether its reports can be explained under every schedule is for
//! `cargo grade bank-account` to say; these tests see one schedule a run.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{self, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bank-account");

const HEADER: &str = "teller,operation,account,to,amount\n";

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

fn bank_account(args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).timeout(PATIENCE).assert()
}

/// A ledger file, gone when the test is over.
struct LedgerFile {
    _folder: TempDir,
    path: PathBuf,
}

impl LedgerFile {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.csv");
        fs::write(&path, content).unwrap();
        LedgerFile { _folder: folder, path }
    }

    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    fn assert(&self) -> Assert {
        bank_account(&["--ledger", self.path()])
    }
}

/// Applies these rows below the right header.
fn apply(rows: &str) -> Assert {
    LedgerFile::new(format!("{HEADER}{rows}")).assert()
}

#[track_caller]
fn assert_refused(content: impl AsRef<[u8]>, line: usize, reason: &str) {
    let ledger = LedgerFile::new(content);
    let place = format!("bank-account: {}:{line}: ", ledger.path());
    let told = predicate::str::starts_with(place)
        .and(predicate::str::contains(reason))
        .and(predicate::function(|said: &str| said.ends_with('\n') && said.lines().count() == 1));
    ledger.assert().code(1).stdout("").stderr(told);
}

/// Refuses this row, which is the ledger's sixth line, after good ones.
#[track_caller]
fn assert_row_refused(row: &str, reason: &str) {
    let good = ",open,A,,10\n,open,B,,10\nann,deposit,A,,1\nbob,transfer,A,B,1\n";
    assert_refused(format!("{HEADER}{good}{row}\nann,deposit,B,,1\n"), 6, reason);
}

#[test]
fn example_shares_one_account() {
    let output = stdout(&bank_account(&[]).success().stderr(""));
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[6], "balance shared 9000");
    assert_eq!(lines.iter().filter(|line| line.contains(" rejected ")).count(), 1);
}

#[test]
fn a_teller_applies_its_rows_in_file_order() {
    apply(
        ",open,B,,0\n,open,A,,100\nann,withdraw,A,,30\nann,deposit,B,,5\nann,transfer,A,B,70\n\
         ann,withdraw,A,,1\nann,transfer,B,A,75\nann,deposit,A,,0\nann,withdraw,B,,0\n",
    )
    .success()
    .stdout(
        "ann withdraw A 30 ok 70\nann deposit B 5 ok 5\nann transfer A>B 70 ok 0\nann withdraw A 1 rejected 0\n\
         ann transfer B>A 75 ok 0\nann deposit A 0 ok 75\nann withdraw B 0 ok 0\nbalance A 75\nbalance B 0\n",
    )
    .stderr("");
}

#[test]
fn rejects_what_would_overdraw_or_overflow() {
    apply(
        ",open,A,,9223372036854775807\n,open,B,,1\nann,deposit,A,,1\nann,transfer,B,A,1\nann,transfer,B,A,2\n\
         ann,withdraw,B,,9223372036854775807\nann,deposit,A,,9223372036854775807\nann,withdraw,A,,9223372036854775807\n",
    )
    .success()
    .stdout(
        "ann deposit A 1 rejected 9223372036854775807\nann transfer B>A 1 rejected 1\nann transfer B>A 2 rejected 1\n\
         ann withdraw B 9223372036854775807 rejected 1\n\
         ann deposit A 9223372036854775807 rejected 9223372036854775807\n\
         ann withdraw A 9223372036854775807 ok 0\nbalance A 0\nbalance B 1\n",
    );
}

#[test]
fn a_transfer_to_itself_needs_the_money_and_changes_nothing() {
    apply(
        ",open,A,,10\n,open,M,,9223372036854775807\nann,transfer,A,A,10\nann,transfer,A,A,11\n\
         ann,transfer,M,M,9223372036854775807\n",
    )
    .success()
    .stdout(
        "ann transfer A>A 10 ok 10\nann transfer A>A 11 rejected 10\n\
         ann transfer M>M 9223372036854775807 ok 9223372036854775807\nbalance A 10\nbalance M 9223372036854775807\n",
    );
}

#[test]
fn opposite_transfers_end_and_conserve_money() {
    let mut rows = ",open,A,,50\n,open,B,,50\n,open,C,,50\n".to_owned();
    for round in 0..500 {
        for (teller, from, to) in [("ann", "A", "B"), ("bob", "B", "A"), ("cat", "B", "C"), ("dan", "C", "A")]
        {
            writeln!(rows, "{teller},transfer,{from},{to},{}", round % 60).unwrap();
        }
    }
    let balances = assert_books_balance(&rows, &stdout(&apply(&rows).success()));
    assert_eq!(balances.values().sum::<i64>(), 150);
}

#[test]
fn no_update_of_a_shared_account_is_lost() {
    let mut rows = ",open,A,,0\n".to_owned();
    for round in 0..2000 {
        writeln!(rows, "t{},deposit,A,,1\nt{},withdraw,A,,1", round % 8, (round + 3) % 8).unwrap();
    }
    assert_books_balance(&rows, &stdout(&apply(&rows).success()));
}

#[test]
fn a_ledger_without_operations_gives_the_balances_by_name() {
    apply(",open,b,,2\n,open,a,,1\n,open,B,,3\n").success().stdout("balance B 3\nbalance a 1\nbalance b 2\n");
    apply("").success().stdout("").stderr("");
    LedgerFile::new(HEADER.trim_end()).assert().success().stdout("").stderr("");
}

#[test]
fn skips_blank_lines() {
    let ledger = format!("\n\n{HEADER}\n  \n,open,A,,1\n\n\nann,deposit,A,,2\n\n");
    LedgerFile::new(ledger).assert().success().stdout("ann deposit A 2 ok 3\nbalance A 3\n");
}

#[test]
fn reads_windows_lines_a_byte_order_mark_and_a_last_line_without_end() {
    let ledger = format!("\u{feff}{HEADER},open,A,,1\n\nann,deposit,A,,2").replace('\n', "\r\n");
    LedgerFile::new(ledger).assert().success().stdout("ann deposit A 2 ok 3\nbalance A 3\n");
}

#[test]
fn reads_quoted_names() {
    apply(",open,\"Smith, J.\",,7\n\"Lee \"\"Al\"\"\",\"withdraw\",\"Smith, J.\",,\"2\"\nÉva,deposit,\"Smith, J.\",,1\n")
        .success()
        .stdout(predicate::str::contains("Lee \"Al\" withdraw Smith, J. 2 ok "))
        .stdout(predicate::str::contains("Éva deposit Smith, J. 1 ok "))
        .stdout(predicate::str::ends_with("\nbalance Smith, J. 6\n"));
}

#[test]
fn refuses_unknown_accounts_and_operations() {
    assert_row_refused("ann,deposit,C,,1", "unknown account \"C\"");
    assert_row_refused("ann,withdraw,a,,1", "unknown account \"a\"");
    assert_row_refused("ann,transfer,A,C,1", "unknown account \"C\"");
    assert_row_refused("ann,transfer,C,A,1", "unknown account \"C\"");
    assert_row_refused("ann,steal,A,,1", "unknown operation \"steal\"");
    assert_row_refused("ann,Deposit,A,,1", "unknown operation");
    assert_row_refused("ann,,A,,1", "unknown operation");
}

#[test]
fn refuses_missing_and_superfluous_fields() {
    assert_row_refused("ann,deposit,A,1", "4 columns");
    assert_row_refused("ann", "1 columns");
    assert_row_refused("ann,deposit,A,,1,", "6 columns");
    assert_row_refused(",deposit,A,,1", "no teller");
    assert_row_refused("ann,deposit,,,1", "unknown account");
    assert_row_refused("ann,transfer,A,,1", "unknown account");
    assert_row_refused("ann,deposit,A,B,1", "`to` is for transfers only");
    assert_row_refused("ann,withdraw,A,A,1", "`to` is for transfers only");
}

#[test]
fn refuses_bad_amounts() {
    for amount in ["", "-1", "-0", "+1", "1.5", "1e3", " 1", "ten", "0x10", "٣", "\"1,000\""] {
        assert_row_refused(&format!("ann,deposit,A,,{amount}"), "not a whole number of cents");
    }
    assert_row_refused("ann,deposit,A,,9223372036854775808", "too large");
    assert_row_refused("ann,deposit,A,,99999999999999999999999999", "too large");
    assert_refused(format!("{HEADER},open,A,,-5\n"), 2, "not a whole number of cents");
}

#[test]
fn refuses_bad_openings() {
    assert_row_refused(",open,C,,1", "before the first operation");
    for (row, reason) in [
        (",open,A,,1", "open already"),
        ("ann,open,B,,1", "without a teller"),
        (",open,B,A,1", "`to` is for transfers only"),
        (",open,,,1", "no account"),
        (",open,B,,", "not a whole number of cents"),
        (",open,B", "3 columns"),
    ] {
        assert_refused(format!("{HEADER},open,A,,1\n{row}\nann,deposit,A,,1\n"), 3, reason);
    }
}

#[test]
fn refuses_names_that_would_break_a_line() {
    assert_row_refused("\"ann\nann deposit A 5 ok 9\",deposit,A,,1", "control character");
    assert_refused(format!("{HEADER},open,A\u{1b}[2J,,1\n"), 2, "control character");
    assert_refused(format!("{HEADER},open,A,,1\nan\0n,deposit,A,,1\n"), 3, "control character");
}

#[test]
fn refuses_a_wrong_header() {
    let reason = "teller,operation,account,to,amount";
    for header in [",open,A,,1", "teller,operation,account,amount", "Teller,operation,account,to,amount", ";"]
    {
        assert_refused(format!("{header}\n,open,A,,1\n"), 1, reason);
    }
    assert_refused("", 1, "no header");
}

#[test]
fn refuses_what_is_not_utf_8() {
    assert_refused([HEADER.as_bytes(), b",open,A,,1\n\n,open,\xff,,1\n"].concat(), 4, "not UTF-8");
    assert_refused(b"\x89PNG\r\n\x1a\n\0\0", 1, "not UTF-8");
}

#[test]
fn counts_lines_whatever_ends_them_and_however_many_are_blank() {
    let ledger = format!("{HEADER}\n\n,open,\"A\",,1\n\nann,deposit,A,,1\n\n\nann,deposit,A,,x\n");
    assert_refused(&ledger, 9, "amount");
    assert_refused(ledger.replace('\n', "\r\n"), 9, "amount");
    assert_refused(ledger.trim_end(), 9, "amount");
    assert_refused(format!("\n\n{HEADER}ann,deposit,A,,1\n"), 4, "unknown account");
}

#[test]
fn refuses_a_quote_that_never_ends() {
    assert_refused(format!("{HEADER},open,A,,1\nann,deposit,\"A,,1\nann,deposit,A,,1\n"), 3, "columns");
}

#[test]
fn reports_a_ledger_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.csv");
    for path in [&*missing, folder.path()] {
        let place = format!("bank-account: {}: ", path.display());
        bank_account(&["--ledger", path.to_str().unwrap()])
            .code(1)
            .stdout("")
            .stderr(predicate::str::starts_with(place));
    }
}

#[test]
fn refuses_more_tellers_than_it_can_give_a_thread() {
    let mut rows = ",open,A,,1\n".to_owned();
    for teller in 0..10_001 {
        writeln!(rows, "t{teller},deposit,A,,1").unwrap();
    }
    apply(&rows)
        .code(1)
        .stdout("")
        .stderr(predicate::str::contains("ledger.csv: 10001 tellers: more than 10000"));
}

#[test]
fn help_names_the_option_and_its_default() {
    let names_all = predicate::str::contains("--ledger <FILE>").and(predicate::str::contains("[default: "));
    bank_account(&["--help"]).success().stdout(names_all);
}

#[test]
fn refuses_wrong_usage() {
    for args in [&["--ledger"][..], &["ledger.csv"], &["--tellers", "3"], &["--ledger", "a", "--ledger", "b"]]
    {
        bank_account(args).code(2).stdout("").stderr(predicate::str::contains("error:"));
    }
}

#[test]
fn ends_quietly_when_nobody_reads() {
    let mut rows = ",open,A,,0\n,open,B,,0\n".to_owned();
    for round in 0..5000 {
        writeln!(rows, "t{},deposit,A,,1", round % 4).unwrap();
    }
    let busy = LedgerFile::new(format!("{HEADER}{rows}"));
    let idle = LedgerFile::new(format!("{HEADER},open,A,,1\n"));
    ends_quietly_after(0, &[]);
    ends_quietly_after(0, &["--ledger", idle.path()]);
    for lines in 0..4 {
        ends_quietly_after(lines, &["--ledger", busy.path()]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn reports_an_output_that_cannot_be_written() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let (status, stderr) = run(&[], full, || ());
    assert_eq!(status.code(), Some(1));
    assert!(stderr.starts_with("bank-account: standard output: "), "{stderr}");
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// Every row has its line, each teller's in order, and the final balances follow from the accepted operations.
/// Names are plain words here. Gives back the final balances.
#[track_caller]
fn assert_books_balance(rows: &str, output: &str) -> BTreeMap<String, i64> {
    let mut balances = BTreeMap::new();
    let mut expected: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in rows.lines() {
        let [teller, operation, account, to, amount] = *row.split(',').collect::<Vec<_>>() else {
            panic!("{row}")
        };
        if operation == "open" {
            balances.insert(account.to_owned(), amount.parse().unwrap());
        } else {
            let arrow = if to.is_empty() { "" } else { ">" };
            expected.entry(teller).or_default().push(format!("{operation} {account}{arrow}{to} {amount}"));
        }
    }

    let mut reported: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut last = BTreeMap::new();
    for line in output.lines() {
        let words: Vec<_> = line.split(' ').collect();
        if let ["balance", account, balance] = *words {
            last.insert(account.to_owned(), balance.parse().unwrap());
            continue;
        }
        let [teller, operation, account, amount, outcome, balance] = *words else { panic!("{line}") };
        reported.entry(teller).or_default().push(format!("{operation} {account} {amount}"));
        assert!(balance.parse::<i64>().unwrap() >= 0, "{line}");
        let amount: i64 = amount.parse().unwrap();
        match (outcome, operation, account.split_once('>')) {
            ("rejected", ..) => (),
            ("ok", "deposit", None) => *balances.get_mut(account).unwrap() += amount,
            ("ok", "withdraw", None) => *balances.get_mut(account).unwrap() -= amount,
            ("ok", "transfer", Some((from, to))) => {
                *balances.get_mut(from).unwrap() -= amount;
                *balances.get_mut(to).unwrap() += amount;
            }
            _ => panic!("unexpected line: {line}"),
        }
    }
    assert_eq!(reported, expected);
    assert_eq!(last, balances);
    balances
}

/// Reads that many lines of the program's output and closes it: for 0, before the program has started.
#[track_caller]
fn ends_quietly_after(lines: usize, args: &[&str]) {
    let (reader, writer) = io::pipe().unwrap();
    let reader = (lines > 0).then(|| BufReader::new(reader));
    let (status, stderr) = run(args, writer, || {
        let seen = reader.map_or(0, |reader| reader.lines().take(lines).count());
        assert_eq!(seen, lines);
    });
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{args:?} after {lines} lines");
}

/// Runs the program to its end, or kills it; gives its status and what it said on standard error.
fn run(args: &[&str], stdout: impl Into<Stdio>, meanwhile: impl FnOnce()) -> (ExitStatus, String) {
    let mut child =
        process::Command::new(PROGRAM).args(args).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let (ended, has_ended) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if has_ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            child.kill().unwrap();
        }
        child.wait().unwrap()
    });
    meanwhile();
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    drop(ended);
    (watchdog.join().unwrap(), said)
}
