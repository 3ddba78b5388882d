//! Reads a ledger and checks all of it. Nothing is applied here, so that a bad line can never leave half of a ledger
//! behind.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use csv::{ReaderBuilder, StringRecord};

const HEADER: [&str; 5] = ["teller", "operation", "account", "to", "amount"];

/// What is to be done: every account that it names is open, every amount is 0 or more.
#[derive(Default)]
pub(crate) struct Ledger {
    /// The accounts with their opening balances, in cents.
    pub(crate) opening: BTreeMap<String, i64>,
    /// The tellers with their operations, in file order.
    pub(crate) tellers: BTreeMap<String, Vec<Operation>>,
}

pub(crate) struct Operation {
    pub(crate) action: Action,
    pub(crate) account: String,
    pub(crate) amount: i64,
}

pub(crate) enum Action {
    Deposit,
    Withdraw,
    Transfer { to: String },
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Operation { action, account, amount } = self;
        match action {
            Action::Deposit => write!(f, "deposit {account} {amount}"),
            Action::Withdraw => write!(f, "withdraw {account} {amount}"),
            Action::Transfer { to } => write!(f, "transfer {account}>{to} {amount}"),
        }
    }
}

impl Ledger {
    /// Parses the content of `file`; an error names the file and the line.
    pub(crate) fn parse(file: &str, content: &[u8]) -> Result<Ledger> {
        // `flexible`, because a wrong number of columns is reported like everything else that is wrong in a row.
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
        let mut row = StringRecord::new();
        let mut ledger = None;
        loop {
            let start = reader.position().byte() as usize;
            let place = || format!("{file}:{}", line_number(content, start));
            // Reading from memory, there is nothing else that could go wrong.
            if !reader.read_record(&mut row).ok().context("not UTF-8").with_context(place)? {
                return ledger.context("no header").with_context(place);
            }
            if is_blank(&row) {
                continue;
            }
            match &mut ledger {
                None => ledger = Some(Ledger::with_header(&row).with_context(place)?),
                Some(ledger) => ledger.add(&row).with_context(place)?,
            }
        }
    }

    fn with_header(row: &StringRecord) -> Result<Ledger> {
        ensure!(row.iter().eq(HEADER), "the header is not `{}`", HEADER.join(","));
        Ok(Ledger::default())
    }

    fn add(&mut self, row: &StringRecord) -> Result<()> {
        let fields: Vec<_> = row.iter().collect();
        let &[teller, operation, account, to, amount] = fields.as_slice() else {
            bail!("{} columns in place of {}", fields.len(), HEADER.len());
        };
        ensure!(operation == "transfer" || to.is_empty(), "`to` is for transfers only");
        let amount = parse_amount(amount)?;
        let action = match operation {
            "open" => return self.open(teller, account, amount),
            "deposit" => Action::Deposit,
            "withdraw" => Action::Withdraw,
            "transfer" => Action::Transfer { to: self.known(to)? },
            _ => bail!("unknown operation {operation:?}"),
        };
        let operation = Operation { action, account: self.known(account)?, amount };
        self.tellers.entry(name("teller", teller)?).or_default().push(operation);
        Ok(())
    }

    fn open(&mut self, teller: &str, account: &str, amount: i64) -> Result<()> {
        ensure!(teller.is_empty(), "accounts are opened without a teller");
        ensure!(self.tellers.is_empty(), "accounts are opened before the first operation");
        let before = self.opening.insert(name("account", account)?, amount);
        ensure!(before.is_none(), "account {account:?} is open already");
        Ok(())
    }

    fn known(&self, account: &str) -> Result<String> {
        ensure!(self.opening.contains_key(account), "unknown account {account:?}");
        Ok(account.to_owned())
    }
}

/// A name may hold commas and spaces, but nothing that would break the line it is printed on.
fn name(what: &str, text: &str) -> Result<String> {
    ensure!(!text.is_empty(), "no {what}");
    ensure!(!text.contains(char::is_control), "control character in {what} {text:?}");
    Ok(text.to_owned())
}

fn parse_amount(text: &str) -> Result<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(is_number, "amount {text:?} is not a whole number of cents, 0 or more");
    text.parse().ok().with_context(|| format!("amount {text} is too large"))
}

fn is_blank(row: &StringRecord) -> bool {
    row.len() == 1 && row[0].trim().is_empty()
}

/// The line of the row that is read from `start` on. The reader's own count is behind by the blank lines that it
/// skips on its way to the row, and by one where lines end in `\r\n`.
fn line_number(content: &[u8], start: usize) -> usize {
    let skipped = content[start..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let before = &content[..start + skipped];
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
