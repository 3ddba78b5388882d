//! Judges of what the program leaves on the disk.

use std::collections::BTreeMap;

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::line::{Line, find};
use super::plan::{Due, Item, Plan};
use super::traffic;
use crate::scripted::http::{Content, Found, Traffic};
use exercise::quoted::quoted;

/// `files-intact`: each file, and what its line says of it, equals what was served.
pub(super) fn intact(plan: &Plan, seen: &Observation) -> Judgement {
    let Some(traffic) = traffic(seen) else { return Judgement::Unproven("nothing was served".into()) };
    plan.items.iter().try_for_each(|item| item_intact(item, seen, traffic)).into()
}

fn item_intact(item: &Item, seen: &Observation, traffic: &Traffic) -> Result<(), Fault> {
    let (due, may_fail) = match &item.due {
        Due::File(due) => (due, false),
        Due::FileOrFailure(due) => (due, true),
        Due::Failure(_) => return Ok(()),
    };
    let expected = format!("`ok {} {} NAME {}`", due.bytes, due.sha256, item.url);
    match find(seen, &item.url) {
        None => Err(Fault::new(expected, format!("no line about {}", item.url))),
        Some((_, Line::Failed { .. })) if may_fail => Ok(()),
        Some((at, Line::Ok { bytes, sha256, name, .. }))
            if bytes == due.bytes && sha256.eq_ignore_ascii_case(&due.sha256) =>
        {
            let expected = format!("{} holds the {} bytes that were served", quoted(name), due.bytes);
            let file = traffic.file(name);
            let fault = |what| {
                let fault = Fault::new(expected, what).at(at);
                Err(if file.is_none() { fault.of("out") } else { fault })
            };
            difference(file, due).map_or(Ok(()), fault)
        }
        // The file is the right one, and the line is about another.
        Some((at, line @ Line::Ok { name, .. })) if difference(traffic.file(name), due).is_none() => {
            Err(Fault::new(expected, format!("`{line}`")).at(at).of("ok-line"))
        }
        Some((at, line)) => Err(Fault::new(expected, format!("`{line}`")).at(at)),
    }
}

fn difference(found: Option<&Found>, due: &Content) -> Option<String> {
    match found.map(|file| &file.content) {
        None => Some("there is no such file in the folder".into()),
        Some(None) => Some("it is no regular file".into()),
        Some(Some(content)) if content.bytes != due.bytes => {
            Some(format!("it holds {} bytes", content.bytes))
        }
        Some(Some(content)) => (content != due).then(|| "some of its bytes differ".into()),
    }
}

/// `no-name-conflicts`: each file has a safe name of its own, the one that the list gives it.
pub(super) fn named(plan: &Plan, seen: &Observation) -> Judgement {
    let mut taken = BTreeMap::new();
    let mut missing = None;
    for item in &plan.items {
        match find(seen, &item.url) {
            Some((at, Line::Ok { name, .. })) => {
                if let Err(fault) = name_fits(plan, item, name, &mut taken) {
                    return fault.at(at).into();
                }
            }
            _ => missing = Some(&item.url),
        }
    }
    missing.map_or(Judgement::Kept, |url| Judgement::Unproven(format!("{url} was not downloaded")))
}

fn name_fits<'a>(
    plan: &Plan,
    item: &'a Item,
    name: &'a str,
    taken: &mut BTreeMap<&'a str, &'a str>,
) -> Result<(), Fault> {
    if matches!(name, "" | "." | "..") || name.contains('/') || name.chars().any(char::is_control) {
        let expected = "a name without a separator or a control character, and not `..`";
        return Err(Fault::new(expected, format!("the name {}", quoted(name))).of("safe-names"));
    }
    if let Some(other) = taken.insert(name, &item.url) {
        let seen = format!("{} is the name for {other} and for {}", quoted(name), item.url);
        return Err(Fault::new("a name of its own for each URL", seen).of("same-name"));
    }
    if let Some(due) = item.name.as_deref().filter(|&due| due != name) {
        let seen = format!("it is called {}", quoted(name));
        let is_anothers = plan.items.iter().any(|other| other.name.as_deref() == Some(name));
        let sentence = item.sentence.unwrap_or(if is_anothers { "names-by-list" } else { "names" });
        let fault = Fault::new(format!("the file of {} is called `{due}`", item.url), seen);
        return Err(fault.of(sentence));
    }
    Ok(())
}

