//! Points, and sums of them as people add.

use serde::{Deserialize, Serialize};

use super::Report;

/// Points reached, and the most that could be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// Points reached.
    pub score: f64,
    /// The most that could be reached.
    pub max_score: f64,
}

/// The sum of points, or of seconds, [`rounded`]. From 0: the empty sum of `Iterator::sum` is -0, which would be shown.
pub fn sum(numbers: impl Iterator<Item = f64>) -> f64 {
    rounded(numbers.fold(0.0, |sum, number| sum + number))
}

/// The number to a billionth, so that 0.1 + 0.2 is 0.3. No rubric is finer; what is so large that it has no billionths
/// stays as it is.
pub fn rounded(number: f64) -> f64 {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let billionths = (number * 1e9).round();
    if billionths.abs() < EXACT { billionths / 1e9 } else { number }
}

impl Report {
    /// The same report with all points [`rounded`]; those of stored ones may not be.
    pub fn with_rounded_points(mut self) -> Self {
        let round = |points: [&mut f64; 2]| points.into_iter().for_each(|points| *points = rounded(*points));
        round([&mut self.score, &mut self.max_score]);
        for exercise in &mut self.exercises {
            round([&mut exercise.score, &mut exercise.max_score]);
            exercise.withheld.iter_mut().for_each(|of| round([&mut of.score, &mut of.max_score]));
            exercise.checks.iter_mut().for_each(|check| round([&mut check.score, &mut check.max_score]));
            exercise.late.iter_mut().for_each(|late| late.score_in_time = rounded(late.score_in_time));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn all_points_of_a_stored_report_are_rounded() {
        let report = sample::report().seen_by(crate::Audience::Student);
        let mut noisy = report.clone();
        let add = |points: &mut f64| *points += 1e-13;
        add(&mut noisy.score);
        for exercise in &mut noisy.exercises {
            add(&mut exercise.max_score);
            exercise.withheld.iter_mut().for_each(|points| add(&mut points.score));
            exercise.late.iter_mut().for_each(|late| add(&mut late.score_in_time));
            exercise.checks.iter_mut().for_each(|check| add(&mut check.max_score));
        }
        let text = |report: &Report| serde_json::to_string(report).unwrap();
        assert_ne!(text(&noisy), text(&report));
        assert_eq!(text(&noisy.with_rounded_points()), text(&report));
    }
}
