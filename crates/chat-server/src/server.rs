//! The server: a thread that accepts clients, and the graceful stop.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use crate::output;
use crate::reader::attend;
use crate::room::{ClientId, Log, Room};
use crate::small_thread;

/// Pause after a failed accept. When no descriptor is free, accept fails at once until a client has left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A stop takes no longer than this, whatever the clients do.
const LONGEST_STOP: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    room: Arc<Room>,
    /// Nothing is ever sent: it is disconnected once the acceptor and all the writer threads have ended.
    all_ended: Receiver<()>,
}

impl Server {
    /// `log` is told of the room's events, `trouble` when clients cannot be accepted.
    pub(crate) fn start(
        listener: TcpListener,
        log: Log,
        trouble: impl Fn(io::Error) + Send + 'static,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let room = Arc::new(Room::new(log));
        let (alive, all_ended) = mpsc::channel();
        let acceptor_room = Arc::clone(&room);
        small_thread("acceptor".to_owned(), move || accept(&listener, &acceptor_room, &alive, trouble))?;
        Ok(Server { address, room, all_ended })
    }

    /// Ends the room and waits until every client has got what was published before.
    pub(crate) fn stop(self) {
        self.room.close();
        // The acceptor waits for a client; this one tells it to look at the room again.
        let _ = TcpStream::connect(self.address);
        let _ = self.all_ended.recv_timeout(LONGEST_STOP);
    }
}

fn accept(listener: &TcpListener, room: &Arc<Room>, alive: &Sender<()>, trouble: impl Fn(io::Error)) {
    let mut failing = false;
    for (id, stream) in (1..).zip(listener.incoming()) {
        if !room.is_open() {
            return;
        }
        let accepted = stream.and_then(|stream| start_reader(id, stream, Arc::clone(room), alive.clone()));
        match accepted {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    trouble(error);
                }
                failing = true;
                thread::sleep(ACCEPT_PAUSE);
            }
        }
    }
}

fn start_reader(id: ClientId, stream: TcpStream, room: Arc<Room>, alive: Sender<()>) -> io::Result<()> {
    small_thread(format!("reader-{id}"), move || {
        if let Err(error) = attend(id, stream, &room, alive) {
            output::complain(format_args!("client {id}: {error}"));
        }
    })
}
