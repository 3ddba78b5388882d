//! The bounded queue of the lines that wait for one client. The room pushes, the client's writer thread takes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// A line with its newline, shared by all the outboxes that it waits in.
pub(crate) type Line = Arc<str>;

/// A client that does not read is dropped once so many lines wait for it.
pub(crate) const LIMIT: usize = 1024;

/// Lines up to about so many bytes go out in one write.
const BATCH_BYTES: usize = 16 * 1024;

#[derive(Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Line>,
    /// Lines that the writer has taken and not yet handed to the kernel: they wait, too.
    in_flight: usize,
    /// The writer can get nothing out: the client does not read, or the connection is broken.
    stalled: bool,
    /// No line will follow; what is queued still goes out.
    closed: bool,
}

impl Queue {
    fn is_full(&self) -> bool {
        self.lines.len() + self.in_flight >= LIMIT
    }
}

impl Outbox {
    /// Queues a line; `false` if the outbox is full and its client does not read. A full outbox whose client *does*
    /// read is waited for: its writer thread has not had its turn yet, and no client is to be dropped for that.
    pub(crate) fn push(&self, line: &Line) -> bool {
        // BEGIN SOLUTION
        let full_but_moving = |queue: &mut Queue| queue.is_full() && !queue.stalled;
        let mut queue = self.changed.wait_while(self.lock(), full_but_moving).unwrap();
        if queue.is_full() {
            return false;
        }
        queue.lines.push_back(Arc::clone(line));
        if queue.lines.len() == 1 {
            self.changed.notify_one();
        }
        true
        // END SOLUTION
    }

    /// Waits for a line; the batch taken before counts as written now. `false` once the outbox is closed and empty.
    pub(crate) fn wait(&self) -> bool {
        // BEGIN SOLUTION
        let mut queue = self.lock();
        let was_full = queue.is_full();
        queue.in_flight = 0;
        if was_full {
            self.changed.notify_one();
        }
        let nothing_yet = |queue: &mut Queue| queue.lines.is_empty() && !queue.closed;
        let queue = self.changed.wait_while(queue, nothing_yet).unwrap();
        !queue.lines.is_empty()
        // END SOLUTION
    }

    /// Replaces `batch` by the lines that wait, as many as make a good write.
    pub(crate) fn take(&self, batch: &mut Vec<u8>) {
        // BEGIN SOLUTION
        batch.clear();
        let mut queue = self.lock();
        while batch.len() < BATCH_BYTES
            && let Some(line) = queue.lines.pop_front()
        {
            batch.extend_from_slice(line.as_bytes());
            queue.in_flight += 1;
        }
        // END SOLUTION
    }

    pub(crate) fn set_stalled(&self, stalled: bool) {
        self.lock().stalled = stalled;
        self.changed.notify_one();
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap()
    }
}
