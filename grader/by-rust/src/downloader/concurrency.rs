//! Judges of how many downloads are under way at once.
//!
//! Both rest on a gate that holds every answer: while it is closed, the requests that wait there are
//! exactly the downloads under way. No clock is involved.

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::plan::Plan;
use super::traffic;

/// `parallel`: as many as may, run at once.
pub(super) fn parallel(plan: &Plan, seen: &Observation) -> Judgement {
    let Some(traffic) = traffic(seen) else { return Judgement::Unproven("nothing was served".into()) };
    let (fewest, _) = plan.concurrency();
    if traffic.most_waiting >= fewest {
        return Judgement::Kept;
    }
    let expected = format!("{fewest} requests wait together while the server answers none");
    let most = traffic.most_waiting;
    Fault::new(expected, format!("never more than {most}, even while the whole program slept")).into()
}

/// `at-most-jobs`: no more than may, run at once.
pub(super) fn at_most_jobs(plan: &Plan, seen: &Observation) -> Judgement {
    let Some(traffic) = traffic(seen) else { return Judgement::Unproven("nothing was served".into()) };
    let (fewest, jobs) = plan.concurrency();
    if traffic.most_waiting > jobs {
        let expected = format!("at most {jobs} under way at once");
        return Fault::new(expected, format!("{} requests waited together", traffic.most_waiting)).into();
    }
    match plan.site.pages.iter().find(|page| traffic.attempts(&page.path) == 0) {
        Some(page) => Judgement::Unproven(format!("the program never asked for {}", page.path)),
        // Who has fewer under way than it may has shown no limit.
        None if traffic.most_waiting < fewest => Judgement::Nothing,
        None => Judgement::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, observed};
    use super::*;
    use crate::scripted::http::{Body, Hold, Order, Traffic};

    fn waited(most_waiting: usize, paths: &[&str]) -> Observation {
        let requests = paths.iter().map(|&path| path.into()).collect();
        observed("", Traffic { most_waiting, requests, ..Traffic::default() })
    }

    fn plan_of(jobs: usize) -> Plan {
        let body = Body::new(1, 1);
        Plan::new("").file("/a", body).file("/b", body).file("/c", body).held(
            jobs,
            Hold::Head,
            Order::Together,
        )
    }

    const ALL: [&str; 3] = ["/a", "/b", "/c"];

    #[test]
    fn as_many_as_jobs_wait_together() {
        assert_eq!(parallel(&plan_of(2), &waited(2, &ALL)), Judgement::Kept);
        let seen = broken(parallel(&plan_of(2), &waited(1, &ALL)));
        assert_eq!(seen, "never more than 1, even while the whole program slept");
    }

    #[test]
    fn there_cannot_be_more_than_there_are_urls() {
        assert_eq!(parallel(&plan_of(8), &waited(3, &ALL)), Judgement::Kept);
        assert!(matches!(parallel(&plan_of(8), &waited(2, &ALL)), Judgement::Broken(_)));
    }

    #[test]
    fn one_too_many_breaks_the_limit() {
        assert_eq!(at_most_jobs(&plan_of(2), &waited(2, &ALL)), Judgement::Kept);
        assert_eq!(at_most_jobs(&plan_of(2), &waited(1, &ALL)), Judgement::Nothing);
        assert_eq!(broken(at_most_jobs(&plan_of(2), &waited(3, &ALL))), "3 requests waited together");
    }

    #[test]
    fn a_program_that_asks_for_nothing_proves_nothing() {
        assert!(matches!(at_most_jobs(&plan_of(2), &waited(1, &["/a"])), Judgement::Unproven(_)));
        assert!(matches!(at_most_jobs(&plan_of(2), &Observation::default()), Judgement::Unproven(_)));
        assert!(matches!(parallel(&plan_of(2), &Observation::default()), Judgement::Unproven(_)));
    }
}
