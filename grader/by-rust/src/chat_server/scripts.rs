//! What the clients do in each case.
//!
//! No client that reads is ever sent close to 1024 events at once: everybody has received one burst
//! before the next begins.

use std::fs;

use crate::scripted::chat::{ClientId, Farewell, GaveUp, Manner, Room};

/// A client that is this many events behind is dropped.
const BACKLOG: usize = 1024;

/// So long that few messages fill the buffers of the kernel, which come before the server's.
const LONG: usize = 4000;

/// How many long messages are sent at once.
const BURST: usize = 64;

/// Three clients talk at the same time, each message right behind the one before.
pub(super) fn few_talk(room: &mut Room) -> Result<(), GaveUp> {
    let clients = join_all(room, &["ann", "bob", "carl"])?;
    talk_at_once(room, &clients, &clients, 8)
}

/// Six clients talk; in each round another one comes in the middle, says something and goes.
pub(super) fn come_and_go(room: &mut Room) -> Result<(), GaveUp> {
    let residents = join_all(room, &["ann", "bob", "carl", "dora", "emil", "frida"])?;
    for round in 1..=12 {
        let guest = room.connect(&format!("guest-{round}"), Manner::Leaves)?;
        say_more(room, &residents[..3], 10);
        room.introduce(guest);
        room.say(guest, "hello, QUIT");
        say_more(room, &residents[3..], 10);
        room.say(guest, "QUITTER");
        room.part(guest, Farewell::Quit);
        talk_at_once(room, &residents, &residents, 2)?;
        room.wait_for_event(&residents, &format!("LEAVE guest-{round}"))?;
    }
    let texts =
        ["7 MSG bob  two  spaces", "  QUIT", "two behind  ", "grüß dich, 你好 🦀", "quit"].map(str::to_owned);
    room.say_at_once(residents[0], texts);
    room.wait_for_event(&residents, "MSG ann quit")
}

/// Clients go in every way there is, at every moment there is.
pub(super) fn disconnects(room: &mut Room) -> Result<(), GaveUp> {
    let residents = join_all(room, &["ann", "bob"])?;
    for (nick, farewell) in
        [("closer", Farewell::Close), ("resetter", Farewell::Reset), ("quitter", Farewell::Quit)]
    {
        let guest = room.join(nick, Manner::Leaves)?;
        talk_at_once(room, &residents, &[guest], 2)?;
        room.part(guest, farewell);
        goes_on_without(room, &residents, nick)?;
    }
    for (nick, farewell) in [("mid-line-closer", Farewell::Close), ("mid-line-resetter", Farewell::Reset)] {
        let guest = room.join(nick, Manner::Leaves)?;
        room.begin_to_say(guest, "half of a mess");
        room.part(guest, farewell);
        goes_on_without(room, &residents, nick)?;
    }
    half_close(room, &residents)?;
    vanish_before_joining(room)?;
    room.let_server_settle();
    let back = room.join("resetter", Manner::Leaves)?;
    room.say(back, "here again");
    room.wait_for_event(&residents, "MSG resetter here again")
}

/// Whether the server goes on to send to a client that has ended its own direction is its choice;
/// what that client said before is delivered, and when the rest is gone it finds out by writing.
fn half_close(room: &mut Room, residents: &[ClientId]) -> Result<(), GaveUp> {
    let guest = room.join("half-closer", Manner::Leaves)?;
    say_more(room, &[guest], 3);
    room.part(guest, Farewell::HalfClose);
    room.wait_for_event(residents, "MSG half-closer message 3")?;
    talk_at_once(room, residents, residents, 2)?;
    room.part(guest, Farewell::Close);
    talk_at_once(room, residents, residents, 1)?;
    talk_at_once(room, residents, residents, 1)?;
    goes_on_without(room, residents, "half-closer")
}

fn vanish_before_joining(room: &mut Room) -> Result<(), GaveUp> {
    for opening in ["", "NAM", "NAME nobody"] {
        for farewell in [Farewell::Close, Farewell::Reset, Farewell::HalfClose] {
            let client = room.connect("nobody", Manner::Lurks)?;
            room.send_bytes(client, opening.as_bytes());
            room.part(client, farewell);
        }
    }
    Ok(())
}

