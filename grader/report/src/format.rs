//! The forms of a report, and who may see what in each.

use clap::ValueEnum;
use engine::escape;

use super::{Audience, Report};
use super::{classroom, exercism, github, gradescope, html, human, json, junit};

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, on a terminal
    Human,
    /// For programs: all that there is
    Json,
    /// One file for a browser: schedules as pictures beside the source
    Html,
    /// JUnit's XML, for GitLab, Jenkins and others
    Junit,
    /// Annotations and a job summary, for GitHub Actions
    Github,
    /// The result that GitHub Classroom's reporter reads
    Classroom,
    /// results.json of Gradescope
    Gradescope,
    /// results.json of an Exercism test runner
    Exercism,
}

impl Format {
    /// The name that the command line uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Classroom => "classroom",
            Self::Gradescope => "gradescope",
            Self::Exercism => "exercism",
        }
    }

    /// Renders `report` for students who may still hand in.
    pub fn render(self, report: &Report) -> String {
        self.render_for(report, Audience::Student)
    }

    /// Renders what `audience` may see of `report`; all of it in Gradescope's format, which says itself who
    /// may see what. The text for people has colours, as ANSI escapes, which the writer strips where they
    /// are not wanted.
    pub fn render_for(self, report: &Report, audience: Audience) -> String {
        self.render_in(report, audience, None)
    }

    /// As [`Format::render_for`]; text for people is laid out in `width` columns of a terminal, or for a log.
    pub fn render_in(self, report: &Report, audience: Audience, width: Option<usize>) -> String {
        let seen = report.seen_by(audience);
        match self {
            Self::Human => escape::without_commands(&human::render(&seen, width)),
            Self::Json => json::render(&seen),
            Self::Html => html::render(&seen),
            Self::Junit => junit::render(&seen),
            Self::Github => github::render(&seen, &github::unguessable_token()),
            Self::Classroom => classroom::render(&seen),
            Self::Gradescope => gradescope::render(report),
            Self::Exercism => exercism::render(&seen),
        }
    }
}
