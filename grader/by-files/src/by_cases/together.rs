//! What a case expects of its runs, as judges: all that is expected for one check of one kind of runs is one judge. What
//! some of it keeps is not kept where the rest is broken, and counts once.

use engine::case::Case;
use engine::judgement::Judgement;
use engine::observation::Observation;

use super::expectation::{Expectation, Kind};

/// All that is expected for a check in runs of one kind.
pub(super) struct Together {
    check: &'static str,
    asked: Asked,
    expectations: Vec<&'static Expectation>,
}

/// Which runs are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Those that ended by themselves.
    Output,
    /// Those of which it is known who wrote what: under control, and one that the kernel tells of.
    Writers,
    /// Those under control, which know what came in one write.
    Writes,
    /// All.
    Ending,
    /// Those in which one thread is held back.
    Starved,
}

impl Asked {
    /// None for what is asked of several schedules together.
    fn by(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::Shows(_) | Kind::Overlaps(_) | Kind::Shared(_) => None,
            Kind::Writers(_) => Some(Self::Writers),
            Kind::OneWrite => Some(Self::Writes),
            Kind::Ends | Kind::EndsUnread | Kind::Quiet | Kind::Exit(_) => Some(Self::Ending),
            Kind::Sleeps => Some(Self::Starved),
            _ => Some(Self::Output),
        }
    }
}

/// The expectations of a case, those that are one judge together; in the order of the file.
pub(super) fn together(expectations: &'static [Expectation]) -> Vec<Together> {
    let mut all: Vec<Together> = Vec::new();
    for expectation in expectations {
        let (check, Some(asked)) = (expectation.check, Asked::by(&expectation.kind)) else { continue };
        match all.iter_mut().find(|one| one.check == check && one.asked == asked) {
            Some(known) => known.expectations.push(expectation),
            None => all.push(Together { check, asked, expectations: vec![expectation] }),
        }
    }
    all
}

impl Together {
    /// Adds the judge to a case.
    pub(super) fn add_to(&'static self, case: Case) -> Case {
        let (check, judge) = (self.check, |seen: &Observation| self.judge(seen));
        match self.asked {
            Asked::Output => case.judge(check, judge),
            Asked::Writers => case.judge_writers(check, judge),
            Asked::Writes => case.judge_writes(check, judge),
            Asked::Ending => case.judge_ending(check, judge),
            Asked::Starved => case.judge_starved(check, judge),
        }
    }

    /// Broken where any of it is, by the first that is; kept where all that says something is kept.
    fn judge(&self, seen: &Observation) -> Judgement {
        let mut all = Judgement::Nothing;
        for expectation in &self.expectations {
            match (expectation.judge(seen), &all) {
                (broken @ Judgement::Broken(_), _) => return broken,
                (unproven @ Judgement::Unproven(_), Judgement::Nothing | Judgement::Kept) => all = unproven,
                (Judgement::Kept, Judgement::Nothing) => all = Judgement::Kept,
                _ => {}
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use engine::observation::Text;

    use super::*;
    use crate::by_cases::expectation::RawExpectation;

    fn all(expected: &[&str]) -> &'static [Together] {
        let read = |text: &&str| toml::from_str::<RawExpectation>(text).unwrap().read().unwrap();
        let expectations: Vec<Expectation> = expected.iter().map(read).collect();
        together(expectations.leak()).leak()
    }

    #[test]
    fn each_goes_where_it_is_asked() {
        let added = |text: &str| {
            let expected = format!("check = \"c\"\n{text}");
            let case = all(&[&expected]).iter().fold(Case::of_args("x", [""; 0]), |case, it| it.add_to(case));
            let of_ending = case.judges.iter().filter(|(_, judge)| judge.is_of_ending()).count();
            [case.judges.len(), of_ending, case.writer_judges.len(), case.starved_judges.len()]
        };
        assert_eq!(added("lines = []"), [1, 0, 0, 0]);
        assert_eq!(added("exit = 0"), [1, 1, 0, 0]);
        assert_eq!(added(r#"writers = { line = "a", are = "main" }"#), [0, 0, 1, 0]);
        assert_eq!(added("one-write = true"), [0, 0, 1, 0]);
        assert_eq!(added("sleeps = true"), [0, 0, 0, 1]);
        assert_eq!(added(r#"shows = ["a", "b"]"#), [0, 0, 0, 0]);
        assert_eq!(added("shared = { threads = 2, operations = 1 }"), [0, 0, 0, 0]);
    }

    #[test]
    fn what_belongs_to_one_check_is_one_judge() {
        let [first, lines] = ["check = \"a\"\nfirst = \"x {n}\"", "check = \"a\"\neach = [\"x {n}\", \"y\"]"];
        let judges = all(&[first, "check = \"b\"\nhas = [\"y\"]", lines, "check = \"a\"\nexit = 0"]);
        assert_eq!(judges.iter().map(|it| it.expectations.len()).collect::<Vec<_>>(), [2, 1, 1]);
        let said =
            |stdout: &str| judges[0].judge(&Observation { stdout: stdout.into(), ..Observation::default() });
        assert_eq!(said("x 1\ny\n"), Judgement::Kept);
        // Who says only what is known has kept nothing where the rest is broken.
        assert!(matches!(said("y\n"), Judgement::Broken(_)));
        let writers = r#"writers = { line = "{n}", are = "not main" }"#;
        let alone = all(&[&format!("check = \"c\"\n{writers}")]);
        let nothing = Observation { stdout: Text::written([]), ..Observation::default() };
        assert_eq!(alone[0].judge(&nothing), Judgement::Nothing);
        let unknown = Observation { stdout: "1\n".into(), ..Observation::default() };
        assert!(matches!(alone[0].judge(&unknown), Judgement::Unproven(_)));
    }
}
