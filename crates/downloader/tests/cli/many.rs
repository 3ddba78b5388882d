//! Many downloads at once: their order, their number, their names.

use std::fs;
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex};

use predicates::prelude::*;

use crate::support::{Server, downloader, echo, folder, names_in, ok_line, respond};

#[test]
fn outcomes_are_in_list_order_whoever_finishes_first() {
    let (done, others_done) = mpsc::channel();
    let (done, others_done) = (Mutex::new(done), Mutex::new(others_done));
    let server = Server::start(move |request, stream| {
        if request.path == "/first" {
            let others_done = others_done.lock().unwrap();
            (0..5).for_each(|_| others_done.recv().unwrap());
        }
        respond(stream, "200 OK", "", request.path.as_bytes());
        let _ = done.lock().unwrap().send(());
    });
    let out = folder();
    let paths = ["/first", "/b", "/c", "/d", "/e", "/f"];
    let expected: String =
        paths.iter().map(|path| ok_line(path.as_bytes(), &path[1..], &server.url(path))).collect();
    downloader()
        .args(["--jobs", "6"])
        .args(paths.map(|path| server.url(path)))
        .current_dir(&out)
        .assert()
        .success()
        .stdout(expected);
}

/// Answers only when `jobs` requests wait together, and never sees more of them.
#[track_caller]
fn expect_exactly_at_once(jobs: usize, options: &[&str]) {
    let barrier = Barrier::new(jobs);
    let most = Arc::new(Mutex::new((0, 0)));
    let seen = Arc::clone(&most);
    let server = Server::start(move |_, stream| {
        let mut counts = seen.lock().unwrap();
        counts.0 += 1;
        counts.1 = counts.0.max(counts.1);
        drop(counts);
        barrier.wait();
        // Counted off before the answer, as the next request may come right after it.
        seen.lock().unwrap().0 -= 1;
        respond(stream, "200 OK", "", b"together");
    });
    let out = folder();
    let urls = vec![server.url("/x"); 3 * jobs];
    downloader().args(options).args(urls).current_dir(&out).assert().success();
    assert_eq!(names_in(out.path()).len(), 3 * jobs);
    assert_eq!(most.lock().unwrap().1, jobs);
}

#[test]
fn as_many_downloads_as_jobs_are_under_way_and_never_more() {
    expect_exactly_at_once(4, &[]);
    expect_exactly_at_once(1, &["--jobs", "1"]);
    expect_exactly_at_once(7, &["--jobs", "7"]);
}

#[test]
fn more_jobs_than_urls_are_no_problem() {
    let (server, out) = (echo(), folder());
    downloader()
        .args(["--jobs", "1000000000000", &server.url("/a"), &server.url("/b")])
        .current_dir(&out)
        .assert()
        .success();
}

#[test]
fn files_of_the_same_name_are_numbered_in_list_order() {
    let (server, out) = (echo(), folder());
    let files = [
        ("/1/a", "a"),
        ("/2/a.1", "a.1"),
        ("/3/a", "a.2"),
        ("/", "index.html"),
        ("/5/", "index.html.1"),
        ("/6/x", "x"),
        ("/7/x.part", "x.part"),
        ("/8/a.1", "a.1.1"),
    ];
    let expected: String =
        files.iter().map(|(path, name)| ok_line(path.as_bytes(), name, &server.url(path))).collect();
    downloader()
        .args(["--jobs", "8"])
        .args(files.map(|(path, _)| server.url(path)))
        .current_dir(&out)
        .assert()
        .success()
        .stdout(expected);
    assert_eq!(names_in(out.path()).len(), files.len());
    for (path, name) in files {
        assert_eq!(fs::read_to_string(out.path().join(name)).unwrap(), path);
    }
}

#[test]
fn hostile_names_stay_in_the_folder() {
    let (server, out) = (echo(), folder());
    let inner = out.path().join("inner");
    let long = format!("/{}.tar.gz", "y".repeat(400));
    let paths =
        ["/..%2f..%2fup", "/%2e%2e", "/a%00b", "/%2fetc%2fx", "/a\\..\\b", "/%ff", "/%0a", "/...", &long];
    downloader()
        .arg("--out")
        .arg(&inner)
        .args(paths.map(|path| server.url(path)))
        .assert()
        .success()
        .stdout(predicate::function(|output: &str| output.lines().count() == paths.len()));
    assert_eq!(names_in(out.path()), ["inner"]);
    let names = names_in(&inner);
    assert_eq!(names.len(), paths.len());
    for name in names {
        assert!(!name.contains(".."), "{name}");
        assert!(!name.contains(|c: char| c.is_control() || c == '\\'), "{name}");
    }
}
