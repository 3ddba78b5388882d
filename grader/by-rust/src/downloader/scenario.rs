//! Plays a plan: starts the server, calls the program, collects what it left in its folders.

use std::fs;
use std::io::{self, Read};
use std::mem;
use std::path::Path;
use std::sync::Arc;

use confine::left_behind;
use confine::run::{self, Invocation, RunError, Stdin};
use confine::sandbox::open_to_all;
use engine::case::Scenario;
use engine::observation::{Observation, Text};
use engine::run_context::RunContext;

use super::plan::{Input, Item, OLDER, Plan, REFUSING, SERVER};
use crate::scripted::http::{Content, Found, Server};

/// The name of the file for [`Input::File`].
const LIST: &str = "list.txt";
/// More of a file than this is never served, so no more is read.
const LARGEST: u64 = 64 << 20;
/// More names of a folder than this are of no interest.
const MOST_NAMES: usize = 1000;

/// The scenario of one plan.
pub(super) struct Download(pub(super) Arc<Plan>);

impl Scenario for Download {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let plan = &*self.0;
        let out = context.folder.join(plan.out.unwrap_or_default());
        let server = serve(plan, context).map_err(unset)?;
        let hosts = [(SERVER, server.host()), (REFUSING, server.refusing_host())];
        let call = prepare(plan, context, &out, &hosts).map_err(unset)?;
        let mut seen = if context.control.is_some() {
            context.run(call)?
        } else {
            let program = call.start()?;
            if let Some(pid) = program.pid() {
                server.watch(move || run::is_asleep(pid), &out);
            }
            Observation::of(program.wait()?)
        };
        let mut traffic = server.stop();
        for text in [&mut seen.stdout, &mut seen.stderr] {
            let shown = |bytes: Vec<u8>, (shown, real): &(&str, String)| replaced(&bytes, real, shown);
            let bytes = hosts.iter().fold(mem::take(&mut text.bytes), shown);
            let (threads, is_torn, shares_a_write) = (text.threads.take(), text.is_torn, text.shares_a_write);
            *text = Text { threads, is_torn, shares_a_write, ..Text::new(bytes) };
        }
        traffic.files = found_in(&out);
        traffic.strays = strays(plan, context.folder);
        Ok(seen.with(traffic))
    }

    fn shown(&self, program: &str) -> String {
        const MOST: usize = 4;
        let (arguments, listed) = self.0.split();
        let mut words = vec![program.to_owned()];
        words.extend(options(&self.0));
        words.extend(arguments.iter().take(MOST).map(|item| item.url.clone()));
        if arguments.len() > MOST {
            words.push(format!("... # {} URLs", arguments.len()));
        }
        if !listed.is_empty() {
            words.push(format!("# with {} URLs in the input", listed.len()));
        }
        words.join(" ")
    }
}

fn unset(error: io::Error) -> RunError {
    RunError::Setup(error.to_string())
}

/// Starts the server; under control where it was in the run before, if it can be there again.
fn serve(plan: &Plan, context: &RunContext<'_>) -> io::Result<Server> {
    let start = || Server::start(plan.site.clone());
    let server = match context.kept() {
        Some(before) => Server::start_at(plan.site.clone(), before).or_else(|_| start())?,
        None => start()?,
    };
    context.keep(server.ports());
    Ok(server)
}

