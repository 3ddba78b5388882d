//! Whole files, or none.

use std::fs;
use std::io;
use std::thread;
use std::time::Duration;

use crate::support::{
    Server, downloader, echo, expect_failure, expect_file, folder, names_in, ok_line, respond, sends,
};

#[test]
fn a_large_file_arrives_intact() {
    let body: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    let sent = body.clone();
    let server = Server::start(move |_, stream| respond(stream, "200 OK", "", &sent));
    expect_file(&server.url("/large.bin?x=1#y"), "large.bin", &body);
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    expect_file(&sends(b"HTTP/1.0 200 OK\r\n\r\nuntil the end").url("/a"), "a", b"until the end");
    expect_file(&sends(b"HTTP/1.0 200 OK\r\n\r\n").url("/empty"), "empty", b"");
}

#[test]
fn a_chunked_body_is_put_together() {
    let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
    expect_file(&sends(answer).url("/a"), "a", b"abc0123456789");
}

#[test]
fn bytes_after_the_announced_length_are_not_part_of_the_file() {
    expect_file(&sends(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef").url("/a"), "a", b"abc");
}

#[test]
fn a_compressed_answer_is_neither_asked_for_nor_unpacked() {
    let server = Server::start(|request, stream| {
        assert!(request.head.contains("accept-encoding: identity\r\n"), "{}", request.head);
        respond(stream, "200 OK", "Content-Encoding: gzip\r\n", b"\x1f\x8b not unpacked");
    });
    expect_file(&server.url("/a.gz"), "a.gz", b"\x1f\x8b not unpacked");
}

#[test]
fn a_body_that_ends_too_early_is_truncated_and_not_tried_again() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n",
    ] {
        let server = sends(answer);
        expect_failure(&server.url("/a"), &[], "truncated");
        assert_eq!(server.total(), 1);
    }
}

#[test]
fn an_answer_that_is_not_http_is_a_bad_response() {
    for answer in [
        &b"220 smtp.example ready\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n",
    ] {
        expect_failure(&sends(answer).url("/a"), &["--retries", "0"], "bad-response");
    }
}

#[test]
fn a_stalled_server_times_out_and_is_not_asked_again() {
    for beginning in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"] {
        let server = Server::start(move |_, stream| {
            let _ = stream.write_all(beginning);
            // Until the client goes away.
            let _ = io::copy(stream, &mut io::sink());
        });
        expect_failure(&server.url("/a"), &["--timeout", "0.3"], "timeout");
        assert_eq!(server.total(), 1);
    }
}

#[test]
fn a_slow_but_living_download_may_take_longer_than_the_timeout() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n");
        for _ in 0..12 {
            // Slowness is what this server is about: together more than the limit, each far less.
            thread::sleep(Duration::from_millis(200));
            let _ = stream.write_all(b"x");
        }
    });
    let out = folder();
    downloader().args(["--timeout", "2", &server.url("/a")]).current_dir(&out).assert().success();
    assert_eq!(fs::read_to_string(out.path().join("a")).unwrap(), "x".repeat(12));
}

#[test]
fn an_existing_file_is_replaced_only_by_a_whole_one() {
    let server = Server::start(|request, stream| {
        if request.earlier == 0 {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        } else {
            respond(stream, "200 OK", "", b"new");
        }
    });
    let out = folder();
    let file = out.path().join("a");
    fs::write(&file, "old").unwrap();
    downloader().arg(server.url("/a")).current_dir(&out).assert().code(1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    downloader().arg(server.url("/a")).current_dir(&out).assert().success();
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    assert_eq!(names_in(out.path()), ["a"]);
}

#[test]
fn what_a_killed_run_left_behind_is_replaced() {
    let (server, out) = (echo(), folder());
    fs::write(out.path().join("a.part"), "a long beginning of something else").unwrap();
    fs::write(out.path().join("precious"), "kept").unwrap();
    std::os::unix::fs::symlink("precious", out.path().join("b.part")).unwrap();
    downloader().args([server.url("/a"), server.url("/b")]).current_dir(&out).assert().success();
    assert_eq!(names_in(out.path()), ["a", "b", "precious"]);
    assert_eq!(fs::read_to_string(out.path().join("a")).unwrap(), "/a");
    assert_eq!(fs::read_to_string(out.path().join("precious")).unwrap(), "kept");
}

#[test]
fn the_folder_is_made_where_it_is_missing() {
    let (server, out) = (echo(), folder());
    let deep = out.path().join("x/y/z");
    downloader().arg("--out").arg(&deep).arg(server.url("/a")).assert().success();
    assert_eq!(names_in(&deep), ["a"]);
}

#[test]
fn a_file_that_cannot_be_written_fails_and_the_others_are_downloaded() {
    let (server, out) = (echo(), folder());
    fs::create_dir(out.path().join("a")).unwrap();
    let [a, b] = ["/a", "/b"].map(|path| server.url(path));
    downloader()
        .args([&a, &b])
        .current_dir(&out)
        .assert()
        .code(1)
        .stdout(format!("failed write {a}\n") + &ok_line(b"/b", "b", &b));
    assert_eq!(names_in(out.path()), ["a", "b"]);
}

#[test]
fn a_folder_that_is_a_file_cannot_be_written_to() {
    let (server, out) = (echo(), folder());
    let url = server.url("/a");
    fs::write(out.path().join("file"), "").unwrap();
    downloader()
        .args(["--out", "file", &url])
        .current_dir(&out)
        .assert()
        .code(1)
        .stdout(format!("failed write {url}\n"));
}
