//! What the tests need around the program: a scripted server, and ways to run and read the program.

mod server;
mod tls;

use std::fs;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::{TempDir, tempdir};

pub(crate) use server::{Request, Server, Stream, respond};
pub(crate) use tls::Authority;

/// Nothing listens there: the port is reserved.
pub(crate) const REFUSING: &str = "http://127.0.0.1:1/a";

/// Far more than any run takes: only a program that hangs reaches it.
const HANGS: Duration = Duration::from_secs(120);

/// The program with nothing inherited that could change what it does, such as a proxy.
pub(crate) fn downloader() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_downloader"));
    command.env_clear().timeout(HANGS);
    command
}

pub(crate) fn folder() -> TempDir {
    tempdir().unwrap()
}

/// A server that answers every path with the path itself.
pub(crate) fn echo() -> Server {
    Server::start(|request, stream| respond(stream, "200 OK", "", request.path.as_bytes()))
}

/// A server that sends exactly these bytes, whatever is asked.
pub(crate) fn sends(answer: &'static [u8]) -> Server {
    Server::start(move |_, stream| drop(stream.write_all(answer)))
}

/// Downloads one URL and expects that it fails for `reason`, leaving nothing behind.
#[track_caller]
pub(crate) fn expect_failure(url: &str, options: &[&str], reason: &str) {
    let out = folder();
    downloader()
        .args(options)
        .arg("--out")
        .args([out.path().as_os_str(), url.as_ref()])
        .assert()
        .code(1)
        .stdout(format!("failed {reason} {url}\n"))
        .stderr(predicate::str::starts_with(format!("downloader: {url}: {reason} (")));
    assert_eq!(names_in(out.path()), [""; 0]);
}

/// Downloads one URL and expects `body` in the file `name`.
#[track_caller]
pub(crate) fn expect_file(url: &str, name: &str, body: &[u8]) {
    let out = folder();
    downloader()
        .arg("--out")
        .args([out.path().as_os_str(), url.as_ref()])
        .assert()
        .success()
        .stdout(ok_line(body, name, url))
        .stderr("");
    assert_eq!(names_in(out.path()), [name]);
    assert_eq!(fs::read(out.path().join(name)).unwrap(), body);
}

/// The line for a download that went well.
pub(crate) fn ok_line(body: &[u8], name: &str, url: &str) -> String {
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ok {} {digest} {name} {url}\n", body.len())
}

/// The names in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits for a child that `assert_cmd` does not run, and kills it if it hangs.
pub(crate) fn wait(mut child: Child) -> ExitStatus {
    let pid = child.id().to_string();
    let (ended, has_ended) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if has_ended.recv_timeout(HANGS) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = std::process::Command::new("kill").args(["-9", &pid]).status();
        }
    });
    let status = child.wait().unwrap();
    drop(ended);
    watchdog.join().unwrap();
    status
}
