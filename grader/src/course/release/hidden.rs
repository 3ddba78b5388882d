//! By what students' work is judged, as students get it: without the checks that they must not see. Points for these are
//! given where the course grades.

use std::path::Path;

use engine::workspace::Workspace;
use exercises::by_cases::CasesFile;
use exercises::{Exercise, by_tests};
use report::Visibility;
use toml::{Table, Value};

use super::{Tree, files};
use crate::error::Error;
use crate::grade::rubric::Rubric;

/// The rubric, with the tests or the cases of an exercise that has such a file.
pub(super) fn judged_by(workspace: &Workspace, exercise: &Exercise) -> Result<Tree, Error> {
    let of = |file: &str| Path::new("fixtures").join(exercise.name).join(file);
    let root = workspace.root();
    let rubric = files::text(root, &of("rubric.toml"))?;
    let (has_tests, has_cases) =
        (workspace.checks(exercise.name).is_file(), workspace.cases(exercise.name).is_file());
    if !has_tests && !has_cases {
        return Ok(Tree::from([(of("rubric.toml"), rubric.into_bytes())]));
    }
    let rules = Rubric::read(workspace, exercise)?;
    let is_kept = |check: &str| rules.visibility(check) == Visibility::Visible;
    if !exercise.checks.iter().any(|check| is_kept(check.id)) {
        let reason = "all its checks are hidden: students could not grade it, so show them one";
        return Err(Error::content(root.join(of("rubric.toml")), reason));
    }
    let name = of(if has_tests { "checks.rs" } else { "cases.toml" });
    let text = files::text(root, &name)?;
    let left = match has_tests {
        true => by_tests::read(workspace, exercise.name)?.without(&text, is_kept),
        false => {
            CasesFile::without(&text, is_kept).map_err(|reason| Error::content(root.join(&name), reason))?
        }
    };
    let rubric = without_points(&rubric, is_kept);
    Ok(Tree::from([(of("rubric.toml"), rubric.into_bytes()), (name, left.into_bytes())]))
}

/// The rubric without the checks that are not kept; the text as it is where all are.
fn without_points(rubric: &str, is_kept: impl Fn(&str) -> bool) -> String {
    edited(rubric, |table| {
        for name in ["points", "visibility"] {
            if let Some(Value::Table(checks)) = table.get_mut(name) {
                checks.retain(|check, _| is_kept(check));
            }
        }
        table.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
    })
}

/// The text after a change; as it is, with its comments, where nothing has changed.
fn edited(text: &str, change: impl FnOnce(&mut Table)) -> String {
    let Ok(before) = text.parse::<Table>() else { return text.to_owned() };
    let mut after = before.clone();
    change(&mut after);
    if after == before { text.to_owned() } else { after.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_checks_that_are_left_out() {
        let rubric = "# Ten.\n[points]\na = 6\nb = 4\n\n[visibility]\nb = \"hidden\"\n";
        assert_eq!(without_points(rubric, |check| check == "a"), "[points]\na = 6\n");
        let all_seen = "# Ten.\n[points]\na = 6\n";
        assert_eq!(without_points(all_seen, |_| true), all_seen);
    }
}