/// Thirty clients that have not read what came are gone at one blow, while others talk.
pub(super) fn mass_disconnect(room: &mut Room) -> Result<(), GaveUp> {
    let residents = join_all(room, &["ann", "bob"])?;
    let nicks: Vec<String> = (1..=30).map(|number| format!("guest-{number}")).collect();
    let mut guests = Vec::new();
    for nick in &nicks {
        guests.push(room.join_paused(nick, Manner::Leaves)?);
    }
    talk_at_once(room, &residents, &residents, 5)?;
    for (number, &guest) in guests.iter().enumerate() {
        say_more(room, &residents, 1);
        room.part(guest, [Farewell::Reset, Farewell::Close][number % 2]);
    }
    talk_at_once(room, &residents, &residents, 5)?;
    nicks.iter().try_for_each(|nick| room.wait_for_event(&residents, &format!("LEAVE {nick}")))
}

/// Every bad line there is, and good ones that are nearly bad.
pub(super) fn bad_lines(room: &mut Room) -> Result<(), GaveUp> {
    let ann = room.join("ann", Manner::Stays)?;
    let openings: [(&str, &str, &[u8]); 8] = [
        ("a first line that is not `NAME nick`", "stranger", b"hello\n"),
        ("an empty name", "", b"NAME \n"),
        ("a name of two words", "two words", b"NAME two words\n"),
        ("a name with `!`", "what!", b"NAME what!\n"),
        ("a name of 33 letters", "", &[b"NAME ".as_slice(), &[b'n'; 33], b"\n"].concat()),
        ("a name in use", "", b"NAME ann\n"),
        ("a name that is not UTF-8", "", b"NAME \xff\xfe\n"),
        ("a first line of 5000 bytes", "", &[[b'n'; 4999].as_slice(), b"\n"].concat()),
    ];
    for (bad, nick, bytes) in openings {
        let client = room.connect(nick, Manner::OpensWith(bad.to_owned()))?;
        room.send_bytes(client, bytes);
        room.wait_for_end(&[client])?;
    }
    let lines: [(&str, Vec<u8>); 4] = [
        ("a line of 4097 bytes", [[b'x'; 4097].as_slice(), b"\n"].concat()),
        ("a line of 3000 letters and 6000 bytes", ("é".repeat(3000) + "\n").into_bytes()),
        ("a line that is not UTF-8", b"caf\xe9\n".to_vec()),
        ("a line that is a mebibyte long and goes on", vec![b'y'; 1 << 20]),
    ];
    for (number, (bad, bytes)) in (1..).zip(lines) {
        let nick = format!("guest-{number}");
        let client = room.join(&nick, Manner::Sends(bad.to_owned()))?;
        room.send_bytes(client, &bytes);
        room.wait_for_end(&[client])?;
        room.wait_for_event(&[ann], &format!("LEAVE {nick}"))?;
    }
    let long_nick = "Aa0_-Zz9".repeat(4);
    let guest = room.join(&long_nick, Manner::Stays)?;
    let longest = "z".repeat(4095);
    room.say_at_once(guest, [longest.clone(), "é".repeat(2000)]);
    room.wait_for_event(&[ann, guest], &format!("MSG {long_nick} {longest}"))?;
    talk_at_once(room, &[ann, guest], &[ann, guest], 1)
}

/// A client ends its lines as telnet does.
pub(super) fn telnet_lines(room: &mut Room) -> Result<(), GaveUp> {
    let ann = room.join("ann", Manner::Stays)?;
    let telnet = room.connect("telnet", Manner::Leaves)?;
    room.send_bytes(telnet, b"NAME telnet\r\nhello\r\nQUIT\r\n");
    room.wait_for_event(&[ann], "MSG telnet hello")?;
    room.wait_for_event(&[ann], "LEAVE telnet")
}

/// A line without anything in it is a message, too.
pub(super) fn empty_line(room: &mut Room) -> Result<(), GaveUp> {
    let ann = room.join("ann", Manner::Stays)?;
    room.say_at_once(ann, [String::new(), "not empty".to_owned()]);
    room.wait_for_event(&[ann], "MSG ann not empty")?;
    room.wait_for_event(&[ann], "MSG ann ")
}

