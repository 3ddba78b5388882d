//! What is asked for: options, the list, the simulation, and who reads the answer.

use std::fs;
use std::io;
use std::process::Stdio;

use crate::support::{REFUSING, downloader, echo, expect_failure, folder, names_in, ok_line, wait};

#[test]
fn without_arguments_it_simulates_the_example() {
    let run = downloader().assert().success();
    let output = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[6], "All downloads complete!");
    for name in ["file1.zip", "file2.zip", "file3.zip"] {
        let place = |line: String| lines.iter().position(|other| **other == line).unwrap();
        assert!(place(format!("Downloading {name}...")) < place(format!("{name} downloaded!")));
    }
}

#[test]
fn simulated_downloads_take_turns_with_one_job() {
    let expected =
        "Downloading a...\na downloaded!\nDownloading b\\n...\nb\\n downloaded!\nAll downloads complete!\n";
    downloader().args(["--jobs", "1", "--simulate", "a", "b\n"]).assert().success().stdout(expected);
}

#[test]
fn simulation_takes_names_from_the_input_too() {
    let expected = "Downloading a...\na downloaded!\nAll downloads complete!\n";
    downloader()
        .args(["--simulate", "--input", "-"])
        .write_stdin("#\n a\n")
        .assert()
        .success()
        .stdout(expected);
    let nothing = "All downloads complete!\n";
    downloader().args(["--simulate", "--input", "-"]).assert().success().stdout(nothing);
}

#[test]
fn help_names_every_option_with_its_default() {
    let run = downloader().arg("--help").assert().success();
    let help = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    for (option, default) in [
        ("--jobs <N>", "4"),
        ("--out <DIR>", "."),
        ("--timeout <SECS>", "30"),
        ("--retries <R>", "2"),
        ("--input <FILE>", "none"),
        ("--simulate", "off"),
        ("[URL]...", "the example"),
    ] {
        let (_, about) = help.rsplit_once(option).unwrap();
        let (_, default_on) = about.split_once("[default: ").unwrap();
        assert!(default_on.starts_with(&format!("{default}]")), "{option} is not {default}:\n{help}");
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        ["--jobs", "0"],
        ["--jobs", "-1"],
        ["--timeout", "0"],
        ["--timeout", "0.0000000000001"],
        ["--timeout", "-1"],
        ["--timeout", "nan"],
        ["--timeout", "inf"],
        ["--timeout", "1e300"],
        ["--timeout", "soon"],
        ["--retries", "-1"],
        ["--frobnicate", "1"],
    ] {
        let [option, value] = arguments;
        downloader().args([&format!("{option}={value}"), REFUSING]).assert().code(2).stdout("");
    }
}

#[test]
fn the_input_file_follows_the_arguments_without_blank_lines_and_comments() {
    let (server, out) = (echo(), folder());
    let [a, b, c] = ["/a", "/b", "/c"].map(|path| server.url(path));
    let input = out.path().join("list");
    fs::write(&input, format!("# more\r\n\r\n  {b}\t\r\n   #{a}\n{c}")).unwrap();
    downloader()
        .args(["--out", out.path().to_str().unwrap(), "--input", input.to_str().unwrap(), &a])
        .assert()
        .success()
        .stdout(ok_line(b"/a", "a", &a) + &ok_line(b"/b", "b", &b) + &ok_line(b"/c", "c", &c));
}

#[test]
fn a_minus_stands_for_standard_input() {
    let (server, out) = (echo(), folder());
    let url = server.url("/a");
    downloader()
        .args(["--input", "-"])
        .current_dir(&out)
        .write_stdin(format!("{url}\n"))
        .assert()
        .success()
        .stdout(ok_line(b"/a", "a", &url));
    assert_eq!(names_in(out.path()), ["a"]);
    downloader().args(["--input", "-"]).write_stdin("\n#\n").assert().success().stdout("");
}

#[test]
fn a_missing_input_file_fails_but_the_arguments_are_downloaded() {
    let (server, out) = (echo(), folder());
    let url = server.url("/a");
    let complaint = "downloader: missing: No such file or directory (os error 2)\n";
    downloader()
        .args(["--input", "missing", &url])
        .current_dir(&out)
        .assert()
        .code(1)
        .stdout(ok_line(b"/a", "a", &url))
        .stderr(complaint);
    for simulate in [&[][..], &["--simulate"]] {
        downloader()
            .args(["--input", "missing"])
            .args(simulate)
            .assert()
            .code(1)
            .stdout("")
            .stderr(complaint);
    }
}

#[test]
fn useless_urls_fail_on_one_line_each_and_the_others_are_downloaded() {
    let (server, out) = (echo(), folder());
    let good = server.url("/a");
    let list = b"ftp://h/a\nmailto:x\nhttp://\nhttp:// h/\nh/a\nhttp://h/a\x07b\nhttp://h/\xff\n".to_vec();
    let list = [list, good.as_bytes().to_vec()].concat();
    let expected = "failed bad-url ftp://h/a\nfailed bad-url mailto:x\nfailed bad-url http://\n\
                    failed bad-url http:// h/\nfailed bad-url h/a\nfailed bad-url http://h/a\\u{7}b\n\
                    failed bad-url http://h/\u{fffd}\n";
    downloader()
        .args(["--input", "-", "file:///etc/passwd", "http://h/a\nb"])
        .current_dir(&out)
        .write_stdin(list)
        .assert()
        .code(1)
        .stdout(
            "failed bad-url file:///etc/passwd\nfailed bad-url http://h/a\\nb\n".to_owned()
                + expected
                + &ok_line(b"/a", "a", &good),
        );
    assert_eq!(names_in(out.path()), ["a"]);
}

#[test]
fn an_endless_url_fails_without_a_panic() {
    let url = format!("http://127.0.0.1:1/{}", "a".repeat(100_000));
    expect_failure(&url, &["--retries", "0"], "bad-url");
}

/// The exit code and standard error of a run that writes to `stdout`.
fn run_into(stdout: impl Into<Stdio>, arguments: &[&str]) -> (Option<i32>, String) {
    let out = folder();
    let (mut errors, errors_writer) = io::pipe().unwrap();
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_downloader"))
        .env_clear()
        .args(arguments)
        .current_dir(&out)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(errors_writer)
        .spawn()
        .unwrap();
    let status = wait(child);
    (status.code(), io::read_to_string(&mut errors).unwrap())
}

/// Runs the program with a standard output that is closed at the other end.
#[track_caller]
fn expect_quiet_end(arguments: &[&str]) {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    assert_eq!(run_into(writer, arguments), (Some(0), String::new()));
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let server = echo();
    for arguments in [&["--simulate", "a"][..], &[&server.url("/a")]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let (code, errors) = run_into(full, arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {errors}");
        assert!(errors.starts_with("downloader: standard output: "), "{arguments:?}: {errors}");
    }
}

#[test]
fn a_closed_standard_output_ends_the_program_quietly() {
    let server = echo();
    expect_quiet_end(&[]);
    expect_quiet_end(&["--help"]);
    expect_quiet_end(&["--simulate", "--jobs", "1", "a", "b"]);
    expect_quiet_end(&[&server.url("/a"), &server.url("/b")]);
    expect_quiet_end(&["nonsense"]);
}
