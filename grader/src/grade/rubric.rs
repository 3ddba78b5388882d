//! Points for each check, who sees it, and what being late costs: `fixtures/<exercise>/rubric.toml`.

use std::collections::BTreeMap;
use std::fs;

use engine::workspace::Workspace;
use exercises::Exercise;
use report::late::LateRule;
use report::{Visibility, sum};
use serde::Deserialize;

use crate::error::Error;

/// The points of one exercise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    points: BTreeMap<String, f64>,
    /// Checks that are not always visible.
    #[serde(default)]
    visibility: BTreeMap<String, Visibility>,
    late: Option<LateRule>,
}

/// What a rubric says of one check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// The points for passing it.
    pub points: f64,
    /// When students see what it came to.
    pub visibility: Visibility,
}

impl Rubric {
    /// Reads the rubric of `exercise`, which names exactly its checks.
    ///
    /// # Errors
    /// When the file cannot be read, is not a rubric, or names other checks than the exercise has.
    pub fn read(workspace: &Workspace, exercise: &Exercise) -> Result<Self, Error> {
        let path = workspace.fixtures(exercise.name).join("rubric.toml");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        Self::parse(&text, exercise).map_err(|reason| Error::content(path, reason))
    }

    fn parse(text: &str, exercise: &Exercise) -> Result<Self, String> {
        let rubric: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if let Some(id) =
            rubric.points.keys().chain(rubric.visibility.keys()).find(|id| exercise.check(id).is_none())
        {
            return Err(format!("`{id}` is no check of {}", exercise.name));
        }
        if let Some(check) = exercise.checks.iter().find(|check| !rubric.points.contains_key(check.id)) {
            return Err(format!("the check `{}` has no points", check.id));
        }
        if rubric.points.values().any(|points| !points.is_finite() || *points < 0.0) {
            return Err("points are 0 or more".into());
        }
        if rubric.late.is_some_and(|late| !late.is_sound()) {
            return Err("`per_day` and `at_most` of `[late]` are percent, 0 to 100".into());
        }
        Ok(rubric)
    }

    /// The points for passing a check.
    pub fn points(&self, check: &str) -> f64 {
        self.points.get(check).copied().unwrap_or(0.0)
    }

    /// The points for passing every check.
    pub fn max_score(&self) -> f64 {
        sum(self.points.values().copied())
    }

    /// When students see what a check came to. A check of an older exercise, of which it says nothing, they never see.
    pub fn visibility(&self, check: &str) -> Visibility {
        let usual = if self.points.contains_key(check) { Visibility::Visible } else { Visibility::Hidden };
        self.visibility.get(check).copied().unwrap_or(usual)
    }

    /// All of it that decides about points, as text that is the same for the same rules.
    pub fn rules(&self) -> String {
        format!("{:?} {:?}", self.points, self.late)
    }

    /// All that it says of a check.
    pub fn worth(&self, check: &str) -> Worth {
        Worth { points: self.points(check), visibility: self.visibility(check) }
    }

    /// What being late costs; `None` for nothing.
    pub fn late(&self) -> Option<&LateRule> {
        self.late.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use exercises::Check;

    use super::*;

    static EXERCISE: Exercise = Exercise {
        name: "sample",
        root: "main.rs",
        summary: "",
        checks: &[Check { id: "right", about: "" }, Check { id: "terminates", about: "" }],
        after: &[],
        untried: &[],
        cases: &|_| Vec::new(),
    };

    #[test]
    fn a_rubric_gives_points_to_every_check() {
        let rubric = Rubric::parse("[points]\nright = 7.5\nterminates = 2.5\n", &EXERCISE).unwrap();
        assert_eq!((rubric.points("right"), rubric.points("terminates")), (7.5, 2.5));
    }

    #[test]
    fn a_check_is_visible_unless_the_rubric_says_otherwise() {
        let text = "[points]\nright = 1\nterminates = 1\n[visibility]\nright = \"after-due\"\n";
        let rubric = Rubric::parse(text, &EXERCISE).unwrap();
        assert_eq!(rubric.visibility("right"), Visibility::AfterDue);
        assert_eq!(rubric.visibility("terminates"), Visibility::Visible);
        assert_eq!(rubric.visibility("of-last-year"), Visibility::Hidden);
    }

    #[test]
    fn points_are_summed_without_noise() {
        let rubric = Rubric::parse("[points]\nright = 0.1\nterminates = 0.2\n", &EXERCISE).unwrap();
        assert_eq!(rubric.max_score(), 0.3);
    }

    #[test]
    fn who_sees_a_check_is_no_rule_for_points() {
        let rules = |more: &str| {
            let text = format!("[points]\nright = 1\nterminates = 1\n{more}");
            Rubric::parse(&text, &EXERCISE).unwrap().rules()
        };
        assert_eq!(rules(""), rules("# mended\n[visibility]\nright = \"hidden\"\n"));
        assert_ne!(rules(""), rules("[late]\nper_day = 10\n"));
    }

    #[test]
    fn late_points_are_read_with_their_due_date() {
        let late = "[late]\ndue = 2026-03-01T23:59:00+01:00\nper_day = 10\nat_most = 50\n";
        let rubric =
            Rubric::parse(&format!("[points]\nright = 1\nterminates = 1\n{late}"), &EXERCISE).unwrap();
        let rule = rubric.late().unwrap();
        assert_eq!((rule.per_day, rule.at_most), (10.0, 50.0));
        assert_eq!(rule.due.unwrap().to_string(), "2026-03-01T23:59:00+01:00");
    }

    #[test]
    fn a_rubric_that_does_not_fit_its_exercise_says_where() {
        let reason = |text: &str| Rubric::parse(text, &EXERCISE).unwrap_err();
        assert_eq!(reason("[points]\nright = 1\n"), "the check `terminates` has no points");
        assert_eq!(reason("[points]\nrigth = 1\n"), "`rigth` is no check of sample");
        assert_eq!(reason("[points]\nright = -1\nterminates = 1\n"), "points are 0 or more");
        let with = |more: &str| format!("[points]\nright = 1\nterminates = 1\n{more}");
        assert_eq!(reason(&with("[visibility]\nrigth = \"hidden\"\n")), "`rigth` is no check of sample");
        assert!(reason(&with("[visibility]\nright = \"secret\"\n")).contains("unknown variant `secret`"));
        let percent = "`per_day` and `at_most` of `[late]` are percent, 0 to 100";
        assert_eq!(reason(&with("[late]\nper_day = -1\n")), percent);
        assert!(reason(&with("[late]\nper_day = 1\ndue = 2026-03-01\n")).contains("offset"));
    }
}