/// As long as a line may be, its end not counted.
pub(super) fn longest_line(room: &mut Room) -> Result<(), GaveUp> {
    let ann = room.join("ann", Manner::Stays)?;
    let longest = "z".repeat(4096);
    room.say(ann, longest.clone());
    room.wait_for_event(&[ann], &format!("MSG ann {longest}"))
}

/// A client goes in the middle of a line.
pub(super) fn unfinished_line(room: &mut Room) -> Result<(), GaveUp> {
    let ann = room.join("ann", Manner::Stays)?;
    let guest = room.join("guest", Manner::Leaves)?;
    room.say(guest, "whole");
    room.begin_to_say(guest, "half a li");
    room.part(guest, Farewell::Close);
    room.wait_for_event(&[ann], "LEAVE guest")
}

/// A client closes its sending side and goes on to read.
pub(super) fn half_closed(room: &mut Room) -> Result<(), GaveUp> {
    let guest = room.join("guest", Manner::Leaves)?;
    say_more(room, &[guest], 2);
    room.part(guest, Farewell::HalfClose);
    for event in ["MSG guest message 2", "LEAVE guest"] {
        room.wait_for_event(&[guest], event)?;
    }
    room.wait_for_end(&[guest])
}

/// Who leaves by QUIT sees that.
pub(super) fn own_leave(room: &mut Room) -> Result<(), GaveUp> {
    let guest = room.join("guest", Manner::Leaves)?;
    room.part(guest, Farewell::Quit);
    room.wait_for_event(&[guest], "LEAVE guest")?;
    room.wait_for_end(&[guest])
}

/// Two names that differ in upper and lower case.
pub(super) fn letter_case(room: &mut Room) -> Result<(), GaveUp> {
    let both = join_all(room, &["ann", "Ann"])?;
    talk_at_once(room, &both, &both, 1)
}

/// Two clients say something and that is all.
pub(super) fn short_talk(room: &mut Room) -> Result<(), GaveUp> {
    let both = join_all(room, &["ann", "bob"])?;
    talk_at_once(room, &both, &both, 1)
}

/// In each round, four clients ask for the same name at once; nobody else does ever. A crowd that is being talked to
/// keeps the room busy: who looks for the name first and then waits for its turn to join is likely to be overtaken.
pub(super) fn rivals(room: &mut Room) -> Result<(), GaveUp> {
    let crowd = join_together(room, &(1..=60).map(|number| format!("guest-{number}")).collect::<Vec<_>>())?;
    let mut rounds = Vec::new();
    for round in 1..=25 {
        let connect = |_| room.connect(&format!("wanted-{round}"), Manner::Competes);
        rounds.push((0..4).map(connect).collect::<Result<Vec<_>, _>>()?);
    }
    // Whoever is connected and served already is not late by an uncertain time.
    room.let_server_settle();
    for rivals in rounds {
        say_more(room, &crowd[..4], 8);
        rivals.iter().for_each(|&rival| room.introduce(rival));
        room.wait_for_answer(&rivals)?;
        talk_at_once(room, &crowd[..4], &crowd, 1)?;
    }
    Ok(())
}

/// A client does not read for a while, and too little waits for it to be dropped.
pub(super) fn slow_client_catches_up(room: &mut Room) -> Result<(), GaveUp> {
    let residents = join_all(room, &["ann", "bob"])?;
    let slow = room.join_paused("slow", Manner::Stays)?;
    let last = flood(room, &residents, BACKLOG - 2 * BURST)?;
    room.resume_all();
    room.wait_for_event(&[slow], &last)
}

/// A client does not read at all.
pub(super) fn slow_client_is_dropped(room: &mut Room) -> Result<(), GaveUp> {
    let residents = join_all(room, &["ann", "bob"])?;
    let slow = room.join_paused("slow", Manner::Leaves)?;
    let most = BACKLOG + 4 * BURST + kernel_buffers() / LONG;
    for _ in 0..most / BURST {
        flood(room, &residents, BURST)?;
        if room.has_event(residents[0], "LEAVE slow") {
            break;
        }
    }
    room.wait_for_event(&residents, "LEAVE slow")?;
    room.resume_all();
    room.wait_for_end(&[slow])?;
    talk_at_once(room, &residents, &residents, 1)
}

