//! One client's connection: its reader thread, its writer thread, and the socket and outbox that they share.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::outbox::Outbox;
use crate::protocol::{self, Refusal};
use crate::room::{ClientId, Room};
use crate::small_thread;

/// A write that gets nothing out for so long means that the client does not read.
const STALLED_AFTER: Duration = Duration::from_millis(10);

/// A client that reads nothing for so long after it should have left loses what still waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// After our side is closed, a client is given so long to close its own: the time of its silence, and in all.
const GOODBYE_SILENCE: Duration = Duration::from_secs(1);
const LONGEST_GOODBYE: Duration = Duration::from_secs(5);

/// The socket is read and written through one descriptor, so that a client costs one and not two.
pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) outbox: Outbox,
}

/// The body of the reader thread: from the client's greeting until it leaves. `alive` lives as long as the writer.
pub(crate) fn attend(
    id: ClientId,
    stream: TcpStream,
    room: &Room,
    alive: impl Send + 'static,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(STALLED_AFTER))?;
    let connection = Arc::new(Connection { stream, outbox: Outbox::default() });
    if !room.enter(id, Arc::clone(&connection)) {
        return Ok(());
    }
    let writer = Arc::clone(&connection);
    let spawned = small_thread(format!("writer-{id}"), move || {
        writer.deliver();
        drop(alive);
    });
    let refusal = match spawned {
        Ok(()) => connection.listen(id, room).err(),
        Err(_) => Some("no thread left"),
    };
    room.leave(id, refusal);
    spawned
}

impl Connection {
    /// Ends both directions at once; whichever thread is waiting for the socket wakes up.
    pub(crate) fn cut(&self) {
        // Fails if the connection is gone already, which is what is wanted.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Reads until the client leaves, `Err` if it must be turned away.
    fn listen(&self, id: ClientId, room: &Room) -> Result<(), Refusal> {
        let _guard = CutOnPanic(self);
        let mut input = BufReader::new(&self.stream);
        let Some(greeting) = protocol::read_line(&mut input)? else { return Ok(()) };
        room.join(id, &protocol::parse_greeting(&greeting)?)?;
        while let Some(line) = protocol::read_line(&mut input)? {
            if line == "QUIT" || !room.say(id, &line) {
                break;
            }
        }
        Ok(())
    }

    /// The body of the writer thread: writes what the outbox holds until it is closed and empty.
    fn deliver(&self) {
        let _guard = CutOnPanic(self);
        let mut batch = Vec::new();
        while self.outbox.wait() {
            // One line has woken this thread. The lines that others publish if they go first share its write.
            thread::yield_now();
            self.outbox.take(&mut batch);
            if self.write_all(&batch).is_err() {
                self.outbox.set_stalled(true);
                self.cut();
                return;
            }
        }
        self.say_goodbye();
    }

    /// A stalled write goes on, in case the client reads again, until it is time to leave.
    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        let mut stalled = false;
        let mut last_chance = false;
        while !bytes.is_empty() {
            match (&self.stream).write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() != ErrorKind::WouldBlock || last_chance => return Err(error),
                Err(_) => {
                    stalled = true;
                    self.outbox.set_stalled(true);
                    self.stream.set_write_timeout(Some(PATIENCE))?;
                    // The outbox may have been closed just now: a whole wait is still to come.
                    last_chance = self.outbox.is_closed();
                }
            }
        }
        if stalled {
            self.outbox.set_stalled(false);
            self.stream.set_write_timeout(Some(STALLED_AFTER))?;
        }
        Ok(())
    }

    /// Closes our side and lets the client close its own. A socket that is closed with unread bytes in it resets the
    /// connection, and the client could lose the last lines.
    fn say_goodbye(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(GOODBYE_SILENCE));
        let start = Instant::now();
        let mut ignored = [0; 4096];
        while (&self.stream).read(&mut ignored).is_ok_and(|n| n > 0) && start.elapsed() < LONGEST_GOODBYE {}
        self.cut();
    }
}

/// A panic in one of its threads ends the connection: the client would wait for an answer for ever.
struct CutOnPanic<'a>(&'a Connection);

impl Drop for CutOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.cut();
        }
    }
}
