//! The gradebook: an SQLite file that keeps every attempt.
//!
//! It uses SQLite's rollback journal, not its write-ahead log: one transaction an attempt, about one
//! a second, costs nothing either way; a journal leaves one file, which can be copied and works on
//! network file systems. Both survive `kill -9` at any moment.

mod claim;
mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use confine::interrupt;
use report::late::Moment;
use report::rounded;
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior, params};

use crate::attempt::{Attempt, AttemptOutcome, Timestamp};
use crate::error::Error;
use crate::name;
pub use claim::{Claim, Presence, Wanted};

/// An open gradebook.
pub struct Book {
    connection: Connection,
    path: PathBuf,
}

impl Book {
    /// Opens the gradebook at `path`, and makes one where there is none.
    ///
    /// # Errors
    /// When the file cannot be used, is something else, or is of a newer version.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens the gradebook at `path`, which exists.
    ///
    /// # Errors
    /// As for [`open`](Self::open), and when there is none.
    pub fn open_existing(path: &Path) -> Result<Self, Error> {
        std::fs::metadata(path).map_err(grader::error::Error::file(path))?;
        Self::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let database = || Error::database(path);
        let mut connection = Connection::open_with_flags(path, flags).map_err(database())?;
        // Another grading may be writing to the same file.
        connection.busy_handler(Some(wait)).map_err(database())?;
        connection.pragma_update(None, "foreign_keys", true).map_err(database())?;
        schema::bring_up_to_date(&mut connection, path)?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// A gradebook of no file.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        Self::open(Path::new(":memory:")).unwrap()
    }

    /// Adds an attempt, in a transaction of its own: after a kill it is there whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn record(&mut self, attempt: &Attempt) -> Result<(), Error> {
        insert(&mut self.connection, attempt).map_err(Error::database(&self.path))
    }

    /// Keeps that `exercise` is due at `due` in place of what its rubric says; `None` for what the rubric says.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_due(&self, exercise: &str, due: Option<Moment>) -> Result<(), Error> {
        let name = format!("due {exercise}");
        let done = match due {
            Some(due) => self.connection.execute(
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)",
                [name, due.to_string()],
            ),
            None => self.connection.execute("DELETE FROM setting WHERE name = ?1", [name]),
        };
        done.map(|_| ()).map_err(Error::database(&self.path))
    }

    /// When `exercise` is due, where that was said in place of the rubric.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn due(&self, exercise: &str) -> Result<Option<Moment>, Error> {
        let text: Option<String> = self
            .connection
            .query_row("SELECT value FROM setting WHERE name = ?1", [format!("due {exercise}")], |row| {
                row.get(0)
            })
            .optional()
            .map_err(Error::database(&self.path))?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// Every attempt, in the order in which they were graded.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn attempts(&self) -> Result<Vec<Attempt>, Error> {
        self.query().map_err(Error::database(&self.path))
    }

    /// The seed that its attempts are made with. A new gradebook takes `seed` for that, and keeps it.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn seed(&self, seed: u64) -> Result<u64, Error> {
        let kept = self.connection.query_row(
            "INSERT INTO setting (name, value) VALUES ('seed', ?1)
             ON CONFLICT (name) DO UPDATE SET value = value RETURNING value",
            [seed.to_string()],
            |row| row.get::<_, String>(0),
        );
        let kept = kept.map_err(Error::database(&self.path))?;
        kept.parse().map_err(|_| Error::content(&self.path, format!("its seed is `{kept}`")))
    }

    fn query(&self) -> rusqlite::Result<Vec<Attempt>> {
        let mut statement = self.connection.prepare(
            "SELECT student.name, exercise, fingerprint, outcome, score, max_score, late_penalty,
                    message, submitted_at, graded_at, seconds, report, source, rules
             FROM attempt JOIN student ON student.id = attempt.student
             ORDER BY graded_at, attempt.rowid",
        )?;
        let rows = statement.query_map([], read)?;
        rows.collect()
    }

    /// Adds the attempts of the gradebook at `other` that are not here yet. Returns how many those are.
    ///
    /// # Errors
    /// When one of the files cannot be used.
    pub fn merge(&mut self, other: &Path) -> Result<usize, Error> {
        // Brings the other one up to date, so that both have the same tables.
        drop(Self::open_existing(other)?);
        let failed = || Error::database(other);
        self.connection
            .execute("ATTACH DATABASE ?1 AS other", [&*other.to_string_lossy()])
            .map_err(failed())?;
        let added = self.copy_from_other();
        self.connection.execute("DETACH DATABASE other", []).map_err(failed())?;
        added.map_err(failed())
    }

    fn copy_from_other(&mut self) -> rusqlite::Result<usize> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("INSERT OR IGNORE INTO setting SELECT * FROM other.setting", [])?;
        transaction.execute("INSERT OR IGNORE INTO student (name) SELECT name FROM other.student", [])?;
        let added = transaction.execute(
            "INSERT OR IGNORE INTO attempt
                 (id, student, exercise, fingerprint, outcome, score, max_score, late_penalty,
                  message, submitted_at, graded_at, seconds, report, source, rules)
             SELECT theirs.id, student.id, exercise, fingerprint, outcome, score, max_score, late_penalty,
                  message, submitted_at, graded_at, seconds, report, source, rules
             FROM other.attempt AS theirs
             JOIN other.student AS named ON named.id = theirs.student
             JOIN main.student ON student.name = named.name",
            [],
        )?;
        transaction.commit()?;
        Ok(added)
    }
}

