//! `demo`: a server and its clients in one process. The main thread prints what the server saw.
//!
//! The clients talk in rounds: nobody sends `message k+1` before it has received everybody's `message k`. So a client
//! that the scheduler forgets holds up the others instead of being dropped: less than two rounds can wait for it.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;

use anyhow::{Context, Result, ensure};
use crossbeam::sync::WaitGroup;

use crate::Plan;
use crate::outbox::{LIMIT, Line};
use crate::output;
use crate::server::Server;
use crate::small_thread;

/// Two rounds must fit into an outbox, and both ends of every connection into the usual 1024 descriptors.
pub(crate) const MOST_CLIENTS: i64 = 500;
const _: () = assert!(2 * MOST_CLIENTS < LIMIT as i64);

enum News {
    Event(Line),
    Trouble(io::Error),
    /// A client has left, or failed.
    Finished(Result<()>),
}

pub(crate) fn run(plan: Plan) -> Result<()> {
    let (news, inbox) = mpsc::channel();
    let server = start_server(&news).context("server")?;
    start_clients(server.address, plan, &news)?;
    let mut left = 0;
    while left < plan.clients {
        match inbox.recv()? {
            News::Event(line) => output::print(line.as_bytes())?,
            News::Trouble(error) => return Err(error).context("accept"),
            News::Finished(outcome) => {
                outcome?;
                left += 1;
            }
        }
    }
    server.stop();
    let total = u64::from(plan.clients) * u64::from(plan.messages);
    output::print(format!("delivered {total} to {} clients\n", plan.clients).as_bytes())
}

fn start_server(news: &mpsc::Sender<News>) -> io::Result<Server> {
    let (events, troubles) = (news.clone(), news.clone());
    let log = move |line: &Line| {
        // Fails when the demo is ending anyway.
        let _ = events.send(News::Event(Line::clone(line)));
    };
    let trouble = move |error| {
        let _ = troubles.send(News::Trouble(error));
    };
    Server::start(TcpListener::bind("127.0.0.1:0")?, Box::new(log), trouble)
}

fn start_clients(address: SocketAddr, plan: Plan, news: &mpsc::Sender<News>) -> Result<()> {
    // Not a barrier: a client that fails lets go of its part, and the others are not held up for ever.
    let all_welcome = WaitGroup::new();
    for number in 1..=plan.clients {
        let nick = format!("client-{number}");
        let (all_welcome, news) = (all_welcome.clone(), news.clone());
        small_thread(nick.clone(), move || {
            let outcome = chat(address, &nick, plan, all_welcome).context(nick);
            let _ = news.send(News::Finished(outcome));
        })
        .context("threads")?;
    }
    Ok(())
}

/// One client's life; `Ok` if it has received every message of every client.
fn chat(address: SocketAddr, nick: &str, plan: Plan, all_welcome: WaitGroup) -> Result<()> {
    let mut client = Client::connect(address)?;
    client.send(&format!("NAME {nick}"))?;
    let answer = client.receive()?;
    ensure!(answer == format!("WELCOME {nick}"), "{answer}");
    all_welcome.wait();
    // The room's first events are the JOINs; this client sees its own and those after it.
    while client.receive_event()?.0 < u64::from(plan.clients) {}
    for round in 1..=plan.messages {
        client.send(&format!("message {round}"))?;
        client.receive_round(round, plan.clients)?;
    }
    client.send("QUIT")?;
    while client.receive_event()?.1 != format!("LEAVE {nick}") {}
    Ok(())
}

struct Client {
    input: BufReader<TcpStream>,
    last_number: Option<u64>,
}

impl Client {
    fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Client { input: BufReader::new(stream), last_number: None })
    }

    fn send(&mut self, line: &str) -> Result<()> {
        Ok(self.input.get_mut().write_all(format!("{line}\n").as_bytes())?)
    }

    fn receive(&mut self) -> Result<String> {
        let mut line = String::new();
        self.input.read_line(&mut line)?;
        ensure!(line.pop() == Some('\n'), "the server closed the connection");
        Ok(line)
    }

    /// An event and its number, which must follow the one before.
    fn receive_event(&mut self) -> Result<(u64, String)> {
        let line = self.receive()?;
        let (number, event) = line.split_once(' ').context("no event")?;
        let number = number.parse().with_context(|| line.clone())?;
        ensure!(self.last_number.is_none_or(|last| number == last + 1), "gap before: {line}");
        self.last_number = Some(number);
        Ok((number, event.to_owned()))
    }

    /// Receives `message ROUND` of every client, once.
    fn receive_round(&mut self, round: u32, clients: u32) -> Result<()> {
        let mut senders = BTreeSet::new();
        for _ in 0..clients {
            let (_, event) = self.receive_event()?;
            let message = event.strip_prefix("MSG ").and_then(|event| event.split_once(' '));
            let (sender, text) = message.with_context(|| format!("expected a message: {event}"))?;
            ensure!(
                text == format!("message {round}") && senders.insert(sender.to_owned()),
                "unexpected: {event}"
            );
        }
        Ok(())
    }
}