/// `no-partial-files`: a file stands under its name only when it is whole, and nothing else is left.
pub(super) fn whole(plan: &Plan, seen: &Observation) -> Judgement {
    let Some(traffic) = traffic(seen) else { return Judgement::Unproven("nothing was served".into()) };
    if let Some(item) = plan.items.iter().find(|item| find(seen, &item.url).is_none()) {
        return Judgement::Unproven(format!("no line tells what became of {}", item.url));
    }
    cut_is_no_file(plan, seen)
        .and_then(|()| nothing_left(plan, seen, traffic))
        .and_then(|()| grows_apart(traffic))
        .into()
}

fn cut_is_no_file(plan: &Plan, seen: &Observation) -> Result<(), Fault> {
    for item in plan.items.iter().filter(|item| item.is_cut) {
        if let Some((at, line @ Line::Ok { .. })) = find(seen, &item.url) {
            let expected = format!("`failed ... {}`, as its body never came whole", item.url);
            return Err(Fault::new(expected, format!("`{line}`")).at(at));
        }
    }
    Ok(())
}

fn nothing_left(plan: &Plan, seen: &Observation, traffic: &Traffic) -> Result<(), Fault> {
    if let Some(stray) = traffic.strays.first() {
        return Err(Fault::new(
            "files only in the folder given with --out",
            format!("{} outside of it", quoted(stray)),
        )
        .of("out"));
    }
    let lines = plan.items.iter().filter_map(|item| find(seen, &item.url));
    let named: Vec<&str> = lines
        .filter_map(|(_, line)| match line {
            Line::Ok { name, .. } => Some(name),
            Line::Failed { .. } => None,
        })
        .collect();
    let is_due =
        |name: &str| named.contains(&name) || plan.obstacles.contains(&name) || plan.older.contains(&name);
    traffic.files.iter().find(|file| !is_due(&file.name)).map_or(Ok(()), |file| {
        let expected = "at the end the folder holds only files that an `ok` line names";
        let fault = Fault::new(expected, format!("{} is left", quoted(&file.name)));
        Err(if file.name.ends_with(".part") { fault.of("part-removed") } else { fault })
    })
}

