//! `cargo gradebook show`: every attempt of a student.

use std::collections::BTreeSet;

use grader::error::Error as GraderError;
use grader::error::exit_code;

use crate::attempt::Attempt;
use crate::book::Book;
use crate::cli::ShowArgs;
use crate::error::Error;
use crate::page::failed_checks;
use crate::platform;
use crate::table;

pub(super) fn run(args: &ShowArgs) -> Result<u8, Error> {
    let attempts = Book::open_existing(&args.book.path)?.attempts()?;
    let name = platform::student_of(&args.student);
    let of_student: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.student == name).collect();
    if of_student.is_empty() {
        let known: BTreeSet<&str> = attempts.iter().map(|attempt| attempt.student.as_str()).collect();
        return Err(GraderError::unknown("student", &args.student, known).into());
    }
    super::say(&render(&of_student))?;
    Ok(exit_code::PASS)
}

fn render(attempts: &[&Attempt]) -> String {
    let header = ["exercise", "outcome", "points", "graded", "what failed"].map(str::to_owned).to_vec();
    let row = |attempt: &&Attempt| {
        let first_line = attempt.message.as_deref().and_then(|message| message.lines().next());
        vec![
            attempt.exercise.clone(),
            attempt.outcome.word().to_owned(),
            format!("{}/{}", attempt.final_score(), attempt.max_score),
            attempt.graded_at.to_string(),
            first_line.map_or_else(|| failed_checks(attempt).join(", "), str::to_owned),
        ]
    };
    let rows: Vec<Vec<String>> = [header].into_iter().chain(attempts.iter().map(row)).collect();
    table::render(&rows)
}
