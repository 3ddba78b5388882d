//! Judges of what the program says of each URL, and of how often it tried.

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::line::{Line, find};
use super::plan::{Due, Item, Plan};
use super::traffic;
use exercise::judges;
use exercise::quoted::quoted;

/// `in-list-order`: one line for each URL, in the order of the list, and nothing else.
pub(super) fn in_list_order(plan: &Plan, seen: &Observation) -> Judgement {
    lines_in_order(plan, seen).into()
}

fn lines_in_order(plan: &Plan, seen: &Observation) -> Result<(), Fault> {
    let lines = judges::lines(&seen.stdout)?;
    for (at, item) in plan.items.iter().enumerate() {
        let expected = format!("line {} is `ok ... {url}` or `failed ... {url}`", at + 1, url = item.url);
        match lines.get(at) {
            None => return Err(Fault::new(expected, format!("the output ends after {at} lines"))),
            Some(line) => match Line::parse(line).map(|line| line.url()) {
                Some(url) if url == item.url => {}
                Some(url) => {
                    let fault = Fault::new(expected, format!("it is about {url}")).at(at);
                    return Err(if plan.items.iter().any(|item| item.url == url) {
                        fault.of("list")
                    } else {
                        fault
                    });
                }
                // Neither a URL nor a name has a `#` where a comment has it.
                None if line.contains("#") || line.ends_with(' ') => {
                    let fault = Fault::new(expected, format!("it is {}", quoted(line)));
                    return Err(fault.at(at).of("skipped-lines"));
                }
                None => return Err(Fault::new(expected, format!("it is {}", quoted(line))).at(at)),
            },
        }
    }
    let count = plan.items.len();
    lines.get(count).map_or(Ok(()), |line| {
        let expected = format!("{count} lines, one for each URL");
        Err(Fault::new(expected, format!("after them comes {}", quoted(line))).at(count))
    })
}

/// `failures-named`: what cannot be downloaded is said, with its reason, and the rest is downloaded.
pub(super) fn failures_named(plan: &Plan, seen: &Observation) -> Judgement {
    // What has to come whole comes first: who gives that up says so of the others, too.
    let (files, others): (Vec<&Item>, Vec<&Item>) =
        plan.items.iter().partition(|item| matches!(item.due, Due::File(_)));
    let mut items = files.into_iter().chain(others);
    items.try_for_each(|item| failure_named(item, seen)).and_then(|()| code_due(plan, seen)).into()
}

/// A failure is named by the exit code, too.
fn code_due(plan: &Plan, seen: &Observation) -> Result<(), Fault> {
    match (plan.code(), seen.code()) {
        (due, Some(code)) if due == code => Ok(()),
        (due, _) => Err(Fault::new(format!("exit code {due}"), seen.ending().to_string()).of("failure-code")),
    }
}

fn failure_named(item: &Item, seen: &Observation) -> Result<(), Fault> {
    as_due(item, seen)?;
    let is_said = |line: &String| line.starts_with("downloader: ") && line.contains(&item.url);
    if matches!(item.due, Due::Failure(_)) && !seen.stderr.lines.iter().any(is_said) {
        let expected = format!("`downloader: {}: ...` on standard error", item.url);
        return Err(Fault::new(expected, "no such line there").of("said"));
    }
    Ok(())
}

/// Whether `item` came out as it had to.
pub(super) fn as_due(item: &Item, seen: &Observation) -> Result<(), Fault> {
    let expected = match item.due {
        Due::File(_) => format!("`ok ... {}`", item.url),
        Due::Failure(reason) => format!("`failed {} {}`", reason.unwrap_or("REASON"), item.url),
        Due::FileOrFailure(_) => format!("`ok ... {url}` or `failed ... {url}`", url = item.url),
    };
    let Some((at, line)) = find(seen, &item.url) else {
        return Err(Fault::new(expected, format!("no line about {}", item.url)).of("failed-line"));
    };
    let fits = match (&item.due, line) {
        (Due::FileOrFailure(_), _) | (Due::File(_), Line::Ok { .. }) => true,
        (Due::Failure(due), Line::Failed { reason, .. }) => due.is_none_or(|due| due == reason),
        _ => false,
    };
    if fits { Ok(()) } else { Err(Fault::new(expected, format!("`{line}`")).at(at).of(sentence_of(item))) }
}

/// The sentence about what is due.
fn sentence_of(item: &Item) -> &'static str {
    match item.due {
        _ if item.sentence.is_some() => item.sentence.unwrap_or_default(),
        Due::Failure(Some(reason)) if reason.starts_with("status-") => "status",
        Due::Failure(Some(reason)) => reason,
        Due::Failure(None) => "failed-line",
        Due::File(_) | Due::FileOrFailure(_) => "goes-on",
    }
}

