//! What some schedule must show.

use engine::observation::Observation;
use serde::Deserialize;

use super::pattern::Pattern;
use exercise::quoted::quoted;

/// Lines in an order that some schedule must show, with others between them: `["a", "b"]`; or one of several such
/// sequences: `[["a", "b"], ["b", "a"]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawShows")]
pub struct Shows {
    sequences: Vec<Vec<Pattern>>,
    /// In words.
    pub(super) expected: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a list of patterns, or of such lists")]
enum RawShows {
    One(Vec<String>),
    OneOf(Vec<Vec<String>>),
}

impl TryFrom<RawShows> for Shows {
    type Error = String;

    fn try_from(raw: RawShows) -> Result<Self, String> {
        let sequences = match raw {
            RawShows::One(sequence) => vec![sequence],
            RawShows::OneOf(sequences) => sequences,
        };
        if sequences.is_empty() || sequences.iter().any(Vec::is_empty) {
            return Err("some schedule must show at least one line".to_owned());
        }
        let parsed = |sequence: Vec<String>| sequence.iter().map(|text| Pattern::parse(text)).collect();
        let sequences: Vec<Vec<Pattern>> = sequences.into_iter().map(parsed).collect::<Result<_, _>>()?;
        let in_words = |sequence: &Vec<Pattern>| {
            sequence.iter().map(Pattern::to_string).collect::<Vec<_>>().join(", then ")
        };
        let each: Vec<String> = sequences.iter().map(in_words).collect();
        Ok(Self { sequences, expected: format!("a schedule that shows {}", each.join("; or ")) })
    }
}

impl Shows {
    /// What shows, and the line at which it does.
    pub(super) fn shows(&self, seen: &Observation) -> Option<(String, Option<usize>)> {
        self.sequences.iter().find_map(|sequence| shown(*places(sequence, seen)?.last()?, seen))
    }

    /// The same where threads meet: lines that one thread writes overlap with nothing.
    pub(super) fn overlaps(&self, seen: &Observation) -> Option<(String, Option<usize>)> {
        let threads = seen.stdout.threads.as_ref()?;
        self.sequences.iter().find_map(|sequence| {
            let places = places(sequence, seen)?;
            let first = threads.get(*places.first()?)?;
            let are_several = places.iter().any(|&at| threads.get(at) != Some(first));
            are_several.then(|| shown(*places.last()?, seen)).flatten()
        })
    }
}

fn shown(at: usize, seen: &Observation) -> Option<(String, Option<usize>)> {
    Some((format!("line {} is {}", at + 1, quoted(&seen.stdout.lines[at])), Some(at)))
}

/// The first line that fits each pattern, behind that of the pattern before it.
fn places(sequence: &[Pattern], seen: &Observation) -> Option<Vec<usize>> {
    let mut lines = seen.stdout.lines.iter().enumerate();
    let next = |pattern: &Pattern| lines.find(|(_, line)| pattern.fits(line)).map(|(at, _)| at);
    sequence.iter().map(next).collect()
}

#[cfg(test)]
mod tests {
    use engine::observation::Text;
    use schedule::ThreadId;

    use super::*;

    fn shows(patterns: &[&str]) -> Shows {
        one_of(&[patterns])
    }

    fn one_of(sequences: &[&[&str]]) -> Shows {
        let owned = |sequence: &&[&str]| sequence.iter().map(|text| (*text).to_owned()).collect();
        Shows::try_from(RawShows::OneOf(sequences.iter().map(owned).collect())).unwrap()
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
        assert!(Shows::try_from(RawShows::One(Vec::new())).is_err());
        assert!(Shows::try_from(RawShows::OneOf(vec![Vec::new()])).is_err());
    }

    #[test]
    fn one_of_several_sequences_is_enough() {
        let wanted = one_of(&[&["a 1", "b 1", "a 2"], &["b 1", "a 1", "b 2"]]);
        assert_eq!(
            wanted.expected,
            "a schedule that shows `a 1`, then `b 1`, then `a 2`; or `b 1`, then `a 1`, then `b 2`"
        );
        let both = by(&[(1, "b 1\n"), (2, "a 1\n"), (1, "b 2\n"), (2, "a 2\n")]);
        assert_eq!(wanted.overlaps(&both), Some(("line 3 is `b 2`".to_owned(), Some(2))));
        assert_eq!(wanted.shows(&by(&[(1, "b 1\n"), (1, "b 2\n"), (2, "a 1\n")])), None);
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
