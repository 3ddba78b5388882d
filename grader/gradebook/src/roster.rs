//! The roster: who the students are, by the names of what they handed in.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;

/// The people of a class, by the name of their submission.
pub type Roster = BTreeMap<String, Person>;

/// One row of a roster. Only `folder` is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The name of the submission: its folder, or its file without the extension.
    pub folder: String,
    /// The id by which the gradebook that imports knows the student.
    pub id: String,
    /// Canvas: the id in the student information system.
    pub sis_id: String,
    /// Canvas: the login.
    pub login: String,
    /// Canvas: the section.
    pub section: String,
    /// The last name.
    pub last_name: String,
    /// The first name.
    pub first_name: String,
    /// The address.
    pub email: String,
}

impl Person {
    /// Somebody who is in no roster.
    pub fn unknown(folder: &str) -> Self {
        Self { folder: folder.to_owned(), id: folder.to_owned(), ..Self::default() }
    }

    /// `Last, First`, as far as it is known.
    pub fn full_name(&self) -> String {
        match (self.last_name.as_str(), self.first_name.as_str()) {
            ("", "") => self.folder.clone(),
            ("", name) | (name, "") => name.to_owned(),
            (last, first) => format!("{last}, {first}"),
        }
    }
}

/// Reads a roster: CSV with a header.
///
/// # Errors
/// When it cannot be read, or a folder is named twice or not at all.
pub fn read(path: &Path) -> Result<Roster, Error> {
    let text = std::fs::read(path).map_err(grader::error::Error::file(path))?;
    parse(&text).map_err(|reason| Error::content(path, reason))
}

fn parse(text: &[u8]) -> Result<Roster, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let headers = reader.headers().map_err(|error| error.to_string())?;
    if !headers.iter().any(|header| header == "folder") {
        return Err("its header has no column `folder`".into());
    }
    let mut roster = Roster::new();
    for person in reader.deserialize() {
        let person: Person = person.map_err(|error| error.to_string())?;
        if person.folder.is_empty() {
            return Err("a row names no folder".into());
        }
        if let Some(before) = roster.insert(person.folder.clone(), person) {
            return Err(format!("the folder `{}` is named twice", before.folder));
        }
    }
    Ok(roster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_be_absent_and_in_any_order() {
        // As Excel writes it, with a mark of UTF-8 at the beginning.
        let roster = parse("\u{feff}email,folder , id\na@x.org,ada,17\n,bob,\n".as_bytes()).unwrap();
        assert_eq!((roster["ada"].id.as_str(), roster["ada"].email.as_str()), ("17", "a@x.org"));
        assert_eq!(roster["bob"].full_name(), "bob");
    }

    #[test]
    fn what_is_no_roster_says_why() {
        let reason = |text: &str| parse(text.as_bytes()).unwrap_err();
        assert_eq!(reason("id,email\n1,a@x.org\n"), "its header has no column `folder`");
        assert_eq!(reason("folder\nada\nada\n"), "the folder `ada` is named twice");
        assert_eq!(reason("folder,id\n,1\n"), "a row names no folder");
        assert!(reason("folder,id\nada\n").contains("line: 2"));
    }

    #[test]
    fn a_name_is_put_together_from_what_is_known() {
        let person = |last: &str, first: &str| Person {
            last_name: last.into(),
            first_name: first.into(),
            ..Person::unknown("al")
        };
        assert_eq!(person("Lovelace", "Ada").full_name(), "Lovelace, Ada");
        assert_eq!(person("Lovelace", "").full_name(), "Lovelace");
    }
}
