//! By what students' work is judged, as students get it: without the tests and cases that they must not see. Points for
//! these are given where the course grades.

use std::fs;
use std::path::{Path, PathBuf};

use engine::workspace::Workspace;
use exercises::by_cases::CasesFile;
use exercises::{Exercise, by_tests};
use report::Visibility;
use toml::{Table, Value};

use super::{Tree, files};
use crate::error::Error;
use crate::grade::rubric::Rubric;

/// The rubric, and where the checks stand in a file, that file.
pub(super) fn judged_by(workspace: &Workspace, exercise: &Exercise) -> Result<Tree, Error> {
    let folder = Path::new("fixtures").join(exercise.name);
    let rubric = folder.join("rubric.toml");
    let text = files::text(workspace.root(), &rubric)?;
    let rules = Rubric::read(workspace, exercise)?;
    let is_kept = |check: &str| rules.visibility(check) == Visibility::Visible;
    let Some(path) = path(workspace, exercise) else {
        return Ok(Tree::from([(rubric, text.into_bytes())]));
    };
    if !exercise.checks.iter().any(|check| is_kept(check.id)) {
        let reason = "all its checks are hidden: students could not grade it, so show them one";
        return Err(Error::content(workspace.root().join(rubric), reason));
    }
    let checks = fs::read_to_string(&path).map_err(Error::file(&path))?;
    let name = path.file_name().unwrap_or_default();
    let kept = if path == workspace.cases(exercise.name) {
        CasesFile::without(&checks, is_kept).map_err(|reason| Error::content(&path, reason))?
    } else {
        by_tests::read(workspace, exercise.name)?.without(&checks, is_kept)
    };
    Ok(Tree::from([(rubric, without(&text, is_kept).into_bytes()), (folder.join(name), kept.into_bytes())]))
}

/// The file with the checks; `None` where they are written in the grader.
fn path(workspace: &Workspace, exercise: &Exercise) -> Option<PathBuf> {
    [workspace.cases(exercise.name), workspace.checks(exercise.name)].into_iter().find(|path| path.is_file())
}

/// The rubric without the checks that are not kept; the text as it is where all are.
fn without(rubric: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let Ok(mut table) = rubric.parse::<Table>() else { return rubric.to_owned() };
    let mut left_out = false;
    for name in ["points", "visibility"] {
        if let Some(Value::Table(checks)) = table.get_mut(name) {
            let all = checks.len();
            checks.retain(|check, _| is_kept(check));
            left_out |= checks.len() < all;
        }
    }
    table.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
    if left_out { table.to_string() } else { rubric.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_checks_that_are_left_out() {
        let rubric = "# Ten.\n[points]\na = 6\nb = 4\n\n[visibility]\nb = \"hidden\"\n";
        let text = without(rubric, |check| check == "a");
        assert_eq!(text, "[points]\na = 6\n");
        assert_eq!(without(rubric, |_| true), rubric);
    }
}
