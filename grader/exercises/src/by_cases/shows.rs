//! What some schedule must show.

use engine::observation::Observation;
use serde::Deserialize;

use super::pattern::Pattern;
use crate::quoted::quoted;

/// Lines in an order that some schedule must show; others can stand between them.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<Pattern>")]
pub struct Shows {
    patterns: Vec<Pattern>,
    /// In words.
    pub(super) expected: String,
}

impl TryFrom<Vec<Pattern>> for Shows {
    type Error = String;

    fn try_from(patterns: Vec<Pattern>) -> Result<Self, String> {
        if patterns.is_empty() {
            return Err("some schedule must show at least one line".to_owned());
        }
        let each: Vec<String> = patterns.iter().map(Pattern::to_string).collect();
        let expected = format!("a schedule that shows {}", each.join(", then "));
        Ok(Self { patterns, expected })
    }
}

impl Shows {
    /// What shows, and the line at which it does.
    pub(super) fn shows(&self, seen: &Observation) -> Option<(String, Option<usize>)> {
        let last = *self.places(seen)?.last()?;
        Some((format!("line {} is {}", last + 1, quoted(&seen.stdout.lines[last])), Some(last)))
    }

    /// The same where threads meet: lines that one thread writes overlap with nothing.
    pub(super) fn overlaps(&self, seen: &Observation) -> Option<(String, Option<usize>)> {
        let places = self.places(seen)?;
        let threads = seen.stdout.threads.as_ref()?;
        let first = threads.get(*places.first()?)?;
        let are_several = places.iter().any(|&at| threads.get(at) != Some(first));
        are_several.then(|| self.shows(seen)).flatten()
    }

    /// The first line that fits each pattern, behind that of the pattern before it.
    fn places(&self, seen: &Observation) -> Option<Vec<usize>> {
        let mut lines = seen.stdout.lines.iter().enumerate();
        let next = |pattern: &Pattern| lines.find(|(_, line)| pattern.fits(line)).map(|(at, _)| at);
        self.patterns.iter().map(next).collect()
    }
}

#[cfg(test)]
mod tests {
    use engine::observation::Text;
    use schedule::ThreadId;

    use super::*;

    fn shows(patterns: &[&str]) -> Shows {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        Shows::try_from(patterns).unwrap()
    }

    fn by(lines: &[(ThreadId, &str)]) -> Observation {
        let stdout = Text::written(lines.iter().map(|(thread, line)| (*thread, line.as_bytes())));
        Observation { stdout, ..Observation::default() }
    }

    #[test]
    fn lines_are_shown_in_their_order_with_others_between() {
        let wanted = shows(&["a {n}", "b {n}"]);
        assert_eq!(wanted.expected, "a schedule that shows `a {n}`, then `b {n}`");
        let shown = wanted.shows(&by(&[(1, "b 1\n"), (1, "a 1\n"), (1, "x\n"), (1, "b 2\n")]));
        assert_eq!(shown, Some(("line 4 is `b 2`".to_owned(), Some(3))));
        assert_eq!(wanted.shows(&by(&[(1, "b 1\n"), (2, "a 1\n")])), None);
        assert!(Shows::try_from(Vec::new()).is_err());
    }

    #[test]
    fn lines_of_one_thread_do_not_overlap() {
        let wanted = shows(&["a", "b"]);
        assert!(wanted.overlaps(&by(&[(1, "a\n"), (2, "b\n")])).is_some());
        assert_eq!(wanted.overlaps(&by(&[(1, "a\n"), (1, "b\n")])), None);
        let unknown = Observation { stdout: "a\nb\n".into(), ..Observation::default() };
        assert_eq!(wanted.overlaps(&unknown), None);
    }
}
