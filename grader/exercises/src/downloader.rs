//! `downloader`: many downloads at once, from a scripted server.

mod cases;
mod concurrency;
mod faults;
mod files;
mod line;
mod outcomes;
mod plan;
mod promises;
mod scenario;
mod simulate;

use engine::observation::Observation;

use crate::exercise::{Check, Exercise};
use crate::scripted::http::Traffic;
use crate::wrong_usage::USAGE;

/// The exercise `downloader`.
pub static EXERCISE: Exercise = Exercise {
    name: "downloader",
    summary: "download files from a list of URLs, several at once",
    checks: &[
        Check { id: "files-intact", about: "the bytes and digest of each file equal what was served" },
        Check { id: "in-list-order", about: "there is one line for each URL, in the order of the list" },
        Check { id: "no-name-conflicts", about: "each file has a safe name of its own, given in list order" },
        Check { id: "parallel", about: "as many downloads as --jobs allows run at once" },
        Check { id: "at-most-jobs", about: "no more downloads than --jobs allows run at once" },
        Check {
            id: "no-partial-files",
            about: "a file stands under its name only when it is whole, no .part is left",
        },
        Check {
            id: "failures-named",
            about: "each failure is named with its reason, and the rest is downloaded",
        },
        Check {
            id: "retries",
            about: "server errors and reset connections are retried, other failures are not",
        },
        Check { id: "simulate-overlaps", about: "simulated downloads run at the same time" },
        Check {
            id: "terminates",
            about: "the program ends with the right exit code, whatever the server does",
        },
        USAGE,
    ],
    after: &[
        ("terminates", &["files-intact", "simulate-overlaps"]),
        (USAGE.id, &["files-intact", "simulate-overlaps"]),
    ],
    cases: cases::all,
};

fn traffic(seen: &Observation) -> Option<&Traffic> {
    seen.evidence()
}

#[cfg(test)]
mod testing {
    use engine::judgement::Judgement;

    use super::*;

    /// A run that printed `stdout` and left `traffic`.
    pub(super) fn observed(stdout: &str, traffic: Traffic) -> Observation {
        Observation { stdout: stdout.into(), ..Observation::default() }.with(traffic)
    }

    /// What was seen instead of what had to be.
    #[track_caller]
    pub(super) fn broken(judgement: Judgement) -> String {
        match judgement {
            Judgement::Broken(fault) => fault.seen,
            other => panic!("not broken: {other:?}"),
        }
    }
}