/// `retries`: what may pass is tried again as often as asked for, and nothing else is.
pub(super) fn retried(plan: &Plan, seen: &Observation) -> Judgement {
    let Some(traffic) = traffic(seen) else { return Judgement::Unproven("nothing was served".into()) };
    let judged = plan.items.iter().filter_map(|item| Some((item, item.attempts?)));
    let fault = judged.map(|(item, due)| {
        let seen_requests = traffic.attempts(item.path());
        if seen_requests != due {
            let fault = Fault::new(format!("{} for {}", requests(due), item.url), requests(seen_requests));
            let is_final = matches!(item.due, Due::Failure(Some(reason)) if reason.starts_with("status-4"));
            return Err(fault.of(match seen_requests {
                _ if is_final => "not-retried",
                1 => "retried",
                _ => "retries",
            }));
        }
        as_due(item, seen)
    });
    fault.collect::<Result<(), _>>().into()
}

fn requests(count: usize) -> String {
    format!("{count} request{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::super::testing::{broken, observed};
    use super::*;
    use crate::scripted::http::{Body, Traffic};

    fn three() -> Plan {
        Plan::new("")
            .file("/a", Body::new(1, 1))
            .fails("/b", Vec::new(), Some("status-404"))
            .url("nonsense", Due::Failure(None))
    }

    const LINES: [&str; 3] = [
        "ok 1 00 a http://fixture.test/a\n",
        "failed status-404 http://fixture.test/b\n",
        "failed bad-url nonsense\n",
    ];

    fn with_stderr(stdout: &str, stderr: &str) -> Observation {
        Observation { stderr: stderr.into(), ..observed(stdout, Traffic::default()) }
    }

    #[test]
    fn one_line_for_each_url_in_list_order() {
        let judged = |output: &str| in_list_order(&three(), &observed(output, Traffic::default()));
        assert_eq!(judged(&LINES.concat()), Judgement::Kept);
        let [a, b, c] = LINES;
        assert_eq!(broken(judged(&[b, a, c].concat())), "it is about http://fixture.test/b");
        assert_eq!(broken(judged(&[a, b].concat())), "the output ends after 2 lines");
        assert_eq!(broken(judged(&[a, b, c, c].concat())), "after them comes `failed bad-url nonsense`");
        assert_eq!(broken(judged(&[a, b, "failed: nonsense\n"].concat())), "it is `failed: nonsense`");
        assert_eq!(
            broken(judged(LINES.concat().trim_end())),
            "the last line, `failed bad-url nonsense`, has no end"
        );
    }

    #[test]
    fn reasons_are_exact_where_the_contract_names_them() {
        let said = "downloader: http://fixture.test/b: not there\ndownloader: nonsense: no\n";
        let ended = |code, output: &str, stderr: &str| {
            let seen = Observation { ending: Some(Ending::Exited(code)), ..with_stderr(output, stderr) };
            failures_named(&three(), &seen)
        };
        let judged = |output: &str, stderr: &str| ended(1, output, stderr);
        assert_eq!(judged(&LINES.concat(), said), Judgement::Kept);
        assert_eq!(broken(ended(0, &LINES.concat(), said)), "it ended with exit code 0");
        assert_eq!(judged(&LINES.concat().replace("bad-url", "what-ever"), said), Judgement::Kept);
        let other = broken(judged(&LINES.concat().replace("404", "500"), said));
        assert_eq!(other, "`failed status-500 http://fixture.test/b`");
        assert_eq!(broken(judged(&LINES.concat(), "downloader: nonsense: no\n")), "no such line there");
        assert_eq!(broken(judged(&LINES[1..].concat(), said)), "no line about http://fixture.test/a");
    }

    #[test]
    fn one_failure_leaves_the_others_alone() {
        let output = LINES.concat().replace("ok 1 00 a", "failed cancelled");
        let seen = broken(failures_named(&three(), &with_stderr(&output, "")));
        assert_eq!(seen, "`failed cancelled http://fixture.test/a`");
    }

    #[test]
    fn attempts_are_counted() {
        let plan = Plan::new("").file("/a", Body::new(1, 1)).asked(3).fails("/b", Vec::new(), None).asked(1);
        let judged = |a: usize, b: usize, output: &str| {
            let requests = [vec!["/a".to_owned(); a], vec!["/b".to_owned(); b]].concat();
            retried(&plan, &observed(output, Traffic { requests, ..Traffic::default() }))
        };
        let output = LINES.concat();
        assert_eq!(judged(3, 1, &output), Judgement::Kept);
        assert_eq!(broken(judged(1, 1, &output)), "1 request");
        assert_eq!(broken(judged(3, 3, &output)), "3 requests");
        assert_eq!(broken(judged(4, 1, &output)), "4 requests");
        let failed = output.replace("ok 1 00 a", "failed status-503");
        assert_eq!(broken(judged(3, 1, &failed)), "`failed status-503 http://fixture.test/a`");
    }
}
