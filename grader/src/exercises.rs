//! The registry: every exercise that the grader knows, in the order of the course.

use crate::exercise::Exercise;

/// All exercises, in the order of the course.
pub static ALL: &[&Exercise] = &[];

/// The exercise called `name`.
pub fn find(name: &str) -> Option<&'static Exercise> {
    ALL.iter().copied().find(|exercise| exercise.name == name)
}
