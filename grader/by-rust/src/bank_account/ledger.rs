//! What the tellers are told to do: an operation in the words of ledger and output, and ledgers.

use std::collections::BTreeMap;
use std::fmt;

use exercise::judges::number;
use exercise::random::Random;

/// What an operation does with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Deposit,
    Withdraw,
    Transfer,
}

impl Action {
    pub(super) const ALL: [Self; 3] = [Self::Deposit, Self::Withdraw, Self::Transfer];

    /// The word for it in ledgers and output.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdraw => "withdraw",
            Self::Transfer => "transfer",
        }
    }
}

/// One row of a ledger. Its text is how the program's output names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) teller: String,
    pub(super) action: Action,
    pub(super) account: String,
    /// Where a transfer goes; empty otherwise.
    pub(super) to: String,
    pub(super) amount: i64,
}

impl Operation {
    /// Reads `TELLER OPERATION ACCOUNT[>TO] AMOUNT`. Names may contain spaces.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, amount) = text.rsplit_once(' ')?;
        let amount = number(amount).filter(|&amount: &i64| amount >= 0)?;
        let (action, (teller, accounts)) = Action::ALL
            .into_iter()
            .find_map(|action| Some((action, rest.split_once(&format!(" {} ", action.word()))?)))?;
        let (account, to) = match action {
            Action::Transfer => accounts.split_once('>').filter(|(_, to)| !to.is_empty())?,
            _ => (accounts, ""),
        };
        let named = !teller.is_empty() && !account.is_empty();
        named.then(|| Self { teller: teller.into(), action, account: account.into(), to: to.into(), amount })
    }

    fn new(teller: &str, action: Action, account: &str, to: &str, amount: i64) -> Self {
        Self { teller: teller.into(), action, account: account.into(), to: to.into(), amount }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = if self.to.is_empty() { "" } else { ">" };
        let Self { teller, action, account, to, amount } = self;
        write!(f, "{teller} {} {account}{arrow}{to} {amount}", action.word())
    }
}

pub(super) fn deposit(teller: &str, account: &str, amount: i64) -> Operation {
    Operation::new(teller, Action::Deposit, account, "", amount)
}

pub(super) fn withdraw(teller: &str, account: &str, amount: i64) -> Operation {
    Operation::new(teller, Action::Withdraw, account, "", amount)
}

pub(super) fn transfer(teller: &str, account: &str, to: &str, amount: i64) -> Operation {
    Operation::new(teller, Action::Transfer, account, to, amount)
}

/// What drawn ledgers open each account with.
const OPENING: i64 = 1_000_000;

/// Accounts as they are opened, and the operations of all tellers in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) opening: Vec<(String, i64)>,
    pub(super) operations: Vec<Operation>,
}

impl Ledger {
    pub(super) fn new(opening: &[(&str, i64)], operations: impl IntoIterator<Item = Operation>) -> Self {
        let opening = opening.iter().map(|&(account, amount)| (account.to_owned(), amount)).collect();
        Self { opening, operations: operations.into_iter().collect() }
    }

    /// `rounds` operations of each of `tellers` tellers on `accounts`, drawn by chance, the tellers
    /// in turn. Some withdrawals are beyond what is there. Amounts are large, so that a balance
    /// seldom comes back, and it shows when an operation took effect.
    pub(super) fn drawn(random: &mut Random, accounts: &[&str], tellers: u64, rounds: u64) -> Self {
        let mut draw = |teller: u64| {
            let teller = format!("teller-{teller}");
            let amount = random.below(OPENING.unsigned_abs()).cast_signed();
            let (account, to) = (random.pick(accounts), random.pick(accounts));
            match random.below(3) {
                0 => deposit(&teller, account, amount),
                1 => withdraw(&teller, account, amount),
                _ => transfer(&teller, account, to, amount),
            }
        };
        let operations: Vec<Operation> = (0..rounds).flat_map(|_| 0..tellers).map(&mut draw).collect();
        Self::new(&accounts.iter().map(|&account| (account, OPENING)).collect::<Vec<_>>(), operations)
    }

    /// The file. Rows of all tellers are mixed as `operations` are.
    pub(super) fn csv(&self) -> String {
        let mut text = String::from("teller,operation,account,to,amount\n");
        for (account, amount) in &self.opening {
            text += &format!(",open,{account},,{amount}\n");
        }
        for Operation { teller, action, account, to, amount } in &self.operations {
            text += &format!("{teller},{},{account},{to},{amount}\n", action.word());
        }
        text
    }

    /// What each teller has to do, in order.
    pub(super) fn by_teller(&self) -> BTreeMap<&str, Vec<&Operation>> {
        let mut tellers: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
        for operation in &self.operations {
            tellers.entry(&operation.teller).or_default().push(operation);
        }
        tellers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_read_as_they_are_written() {
        for operation in
            [deposit("al", "joint", 0), withdraw("al bo", "my joint", 7), transfer("al", "a", "b", 1)]
        {
            assert_eq!(Operation::parse(&operation.to_string()), Some(operation));
        }
    }

    #[test]
    fn other_texts_are_not_operations() {
        for text in [
            "",
            "al deposit joint",
            "al deposit joint -1",
            "al borrow joint 5",
            "deposit joint 5",
            "al transfer a 5",
        ] {
            assert_eq!(Operation::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_ledger_is_written_with_its_openings_first() {
        let ledger = Ledger::new(&[("b", 5), ("a", 0)], [deposit("al", "b", 1), transfer("bo", "b", "a", 2)]);
        let csv = "teller,operation,account,to,amount\n,open,b,,5\n,open,a,,0\nal,deposit,b,,1\nbo,transfer,b,a,2\n";
        assert_eq!(ledger.csv(), csv);
    }

    #[test]
    fn the_same_seed_draws_the_same_ledger() {
        let draw = |seed| Ledger::drawn(&mut Random::new(seed), &["a", "b"], 3, 10);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_eq!(draw(1).by_teller().values().map(Vec::len).collect::<Vec<_>>(), [10, 10, 10]);
    }
}
