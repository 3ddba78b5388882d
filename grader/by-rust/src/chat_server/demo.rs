//! What `demo` prints.

use std::collections::HashMap;

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::event::{Event, What};
use exercise::judges::lines;
use exercise::quoted::quoted;

/// Judges a run of `demo` with `clients` clients that send `messages` messages each.
pub(super) fn judge(
    clients: usize,
    messages: usize,
) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| {
        lines(&observation.stdout).and_then(|lines| Demo::new(clients, messages).read(lines)).into()
    }
}

/// Judges that everybody is seen to leave. Who leaves has received all, so it is advice.
pub(super) fn all_leave(clients: usize) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| {
        let leaves =
            |line: &&String| Event::parse(line).is_some_and(|event| matches!(event.what, What::Leave(_)));
        let seen = observation.stdout.lines.iter().filter(leaves).count();
        if seen == clients {
            return Judgement::Kept;
        }
        Fault::new(format!("{clients} LEAVEs before the last line"), format!("there are {seen}")).into()
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
        let fault = |expected, seen, sentence| Err(Fault::new(expected, seen).at(events.len()).of(sentence));
        let expected = || format!("{} as the last line", quoted(&last_line));
        // Another size of the demonstration explains all else that is wrong.
        if let Some(sentence) = self.other_size(last) {
            return fault(expected(), format!("it is {}", quoted(last)), sentence);
        }
        for (index, line) in events.iter().enumerate() {
            let fault = |expected| {
                Fault::new(expected, format!("line {} is {}", index + 1, quoted(line)))
                    .at(index)
                    .of("demo-events")
            };
            let event = Event::parse(line)
                .filter(|event| event.number == index as u64 + 1)
                .ok_or_else(|| fault(format!("event {} of the room", index + 1)))?;
            self.follow(event.what).map_err(fault)?;
        }
        if *last != last_line {
            return fault(expected(), format!("it is {}", quoted(last)), "demo-delivered");
        }
        if self.waiting_to_join > 0 || self.delivered < self.total {
            let (joined, count) = (self.clients - self.waiting_to_join, self.delivered);
            return fault(
                format!("{} JOINs and {} messages before the last line", self.clients, self.total),
                format!("there are {joined} JOINs and {count} messages"),
                "demo-events",
            );
        }
        Ok(())
    }

    /// The sentence of the contract about the size that is another one in the last line.
    fn other_size(&self, last: &str) -> Option<&'static str> {
        match last.split(' ').collect::<Vec<_>>()[..] {
            ["delivered", _, "to", clients, "clients"] if clients != self.clients.to_string() => {
                Some("clients")
            }
            ["delivered", total, "to", _, "clients"] if total != self.total.to_string() => Some("messages"),
            _ => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "1 JOIN client-2\n2 JOIN client-1\n3 MSG client-1 message 1\n4 MSG client-2 message 1\n\
        5 MSG client-2 message 2\n6 MSG client-1 message 2\n7 LEAVE client-1\ndelivered 4 to 2 clients\n";

    fn judged(stdout: &str) -> Judgement {
        judge(2, 2)(&Observation { stdout: stdout.into(), ..Observation::default() })
    }

    #[track_caller]
    fn fault(stdout: &str) -> Fault {
        match judged(stdout) {
            Judgement::Broken(fault) => fault,
            other => panic!("not broken: {other:?}"),
        }
    }

    #[test]
    fn with_all_leave_events_or_with_none_it_is_right() {
        assert_eq!(judged(RIGHT), Judgement::Kept);
        assert_eq!(judged(&RIGHT.replace("7 LEAVE client-1\n", "")), Judgement::Kept);
        assert_eq!(judged(&RIGHT.replace("delivered", "8 LEAVE client-2\ndelivered")), Judgement::Kept);
    }

    #[test]
    fn the_numbers_start_at_1_and_have_no_gap() {
        assert_eq!(fault(&RIGHT.replace("1 JOIN", "0 JOIN")).line, Some(0));
        let gap = fault(&RIGHT.replace("5 MSG", "6 MSG"));
        assert_eq!((gap.line, gap.expected.as_str()), (Some(4), "event 5 of the room"));
    }

    #[test]
    fn nobody_talks_before_all_have_joined() {
        let early = RIGHT.replace(
            "2 JOIN client-1\n3 MSG client-1 message 1",
            "2 MSG client-2 message 1\n3 JOIN client-1",
        );
        assert_eq!(fault(&early).expected, "no message before all clients have joined");
    }

    #[test]
    fn messages_of_one_client_come_in_order_and_all_of_them() {
        let swapped = RIGHT.replace("6 MSG client-1 message 2", "6 MSG client-1 message 3");
        assert_eq!(fault(&swapped).line, Some(5));
        let twice = RIGHT.replace("3 MSG client-1 message 1", "3 MSG client-2 message 1");
        assert_eq!(fault(&twice).line, Some(3));
        let lost = RIGHT.replace("6 MSG client-1 message 2\n7 LEAVE client-1\n", "");
        assert_eq!(fault(&lost).seen, "there are 2 JOINs and 3 messages");
    }

    #[test]
    fn nobody_leaves_before_the_last_message_or_twice() {
        let early = RIGHT.replace(
            "6 MSG client-1 message 2\n7 LEAVE client-1",
            "6 LEAVE client-1\n7 MSG client-1 message 2",
        );
        assert_eq!(fault(&early).expected, "one LEAVE of client-1, after the last message");
        let twice = RIGHT.replace("delivered", "8 LEAVE client-1\ndelivered");
        assert_eq!(fault(&twice).line, Some(7));
    }

    #[test]
    fn only_the_clients_are_in_the_room_and_the_last_line_counts_right() {
        assert_eq!(
            fault(&RIGHT.replace("client-2", "client-3")).expected,
            "an event of client-1 to client-2"
        );
        assert_eq!(fault(&RIGHT.replace("delivered 4", "delivered 5")).line, Some(7));
        assert_eq!(fault(&RIGHT.replace("delivered 4 to 2 clients\n", "")).seen, "it is `7 LEAVE client-1`");
        assert_eq!(fault("").seen, "nothing is printed");
        assert_eq!(fault("delivered 4 to 2 clients\n").seen, "there are 0 JOINs and 0 messages");
    }
}
