mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{Shutdown, TcpListener};
use std::process::Stdio;
use std::thread;

use assert_cmd::Command;
use predicates::prelude::*;
use support::{Client, PATIENCE, PROGRAM, Server, finish, spawn};

const LONGEST_LINE: usize = 4096;

fn chat(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).timeout(PATIENCE);
    command
}

fn stdout_of(arguments: &[&str]) -> String {
    String::from_utf8(chat(arguments).assert().success().stderr("").get_output().stdout.clone()).unwrap()
}

/// Everybody joins, then all messages, each sender's in order, then everybody leaves.
#[track_caller]
fn check_demo(output: &str, clients: usize, messages: usize) {
    let mut lines: Vec<_> = output.lines().collect();
    let total = clients * messages;
    assert_eq!(lines.pop(), Some(&*format!("delivered {total} to {clients} clients")));
    let events: Vec<_> = lines.iter().map(|line| line.split_once(' ').unwrap()).collect();
    let numbers: Vec<_> = events.iter().map(|(number, _)| number.parse::<usize>().unwrap()).collect();
    assert!(numbers.into_iter().eq(1..=2 * clients + total));

    let names: BTreeSet<_> = (1..=clients).map(|n| format!("client-{n}")).collect();
    let named = |kind: &str, events: &[(&str, &str)]| -> BTreeSet<String> {
        events.iter().map(|(_, event)| event.strip_prefix(kind).unwrap().to_owned()).collect()
    };
    assert_eq!(named("JOIN ", &events[..clients]), names);
    assert_eq!(named("LEAVE ", &events[clients + total..]), names);
    let mut sent = BTreeMap::new();
    for (_, event) in &events[clients..clients + total] {
        let (sender, text) = event.strip_prefix("MSG ").unwrap().split_once(' ').unwrap();
        let count = sent.entry(sender).or_insert(0);
        *count += 1;
        assert_eq!(text, format!("message {count}"));
        assert!(names.contains(sender) && *count <= messages, "{event}");
    }
}

#[test]
fn no_arguments_run_the_demo_with_three_clients_and_three_messages() {
    check_demo(&stdout_of(&[]), 3, 3);
    check_demo(&stdout_of(&["demo"]), 3, 3);
}

#[test]
fn demo_takes_any_size() {
    for (clients, messages) in [(1, 0), (1, 1), (1, 500), (2, 7), (9, 0), (30, 20), (500, 1)] {
        let output =
            stdout_of(&["demo", "--clients", &clients.to_string(), "--messages", &messages.to_string()]);
        check_demo(&output, clients, messages);
    }
}

#[test]
fn help_names_every_option_with_its_default() {
    let names = ["--listen", "[default: 127.0.0.1:0]", "--name", "--clients", "--messages", "[default: 3]"];
    for name in names {
        chat(&["--help"]).assert().success().stdout(predicate::str::contains(name));
    }
    chat(&["serve", "--help"]).assert().success().stdout(predicate::str::contains("[default: 127.0.0.1:0]"));
    chat(&["join", "--help"]).assert().success().stdout(predicate::str::contains("--name"));
    chat(&["demo", "--help"]).assert().success().stdout(predicate::str::contains("[default: 3]").count(2));
}

#[test]
fn wrong_usage_exits_2() {
    let wrong: [&[&str]; 8] = [
        &["demo", "--clients", "0"],
        &["demo", "--clients", "501"],
        &["demo", "--messages", "-1"],
        &["demo", "--clients", "many"],
        &["join", "127.0.0.1:1"],
        &["join", "127.0.0.1:1", "--name", "two words"],
        &["serve", "127.0.0.1:0"],
        &["speak"],
    ];
    for arguments in wrong {
        chat(arguments).assert().code(2).stdout("").stderr(predicate::str::is_empty().not());
    }
}

