//! Whether a program that does nothing keeps a check. It prints nothing and ends, always with the same exit code, and may
//! complain on standard error, as one does that refuses every call. What it keeps counts only with `needs`, after a check
//! that it does not keep.

use std::collections::BTreeSet;

use confine::run::Ending;
use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, Text};

use super::{CasesFile, OneCase};
use crate::by_cases::call;
use crate::by_cases::expectation::{Expectation, Kind};

/// That no check is given for nothing.
pub(super) fn none(file: &CasesFile) -> Result<(), String> {
    for check in &file.checks {
        if !is_kept(file, check.id) {
            continue;
        }
        if check.needs.is_empty() {
            return Err(format!(
                "the check `{}` is kept by a program that does nothing: name in its `needs` checks of which one must \
                 have been kept before",
                check.id
            ));
        }
        if let Some(need) = check.needs.iter().find(|need| is_kept(file, need)) {
            return Err(format!(
                "`needs` of `{}` names `{need}`, which a program keeps that does nothing: name one that it does not keep",
                check.id
            ));
        }
    }
    Ok(())
}

/// Whether some program that does nothing keeps the check: breaks it nowhere, and keeps it where something is asked for.
fn is_kept(file: &CasesFile, check: &str) -> bool {
    let codes = codes(file);
    let programs = codes.into_iter().flat_map(|code| [false, true].map(|complains| (code, complains)));
    programs.into_iter().any(|(code, complains)| {
        let judged = |case: &OneCase| {
            let silent = silent(case, code);
            let of_check = case.expectations.iter().filter(|it| it.check == check);
            of_check.map(|it| (case.is_idle, judged(it, &silent, complains))).collect::<Vec<_>>()
        };
        let judged: Vec<(bool, Judgement)> = file.cases.iter().flat_map(judged).collect();
        judged.iter().all(|(_, judgement)| !matches!(judgement, Judgement::Broken(_)))
            && judged.iter().any(|(is_idle, judgement)| !is_idle && *judgement == Judgement::Kept)
    })
}

/// What such a program leaves behind.
fn silent(case: &OneCase, code: i32) -> Observation {
    let ending = Some(Ending::Exited(code));
    Observation { ending, stdout: Text::written([]), ..Observation::default() }
        .with(call::untouched(&case.files))
}

/// The exit codes that somebody expects, and 0.
fn codes(file: &CasesFile) -> BTreeSet<i32> {
    let kinds = file.cases.iter().flat_map(|case| &case.expectations).map(|it| &it.kind);
    let said = kinds.filter_map(|kind| if let Kind::Exit(code) = kind { Some(*code) } else { None });
    said.chain([0]).collect()
}

/// What many schedules of such a program would come to. One that complains may do so in the words that are expected.
fn judged(expectation: &Expectation, silent: &Observation, complains: bool) -> Judgement {
    let broken = || Fault::new("", "").into();
    match &expectation.kind {
        Kind::Shows(_) | Kind::Overlaps(_) | Kind::Shared(_) => broken(),
        Kind::Stderr(due) if complains => {
            if due.fits("") {
                broken()
            } else {
                Judgement::Kept
            }
        }
        _ => expectation.judge(silent),
    }
}
