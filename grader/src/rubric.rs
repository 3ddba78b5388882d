//! Points for each check: `fixtures/<exercise>/rubric.toml`.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::error::Error;
use crate::exercise::Exercise;
use crate::workspace::Workspace;

/// The points of one exercise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    points: BTreeMap<String, f64>,
}

impl Rubric {
    /// Reads the rubric of `exercise`, which names exactly its checks.
    ///
    /// # Errors
    /// When the file cannot be read, is not a rubric, or names other checks than the exercise has.
    pub fn read(workspace: &Workspace, exercise: &Exercise) -> Result<Self, Error> {
        let path = workspace.fixtures(exercise.name).join("rubric.toml");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        Self::parse(&text, exercise).map_err(|reason| Error::Content { path, reason })
    }

    fn parse(text: &str, exercise: &Exercise) -> Result<Self, String> {
        let rubric: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if let Some(id) = rubric.points.keys().find(|id| exercise.check(id).is_none()) {
            return Err(format!("`{id}` is no check of {}", exercise.name));
        }
        if let Some(check) = exercise.checks.iter().find(|check| !rubric.points.contains_key(check.id)) {
            return Err(format!("the check `{}` has no points", check.id));
        }
        if rubric.points.values().any(|points| !points.is_finite() || *points < 0.0) {
            return Err("points are 0 or more".into());
        }
        Ok(rubric)
    }

    /// The points for passing a check.
    pub fn points(&self, check: &str) -> f64 {
        self.points.get(check).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Rubric;
    use crate::exercise::{Check, Exercise};

    static EXERCISE: Exercise = Exercise {
        name: "sample",
        summary: "",
        checks: &[Check { id: "right", about: "" }, Check { id: "terminates", about: "" }],
        cases: |_| Vec::new(),
    };

    #[test]
    fn a_rubric_gives_points_to_every_check() {
        let rubric = Rubric::parse("[points]\nright = 7.5\nterminates = 2.5\n", &EXERCISE).unwrap();
        assert_eq!((rubric.points("right"), rubric.points("terminates")), (7.5, 2.5));
    }

    #[test]
    fn a_rubric_that_does_not_fit_its_exercise_says_where() {
        let reason = |text| Rubric::parse(text, &EXERCISE).unwrap_err();
        assert_eq!(reason("[points]\nright = 1\n"), "the check `terminates` has no points");
        assert_eq!(reason("[points]\nrigth = 1\n"), "`rigth` is no check of sample");
        assert_eq!(reason("[points]\nright = -1\nterminates = 1\n"), "points are 0 or more");
    }
}
