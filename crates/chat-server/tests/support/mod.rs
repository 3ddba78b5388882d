//! A running server and clients that speak to it byte by byte. Whatever could wait for ever gives up after `PATIENCE`.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_chat-server");
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) address: String,
    _watchdog: Watchdog,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(Command::new(PROGRAM).arg("serve"))
    }

    /// Starts a server that may have only so many descriptors.
    pub(crate) fn start_with_descriptors(limit: u32) -> Self {
        let script = format!("ulimit -n {limit}; exec \"$0\" serve");
        Self::start_with(Command::new("sh").args(["-c", &script, PROGRAM]))
    }

    fn start_with(command: &mut Command) -> Self {
        let mut child = spawn(command);
        let watchdog = Watchdog::of(&child);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on ").and_then(|line| line.strip_suffix('\n'));
        let address = address.unwrap_or_else(|| panic!("unexpected: {line:?}")).to_owned();
        let stdin = child.stdin.take();
        Server { child, stdin, address, _watchdog: watchdog }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub(crate) fn end_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits for the server's end; its exit code and what it wrote to standard error.
    pub(crate) fn wait(&mut self) -> (Option<i32>, String) {
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), errors)
    }

    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert_eq!(self.wait(), (Some(0), String::new()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for a child's end, with its standard input closed.
pub(crate) fn finish(child: Child) -> Output {
    let _watchdog = Watchdog::of(&child);
    child.wait_with_output().unwrap()
}

/// Kills a child that has not ended in time.
struct Watchdog(#[expect(dead_code, reason = "dropping it calls the watchdog off")] Sender<()>);

impl Watchdog {
    fn of(child: &Child) -> Self {
        let pid = child.id().to_string();
        let (called_off, alarm) = mpsc::channel();
        thread::spawn(move || {
            if alarm.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-s", "KILL", &pid]).status();
            }
        });
        Watchdog(called_off)
    }
}

pub(crate) struct Client {
    input: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client { input: BufReader::new(stream) }
    }

    /// Connects, and gets the greeting and its own JOIN.
    #[track_caller]
    pub(crate) fn join(server: &Server, nick: &str) -> Self {
        let mut client = Self::connect(server);
        client.send(&format!("NAME {nick}"));
        assert_eq!(client.line().as_deref(), Some(&*format!("WELCOME {nick}")));
        assert_eq!(client.event(), format!("JOIN {nick}"));
        client
    }

    /// Another handle on the connection, to send while this one receives.
    pub(crate) fn sender(&self) -> TcpStream {
        self.input.get_ref().try_clone().unwrap()
    }

    pub(crate) fn send(&self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    pub(crate) fn send_bytes(&self, bytes: &[u8]) {
        self.input.get_ref().write_all(bytes).unwrap();
    }

    pub(crate) fn end_sending(&self) {
        self.input.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// The next line; `None` once the server has closed or reset the connection.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
            Err(_) | Ok(0) => None,
            Ok(_) => Some(line.strip_suffix('\n').unwrap_or(&line).to_owned()),
        }
    }

    /// The next event without its number.
    #[track_caller]
    pub(crate) fn event(&mut self) -> String {
        let line = self.line().expect("an event before the end");
        let (number, event) = line.split_once(' ').expect("a number and an event");
        assert!(number.parse::<u64>().is_ok(), "{line}");
        event.to_owned()
    }

    /// Reads up to an event; panics if the connection ends before it.
    #[track_caller]
    pub(crate) fn expect(&mut self, event: &str) {
        while self.event() != event {}
    }

    /// All lines until the connection ends.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line()).collect()
    }
}