/// Waits for another program that writes to the same file; not longer than a minute, and not against Ctrl-C.
fn wait(tries: i32) -> bool {
    const PAUSE: Duration = Duration::from_millis(20);
    if tries == 50 {
        eprintln!("waiting for another program that writes to the gradebook");
    }
    std::thread::sleep(PAUSE);
    tries < 3000 && !interrupt::requested()
}

fn insert(connection: &mut Connection, attempt: &Attempt) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("INSERT OR IGNORE INTO student (name) VALUES (?1)", [&attempt.student])?;
    transaction.execute(
        "INSERT INTO attempt
             (student, exercise, fingerprint, outcome, score, max_score, late_penalty,
              message, submitted_at, graded_at, seconds, report, source, rules)
         VALUES ((SELECT id FROM student WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            attempt.student,
            attempt.exercise,
            attempt.fingerprint,
            attempt.outcome.word(),
            attempt.score,
            attempt.max_score,
            attempt.late_penalty,
            attempt.message,
            attempt.submitted_at.map(|time| time.0),
            attempt.graded_at.0,
            attempt.seconds,
            attempt.report,
            attempt.source,
            attempt.rules,
        ],
    )?;
    transaction.execute(
        "DELETE FROM claim WHERE student = ?1 AND exercise = ?2",
        [&attempt.student, &attempt.exercise],
    )?;
    transaction.commit()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let word: String = row.get(3)?;
    let unknown = || {
        let reason = format!("`{word}` is no outcome");
        rusqlite::Error::FromSqlConversionFailure(3, Type::Text, reason.into())
    };
    Ok(Attempt {
        // Older graders kept names as file systems have them.
        student: name::one_form(&row.get::<_, String>(0)?),
        exercise: row.get(1)?,
        fingerprint: row.get(2)?,
        outcome: AttemptOutcome::from_word(&word).ok_or_else(unknown)?,
        // Older graders kept sums as processors add.
        score: rounded(row.get(4)?),
        max_score: rounded(row.get(5)?),
        late_penalty: rounded(row.get(6)?),
        message: row.get(7)?,
        submitted_at: row.get::<_, Option<i64>>(8)?.map(Timestamp),
        graded_at: Timestamp(row.get(9)?),
        seconds: row.get(10)?,
        report: row.get(11)?,
        source: row.get(12)?,
        rules: row.get(13)?,
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::policy::tests::attempt;

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn book(folder: &TempDir, name: &str, attempts: &[Attempt]) -> PathBuf {
        let path = folder.path().join(name);
        let mut book = Book::open(&path).unwrap();
        attempts.iter().for_each(|attempt| book.record(attempt).unwrap());
        path
    }

    #[test]
    fn attempts_are_read_as_they_were_recorded() {
        let folder = folder();
        let full = Attempt {
            message: Some("error[E0308]: \u{1F980} 'quotes' -- ; DROP TABLE attempt".into()),
            report: Some("{\"exercises\":[]}".into()),
            late_penalty: 0.5,
            ..attempt("Robert'); DROP TABLE student;--", 6.5, 2)
        };
        let bare = Attempt { submitted_at: None, outcome: AttemptOutcome::Missing, ..attempt("ada", 0.0, 1) };
        let path = book(&folder, "book.sqlite", &[full.clone(), bare.clone()]);
        assert_eq!(Book::open_existing(&path).unwrap().attempts().unwrap(), [bare, full]);
    }

    #[test]
    fn a_gradebook_keeps_its_first_seed_and_a_merged_one_takes_it_over() {
        let folder = folder();
        let path = book(&folder, "book.sqlite", &[]);
        let largest = Book::open(&path).unwrap().seed(u64::MAX).unwrap();
        let again = Book::open(&path).unwrap().seed(5).unwrap();
        let mut merged = Book::open(&folder.path().join("merged.sqlite")).unwrap();
        merged.merge(&path).unwrap();
        assert_eq!([largest, again, merged.seed(6).unwrap()], [u64::MAX; 3]);
    }

    #[test]
    fn a_due_date_is_kept_until_the_rubrics_holds_again() {
        let book = Book::in_memory();
        let due: Moment = "2026-03-01T23:59:00+01:00".parse().unwrap();
        book.keep_due("even-odd", Some(due)).unwrap();
        assert_eq!((book.due("even-odd").unwrap(), book.due("primes").unwrap()), (Some(due), None));
        book.keep_due("even-odd", None).unwrap();
        assert_eq!(book.due("even-odd").unwrap(), None);
    }

    #[test]
    fn names_of_older_gradebooks_are_in_one_form() {
        let folder = folder();
        let path = book(&folder, "book.sqlite", &[attempt("Jose\u{301}", 10.0, 1)]);
        assert_eq!(Book::open_existing(&path).unwrap().attempts().unwrap()[0].student, "Jos\u{e9}");
    }

    #[test]
    fn points_of_older_gradebooks_are_rounded() {
        let folder = folder();
        let noisy = Attempt {
            max_score: 0.1 + 0.7,
            late_penalty: 0.1 + 0.2,
            ..attempt("ada", 0.7000000000000001, 1)
        };
        let path = book(&folder, "book.sqlite", &[noisy]);
        let read = &Book::open_existing(&path).unwrap().attempts().unwrap()[0];
        assert_eq!([read.score, read.max_score, read.late_penalty], [0.7, 0.8, 0.3]);
    }

    #[test]
    fn merging_twice_adds_nothing_the_second_time() {
        let folder = folder();
        let one = book(&folder, "one.sqlite", &[attempt("ada", 3.0, 1), attempt("bob", 10.0, 2)]);
        // The same student and result, but graded elsewhere: an attempt of its own.
        let two = book(&folder, "two.sqlite", &[attempt("ada", 3.0, 1), attempt("eve", 5.0, 3)]);
        let mut out = Book::open(&folder.path().join("out.sqlite")).unwrap();
        assert_eq!([&one, &two, &one, &two].map(|path| out.merge(path).unwrap()), [2, 2, 0, 0]);
        let students: Vec<String> = out.attempts().unwrap().into_iter().map(|it| it.student).collect();
        assert_eq!(students, ["ada", "ada", "bob", "eve"]);
    }

    #[test]
    fn a_gradebook_merged_into_its_own_parts_changes_nothing() {
        let folder = folder();
        let one = book(&folder, "one.sqlite", &[attempt("ada", 3.0, 1)]);
        let out = folder.path().join("out.sqlite");
        Book::open(&out).unwrap().merge(&one).unwrap();
        assert_eq!(Book::open(&one).unwrap().merge(&out).unwrap(), 0);
    }

    #[test]
    fn an_absent_gradebook_is_not_made_by_reading_it() {
        let path = folder().path().join("book.sqlite");
        assert!(Book::open_existing(&path).is_err());
        assert!(!path.exists());
    }
}
