//! The roster: who the students are, by the names of what they handed in.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::name;
use crate::platform;
use crate::sheet::{self, Column, Row, Sheet};

/// The people of a class, by the name of their submission.
pub type Roster = BTreeMap<String, Person>;

/// One row of a roster. Only `folder` is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// The line of the roster; 0 for who is in none.
    pub line: u64,
}

/// The columns, with what platforms and spreadsheets call them.
const COLUMNS: [Column; 8] = [
    Column { name: "folder", also: &["submission", "fullname", "student", "vollständigername"] },
    Column { name: "id", also: &["idnumber", "studentid", "idnummer", "matrikelnummer"] },
    Column { name: "sis_id", also: &["sisuserid"] },
    Column { name: "login", also: &["sisloginid", "loginid", "username"] },
    Column { name: "section", also: &[] },
    Column { name: "last_name", also: &["surname", "familyname", "nachname"] },
    Column { name: "first_name", also: &["givenname", "vorname"] },
    Column { name: "email", also: &["emailaddress", "mail", "emailadresse"] },
];

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

    /// Whether a platform makes that name of this one's.
    fn is_called(&self, student: &str) -> bool {
        let Self { first_name, last_name, folder, .. } = self;
        let letters = |name: &str| -> String {
            name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let names = [format!("{last_name}{first_name}"), format!("{first_name}{last_name}"), folder.clone()];
        names.iter().any(|name| !name.is_empty() && letters(name) == letters(student))
    }

    fn of(sheet: &Sheet, row: &Row) -> Self {
        let cell = |column| sheet.cell(row, column).to_owned();
        let (mut first_name, mut last_name) = (cell("first_name"), cell("last_name"));
        // As Canvas writes the names of students.
        if let Some((last, first)) = sheet
            .cell(row, "folder")
            .split_once(", ")
            .filter(|_| first_name.is_empty() && last_name.is_empty())
        {
            (last_name, first_name) = (last.to_owned(), first.to_owned());
        }
        let folder = match sheet.cell(row, "folder") {
            // Moodle calls submissions by the whole names of people.
            "" if !sheet.has("folder") => format!("{first_name} {last_name}").trim().to_owned(),
            folder => platform::student_of(folder),
        };
        Self {
            folder,
            id: cell("id"),
            sis_id: cell("sis_id"),
            login: cell("login"),
            section: cell("section"),
            last_name,
            first_name,
            email: cell("email"),
            line: row.line,
        }
    }
}

/// Reads a roster: CSV with a header. Also what a person should know about how it was read.
///
/// # Errors
/// When it cannot be read, or a folder is named twice or not at all.
pub fn read(path: &Path) -> Result<(Roster, Vec<String>), Error> {
    let mut sheet = sheet::read(path, &COLUMNS)?;
    let notes = std::mem::take(&mut sheet.notes);
    Ok((people(&sheet).map_err(|reason| Error::content(path, reason))?, notes))
}

fn people(sheet: &Sheet) -> Result<Roster, String> {
    let has_names = sheet.has("first_name") && sheet.has("last_name");
    if !sheet.has("folder") && !has_names {
        return Err("its header has no column `folder`, nor `first_name` and `last_name` in its place".into());
    }
    let mut roster = Roster::new();
    for row in &sheet.rows {
        let (person, line) = (Person::of(sheet, row), row.line);
        if person.folder.is_empty() {
            return Err(format!("line {line}: it names no folder"));
        }
        if let Some(before) = roster.insert(person.folder.clone(), person) {
            let Person { folder, line: first, .. } = before;
            return Err(format!("line {line}: the folder `{folder}` is named twice, in line {first} before"));
        }
    }
    Ok(roster)
}

/// The roster with the names of `students` in place of others that say the same: Canvas makes `lovelaceada` of `Lovelace,
/// Ada`, and Moodle `Ada Lovelace`. What two people could be called is nobody's.
pub fn with_names_of(roster: Roster, students: &[&str]) -> Roster {
    let strangers = || students.iter().copied().filter(|student| !roster.contains_key(*student));
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for person in roster.values().filter(|person| !students.contains(&person.folder.as_str())) {
        for student in strangers().filter(|student| person.is_called(student)) {
            found.entry(student).or_default().push(person.folder.clone());
        }
    }
    let found: Vec<(String, String)> = found
        .into_iter()
        .filter_map(|(student, people)| Some((student.to_owned(), <[String; 1]>::try_from(people).ok()?)))
        .map(|(student, [folder])| (student, folder))
        .collect();
    let mut roster = roster;
    for (student, folder) in found {
        if let Some(person) = roster.remove(&folder) {
            roster.insert(student.clone(), Person { folder: student, ..person });
        }
    }
    roster
}

