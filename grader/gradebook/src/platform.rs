//! The names that learning platforms give to what students handed in, in the archive of a whole class.
//!
//! Moodle: `NAME_NUMBER_assignsubmission_file_`, a folder, or the beginning of a file's name; `…_onlinetext_…` for text.
//! The number is one of the assignment: another assignment has another one for the same student.
//!
//! Canvas: `lovelaceada_LATE_12345_67890_main-1.rs`: the name, perhaps `LATE`, the student's number, the file's number,
//! and the file's own name, with `-N` for the Nth upload after the first one.

use crate::name::one_form;

/// What a platform's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The student's name.
    pub student: String,
    /// Tells students of one name apart.
    pub number: String,
    /// The file's own name; none for a folder of Moodle.
    pub file: Option<String>,
    /// Of several uploads of one file the greatest is the last: attempt, then the file's number.
    pub order: (u32, u64),
    /// Whether the platform says that it came late.
    pub is_late: bool,
    /// Whether it is text that was typed into the platform.
    pub is_text: bool,
}

/// What the name of a file or folder says, if a platform gave it.
pub fn parse(name: &str) -> Option<Upload> {
    moodle(name).or_else(|| canvas(name))
}

/// The student of the submission called `name`, whoever called it so.
pub fn student_of(name: &str) -> String {
    parse(name).map_or_else(|| one_form(name), |upload| upload.student)
}

fn moodle(name: &str) -> Option<Upload> {
    let (who, what) = name.split_once("_assignsubmission_")?;
    let (student, number) =
        who.rsplit_once('_').filter(|(student, number)| !student.is_empty() && is_number(number))?;
    let (kind, file) = what.split_once('_').unwrap_or((what, ""));
    Some(Upload {
        student: one_form(student),
        number: number.to_owned(),
        file: (!file.is_empty()).then(|| file.to_owned()),
        order: (0, 0),
        is_late: false,
        is_text: kind == "onlinetext",
    })
}

fn canvas(name: &str) -> Option<Upload> {
    let (student, rest) = name.split_once('_')?;
    let is_name = !student.is_empty()
        && !is_number(student)
        && student.to_lowercase() == student
        && !student.contains(' ');
    let late = rest.strip_prefix("LATE_");
    let (number, rest) =
        late.unwrap_or(rest).split_once('_').filter(|(number, _)| is_name && is_number(number))?;
    let upload = |file: &str, order, is_text| Upload {
        student: one_form(student),
        number: number.to_owned(),
        file: Some(file.to_owned()),
        order,
        is_late: late.is_some(),
        is_text,
    };
    if ["text.html", "link.html"].contains(&rest) {
        return Some(upload(rest, (0, 0), true));
    }
    let (of_file, file) =
        rest.split_once('_').filter(|(number, file)| is_number(number) && !file.is_empty())?;
    let (file, attempt) = without_attempt(file);
    Some(upload(&file, (attempt, of_file.parse().ok()?), false))
}

/// `main-1.rs` is `main.rs`, uploaded again.
fn without_attempt(file: &str) -> (String, u32) {
    let (stem, extension) =
        file.rsplit_once('.').map_or((file, String::new()), |(stem, ext)| (stem, format!(".{ext}")));
    let numbered = stem
        .rsplit_once('-')
        .filter(|(stem, number)| !stem.is_empty() && number.len() <= 3 && is_number(number));
    match numbered {
        Some((stem, number)) => (format!("{stem}{extension}"), number.parse().unwrap_or(0)),
        None => (file.to_owned(), 0),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moodles_names() {
        let folder = parse("Ada Lovelace_12345_assignsubmission_file_").unwrap();
        assert_eq!(
            (folder.student.as_str(), folder.number.as_str(), folder.file),
            ("Ada Lovelace", "12345", None)
        );
        let file = parse("Jose\u{301} O_Brien_7_assignsubmission_file_my_main.rs").unwrap();
        assert_eq!((file.student.as_str(), file.file.as_deref()), ("Jos\u{e9} O_Brien", Some("my_main.rs")));
        let text = parse("Ada Lovelace_12345_assignsubmission_onlinetext_").unwrap();
        assert!(text.is_text && text.student == "Ada Lovelace");
        assert!(parse("Ada Lovelace_12345_assignsubmission_file").is_some());
    }

    #[test]
    fn canvas_names() {
        let upload = parse("lovelaceada_LATE_12345_67890_main-1.rs").unwrap();
        assert_eq!((upload.student.as_str(), upload.number.as_str()), ("lovelaceada", "12345"));
        assert_eq!(
            (upload.file.as_deref(), upload.order, upload.is_late),
            (Some("main.rs"), (1, 67890), true)
        );
        let first = parse("lovelaceada_12345_67001_main.rs").unwrap();
        assert_eq!((first.order, first.is_late), ((0, 67001), false));
        let own = parse("hopkins-grace_1_2_my_even-odd.zip").unwrap();
        assert_eq!(own.file.as_deref(), Some("my_even-odd.zip"));
        assert!(parse("lovelaceada_12345_text.html").unwrap().is_text);
    }

    #[test]
    fn other_names_are_whole_names() {
        for name in [
            "ada",
            "ada_1",
            "team_1_final",
            "12_34_56_x.rs",
            "ada_lovelace_1_2_x",
            "Team_1_2_x",
            "_1_2_x",
            "a__2_x",
            "Ada_x_assignsubmission_file_",
            "_1_assignsubmission_file_",
            "",
        ] {
            assert_eq!(parse(name), None, "{name}");
            assert_eq!(student_of(name), name);
        }
    }

    #[test]
    fn the_student_of_a_student_is_the_same() {
        for name in ["Ada Lovelace_12_assignsubmission_file_", "lovelaceada_1_2_main.rs", "ada"] {
            let student = student_of(name);
            assert_eq!(student_of(&student), student);
        }
    }
}
