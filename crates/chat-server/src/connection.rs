//! One client's connection: the socket and outbox that its two threads share, and its writer thread.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::outbox::Outbox;

/// A write that gets nothing out for so long means that the client does not read.
const STALLED_AFTER: Duration = Duration::from_millis(10);

/// A client that reads nothing for so long after it should have left loses what still waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// After our side is closed, a client is given so long to close its own: the time of its silence, and in all.
const GOODBYE_SILENCE: Duration = Duration::from_secs(1);
const LONGEST_GOODBYE: Duration = Duration::from_secs(5);

/// The socket is read and written through one descriptor, so that a client costs one and not two.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) outbox: Outbox,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(STALLED_AFTER))?;
        Ok(Self { stream, outbox: Outbox::default() })
    }

    /// Ends both directions at once; whichever thread is waiting for the socket wakes up.
    pub(crate) fn cut(&self) {
        // Fails if the connection is gone already, which is what is wanted.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// The body of the writer thread: writes what the outbox holds until it is closed and empty.
    pub(crate) fn deliver(&self) {
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
pub(crate) struct CutOnPanic<'a>(pub(crate) &'a Connection);

impl Drop for CutOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.cut();
        }
    }
}
