//! What goes wrong on the network, how it is called, and what is tried again.

use std::fs;

use crate::support::{
    Authority, REFUSING, Server, downloader, echo, expect_failure, expect_file, folder, ok_line, respond,
    sends,
};

#[test]
fn server_errors_are_tried_again_until_they_pass() {
    let server = Server::start(|request, stream| match request.earlier {
        0 => respond(stream, "500 Internal Server Error", "", b"no"),
        1 => respond(stream, "503 Service Unavailable", "", b"not yet"),
        _ => respond(stream, "200 OK", "", b"at last"),
    });
    expect_file(&server.url("/a"), "a", b"at last");
    assert_eq!(server.count("/a"), 3);
}

#[test]
fn server_errors_are_tried_again_as_often_as_told() {
    let server = Server::start(|_, stream| respond(stream, "502 Bad Gateway", "", b""));
    for (path, retries, requests) in [("/none", "0", 1), ("/one", "1", 2), ("/three", "3", 4)] {
        expect_failure(&server.url(path), &["--retries", retries], "status-502");
        assert_eq!(server.count(path), requests);
    }
}

#[test]
fn other_statuses_fail_at_once() {
    for status in ["404 Not Found", "429 Too Many", "206 Partial Content", "304 Not Modified", "302 Found"] {
        let server = Server::start(move |_, stream| respond(stream, status, "", b"body"));
        expect_failure(&server.url("/a"), &[], &format!("status-{}", &status[..3]));
        assert_eq!(server.total(), 1, "{status}");
    }
}

#[test]
fn a_refused_connection_fails_as_refused() {
    expect_failure(REFUSING, &["--retries", "1"], "refused");
}

#[test]
fn a_reset_connection_is_tried_again() {
    for beginning in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"] {
        let server = Server::resetting(beginning);
        expect_failure(&server.url("/a"), &["--retries", "1"], "reset");
        assert_eq!(server.total(), 2);
    }
}

#[test]
fn a_connection_closed_without_an_answer_counts_as_reset() {
    for answer in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-"] {
        let server = sends(answer);
        expect_failure(&server.url("/a"), &["--retries", "1"], "reset");
        assert_eq!(server.count("/a"), 2);
    }
}

#[test]
fn an_unknown_host_fails_as_dns() {
    // Too long for a name, so that no name server is asked.
    expect_failure(&format!("http://{}/a", "x".repeat(300)), &[], "dns");
}

/// Redirects `/N` to `/N-1`, down to `/0`.
fn countdown() -> Server {
    Server::start(|request, stream| match request.path[1..].parse::<u32>() {
        Ok(0) | Err(_) => respond(stream, "200 OK", "", b"landed"),
        Ok(n) => {
            let status =
                ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"][n as usize % 5];
            respond(stream, status, &format!("Location: {}\r\n", n - 1), b"elsewhere");
        }
    })
}

#[test]
fn redirects_are_followed_and_the_file_keeps_its_first_name() {
    expect_file(&countdown().url("/10"), "10", b"landed");
}

#[test]
fn too_many_redirects_are_a_loop() {
    expect_failure(&countdown().url("/11"), &[], "redirect-loop");
    let server = Server::start(|_, stream| respond(stream, "302 Found", "Location: /a\r\n", b""));
    expect_failure(&server.url("/a"), &[], "redirect-loop");
    assert_eq!(server.count("/a"), 11);
}

#[test]
fn a_redirect_away_from_http_is_not_followed() {
    for location in ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[", "javascript:1"] {
        let server = Server::start(move |_, stream| {
            respond(stream, "302 Found", &format!("Location: {location}\r\n"), b"");
        });
        expect_failure(&server.url("/a"), &[], "bad-redirect");
    }
}

#[test]
fn https_trusts_the_authorities_in_ssl_cert_file_and_no_others() {
    let (authority, out) = (Authority::new(), folder());
    let server = authority.server(|_, stream| respond(stream, "200 OK", "", b"secret"));
    let url = server.url("/a");
    let trusted = out.path().join("authority.pem");
    fs::write(&trusted, authority.pem()).unwrap();
    downloader()
        .env("SSL_CERT_FILE", &trusted)
        .arg(&url)
        .current_dir(&out)
        .assert()
        .success()
        .stdout(ok_line(b"secret", "a", &url));

    fs::write(&trusted, Authority::new().pem()).unwrap();
    for authorities in [trusted.as_path(), "/nonexistent".as_ref()] {
        downloader()
            .env("SSL_CERT_FILE", authorities)
            .arg(&url)
            .current_dir(&out)
            .assert()
            .code(1)
            .stdout(format!("failed tls {url}\n"));
    }
}

#[test]
fn plain_http_needs_no_authorities() {
    let (server, out) = (echo(), folder());
    downloader()
        .env("SSL_CERT_FILE", "/nonexistent")
        .arg(server.url("/a"))
        .current_dir(&out)
        .assert()
        .success();
}