#[test]
fn a_closed_standard_output_ends_every_mode_quietly() {
    let server = Server::start();
    let join = ["join", &server.address, "--name", "ann"];
    for arguments in [&["demo", "--messages", "1000000"][..], &["serve"], &join] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = std::process::Command::new(PROGRAM);
        command.args(arguments).stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped());
        let output = finish(command.spawn().unwrap());
        assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error_in_every_mode() {
    let server = Server::start();
    let join = ["join", &server.address, "--name", "ann"];
    for arguments in [&["demo"][..], &["serve"], &join] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = std::process::Command::new(PROGRAM);
        command.args(arguments).stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped());
        let output = finish(command.spawn().unwrap());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.starts_with("chat-server: standard output: "), "{arguments:?}: {errors}");
    }
}

#[test]
fn the_own_join_comes_first_and_numbers_have_no_gap() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    ann.send("first");
    assert_eq!(ann.line().as_deref(), Some("2 MSG ann first"));
    let mut bob = Client::connect(&server);
    bob.send("NAME bob");
    assert_eq!(bob.line().as_deref(), Some("WELCOME bob"));
    assert_eq!(bob.line().as_deref(), Some("3 JOIN bob"));
    bob.send("second");
    bob.send("");
    bob.send("QUIT");
    let expected = ["3 JOIN bob", "4 MSG bob second", "5 MSG bob ", "6 LEAVE bob"];
    assert_eq!(bob.rest(), expected[1..]);
    for line in expected {
        assert_eq!(ann.line().as_deref(), Some(line));
    }
    drop(ann);
    server.stop();
}

/// Nobody paces itself here: a client that reads must not be dropped because the server is busy.
#[test]
fn all_clients_see_all_messages_in_the_same_order() {
    const CLIENTS: usize = 8;
    const MESSAGES: usize = 2000;
    let server = Server::start();
    let clients: Vec<_> = (0..CLIENTS).map(|n| Client::join(&server, &format!("c{n}"))).collect();
    let talk = |mut client: Client| {
        thread::scope(|scope| {
            let mut sender = client.sender();
            let messages: String = (0..MESSAGES).map(|n| format!("{n}\n")).collect();
            scope.spawn(move || sender.write_all(messages.as_bytes()).unwrap());
            let lines = std::iter::from_fn(|| client.line()).filter(|line| line.contains(" MSG "));
            lines.take(CLIENTS * MESSAGES).collect::<Vec<_>>()
        })
    };
    let seen: Vec<_> = thread::scope(|scope| {
        let talks: Vec<_> = clients.into_iter().map(|client| scope.spawn(move || talk(client))).collect();
        talks.into_iter().map(|talk| talk.join().unwrap()).collect()
    });
    assert!(seen.iter().all(|lines| lines == &seen[0]));

    let mut next = BTreeMap::new();
    for (line, number) in seen[0].iter().zip(CLIENTS + 1..) {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some(&*number.to_string()));
        let count = next.entry(words.nth(1).unwrap()).or_insert(0);
        assert_eq!(words.next(), Some(&*count.to_string()), "{line}");
        *count += 1;
    }
    assert!(next.len() == CLIENTS && next.values().all(|&count| count == MESSAGES));
}

#[test]
fn names_are_checked_and_unique_while_in_use() {
    let server = Server::start();
    let longest = "x".repeat(32);
    let mut members = ["ann", "Ann", "a-Z_9", &longest].map(|nick| Client::join(&server, nick));
    let too_long = format!("NAME {longest}x");
    for greeting in
        ["NAME", "NAME ", "NAME a b", "NAME é", "NAME a/b", "name bob", "hello", "QUIT", "", &too_long]
    {
        let mut refused = Client::connect(&server);
        refused.send(greeting);
        let lines = refused.rest();
        assert!(lines.len() == 1 && lines[0].starts_with("ERROR "), "{greeting:?}: {lines:?}");
    }
    let mut twin = Client::connect(&server);
    twin.send("NAME ann");
    assert_eq!(twin.rest(), ["ERROR name in use"]);

    members[0].send("QUIT");
    members[0].expect("LEAVE ann");
    let second = Client::join(&server, "ann");
    second.send("here");
    members[1].expect("LEAVE ann");
    assert_eq!([members[1].event(), members[1].event()], ["JOIN ann", "MSG ann here"]);
}

