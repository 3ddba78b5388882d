//! All clients of one script, and waiting for what they are to receive.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use confine::run::Activity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::client::{Client, MOST_KEPT};
use super::patience::{LOOK, Patience};
use super::{Because, Farewell, GaveUp, Manner, Transcript, Transcripts};
use exercise::quoted::quoted;

/// No script makes its clients receive as much, in bytes and what lines cost.
const TOO_MUCH: usize = 256 << 20;

/// One client of a [`Room`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientId(usize);

/// The clients of one script.
pub struct Room {
    address: SocketAddr,
    clients: Vec<Client>,
    server: Box<dyn Fn() -> Activity>,
}

impl Room {
    /// No clients yet, for the server at `address`. `activity` says what it does
    /// at this moment.
    pub fn new(address: SocketAddr, activity: impl Fn() -> Activity + 'static) -> Self {
        Self { address, clients: Vec::new(), server: Box::new(activity) }
    }

    /// Connects a client that says nothing yet.
    ///
    /// # Errors
    /// When the server or this machine refuses the connection.
    pub fn connect(&mut self, nick: &str, manner: Manner) -> Result<ClientId, GaveUp> {
        self.connect_with(nick, manner, false)
    }

    /// Connects a client and joins; waits for its welcome.
    ///
    /// # Errors
    /// When it is not welcomed.
    pub fn join(&mut self, nick: &str, manner: Manner) -> Result<ClientId, GaveUp> {
        let client = self.connect(nick, manner)?;
        self.introduce(client);
        self.wait_for_welcome(&[client])?;
        Ok(client)
    }

    /// Joins a client, lets it receive its own JOIN, and from then on it does not read.
    ///
    /// # Errors
    /// When it is not welcomed.
    pub fn join_paused(&mut self, nick: &str, manner: Manner) -> Result<ClientId, GaveUp> {
        let client = self.connect_with(nick, manner, true)?;
        self.introduce(client);
        self.wait_for_event(&[client], &format!("JOIN {nick}"))?;
        self.clients[client.0].reads = false;
        Ok(client)
    }

    fn connect_with(&mut self, nick: &str, manner: Manner, may_pause: bool) -> Result<ClientId, GaveUp> {
        let client = Client::connect(self.address, nick, manner, may_pause).map_err(|error| GaveUp {
            waiting_for: format!("a connection for {nick}"),
            because: match error.kind() {
                io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Because::Closed,
                _ => Because::Machine(error.kind().to_string()),
            },
        })?;
        self.clients.push(client);
        Ok(ClientId(self.clients.len() - 1))
    }

    /// Sends the line `NAME nick`.
    pub fn introduce(&mut self, client: ClientId) {
        let line = format!("NAME {}\n", self.transcript(client).nick);
        self.send_bytes(client, line.as_bytes());
    }

    /// Sends one message.
    pub fn say(&mut self, client: ClientId, text: impl Into<String>) {
        self.say_at_once(client, [text.into()]);
    }

    /// Sends messages in as few pieces as the kernel allows.
    pub fn say_at_once(&mut self, client: ClientId, texts: impl IntoIterator<Item = String>) {
        let client = &mut self.clients[client.0];
        let first = client.transcript.sent.len();
        client.transcript.sent.extend(texts);
        let bytes =
            client.transcript.sent[first..].iter().flat_map(|text| [text.as_str(), "\n"]).collect::<String>();
        client.send(bytes.as_bytes());
    }

    /// Sends the beginning of a message without the end of its line.
    pub fn begin_to_say(&mut self, client: ClientId, text: &str) {
        self.clients[client.0].transcript.unfinished = Some(text.to_owned());
        self.send_bytes(client, text.as_bytes());
    }

    /// Sends bytes that are no message.
    pub fn send_bytes(&mut self, client: ClientId, bytes: &[u8]) {
        self.clients[client.0].send(bytes);
    }