/// What stood in the folder while no body was whole.
fn grows_apart(traffic: &Traffic) -> Result<(), Fault> {
    traffic.while_held.iter().find(|name| !name.ends_with(".part")).map_or(Ok(()), |name| {
        let expected = "only `NAME.part` stands in the folder while half of each file is still to come";
        Err(Fault::new(expected, format!("{} stands there already", quoted(name))).of("part"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, observed};
    use super::*;
    use crate::scripted::http::{Answer, Body, Cut, Framing};

    const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn abc() -> Content {
        Content::of(&b"abc"[..]).unwrap()
    }

    fn file(name: &str) -> Found {
        Found { name: name.into(), content: Some(abc()) }
    }

    fn with(files: Vec<Found>) -> Traffic {
        Traffic { files, ..Traffic::default() }
    }

    fn plan_of(paths: &[&str]) -> Plan {
        paths.iter().fold(Plan::new(""), |plan, path| plan.serve(path, Vec::new(), Due::File(abc())))
    }

    fn ok(name: &str, path: &str) -> String {
        format!("ok 3 {SHA} {name} http://fixture.test{path}\n")
    }

    #[test]
    fn a_file_with_its_bytes_and_digest_is_intact() {
        let seen = observed(&ok("a", "/a"), with(vec![file("a")]));
        assert_eq!(intact(&plan_of(&["/a"]), &seen), Judgement::Kept);
        let capitals = observed(&ok("a", "/a").replace(SHA, &SHA.to_uppercase()), with(vec![file("a")]));
        assert_eq!(intact(&plan_of(&["/a"]), &capitals), Judgement::Kept);
    }

    #[test]
    fn wrong_lines_and_wrong_files_are_not_intact() {
        let plan = plan_of(&["/a"]);
        let fault = |output: &str, files| broken(intact(&plan, &observed(output, with(files))));
        assert_eq!(fault("", vec![]), "no line about http://fixture.test/a");
        assert_eq!(
            fault("failed reset http://fixture.test/a\n", vec![]),
            "`failed reset http://fixture.test/a`"
        );
        assert!(fault(&ok("a", "/a").replace("ok 3", "ok 4"), vec![file("a")]).starts_with("`ok 4 ba78"));
        assert!(fault(&ok("a", "/a").replace("ba78", "ba79"), vec![file("a")]).starts_with("`ok 3 ba79"));
        assert_eq!(fault(&ok("a", "/a"), vec![file("b")]), "there is no such file in the folder");
        let short = Found { name: "a".into(), content: Some(Content { bytes: 2, ..abc() }) };
        assert_eq!(fault(&ok("a", "/a"), vec![short]), "it holds 2 bytes");
        let other = Found { name: "a".into(), content: Some(Content { sha256: "0".into(), ..abc() }) };
        assert_eq!(fault(&ok("a", "/a"), vec![other]), "some of its bytes differ");
        let link = Found { name: "a".into(), content: None };
        assert_eq!(fault(&ok("a", "/a"), vec![link]), "it is no regular file");
    }

    #[test]
    fn what_can_be_read_both_ways_may_fail_but_not_lie() {
        let plan = Plan::new("").serve("/a", Vec::new(), Due::FileOrFailure(abc()));
        let failed = observed("failed truncated http://fixture.test/a\n", with(vec![]));
        assert_eq!(intact(&plan, &failed), Judgement::Kept);
        let lie = observed(&ok("a", "/a").replace("ok 3", "ok 6"), with(vec![file("a")]));
        assert!(matches!(intact(&plan, &lie), Judgement::Broken(_)));
    }

    #[test]
    fn names_are_those_of_the_list() {
        let plan = plan_of(&["/a/x"]).named("x").serve("/b/x", Vec::new(), Due::File(abc())).named("x.1");
        let judged = |first, second| {
            let output = ok(first, "/a/x") + &ok(second, "/b/x");
            named(&plan, &observed(&output, Traffic::default()))
        };
        assert_eq!(judged("x", "x.1"), Judgement::Kept);
        assert_eq!(broken(judged("x.1", "x")), "it is called `x.1`");
        let twice = "`x` is the name for http://fixture.test/a/x and for http://fixture.test/b/x";
        assert_eq!(broken(judged("x", "x")), twice);
    }

    #[test]
    fn names_are_safe_and_differ() {
        let plan = plan_of(&["/a", "/b"]);
        let judged = |output: String| named(&plan, &observed(&output, Traffic::default()));
        assert_eq!(judged(ok("..x", "/a") + &ok("a b", "/b")), Judgement::Kept);
        for name in ["..", ".", "../x", "a/b", "a\u{7}b", ""] {
            let seen = broken(judged(ok(name, "/a")));
            assert!(seen.starts_with("the name `"), "{seen}");
        }
        let twice = broken(judged(ok("x", "/a") + &ok("x", "/b")));
        assert_eq!(twice, "`x` is the name for http://fixture.test/a and for http://fixture.test/b");
        assert!(matches!(judged(ok("x", "/a")), Judgement::Unproven(_)));
    }

    #[test]
    fn only_whole_files_are_left() {
        let plan = plan_of(&["/a"]).fails(
            "/b",
            vec![Answer::Half(Body::new(1, 9), Framing::Length, Cut::Close)],
            None,
        );
        let output = ok("a", "/a") + "failed truncated http://fixture.test/b\n";
        let judged = |traffic| whole(&plan, &observed(&output, traffic));
        assert_eq!(judged(with(vec![file("a")])), Judgement::Kept);
        assert_eq!(broken(judged(with(vec![file("a"), file("b.part")]))), "`b.part` is left");
        assert_eq!(broken(judged(with(vec![file("a"), file("b")]))), "`b` is left");
        let strays = vec!["up".into()];
        assert_eq!(broken(judged(Traffic { strays, ..with(vec![file("a")]) })), "`up` outside of it");
    }

    #[test]
    fn a_cut_body_is_no_file() {
        let plan =
            Plan::new("").fails("/b", vec![Answer::Half(Body::new(1, 9), Framing::Length, Cut::Close)], None);
        let seen = broken(whole(&plan, &observed(&ok("b", "/b"), with(vec![file("b")]))));
        assert!(seen.starts_with("`ok 3 "), "{seen}");
        let silent = whole(&plan, &observed("", with(vec![])));
        assert!(matches!(silent, Judgement::Unproven(_)), "no line is no proof");
    }

    #[test]
    fn no_file_stands_under_its_name_before_it_is_whole() {
        let held = |name: &str| {
            let traffic = Traffic { while_held: [name.to_owned()].into(), ..with(vec![file("a")]) };
            whole(&plan_of(&["/a"]), &observed(&ok("a", "/a"), traffic))
        };
        assert_eq!(held("a.part"), Judgement::Kept);
        assert_eq!(broken(held("a")), "`a` stands there already");
    }

    #[test]
    fn what_stood_there_before_may_stay() {
        let plan = Plan { obstacles: vec!["b"], ..plan_of(&["/a"]) };
        let obstacle = Found { name: "b".into(), content: None };
        assert_eq!(whole(&plan, &observed(&ok("a", "/a"), with(vec![file("a"), obstacle]))), Judgement::Kept);
    }
}