#[test]
fn lines_over_the_limit_or_not_utf8_end_their_connection_only() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    let too_long = "x".repeat(LONGEST_LINE + 1);
    let endless = "x".repeat(1_000_000);
    let bad: [(&[u8], _); 5] = [
        (too_long.as_bytes(), "ERROR line too long"),
        (&[too_long.as_bytes(), b"\r\n"].concat(), "ERROR line too long"),
        (endless.as_bytes(), "ERROR line too long"),
        (b"caf\xe9\n", "ERROR not UTF-8"),
        (b"\xff\xfe\0\n", "ERROR not UTF-8"),
    ];
    for (bytes, error) in bad {
        let mut bob = Client::join(&server, "bob");
        // The server may close before it has got it all.
        let _ = bob.sender().write_all(bytes);
        assert_eq!(bob.rest(), [error]);
        assert_eq!([ann.event(), ann.event()], ["JOIN bob", "LEAVE bob"]);

        let mut nameless = Client::connect(&server);
        let _ = nameless.sender().write_all(bytes);
        assert_eq!(nameless.rest(), [error]);
    }
    ann.send("still here");
    assert_eq!(ann.event(), "MSG ann still here");
}

#[test]
fn a_line_of_exactly_the_limit_and_telnet_line_ends_are_fine() {
    let server = Server::start();
    let mut ann = Client::connect(&server);
    ann.send("NAME ann\r");
    assert_eq!(ann.line().as_deref(), Some("WELCOME ann"));
    ann.expect("JOIN ann");
    let longest = "é".repeat(LONGEST_LINE / 2);
    ann.send(&longest);
    assert_eq!(ann.event(), format!("MSG ann {longest}"));
    ann.send(&format!("{longest}\r"));
    assert_eq!(ann.event(), format!("MSG ann {longest}"));
    ann.send("QUIT\r");
    assert_eq!(ann.rest(), ["4 LEAVE ann"]);
}

#[test]
fn a_half_closed_client_still_gets_its_messages_and_its_leave() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    let mut bob = Client::join(&server, "bob");
    bob.send_bytes(b"one\ntwo\nnot finished");
    bob.end_sending();
    assert_eq!(bob.rest(), ["3 MSG bob one", "4 MSG bob two", "5 LEAVE bob"]);
    assert_eq!([ann.event(), ann.event()], ["JOIN bob", "MSG bob one"]);
    assert_eq!([ann.event(), ann.event()], ["MSG bob two", "LEAVE bob"]);
}

#[test]
fn a_client_that_vanishes_leaves_and_its_unfinished_line_is_no_message() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    let bob = Client::join(&server, "bob");
    bob.send_bytes(b"whole\nhalf a li");
    drop(bob);
    ann.expect("JOIN bob");
    assert_eq!([ann.event(), ann.event()], ["MSG bob whole", "LEAVE bob"]);
    drop(Client::connect(&server));
    Client::connect(&server).send_bytes(b"NAME ca");
    ann.send("alone");
    assert_eq!(ann.event(), "MSG ann alone");
}

#[test]
fn a_reset_connection_leaves() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    let bob = Client::join(&server, "bob");
    ann.expect("JOIN bob");
    ann.send("unread");
    ann.expect("MSG ann unread");
    // Closing a socket that holds unread bytes resets the connection.
    drop(bob);
    ann.send("more");
    let mut last = [ann.event(), ann.event()];
    last.sort();
    assert_eq!(last, ["LEAVE bob", "MSG ann more"]);
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_delays_nobody() {
    let server = Server::start();
    let mut slow = Client::join(&server, "slow");
    let mut readers = ["ann", "bob"].map(|nick| Client::join(&server, nick));
    readers[0].expect("JOIN bob");
    let text = "x".repeat(4000);
    let message = format!("MSG ann {text}");
    let mut dropped = [false; 2];
    let mut sent = 0;
    // The kernel's buffers take some megabytes before anything waits in the server.
    while dropped == [false; 2] {
        assert!(sent < 20_000, "the slow client was not dropped");
        readers[0].send(&text);
        sent += 1;
        for (reader, dropped) in readers.iter_mut().zip(&mut dropped) {
            while let event = reader.event()
                && event != message
            {
                assert_eq!(event, "LEAVE slow");
                *dropped = true;
            }
        }
    }
    assert!(sent > 1024 && dropped == [true; 2]);
    assert!(slow.rest().len() < sent);
}