    /// Lets a client go.
    pub fn part(&mut self, client: ClientId, farewell: Farewell) {
        self.clients[client.0].part(farewell);
    }

    /// Lets all clients read again.
    pub fn resume_all(&mut self) {
        self.clients.iter_mut().for_each(Client::resume);
    }

    /// What has passed over a connection so far.
    pub fn transcript(&self, client: ClientId) -> &Transcript {
        &self.clients[client.0].transcript
    }

    /// Whether a client has received the event, given without its number.
    pub fn has_event(&self, client: ClientId, event: &str) -> bool {
        self.transcript(client).received.iter().any(|line| is_event(line, event))
    }

    /// Waits until each of `clients` has received `WELCOME nick`.
    ///
    /// # Errors
    /// When that is given up.
    pub fn wait_for_welcome(&mut self, clients: &[ClientId]) -> Result<(), GaveUp> {
        let welcomed = |client: &Transcript| {
            client.received.first().and_then(|line| line.strip_prefix("WELCOME ")) == Some(&client.nick)
        };
        let unwelcome = |room: &Self, client: &ClientId| !welcomed(room.transcript(*client));
        self.wait_until(
            |room| clients.iter().copied().filter(|client| unwelcome(room, client)).collect(),
            |nick| format!("`WELCOME {nick}`"),
        )
    }

    /// Waits until each of `clients` has received a line.
    ///
    /// # Errors
    /// When that is given up.
    pub fn wait_for_answer(&mut self, clients: &[ClientId]) -> Result<(), GaveUp> {
        let unanswered = |room: &Self, client: &ClientId| room.transcript(*client).received.is_empty();
        self.wait_until(
            |room| clients.iter().copied().filter(|client| unanswered(room, client)).collect(),
            |nick| format!("an answer to `NAME {nick}`"),
        )
    }

    /// Waits until each of `clients` has received the event, given without its number, which must
    /// be one that happens once.
    ///
    /// # Errors
    /// When that is given up.
    pub fn wait_for_event(&mut self, clients: &[ClientId], event: &str) -> Result<(), GaveUp> {
        // With each client, how many of its lines were looked at.
        let mut missing: Vec<(ClientId, usize)> = clients.iter().map(|&client| (client, 0)).collect();
        self.wait_until(
            |room| {
                missing.retain_mut(|(client, looked_at)| {
                    let received = &room.transcript(*client).received;
                    let fresh = &received[mem::replace(looked_at, received.len())..];
                    !fresh.iter().any(|line| is_event(line, event))
                });
                missing.iter().map(|(client, _)| *client).collect()
            },
            |nick| format!("{} to {nick}", quoted(event)),
        )
    }

    /// Waits until the server has ended the connections of `clients`.
    ///
    /// # Errors
    /// When that is given up.
    pub fn wait_for_end(&mut self, clients: &[ClientId]) -> Result<(), GaveUp> {
        let is_open = |room: &Self, client: &ClientId| room.clients[client.0].stream.is_some();
        self.wait_until(
            |room| clients.iter().copied().filter(|client| is_open(room, client)).collect(),
            |nick| format!("the end of the connection of {nick}"),
        )
    }

    /// Waits until the server has ended all connections.
    ///
    /// # Errors
    /// When that is given up.
    pub fn wait_for_all_ends(&mut self) -> Result<(), GaveUp> {
        self.wait_for_end(&(0..self.clients.len()).map(ClientId).collect::<Vec<_>>())
    }

    /// Waits until somebody else who talks to the server has done something; `activity` says what that process does at
    /// this moment.
    ///
    /// # Errors
    /// When that is given up, as neither it nor the server does anything, or it has ended.
    pub fn wait_for_other(
        &mut self,
        has_done: impl Fn() -> bool,
        activity: impl Fn() -> Activity,
        what: &str,
    ) -> Result<(), GaveUp> {
        let mut patience = Patience::default();
        loop {
            let activity = activity();
            if has_done() {
                return Ok(());
            }
            let because = match activity {
                Activity::Ended => Some(Because::Closed),
                _ => self.give_up_or_exchange(&mut patience, activity),
            };
            if let Some(because) = because {
                return Err(GaveUp { waiting_for: what.to_owned(), because });
            }
        }
    }