/// How many bytes the kernel may take from a server for a client that does not read (tcp(7)).
fn kernel_buffers() -> usize {
    const UNLESS_SAID: usize = 4 << 20;
    const CLIENT: usize = 64 << 10;
    let limits = fs::read_to_string("/proc/sys/net/ipv4/tcp_wmem").unwrap_or_default();
    let server = limits.split_whitespace().nth(2).and_then(|most| most.parse().ok()).unwrap_or(UNLESS_SAID);
    CLIENT + server.min(16 << 20)
}

/// Most that was said still waits for one client when the server is told to stop; another one has
/// not even said its name.
pub(super) fn messages_wait(room: &mut Room) -> Result<(), GaveUp> {
    room.connect("lurker", Manner::Lurks)?;
    let residents = join_all(room, &["ann", "bob"])?;
    room.join_paused("slow", Manner::Stays)?;
    flood(room, &residents, BACKLOG - 2 * BURST).map(drop)
}

/// 500 clients come, and are all there when one of them says something.
pub(super) fn many_clients(room: &mut Room) -> Result<(), GaveUp> {
    const CLIENTS: usize = 500;
    // A listener's queue usually holds 128 connections that are not accepted yet.
    const AT_ONCE: usize = 100;
    let nicks: Vec<String> = (1..=CLIENTS).map(|number| format!("client-{number}")).collect();
    let mut clients = Vec::with_capacity(CLIENTS);
    for some in nicks.chunks(AT_ONCE) {
        clients.extend(join_together(room, some)?);
    }
    talk_at_once(room, &clients[..1], &clients, 1)
}

/// Connects all and lets them say their names before it waits for the first welcome.
fn join_together(room: &mut Room, nicks: &[String]) -> Result<Vec<ClientId>, GaveUp> {
    let mut clients = Vec::with_capacity(nicks.len());
    for nick in nicks {
        let client = room.connect(nick, Manner::Stays)?;
        room.introduce(client);
        clients.push(client);
    }
    room.wait_for_welcome(&clients)?;
    Ok(clients)
}

fn join_all(room: &mut Room, nicks: &[&str]) -> Result<Vec<ClientId>, GaveUp> {
    nicks.iter().map(|nick| room.join(nick, Manner::Stays)).collect()
}

/// Each of `senders` sends `count` messages; waits until all of `readers` have them.
fn talk_at_once(
    room: &mut Room,
    senders: &[ClientId],
    readers: &[ClientId],
    count: usize,
) -> Result<(), GaveUp> {
    say_more(room, senders, count);
    for &sender in senders {
        let event = last_said(room, sender);
        room.wait_for_event(readers, &event)?;
    }
    Ok(())
}

/// Each of `senders` sends `count` messages, in turn with the others.
fn say_more(room: &mut Room, senders: &[ClientId], count: usize) {
    for _ in 0..count {
        for &sender in senders {
            let number = room.transcript(sender).sent.len() + 1;
            room.say(sender, format!("message {number}"));
        }
    }
}

/// The first of `residents` sends at least `count` long messages; all of them read them. Returns
/// the event of the last.
fn flood(room: &mut Room, residents: &[ClientId], count: usize) -> Result<String, GaveUp> {
    let sender = residents[0];
    for _ in 0..count.div_ceil(BURST) {
        let first = room.transcript(sender).sent.len() + 1;
        room.say_at_once(sender, (first..first + BURST).map(long_text));
        let event = last_said(room, sender);
        room.wait_for_event(residents, &event)?;
    }
    Ok(last_said(room, sender))
}

fn long_text(number: usize) -> String {
    format!("{number:.<LONG$}")
}

fn last_said(room: &Room, sender: ClientId) -> String {
    let transcript = room.transcript(sender);
    format!("MSG {} {}", transcript.nick, transcript.sent.last().map_or("", String::as_str))
}

fn goes_on_without(room: &mut Room, residents: &[ClientId], nick: &str) -> Result<(), GaveUp> {
    talk_at_once(room, residents, residents, 2)?;
    room.wait_for_event(residents, &format!("LEAVE {nick}"))
}