#[test]
fn a_client_that_floods_the_room_and_does_not_read_is_dropped() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    let flood = Client::join(&server, "flood");
    let mut sender = flood.sender();
    let flooder = thread::spawn(move || while sender.write_all(b"me again\n").is_ok() {});
    ann.expect("LEAVE flood");
    flooder.join().unwrap();
    drop(flood);
    ann.send("quiet now");
    assert_eq!(ann.event(), "MSG ann quiet now");
}

#[test]
fn five_hundred_clients_at_once_miss_nothing() {
    const CLIENTS: usize = 500;
    let server = Server::start();
    let mut clients: Vec<_> = (0..CLIENTS).map(|n| Client::join(&server, &format!("c{n}"))).collect();
    for client in &clients {
        client.send("hello");
    }
    let mut orders = BTreeSet::new();
    for (n, client) in clients.iter_mut().enumerate() {
        for other in n + 1..CLIENTS {
            assert_eq!(client.line(), Some(format!("{} JOIN c{other}", other + 1)));
        }
        let lines: Vec<_> = (0..CLIENTS).map(|_| client.line().unwrap()).collect();
        assert_eq!(lines.iter().filter(|line| line.contains(" MSG ")).count(), CLIENTS);
        orders.insert(lines);
    }
    assert_eq!(orders.len(), 1);
    drop(clients);
    server.stop();
}

#[test]
fn every_way_to_stop_delivers_what_was_accepted() {
    let ways: [fn(&mut Server); 3] =
        [|server| server.signal("TERM"), |server| server.signal("INT"), Server::end_stdin];
    for stop in ways {
        let mut server = Server::start();
        let mut ann = Client::join(&server, "ann");
        let mut bob = Client::join(&server, "bob");
        let mut nameless = Client::connect(&server);
        ann.send_bytes(&b"some text\n".repeat(1000));
        ann.send("last");
        ann.expect("MSG ann last");
        stop(&mut server);
        bob.expect("MSG ann last");
        assert!(bob.rest().is_empty() && ann.rest().is_empty() && nameless.rest().is_empty());
        assert_eq!(server.wait(), (Some(0), String::new()));
    }
}

#[test]
fn a_client_that_reads_only_after_the_stop_was_asked_gets_everything() {
    let mut server = Server::start();
    let mut slow = Client::join(&server, "slow");
    let mut ann = Client::join(&server, "ann");
    let text = "x".repeat(4000);
    for _ in 0..1000 {
        ann.send(&text);
        ann.event();
    }
    server.signal("TERM");
    assert!(ann.rest().is_empty());
    let lines = slow.rest();
    assert_eq!(lines.len(), 1001);
    assert_eq!(lines[1000], format!("1002 MSG ann {text}"));
    assert_eq!(server.wait(), (Some(0), String::new()));
}

#[test]
fn a_stop_ends_everybody_at_the_same_event_while_they_talk() {
    let server = Server::start();
    let clients: Vec<_> = (0..5).map(|n| Client::join(&server, &format!("c{n}"))).collect();
    let talk = |mut client: Client| {
        let mut sender = client.sender();
        let talker = thread::spawn(move || while sender.write_all(b"again and again\n").is_ok() {});
        client.expect("MSG c4 again and again");
        client.expect("MSG c4 again and again");
        move || {
            let lines = client.rest();
            let _ = client.sender().shutdown(Shutdown::Both);
            talker.join().unwrap();
            lines.last().cloned()
        }
    };
    let talks: Vec<_> = clients.into_iter().map(|client| thread::spawn(move || talk(client))).collect();
    let talks: Vec<_> = talks.into_iter().map(|talk| thread::spawn(talk.join().unwrap())).collect();
    server.stop();
    let ends: BTreeSet<_> = talks.into_iter().map(|talk| talk.join().unwrap()).collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
}

