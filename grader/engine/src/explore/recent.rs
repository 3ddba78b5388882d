//! Judgements of what was seen lately. Under most schedules a program does what it did under others, as far as it can be seen,
//! and judges are pure: what looks the same is judged once.

use std::collections::VecDeque;

use crate::judgement::Judgement;
use crate::observation::{Observation, Text};

/// So many are remembered.
const MOST: usize = 32;

/// What was seen, and each judge's judgement, the latest first.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Observation, Vec<Option<Judgement>>)>);

impl Recent {
    /// What judges say of `seen`; `judge` is asked where it was not seen lately.
    pub(super) fn judge(
        &mut self,
        seen: &Observation,
        judge: impl FnOnce() -> Vec<Option<Judgement>>,
    ) -> Vec<Option<Judgement>> {
        // What was seen beside cannot be compared.
        if seen.evidence.is_some() {
            return judge();
        }
        let place = self.0.iter().position(|(known, _)| looks_the_same(known, seen));
        if let Some(known) = place.and_then(|place| self.0.remove(place)) {
            let judgements = known.1.clone();
            self.0.push_front(known);
            return judgements;
        }
        let judgements = judge();
        self.0.truncate(MOST - 1);
        self.0.push_front((seen.clone(), judgements.clone()));
        judgements
    }
}

/// Of two runs under control.
fn looks_the_same(one: &Observation, other: &Observation) -> bool {
    is_same_text(&one.stdout, &other.stdout)
        && one.ending == other.ending
        && one.threads_left == other.threads_left
        && is_same_text(&one.stderr, &other.stderr)
        && (one.wall, one.survivors, one.has_evaded) == (other.wall, other.survivors, other.has_evaded)
}

/// Lines are those of the bytes.
fn is_same_text(one: &Text, other: &Text) -> bool {
    let places = |text: &Text| (text.shares_a_write, text.is_torn);
    one.bytes == other.bytes
        && one.threads == other.threads
        && one.of_main == other.of_main
        && places(one) == places(other)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use confine::run::Ending;

    use super::*;

    fn ended(code: i32, text: &str) -> Observation {
        Observation { ending: Some(Ending::Exited(code)), stdout: text.into(), ..Observation::default() }
    }

    #[test]
    fn what_looks_the_same_is_judged_once() {
        let mut recent = Recent::default();
        let asked = Cell::new(0);
        let mut judge = |seen: &Observation| {
            recent.judge(seen, || {
                asked.set(asked.get() + 1);
                vec![Some(Judgement::Unproven(seen.ending().to_string()))]
            })
        };
        let first = judge(&ended(0, "one\n"));
        assert_eq!(judge(&ended(0, "one\n")), first);
        assert_eq!(asked.get(), 1);
        assert_ne!(judge(&ended(1, "one\n")), first);
        judge(&ended(0, "two\n"));
        let by_another = Observation { stdout: Text::written([(1, b"one\n".as_slice())]), ..ended(0, "") };
        judge(&by_another);
        judge(&Observation { threads_left: 1, ..ended(0, "one\n") });
        judge(&Observation { stderr: "one\n".into(), ..ended(0, "one\n") });
        assert_eq!(asked.get(), 6);
        (0..MOST).for_each(|number| _ = judge(&ended(0, &number.to_string())));
        judge(&ended(0, "one\n"));
        assert_eq!(asked.get(), 7 + MOST, "it was long ago");
    }
}
