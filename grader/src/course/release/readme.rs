//! The README of the students' repository.

use std::fmt::Write;

use exercises::Exercise;

const HEAD: &str = "\
# Concurrency exercises

Small programs with threads, each with a written contract, and a grader that chooses which thread runs when.
All they need is Rust (stable, 1.95 or later) and Linux on x86-64 or AArch64. On Windows, a Mac, or in a container:
[where it runs](docs/platforms.md); or let your pull request be graded.

```
cargo grade even-odd         grade one exercise
cargo grade watch even-odd   grade it again whenever you save
cargo grade hint even-odd    a hint, and a further one each time
cargo grade                  grade everything
```

Each exercise is a folder in `crates/`. Read its README, then write what is a `todo!` in its `src/`, or write the
program your own way: any style that keeps the contract passes. [docs/for-students.md](docs/for-students.md) shows how
that goes, and how to read what the grader says.

## The exercises

| exercise | what the program does |
|---|---|
";

/// The text, with `exercises` in the order of the course.
pub(super) fn render(exercises: &[&Exercise]) -> String {
    let mut text = HEAD.to_owned();
    for exercise in exercises {
        let _ = writeln!(text, "| [{0}](crates/{0}/README.md) | {1} |", exercise.name, exercise.summary);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exercise_has_a_row() {
        let text = render(exercises::WRITTEN);
        for exercise in exercises::WRITTEN {
            assert!(text.contains(&format!("| [{0}](crates/{0}/README.md) | ", exercise.name)), "{text}");
        }
    }
}