#[test]
fn a_client_that_does_not_read_does_not_hold_up_the_stop() {
    let server = Server::start();
    let _slow = Client::join(&server, "slow");
    let mut ann = Client::join(&server, "ann");
    let text = "x".repeat(4000);
    for _ in 0..1500 {
        ann.send(&text);
        ann.event();
    }
    server.stop();
}

#[test]
fn out_of_descriptors_the_server_goes_on_and_takes_the_next_when_one_has_left() {
    let mut server = Server::start_with_descriptors(40);
    let waiting: Vec<_> = (0..60).map(|_| Client::connect(&server)).collect();
    for (n, client) in waiting.iter().enumerate() {
        client.send(&format!("NAME c{n}"));
    }
    for (n, mut client) in waiting.into_iter().enumerate() {
        assert_eq!(client.line(), Some(format!("WELCOME c{n}")));
    }
    server.signal("TERM");
    let (code, errors) = server.wait();
    assert_eq!(code, Some(0));
    assert!(errors.starts_with("chat-server: accept: Too many open files"), "{errors}");
}

#[test]
fn out_of_descriptors_the_demo_fails_and_does_not_hang() {
    for limit in ["16", "40", "60"] {
        let script = "ulimit -n $0; exec \"$1\" demo --clients 31";
        let mut command = Command::new("sh");
        command.args(["-c", script, limit, PROGRAM]).timeout(PATIENCE);
        command.assert().code(1).stderr(predicate::str::contains("Too many open files"));
    }
}

#[test]
fn an_address_that_cannot_be_used_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for bad in [&address, "127.0.0.1", "127.0.0.1:66000", "no such host:1"] {
        let subject = predicate::str::starts_with(format!("chat-server: {bad}: "));
        chat(&["serve", "--listen", bad]).assert().code(1).stdout("").stderr(subject);
    }
    drop(taken);
    let subject = predicate::str::starts_with(format!("chat-server: {address}: Connection refused"));
    chat(&["join", &address, "--name", "ann"]).assert().code(1).stdout("").stderr(subject);
}

#[test]
fn join_sends_the_lines_of_standard_input_and_prints_what_comes() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    for (input, messages) in
        [("", &[][..]), ("one\n\ntwo", &["one", "", "two"]), ("one\nQUIT\ntwo\n", &["one"])]
    {
        let events = messages.iter().map(|text| format!("MSG bob {text}"));
        let events: Vec<_> =
            ["JOIN bob".to_owned()].into_iter().chain(events).chain(["LEAVE bob".to_owned()]).collect();
        let output = chat(&["join", &server.address, "--name", "bob"])
            .write_stdin(input)
            .assert()
            .success()
            .stderr("");
        let printed = String::from_utf8(output.get_output().stdout.clone()).unwrap();
        let seen: Vec<_> = events.iter().map(|_| ann.line().unwrap()).collect();
        assert!(seen.iter().zip(&events).all(|(line, event)| line.ends_with(event)), "{seen:?}");
        assert_eq!(printed, format!("WELCOME bob\n{}\n", seen.join("\n")));
    }
}

#[test]
fn join_ends_when_the_server_stops() {
    let server = Server::start();
    let mut ann = Client::join(&server, "ann");
    let mut join = std::process::Command::new(PROGRAM);
    let mut child = spawn(join.args(["join", &server.address, "--name", "bob"]));
    ann.expect("JOIN bob");
    let open = child.stdin.take();
    drop(ann);
    server.stop();
    let output = finish(child);
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
    drop(open);
}

#[test]
fn join_reports_an_error_of_the_server() {
    let server = Server::start();
    let _ann = Client::join(&server, "ann");
    let subject = format!("chat-server: {}: ", server.address);
    let join = |nick| chat(&["join", &server.address, "--name", nick]);
    join("ann").assert().code(1).stdout("").stderr(format!("{subject}name in use\n"));
    let input = "x".repeat(100_000);
    join("bob").write_stdin(input).assert().code(1).stderr(format!("{subject}line too long\n"));
}
