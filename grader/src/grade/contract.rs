//! The contract of an exercise, sentence by sentence, as its README has it.
//!
//! In the section `## Contract` a comment `<!-- id -->` stands behind each sentence that a program can keep or break; what is
//! no promise ends with a comment that is no id, `<!-- (an example) -->`. Readers of the page see none of them. Cases and
//! mutants name a sentence by its id; reports quote it.

use std::collections::BTreeSet;
use std::fs;

use engine::workspace::Workspace;
use report::Sentence;

use crate::error::Error;

/// The sentences of one exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    sentences: Vec<Sentence>,
}

impl Contract {
    /// Reads the README of `exercise`. A contract in which nothing is marked has no sentences.
    ///
    /// # Errors
    /// When the file cannot be read, has no contract, or one of which only a part is marked.
    pub fn read(workspace: &Workspace, exercise: &str) -> Result<Self, Error> {
        let path = workspace.crate_folder(exercise).join("README.md");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        Self::parse(&text).map_err(|reason| Error::content(path, reason))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let is_heading = |line: &str| line.starts_with("## ");
        let lines = text.lines().enumerate().skip_while(|(_, line)| *line != "## Contract").skip(1);
        let lines: Vec<(usize, &str)> = lines.take_while(|(_, line)| !is_heading(line)).collect();
        if lines.is_empty() {
            return Err("it has no section `## Contract`".into());
        }
        if !lines.iter().any(|(_, line)| line.contains(OPENING)) {
            return Ok(Self::default());
        }
        let mut reader = Reader::default();
        for (index, line) in lines {
            reader.read(line).map_err(|reason| format!("line {}: {reason}", index + 1))?;
        }
        reader.end()
    }

    /// All of them, in the order of the page.
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// The sentence with this id.
    pub fn sentence(&self, id: &str) -> Option<&Sentence> {
        self.sentences.iter().find(|sentence| sentence.id == id)
    }
}

const OPENING: &str = "<!--";
const CLOSING: &str = "-->";

/// Reads a contract line by line.
#[derive(Default)]
struct Reader {
    /// The words since the last comment.
    words: Vec<String>,
    sentences: Vec<Sentence>,
    ids: BTreeSet<String>,
}

impl Reader {
    fn read(&mut self, line: &str) -> Result<(), String> {
        // The border of a block of code.
        if line.trim_start().starts_with("```") {
            return Ok(());
        }
        let (is_item, mut rest) =
            line.trim_start().strip_prefix("- ").map_or((false, line), |item| (true, item));
        if is_item && !self.words.is_empty() {
            return Err(self.unmarked());
        }
        while let Some((before, after)) = rest.split_once(OPENING) {
            let (comment, after) = after.split_once(CLOSING).ok_or("a comment ends in its own line")?;
            self.say(before);
            self.close(comment.trim())?;
            rest = after;
        }
        self.say(rest);
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.words.extend(text.split_whitespace().map(str::to_owned));
    }

    /// Ends a sentence.
    fn close(&mut self, comment: &str) -> Result<(), String> {
        let text = std::mem::take(&mut self.words).join(" ");
        if text.is_empty() {
            return Err(format!("no sentence stands before `{comment}`"));
        }
        if comment.starts_with('(') && comment.ends_with(')') {
            return Ok(());
        }
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if comment.is_empty() || !comment.bytes().all(is_id) {
            return Err(format!("`{comment}` is neither an id (a-z, 0-9, -) nor a remark in parentheses"));
        }
        if !self.ids.insert(comment.to_owned()) {
            return Err(format!("`{comment}` is the id of two sentences"));
        }
        self.sentences.push(Sentence { id: comment.to_owned(), text });
        Ok(())
    }

    fn end(self) -> Result<Contract, String> {
        if self.words.is_empty() { Ok(Contract { sentences: self.sentences }) } else { Err(self.unmarked()) }
    }

    fn unmarked(&self) -> String {
        format!("no comment with an id stands behind `{}`", self.words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(contract: &str) -> Result<Vec<(String, String)>, String> {
        let text =
            format!("# x\n\n## Task\n\nDo it.\n\n## Contract\n{contract}\n## Hints\n\nNone. <!-- no -->\n");
        Contract::parse(&text).map(|contract| {
            contract.sentences.into_iter().map(|sentence| (sentence.id, sentence.text)).collect()
        })
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Result<Vec<(String, String)>, String> {
        Ok(pairs.map(|(id, text)| (id.to_owned(), text.to_owned())).to_vec())
    }

    #[test]
    fn a_contract_is_cut_at_its_comments() {
        let text = "
```
x [--max N]
```
<!-- (synopsis) -->

- `--max N`: the last\n  number. <!-- max --> `--help` says so. <!-- help -->
- Exit code 0. <!-- exit-0 -->

Standard output: for each FILE

```
LINES PATH
```

with single spaces. <!-- line -->
";
        let expected = [
            ("max", "`--max N`: the last number."),
            ("help", "`--help` says so."),
            ("exit-0", "Exit code 0."),
            ("line", "Standard output: for each FILE LINES PATH with single spaces."),
        ];
        assert_eq!(ids(text), pairs(expected));
    }

    #[test]
    fn a_contract_without_marks_has_no_sentences() {
        assert_eq!(ids("It ends.\n"), pairs([]));
        assert!(Contract::parse("# x\n## Task\n").is_err());
    }

    #[test]
    fn what_is_marked_in_part_is_an_error_with_its_line() {
        let error = |text| ids(text).unwrap_err();
        assert_eq!(error("One. <!-- one -->\nTwo.\n"), "no comment with an id stands behind `Two.`");
        assert!(error("- One.\n- Two. <!-- two -->\n").starts_with("line 9: no comment"));
        assert!(error("One. <!-- One -->\n").starts_with("line 8: `One` is neither"));
        assert!(error("One. <!-- a --> Two. <!-- a -->\n").contains("the id of two"));
        assert!(error("<!-- a -->\n").contains("no sentence stands"));
        assert!(error("One. <!-- a\n-->\n").contains("in its own line"));
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(text in "(## Contract\n)?([ a-z.<>!()`-]|<!--|-->|\n){0,80}") {
            let _ = Contract::parse(&text);
        }
    }
}
