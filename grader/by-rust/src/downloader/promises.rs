//! What the cases are held against, and with which bytes.

use std::sync::Arc;

use engine::case::Case;
use engine::judgement::Judgement;
use engine::observation::Observation;

use super::plan::Plan;
use super::scenario::Download;
use super::{concurrency, files, outcomes};
use crate::scripted::http::Body;
use exercise::judges::{ends, terminates};

/// Gives each file other bytes.
#[derive(Clone, Copy)]
pub(super) struct Bodies(pub(super) u64);

impl Bodies {
    pub(super) fn sized(self, index: u64, length: u64) -> Body {
        Body::new(self.0 ^ (index << 32), length)
    }

    pub(super) fn small(self, index: u64) -> Body {
        self.sized(index, 2000 + index)
    }
}

/// A check and its judge.
#[derive(Clone, Copy)]
pub(super) struct Promise {
    check: &'static str,
    judge: fn(&Plan, &Observation) -> Judgement,
    is_of_ending: bool,
}

impl Promise {
    pub(super) const fn new(check: &'static str, judge: fn(&Plan, &Observation) -> Judgement) -> Self {
        Self { check, judge, is_of_ending: false }
    }

    const fn of_ending(judge: fn(&Plan, &Observation) -> Judgement) -> Self {
        Self { check: "terminates", judge, is_of_ending: true }
    }
}

pub(super) const INTACT: Promise = Promise::new("files-intact", files::intact);
pub(super) const ORDER: Promise = Promise::new("in-list-order", outcomes::in_list_order);
pub(super) const NAMES: Promise = Promise::new("no-name-conflicts", files::named);
pub(super) const PARALLEL: Promise = Promise::new("parallel", concurrency::parallel);
pub(super) const AT_MOST: Promise = Promise::new("at-most-jobs", concurrency::at_most_jobs);
pub(super) const WHOLE: Promise = Promise::new("no-partial-files", files::whole);
pub(super) const FAILURES: Promise = Promise::new("failures-named", outcomes::failures_named);
pub(super) const RETRIES: Promise = Promise::new("retries", outcomes::retried);
/// The program ends with the exit code that the plan asks for.
pub(super) const CODE: Promise = Promise::of_ending(|plan, seen| terminates(plan.code())(seen));
/// The program ends by itself; its exit code only follows from what another promise judges.
pub(super) const ENDS: Promise = Promise::of_ending(|_, seen| ends()(seen));

/// A case that is held against these promises.
pub(super) fn case(id: &str, runs: u32, plan: Plan, promises: &[Promise]) -> Case {
    let plan = Arc::new(plan);
    let case = Case::new(id, Download(Arc::clone(&plan))).runs(runs);
    promises.iter().fold(case, |case, &Promise { check, judge, is_of_ending }| {
        let plan = Arc::clone(&plan);
        let judge = move |seen: &Observation| judge(&plan, seen);
        if is_of_ending { case.judge_ending(check, judge) } else { case.judge(check, judge) }
    })
}