    /// Waits until the server has nothing to do at some moment; not for ever, as one that polls
    /// always has.
    pub fn let_server_settle(&mut self) {
        const MOST_LOOKS: u32 = 20;
        for _ in 0..MOST_LOOKS {
            if !self.exchange(LOOK / 10) && (self.server)() == Activity::Idle {
                return;
            }
        }
    }

    /// Closes what is open and hands over what each client has sent and received.
    pub fn finish(self) -> Transcripts {
        let clients = self.clients.into_iter().map(|client| client.transcript).collect();
        Transcripts { clients, ..Transcripts::default() }
    }

    /// Waits until no client is `missing` something; `what` names that for a client.
    fn wait_until(
        &mut self,
        mut missing: impl FnMut(&Self) -> Vec<ClientId>,
        what: impl Fn(&str) -> String,
    ) -> Result<(), GaveUp> {
        let mut patience = Patience::default();
        loop {
            let missing = missing(self);
            let Some(&first) = missing.first() else { return Ok(()) };
            let ended = missing.iter().find(|client| self.clients[client.0].stream.is_none());
            let because = match ended {
                Some(_) => Some(Because::Closed),
                None => self.give_up_or_exchange(&mut patience, Activity::Idle),
            };
            if let Some(because) = because {
                let nick = &self.transcript(*ended.unwrap_or(&first)).nick;
                return Err(GaveUp { waiting_for: what(nick), because });
            }
        }
    }

    /// `other` is what somebody else does who is waited for: the server counts where that is idle.
    fn give_up_or_exchange(&mut self, patience: &mut Patience, other: Activity) -> Option<Because> {
        if self.exchange(LOOK) {
            *patience = Patience::default();
            return self.is_flooded().then_some(Because::Flooded);
        }
        patience.look(if other == Activity::Idle { (self.server)() } else { other })
    }

    fn is_flooded(&self) -> bool {
        let received = || self.clients.iter().map(|client| client.received);
        received().sum::<usize>() > TOO_MUCH || received().any(|received| received > MOST_KEPT)
    }

    /// Waits until something can be sent or received, sends and receives it. Returns whether
    /// anything moved within `time_out`.
    fn exchange(&mut self, time_out: Duration) -> bool {
        let time_out = Timespec { tv_sec: 0, tv_nsec: i64::from(time_out.subsec_nanos()) };
        let mut waiting = Vec::new();
        let mut descriptors = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            if let (Some(stream), false) = (&client.stream, client.interest().is_empty()) {
                waiting.push(index);
                descriptors.push(PollFd::new(stream, client.interest()));
            }
        }
        if !poll(&mut descriptors, Some(&time_out)).is_ok_and(|count| count > 0) {
            return false;
        }
        let is_ready = |descriptor: &PollFd<'_>| descriptor.revents() != PollFlags::empty();
        let ready: Vec<bool> = descriptors.iter().map(is_ready).collect();
        let mut moved = false;
        for (index, _) in waiting.into_iter().zip(ready).filter(|(_, ready)| *ready) {
            moved |= self.clients[index].exchange();
            // Else many clients could receive far more in one turn.
            if self.is_flooded() {
                break;
            }
        }
        moved
    }
}

/// Whether `line` is `event` with a number before it.
fn is_event(line: &str, event: &str) -> bool {
    line.split_once(' ').is_some_and(|(_, rest)| rest == event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_recognised_behind_any_number() {
        assert!(is_event("17 MSG ann hello", "MSG ann hello"));
        assert!(!is_event("17 MSG ann hello!", "MSG ann hello"));
        assert!(!is_event("MSG ann hello", "MSG ann hello"));
    }
}
