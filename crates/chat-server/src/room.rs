//! The room: who is in it, and the one counter that numbers its events, behind one lock. Taking a number and queueing
//! the event for every member is one step under that lock; so all outboxes hold the same events in the same order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::connection::Connection;
use crate::outbox::Line;
use crate::protocol::Refusal;

pub(crate) type ClientId = u64;

/// Told of every event, in order, while the room is locked: it must not wait for anything.
pub(crate) type Log = Box<dyn Fn(&Line) + Send>;

pub(crate) struct Room {
    state: Mutex<State>,
}

struct State {
    open: bool,
    last_number: u64,
    seats: BTreeMap<ClientId, Seat>,
    log: Log,
}

/// A connected client. It becomes a member of the room, and sees events, when it has a nick.
struct Seat {
    nick: Option<String>,
    connection: Arc<Connection>,
}

/// Whoever has lost the seat gets what is queued already and no more.
impl Drop for Seat {
    fn drop(&mut self) {
        self.connection.outbox.close();
    }
}

impl Room {
    pub(crate) fn new(log: Log) -> Self {
        Room { state: Mutex::new(State { open: true, last_number: 0, seats: BTreeMap::new(), log }) }
    }

    /// Seats a client that has no nick yet; `false` if the room is closed.
    pub(crate) fn enter(&self, id: ClientId, connection: Arc<Connection>) -> bool {
        let mut state = self.lock();
        if state.open {
            state.seats.insert(id, Seat { nick: None, connection });
        }
        state.open
    }

    /// Makes a seated client a member: it gets `WELCOME nick`, then every event from its own JOIN on.
    pub(crate) fn join(&self, id: ClientId, nick: &str) -> Result<(), Refusal> {
        // BEGIN SOLUTION
        let mut state = self.lock();
        if state.seats.values().any(|seat| seat.nick.as_deref() == Some(nick)) {
            return Err("name in use");
        }
        let seat = state.seats.get_mut(&id).ok_or("the room is closed")?;
        seat.nick = Some(nick.to_owned());
        seat.connection.outbox.push(&format!("WELCOME {nick}\n").into());
        state.publish(format!("JOIN {nick}"));
        Ok(())
        // END SOLUTION
    }

    /// Publishes a member's message; `false` if it is no longer a member.
    pub(crate) fn say(&self, id: ClientId, text: &str) -> bool {
        let mut state = self.lock();
        let Some(nick) = state.seats.get(&id).and_then(|seat| seat.nick.as_deref()) else { return false };
        let event = format!("MSG {nick} {text}");
        state.publish(event);
        true
    }

    /// Takes a client out of the room. The others see its LEAVE if it was a member, and so does the client itself,
    /// unless it is turned away: then its last line is the ERROR. Nothing happens if it is out already.
    pub(crate) fn leave(&self, id: ClientId, refusal: Option<Refusal>) {
        let mut state = self.lock();
        let Some(mut seat) = state.seats.remove(&id) else { return };
        let leave = seat.nick.take().map(|nick| state.publish(format!("LEAVE {nick}")));
        let last_line = refusal.map(|reason| format!("ERROR {reason}\n").into()).or(leave);
        if last_line.is_some_and(|line| !seat.connection.outbox.push(&line)) {
            seat.connection.cut();
        }
    }

    /// Ends the room at one moment for all: no event is numbered after it, and every client gets all those before.
    pub(crate) fn close(&self) {
        // BEGIN SOLUTION
        let mut state = self.lock();
        state.open = false;
        state.seats.clear();
        // END SOLUTION
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().open
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    /// Numbers an event and queues it for every member; returns its line. A member that cannot take it is dropped:
    /// that is an event in its turn, which may be the one too many for the next.
    fn publish(&mut self, event: String) -> Line {
        // BEGIN SOLUTION
        use std::collections::VecDeque;

        let mut events = VecDeque::from([event]);
        let mut lines = Vec::new();
        while let Some(event) = events.pop_front() {
            self.last_number += 1;
            let line: Line = format!("{} {event}\n", self.last_number).into();
            (self.log)(&line);
            let cannot_take =
                |_: &ClientId, seat: &mut Seat| seat.nick.is_some() && !seat.connection.outbox.push(&line);
            for (_, mut seat) in self.seats.extract_if(.., cannot_take) {
                seat.connection.cut();
                events.extend(seat.nick.take().map(|nick| format!("LEAVE {nick}")));
            }
            lines.push(line);
        }
        lines.swap_remove(0)
        // END SOLUTION
    }
}
