//! The tables of a gradebook, and how older ones are brought up to date.
//!
//! `PRAGMA user_version` is how many of the [`MIGRATIONS`] a file has been through. A migration is
//! never changed once it was released; a new one is added below it.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Error;

/// `PRAGMA application_id` of a gradebook ("LKST").
const APPLICATION: i64 = 0x4c4b_5354;

const MIGRATIONS: &[&str] = &[
    // 1. Times are milliseconds since 1970 in UTC. An attempt has a random id, by which `merge` knows it.
    "CREATE TABLE student (
         id INTEGER PRIMARY KEY,
         name TEXT NOT NULL UNIQUE
     ) STRICT;
     CREATE TABLE attempt (
         id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
         student INTEGER NOT NULL REFERENCES student (id),
         exercise TEXT NOT NULL,
         fingerprint TEXT NOT NULL,
         outcome TEXT NOT NULL,
         score REAL NOT NULL CHECK (score >= 0),
         max_score REAL NOT NULL,
         late_penalty REAL NOT NULL DEFAULT 0 CHECK (late_penalty >= 0),
         message TEXT,
         submitted_at INTEGER,
         graded_at INTEGER NOT NULL,
         seconds REAL NOT NULL,
         report TEXT CHECK (report IS NULL OR json_valid(report))
     ) STRICT;
     CREATE INDEX attempt_by_student ON attempt (student, exercise);",
    // 2. For people who ask in SQL. The report stays the only place of what it says.
    "CREATE VIEW check_result AS
     SELECT student.name AS student, attempt.exercise, attempt.id AS attempt,
            json_extract(value, '$.id') AS \"check\",
            json_extract(value, '$.verdict') AS verdict,
            json_extract(value, '$.score') AS score,
            json_extract(value, '$.max_score') AS max_score,
            json_extract(value, '$.message') AS message
     FROM attempt JOIN student ON student.id = attempt.student,
          json_each(attempt.report, '$.exercises[0].checks');",
    // 3. What all gradings have in common: `seed`, as text, since an integer here has a sign.
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
    // 4. Which source an attempt is of, and by which rules it got its points. What some grader is at work on.
    "ALTER TABLE attempt ADD COLUMN source TEXT;
     ALTER TABLE attempt ADD COLUMN rules TEXT;
     CREATE TABLE claim (
         student TEXT NOT NULL,
         exercise TEXT NOT NULL,
         grader TEXT NOT NULL,
         PRIMARY KEY (student, exercise)
     ) STRICT;",
];

/// Runs the migrations that the file has not been through, all or none.
///
/// # Errors
/// When it cannot be written, is no gradebook, or is of a newer version.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    match migrate(connection, MIGRATIONS).map_err(Error::database(path))? {
        Migrated::Done => Ok(()),
        Migrated::Foreign => Err(Error::content(path, "it is a database, but not a gradebook")),
        Migrated::Newer(version) => Err(Error::content(
            path,
            format!(
                "it has version {version}, and this grader knows {}; use a newer grader",
                MIGRATIONS.len()
            ),
        )),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Migrated {
    Done,
    Foreign,
    Newer(usize),
}

fn migrate(connection: &mut Connection, migrations: &[&str]) -> rusqlite::Result<Migrated> {
    if version(connection)? == migrations.len() && is_ours(connection)? {
        return Ok(Migrated::Done);
    }
    // Immediate: two graders that open a new file at once must not both create its tables.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = version(&transaction)?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && !is_ours(&transaction)? {
        return Ok(Migrated::Foreign);
    }
    let Some(missing) = migrations.get(version..) else { return Ok(Migrated::Newer(version)) };
    missing.iter().try_for_each(|migration| transaction.execute_batch(migration))?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", migrations.len() as i64)?;
    transaction.commit()?;
    Ok(Migrated::Done)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(id == APPLICATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    #[test]
    fn an_old_gradebook_goes_through_what_it_has_missed_and_keeps_its_rows() {
        let mut connection = database();
        assert_eq!(migrate(&mut connection, &MIGRATIONS[..1]).unwrap(), Migrated::Done);
        let report = r#"{"exercises":[{"checks":[{"id":"alternates","verdict":"fail"}]}]}"#;
        let old = format!(
            "INSERT INTO student (name) VALUES ('ada');
             INSERT INTO attempt (student, exercise, fingerprint, outcome, score, max_score, graded_at, seconds, report)
             VALUES (1, 'even-odd', '', 'fail', 0, 10, 1, 1, '{report}')"
        );
        connection.execute_batch(&old).unwrap();
        assert_eq!(migrate(&mut connection, MIGRATIONS).unwrap(), Migrated::Done);
        assert_eq!(migrate(&mut connection, MIGRATIONS).unwrap(), Migrated::Done);
        let row = "SELECT student || ' ' || \"check\" || ' ' || verdict FROM check_result";
        let text: String = connection.query_row(row, [], |row| row.get(0)).unwrap();
        assert_eq!(text, "ada alternates fail");
    }

    #[test]
    fn a_newer_gradebook_is_not_touched() {
        let mut connection = database();
        migrate(&mut connection, MIGRATIONS).unwrap();
        assert_eq!(migrate(&mut connection, &MIGRATIONS[..1]).unwrap(), Migrated::Newer(MIGRATIONS.len()));
    }

    #[test]
    fn a_database_of_something_else_is_not_touched() {
        let mut connection = database();
        connection.execute_batch("CREATE TABLE places (url TEXT)").unwrap();
        assert_eq!(migrate(&mut connection, MIGRATIONS).unwrap(), Migrated::Foreign);
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing() {
        let mut connection = database();
        assert!(migrate(&mut connection, &[MIGRATIONS[0], "CREATE TABLE broken ("]).is_err());
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn an_attempt_belongs_to_a_student_that_exists() {
        let mut connection = database();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        let orphan = "INSERT INTO attempt (student, exercise, fingerprint, outcome, score, max_score, graded_at, seconds)
                      VALUES (7, 'even-odd', '', 'pass', 0, 0, 0, 0)";
        assert!(connection.execute(orphan, []).is_err());
    }
}
