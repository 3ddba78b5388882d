//! `downloader`: many downloads at once, from a scripted server.

mod cases;
mod concurrency;
mod faults;
mod files;
mod letter;
mod line;
mod outcomes;
mod plan;
mod promises;
mod scenario;
mod simulate;

use engine::observation::Observation;

use crate::scripted::http::Traffic;
use exercise::outputs::CANNOT_WRITE;
use exercise::wrong_usage::USAGE;
use exercise::{Check, Exercise};

/// The exercise `downloader`.
pub static EXERCISE: Exercise = Exercise {
    name: "downloader",
    root: "main.rs",
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
        Check {
            id: letter::TO_THE_LETTER,
            about: "names, reasons and folders are to the letter those of the page (advice)",
        },
        CANNOT_WRITE,
    ],
    after: &[
        ("terminates", &["files-intact", "simulate-overlaps"]),
        (USAGE.id, &["files-intact", "simulate-overlaps"]),
        (CANNOT_WRITE.id, &["files-intact", "simulate-overlaps"]),
    ],
    untried: &[
        ("https", "the grader's server speaks http alone, and bad-url tries what is neither"),
        ("compression", "the grader's server compresses nothing"),
        ("overlong", "HTTP libraries never show these bytes to a program"),
        ("streamed", "a file that is large enough to show it would take long on a slow machine"),
        ("progress", "what a bar looks like is free, and graded programs have no terminal"),
        ("dns", "graded programs have no name server, and how soon a system says so differs"),
        ("connect", "the one host that graded programs reach can always be reached"),
        ("tls", "the grader's server speaks http alone"),
        ("slow-but-alive", "on a slow machine every wait may be longer than was meant"),
        ("certificates", "the grader's server speaks http alone"),
        ("proxies", "the grader has no proxy"),
    ],
    cases: &cases::all,
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
