//! The student's source, each line with a name that pictures link to.

use std::collections::BTreeSet;

use engine::escape::markup;
use engine::picture::SourceLine;

use super::super::{ExerciseReport, SourceFile, diagnostics};

/// The most lines of a file that are shown.
const MOST_LINES: usize = 5_000;

/// The program of one exercise, and which of its lines matter.
pub(super) struct Program<'a> {
    /// The exercise's place in the report, so that names are unique in the page.
    exercise: usize,
    files: &'a [SourceFile],
    used: BTreeSet<SourceLine>,
    failing: BTreeSet<SourceLine>,
}

impl<'a> Program<'a> {
    pub(super) fn new(exercise: usize, of: &'a ExerciseReport) -> Self {
        let failures = || of.checks.iter().filter_map(|check| check.failure.as_ref());
        let pictures = failures().filter_map(|failure| failure.picture.as_ref());
        let rows =
            pictures.clone().flat_map(|picture| picture.rows.iter().filter_map(|row| row.place.clone()));
        let waits = pictures.flat_map(|picture| picture.waits.iter().filter_map(|wait| wait.place.clone()));
        let in_file = |mark: diagnostics::Mark| {
            let file = of.source.iter().find(|source| source.path == mark.path)?;
            Some(SourceLine { file: file.file.clone(), line: mark.line })
        };
        let messages = diagnostics::marks(of).into_iter().filter_map(in_file);
        Self {
            exercise,
            files: &of.source,
            used: rows.chain(waits).collect(),
            failing: failures().filter_map(|failure| failure.place.clone()).chain(messages).collect(),
        }
    }

    /// Something that marks a line of the source when it is clicked; plain text where the line is not shown.
    pub(super) fn link(&self, line: &SourceLine, class: &str, content: &str, attributes: &str) -> String {
        match self.name(line) {
            Some(name) => {
                format!(
                    "<a class=\"{class}\" href=\"#{name}\" data-line=\"{name}\"{attributes}>{content}</a>"
                )
            }
            None => format!("<span class=\"{class}\"{attributes}>{content}</span>"),
        }
    }

    fn name(&self, line: &SourceLine) -> Option<String> {
        let place = self.files.iter().position(|file| file.file == line.file && !file.text.is_empty())?;
        let lines = self.files[place].text.lines().count().min(MOST_LINES);
        (1..=lines).contains(&(line.line as usize)).then(|| self.line_name(place, line.line as usize))
    }

    fn line_name(&self, file: usize, line: usize) -> String {
        format!("x{}f{file}l{line}", self.exercise)
    }

    /// The files in which something shows first; nothing for a report without source.
    pub(super) fn render(&self) -> String {
        let mut places: Vec<usize> =
            (0..self.files.len()).filter(|&place| !self.files[place].text.is_empty()).collect();
        let touches = |lines: &BTreeSet<SourceLine>, place: usize| {
            lines.iter().any(|line| line.file == self.files[place].file)
        };
        places.sort_by_key(|&place| (!touches(&self.failing, place), !touches(&self.used, place)));
        if places.is_empty() {
            return String::new();
        }
        let files: String = places.into_iter().map(|place| self.file(place)).collect();
        format!("<aside class=\"source\" aria-label=\"source\">\n{files}</aside>\n")
    }

    fn file(&self, place: usize) -> String {
        let SourceFile { path, text, .. } = &self.files[place];
        let lines: String = (1..)
            .zip(text.lines())
            .take(MOST_LINES)
            .map(|(line, text)| self.line(place, line, text))
            .collect();
        let rest = text.lines().count().saturating_sub(MOST_LINES);
        let rest =
            if rest > 0 { format!("<p class=\"dim\">… {rest} more lines</p>\n") } else { String::new() };
        format!("<h4>{}</h4>\n<div class=\"file\">{lines}</div>\n{rest}", markup(path))
    }

    fn line(&self, place: usize, number: usize, text: &str) -> String {
        let line = SourceLine { file: self.files[place].file.clone(), line: number as u32 };
        let class = match (self.failing.contains(&line), self.used.contains(&line)) {
            (true, _) => " fails",
            (false, true) => " used",
            (false, false) => "",
        };
        let name = self.line_name(place, number);
        format!(
            "<div id=\"{name}\" class=\"row{class}\" data-n=\"{number}\"><code>{}</code></div>",
            markup(text)
        )
    }
}
