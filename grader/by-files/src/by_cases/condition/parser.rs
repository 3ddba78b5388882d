//! The text of a condition, read by recursive descent.

use super::{Comparison, Operator, Relation, Sum};

/// What is still to be read, without blanks before it.
pub(super) struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// Reads a part that is the whole text.
    pub(super) fn whole<T>(text: &'a str, part: fn(&mut Self) -> Result<T, String>) -> Result<T, String> {
        let mut parser = Self { rest: text.trim_start() };
        let read = part(&mut parser)?;
        if parser.rest.is_empty() { Ok(read) } else { Err(parser.expected("an operator or the end")) }
    }

    pub(super) fn condition(&mut self) -> Result<Vec<Comparison>, String> {
        let mut comparisons = vec![self.comparison()?];
        while self.takes_word("and") {
            comparisons.push(self.comparison()?);
        }
        if self.rest.is_empty() { Ok(comparisons) } else { Err(self.expected("`and` or the end")) }
    }

    fn comparison(&mut self) -> Result<Comparison, String> {
        // The longer ones first: `<` begins `<=`.
        const RELATIONS: [(&str, Relation); 6] = [
            ("==", Relation::Equal),
            ("!=", Relation::Unequal),
            ("<=", Relation::LessOrEqual),
            (">=", Relation::GreaterOrEqual),
            ("<", Relation::Less),
            (">", Relation::Greater),
        ];
        let left = self.sum()?;
        let relation = self.take_one_of(&RELATIONS);
        let relation = relation.ok_or_else(|| self.expected("one of == != < <= > >="))?;
        Ok(Comparison { left, relation, right: self.sum()? })
    }

    pub(super) fn sum(&mut self) -> Result<Sum, String> {
        self.operations(&[("+", Operator::Plus), ("-", Operator::Minus)], Self::product)
    }

    fn product(&mut self) -> Result<Sum, String> {
        let operators = [("*", Operator::Times), ("/", Operator::Over), ("%", Operator::Modulo)];
        self.operations(&operators, Self::factor)
    }

    /// What `operand` reads, with these operators between; from the left.
    fn operations(
        &mut self,
        operators: &[(&str, Operator)],
        operand: fn(&mut Self) -> Result<Sum, String>,
    ) -> Result<Sum, String> {
        let mut left = operand(self)?;
        while let Some(operator) = self.take_one_of(operators) {
            left = Sum::Operation(Box::new(left), operator, Box::new(operand(self)?));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Sum, String> {
        if self.takes("-") {
            return Ok(Sum::Negative(Box::new(self.factor()?)));
        }
        if self.takes("(") {
            let sum = self.sum()?;
            return if self.takes(")") { Ok(sum) } else { Err(self.expected("a `)`")) };
        }
        let is_of_word = |next: char| next.is_ascii_alphanumeric() || next == '_';
        let word = &self.rest[..self.rest.find(|next| !is_of_word(next)).unwrap_or(self.rest.len())];
        if word.is_empty() || word == "and" {
            return Err(self.expected("a number, a name or a `(`"));
        }
        self.skip(word.len());
        if !word.starts_with(|first: char| first.is_ascii_digit()) {
            return Ok(Sum::Name(word.to_owned()));
        }
        let number = word.parse().map_err(|_| format!("`{word}` is no integer of 64 bits"))?;
        Ok(Sum::Number(number))
    }

    fn take_one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Option<T> {
        known.iter().find(|(sign, _)| self.takes(sign)).map(|(_, meaning)| *meaning)
    }

    /// Whether `sign` comes next; it is read then.
    fn takes(&mut self, sign: &str) -> bool {
        let is_next = self.rest.starts_with(sign);
        if is_next {
            self.skip(sign.len());
        }
        is_next
    }

    /// Whether `word` comes next, and is no part of a longer one.
    fn takes_word(&mut self, word: &str) -> bool {
        let after = self.rest.strip_prefix(word);
        let is_longer = |next: char| next.is_ascii_alphanumeric() || next == '_';
        after.is_some_and(|after| !after.starts_with(is_longer)) && self.takes(word)
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest[bytes..].trim_start();
    }

    fn expected(&self, what: &str) -> String {
        match self.rest {
            "" => format!("{what} is expected at its end"),
            rest => format!("{what} is expected before `{}`", rest.escape_debug()),
        }
    }
}