/// Who is in the roster and not among `students`, and the other way round: a name that is misspelled would cost
/// somebody points.
pub fn differences(roster: &Roster, students: &[&str]) -> Vec<String> {
    let of_nobody = roster.values().filter(|person| !students.contains(&person.folder.as_str()));
    let absent = of_nobody.map(|Person { folder, line, .. }| {
        let unknown = students.iter().copied().filter(|student| !roster.contains_key(*student));
        let hint = name::nearest(folder, unknown);
        let hint =
            hint.map_or_else(String::new, |name| format!("; is it `{name}`, who is not in the roster?"));
        format!("line {line}: nobody handed in as `{folder}`{hint}")
    });
    let strangers = students.iter().filter(|student| !roster.contains_key(**student));
    let strangers = strangers.map(|student| format!("`{student}` has handed in and is not in it"));
    absent.chain(strangers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Roster, String> {
        people(&sheet::parse(text.as_bytes(), &COLUMNS)?)
    }

    #[test]
    fn columns_may_be_absent_and_in_any_order() {
        // As Excel writes it, with a mark of UTF-8 at the beginning.
        let roster = parse("\u{feff}email,folder , id\na@x.org,ada,17\n,bob,\n").unwrap();
        assert_eq!((roster["ada"].id.as_str(), roster["ada"].email.as_str()), ("17", "a@x.org"));
        assert_eq!(roster["bob"].full_name(), "bob");
    }

    #[test]
    fn columns_are_known_by_what_people_call_them() {
        let roster =
            parse("Folder;First Name;Last Name;e-mail;ID number\nal;Ada;Lovelace;a@x.org;17\n").unwrap();
        let person = &roster["al"];
        assert_eq!((person.full_name().as_str(), person.email.as_str()), ("Lovelace, Ada", "a@x.org"));
        assert_eq!((person.id.as_str(), person.line), ("17", 2));
        let german = parse("Vorname\tNachname\tE-Mail-Adresse\nAda\tLovelace\ta@x.org\n").unwrap();
        assert_eq!(german["Ada Lovelace"].email, "a@x.org");
    }

    #[test]
    fn a_folder_may_have_the_name_that_a_platform_gave_it() {
        let roster = parse("folder,id\nAda Lovelace_12_assignsubmission_file_,17\n").unwrap();
        assert_eq!(roster["Ada Lovelace"].id, "17");
    }

    #[test]
    fn what_is_no_roster_says_why() {
        let reason = |text: &str| parse(text).unwrap_err();
        assert!(reason("id,email\n1,a@x.org\n").starts_with("its header has no column `folder`"));
        let twice = "line 3: the folder `ada` is named twice, in line 2 before";
        assert_eq!(reason("folder\nada\nada\n"), twice);
        assert_eq!(reason("folder,id\n,1\n"), "line 2: it names no folder");
        assert!(reason("folder,id\nada\n").contains("line 2"));
    }

    #[test]
    fn the_names_that_platforms_make_of_people_are_known() {
        let roster = parse("Student,ID\n\"Lovelace, Ada\",17\n\"Lee, Jun\",18\nleejun,19\nbob,20\n").unwrap();
        let named = with_names_of(roster, &["lovelaceada", "lee jun", "bob"]);
        assert_eq!((named["lovelaceada"].id.as_str(), named["bob"].id.as_str()), ("17", "20"));
        assert_eq!(named["lovelaceada"].full_name(), "Lovelace, Ada");
        assert!(!named.contains_key("lee jun"), "it could be either");
    }

    #[test]
    fn who_is_missing_on_either_side_is_said() {
        let roster = parse("folder\nanne\nbob\nzoe\n").unwrap();
        assert_eq!(
            differences(&roster, &["anna", "bob"]),
            [
                "line 2: nobody handed in as `anne`; is it `anna`, who is not in the roster?",
                "line 4: nobody handed in as `zoe`",
                "`anna` has handed in and is not in it",
            ]
        );
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
