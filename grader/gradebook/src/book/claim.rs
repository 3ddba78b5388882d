//! Who is at work on what, so that several graders of one gradebook share the work and nothing is graded twice.
//!
//! A grader is known by a file beside the gradebook that it keeps locked. The system takes the lock away with the
//! process, however that ends, so a claim of a grader that is no more holds nothing up.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior};
use tempfile::NamedTempFile;

use super::Book;
use crate::attempt::{AttemptOutcome, Timestamp};
use crate::error::Error;

/// What somebody wants graded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The student.
    pub student: String,
    /// The exercise.
    pub exercise: String,
    /// The hash of the exercise, its source and how it is graded.
    pub fingerprint: String,
}

/// What came of wanting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This grader is the one to grade it.
    Ours,
    /// The gradebook has the result.
    Done,
    /// Another grader is at work on it.
    Elsewhere,
}

/// This process as a grader of a gradebook, until it is dropped.
pub struct Presence {
    name: String,
    path: PathBuf,
    since: Timestamp,
    /// Whether what was graded before counts.
    again: bool,
    _lock: File,
}

impl Presence {
    /// Begins to grade into the gradebook at `book`, at `since`. With `again`, what was graded before does not count.
    ///
    /// # Errors
    /// When no file can be made beside it.
    pub fn begin(book: &Path, since: Timestamp, again: bool) -> Result<Self, Error> {
        let failed = || grader::error::Error::file(book);
        let folder = book.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        remove_left_over(folder, book);
        // Locked before it has its name, so that nobody takes it for that of a grader that is no more.
        let file = NamedTempFile::new_in(folder).map_err(failed())?;
        file.as_file().lock().map_err(failed())?;
        let name = format!("{:016x}", exercises::random::drawn_seed());
        let path = place(book, &name);
        let lock = file.persist(&path).map_err(|error| failed()(error.error))?;
        Ok(Self { name, path, since, again, _lock: lock })
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Book {
    /// Claims what is `wanted` for the grader that is `present`, unless the gradebook has it or another grader is at work
    /// on it. Recording the attempt ends the claim.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn claim(&mut self, wanted: &Wanted, present: &Presence) -> Result<Claim, Error> {
        let path = self.path.clone();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Error::database(&path))?;
        let claim = claim(&transaction, wanted, present, &path).map_err(Error::database(&path))?;
        transaction.commit().map_err(Error::database(&path))?;
        Ok(claim)
    }
}

fn claim(
    transaction: &Transaction<'_>,
    wanted: &Wanted,
    present: &Presence,
    book: &Path,
) -> rusqlite::Result<Claim> {
    if is_done(transaction, wanted, present)? {
        return Ok(Claim::Done);
    }
    let Wanted { student, exercise, .. } = wanted;
    let holder: Option<String> = transaction
        .query_row(
            "SELECT grader FROM claim WHERE student = ?1 AND exercise = ?2",
            [student, exercise],
            |row| row.get(0),
        )
        .optional()?;
    if holder.is_some_and(|holder| holder != present.name && is_alive(book, &holder)) {
        return Ok(Claim::Elsewhere);
    }
    transaction.execute(
        "INSERT OR REPLACE INTO claim (student, exercise, grader) VALUES (?1, ?2, ?3)",
        [student, exercise, &present.name],
    )?;
    Ok(Claim::Ours)
}

/// Whether the latest result is of just this, and settled; or another grader came to it since this one began.
///
/// Who goes back to an earlier version is graded again, so that it is the latest; so is everybody when the teacher goes
/// back to earlier rules.
fn is_done(transaction: &Transaction<'_>, wanted: &Wanted, present: &Presence) -> rusqlite::Result<bool> {
    let mut statement = transaction.prepare(
        "SELECT fingerprint, outcome, graded_at FROM attempt JOIN student ON student.id = attempt.student
         WHERE student.name = ?1 AND exercise = ?2 ORDER BY graded_at DESC, attempt.rowid DESC",
    )?;
    let mut rows = statement.query([&wanted.student, &wanted.exercise])?;
    let mut is_latest = true;
    while let Some(row) = rows.next()? {
        let outcome = AttemptOutcome::from_word(&row.get::<_, String>(1)?);
        let is_wanted = row.get::<_, String>(0)? == wanted.fingerprint;
        if is_wanted && row.get::<_, i64>(2)? >= present.since.0 {
            return Ok(true);
        }
        // A failure of the grader says nothing, and hides nothing.
        if is_latest && outcome != Some(AttemptOutcome::GraderError) {
            if is_wanted && !present.again && outcome.is_some_and(AttemptOutcome::is_settled) {
                return Ok(true);
            }
            is_latest = false;
        }
    }
    Ok(false)
}

/// Where the file of a grader is.
fn place(book: &Path, grader: &str) -> PathBuf {
    let mut name = book.as_os_str().to_owned();
    name.push(format!(".grader-{grader}"));
    name.into()
}