/// Sets up the folders and the input.
fn prepare(
    plan: &Plan,
    context: &RunContext<'_>,
    out: &Path,
    hosts: &[(&str, String)],
) -> io::Result<Invocation> {
    if !plan.is_missing {
        fs::create_dir_all(out)?;
        open_to_all(out)?;
    }
    for name in &plan.older {
        fs::write(out.join(name), OLDER)?;
        open_to_all(&out.join(name))?;
    }
    for name in &plan.obstacles {
        fs::create_dir(out.join(name))?;
        open_to_all(&out.join(name))?;
        fs::write(out.join(name).join("keep"), "")?;
    }
    let real =
        |item: &Item| hosts.iter().fold(item.url.clone(), |url, (shown, real)| url.replace(shown, real));
    let (arguments, listed) = plan.split();
    let call = context.call(options(plan)).args(arguments.iter().map(real));
    let call = call.limit(|limits| limits.idle = plan.idle.unwrap_or(limits.idle));
    let (before, after) = plan.padding;
    let line = |item| format!("{before}{}{after}\n\n# the next one\n", real(item));
    let list: String = listed.iter().map(line).collect();
    match plan.input {
        Some((Input::File, _)) => fs::write(context.folder.join(LIST), list).map(|()| call),
        Some((Input::Stdin, _)) => Ok(call.stdin(Stdin::Bytes(list.into_bytes()))),
        None => Ok(call),
    }
}

fn options(plan: &Plan) -> Vec<String> {
    let mut words: Vec<String> = plan.options.iter().map(|&word| word.into()).collect();
    if let Some(out) = plan.out {
        words.extend(["--out".into(), out.into()]);
    }
    if let Some((input, _)) = plan.input {
        let name = if input == Input::File { LIST } else { "-" };
        words.extend(["--input".into(), name.into()]);
    }
    words
}

/// Every name in `folder`, in alphabetical order.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names = left_behind::names(folder, MOST_NAMES);
    names.sort();
    names
}

fn found_in(folder: &Path) -> Vec<Found> {
    let names = names_in(folder).into_iter().filter(|name| name != LIST);
    names.map(|name| Found { content: content_of(&folder.join(&name)), name }).collect()
}

/// `None` for what is no regular file: a link or a pipe must not be opened.
fn content_of(path: &Path) -> Option<Content> {
    Content::of(left_behind::file(path).ok()?.take(LARGEST)).ok()
}

/// What stands beside the folders on the way to `--out`.
fn strays(plan: &Plan, folder: &Path) -> Vec<String> {
    let mut place = folder.to_owned();
    let mut found = Vec::new();
    for step in Path::new(plan.out.unwrap_or_default()) {
        let beside = |name: &String| name != LIST && name.as_str() != step;
        found.extend(names_in(&place).into_iter().filter(beside));
        place.push(step);
    }
    found
}

/// `bytes` with each `from` replaced by `to`.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut result = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from.as_bytes()) {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(to.as_bytes());
        rest = &rest[at + from.len()..];
    }
    result.extend_from_slice(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_replaced_wherever_they_stand() {
        assert_eq!(replaced(b"a 1:2 b1:2", "1:2", "host"), b"a host bhost");
        assert_eq!(replaced(b"\xff1:", "1:2", "host"), b"\xff1:");
    }

    #[test]
    fn strays_are_what_stands_beside_the_way_to_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        for name in [LIST, "up", "a/escape", "a/b/file"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let plan = Plan { out: Some("a/b"), ..Plan::new("") };
        assert_eq!(strays(&plan, folder.path()), ["up", "escape"]);
        assert_eq!(strays(&Plan { out: None, ..plan }, folder.path()), [""; 0]);
        let files = found_in(&folder.path().join("a/b"));
        assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["file"]);
        assert_eq!(files[0].content.as_ref().unwrap().bytes, 1);
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("link")).unwrap();
        assert_eq!(found_in(folder.path()), [Found { name: "link".into(), content: None }]);
    }

    #[test]
    fn a_case_is_shown_without_ports() {
        let body = crate::scripted::http::Body::new(1, 1);
        let plan = Plan::new("--jobs 2").file("/a", body).input(Input::Stdin).file("/b", body);
        let shown = Download(Arc::new(plan)).shown("downloader");
        assert_eq!(
            shown,
            "downloader --jobs 2 --out downloads --input - http://fixture.test/a # with 1 URLs in the input"
        );
    }
}
