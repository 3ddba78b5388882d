//! What `demo` prints.

use std::collections::HashMap;

use super::event::{Event, What};
use crate::case::{Fault, Judgement, Observation};
use crate::judges::{lines, quoted};

/// Judges a run of `demo` with `clients` clients that send `messages` messages each.
pub(super) fn judge(
    clients: usize,
    messages: usize,
) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| {
        lines(&observation.stdout).and_then(|lines| Demo::new(clients, messages).read(lines)).into()
    }
}

/// The demonstration up to some line.
struct Demo {
    messages: usize,
    total: usize,
    waiting_to_join: usize,
    members: HashMap<String, Member>,
    delivered: usize,
    clients: usize,
}

#[derive(Default)]
struct Member {
    joined: bool,
    said: usize,
    left: bool,
}

impl Demo {
    fn new(clients: usize, messages: usize) -> Self {
        let members = (1..=clients).map(|client| (format!("client-{client}"), Member::default())).collect();
        Self { messages, total: clients * messages, waiting_to_join: clients, members, delivered: 0, clients }
    }

    fn read(mut self, lines: &[String]) -> Result<(), Fault> {
        let last_line = format!("delivered {} to {} clients", self.total, self.clients);
        let Some((last, events)) = lines.split_last() else {
            return Err(Fault::new(
                "the events, then ".to_owned() + &quoted(&last_line),
                "nothing is printed",
            ));
        };
        for (index, line) in events.iter().enumerate() {
            let fault =
                |expected| Fault::new(expected, format!("line {} is {}", index + 1, quoted(line))).at(index);
            let event = Event::parse(line)
                .filter(|event| event.number == index as u64 + 1)
                .ok_or_else(|| fault(format!("event {} of the room", index + 1)))?;
            self.follow(event.what).map_err(fault)?;
        }
        let fault = |expected, seen| Err(Fault::new(expected, seen).at(events.len()));
        if *last != last_line {
            return fault(
                format!("{} as the last line", quoted(&last_line)),
                format!("it is {}", quoted(last)),
            );
        }
        if self.waiting_to_join > 0 || self.delivered < self.total {
            let (joined, count) = (self.clients - self.waiting_to_join, self.delivered);
            return fault(
                format!("{} JOINs and {} messages before the last line", self.clients, self.total),
                format!("there are {joined} JOINs and {count} messages"),
            );
        }
        Ok(())
    }

    /// Takes in one event; where it cannot come here, says what is expected instead.
    fn follow(&mut self, what: What<'_>) -> Result<(), String> {
        let clients = self.clients;
        let member = self
            .members
            .get_mut(what.nick())
            .ok_or_else(|| format!("an event of client-1 to client-{clients}"))?;
        match what {
            What::Join(nick) if member.joined => return Err(format!("one JOIN of {nick}")),
            What::Join(_) => {
                member.joined = true;
                self.waiting_to_join -= 1;
            }
            What::Message { .. } if self.waiting_to_join > 0 => {
                return Err("no message before all clients have joined".into());
            }
            What::Message { nick, text } => {
                member.said += 1;
                self.delivered += 1;
                if member.said > self.messages || text != format!("message {}", member.said) {
                    return Err(format!(
                        "`message 1` to `message {}` of {nick}, in this order",
                        self.messages
                    ));
                }
            }
            // Who has left has received all messages, so there can be none after it.
            What::Leave(nick) if self.waiting_to_join > 0 || self.delivered < self.total || member.left => {
                return Err(format!("one LEAVE of {nick}, after the last message"));
            }
            What::Leave(_) => member.left = true,
        }
        Ok(())
    }
}