fn is_alive(book: &Path, grader: &str) -> bool {
    File::open(place(book, grader)).is_ok_and(|file| is_locked(&file))
}

fn is_locked(file: &File) -> bool {
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Takes away the files of graders that are no more.
fn remove_left_over(folder: &Path, book: &Path) {
    let beginning = place(book, "");
    let Some(beginning) = beginning.file_name() else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_of_grader = entry.file_name().as_encoded_bytes().starts_with(beginning.as_encoded_bytes());
        if is_of_grader && File::open(entry.path()).is_ok_and(|file| !is_locked(&file)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Attempt;
    use crate::policy::tests::attempt;

    fn wanted(attempt: &Attempt) -> Wanted {
        let Attempt { student, exercise, fingerprint, .. } = attempt.clone();
        Wanted { student, exercise, fingerprint }
    }

    struct Fixture {
        _folder: tempfile::TempDir,
        path: PathBuf,
        book: Book,
    }

    fn fixture(attempts: &[Attempt]) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.sqlite");
        let mut book = Book::open(&path).unwrap();
        attempts.iter().for_each(|attempt| book.record(attempt).unwrap());
        Fixture { _folder: folder, path, book }
    }

    fn presence(fixture: &Fixture, since: i64) -> Presence {
        Presence::begin(&fixture.path, Timestamp(since), false).unwrap()
    }

    #[test]
    fn one_grader_claims_and_the_other_one_finds_it_taken_then_done() {
        let mut fixture = fixture(&[]);
        let (one, two) = (presence(&fixture, 0), presence(&fixture, 0));
        let mut other = Book::open(&fixture.path).unwrap();
        let graded = attempt("ada", 6.5, 5);
        assert_eq!(fixture.book.claim(&wanted(&graded), &one).unwrap(), Claim::Ours);
        assert_eq!(other.claim(&wanted(&graded), &two).unwrap(), Claim::Elsewhere);
        assert_eq!(fixture.book.claim(&wanted(&graded), &one).unwrap(), Claim::Ours, "it is its own");
        fixture.book.record(&graded).unwrap();
        assert_eq!(other.claim(&wanted(&graded), &two).unwrap(), Claim::Done);
    }

    #[test]
    fn the_claim_of_a_grader_that_is_no_more_holds_nothing_up() {
        let mut fixture = fixture(&[]);
        let dead = presence(&fixture, 0);
        let task = wanted(&attempt("ada", 6.5, 5));
        assert_eq!(fixture.book.claim(&task, &dead).unwrap(), Claim::Ours);
        // As after `kill -9`: the file stays, and its lock does not.
        let Presence { _lock, path, .. } = &dead;
        _lock.unlock().unwrap();
        assert!(path.exists());
        let next = presence(&fixture, 0);
        assert!(!path.exists(), "it was swept up");
        assert_eq!(fixture.book.claim(&task, &next).unwrap(), Claim::Ours);
    }

    #[test]
    fn what_is_settled_is_not_wanted_again_unless_it_is_asked_for() {
        let mut fixture = fixture(&[attempt("ada", 6.5, 1)]);
        let task = wanted(&attempt("ada", 6.5, 1));
        let later = presence(&fixture, 10);
        assert_eq!(fixture.book.claim(&task, &later).unwrap(), Claim::Done);
        let again = Presence::begin(&fixture.path, Timestamp(10), true).unwrap();
        assert_eq!(fixture.book.claim(&task, &again).unwrap(), Claim::Ours);
        fixture.book.record(&attempt("ada", 6.5, 11)).unwrap();
        assert_eq!(
            fixture.book.claim(&task, &again).unwrap(),
            Claim::Done,
            "the other grader was asked, too"
        );
    }

    #[test]
    fn what_proves_nothing_is_tried_again_by_the_next_call_only() {
        let failure = Attempt { outcome: AttemptOutcome::GraderError, ..attempt("ada", 0.0, 1) };
        let mut fixture = fixture(std::slice::from_ref(&failure));
        let (next, same) = (presence(&fixture, 2), presence(&fixture, 1));
        assert_eq!(fixture.book.claim(&wanted(&failure), &same).unwrap(), Claim::Done);
        assert_eq!(fixture.book.claim(&wanted(&failure), &next).unwrap(), Claim::Ours);
    }

    #[test]
    fn who_goes_back_to_an_earlier_version_is_graded_again() {
        let mut fixture = fixture(&[attempt("ada", 6.5, 1), attempt("ada", 3.0, 2)]);
        let present = presence(&fixture, 10);
        assert_eq!(fixture.book.claim(&wanted(&attempt("ada", 3.0, 2)), &present).unwrap(), Claim::Done);
        assert_eq!(fixture.book.claim(&wanted(&attempt("ada", 6.5, 1)), &present).unwrap(), Claim::Ours);
    }
}
