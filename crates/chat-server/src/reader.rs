//! A client's reader thread: what it asks of the room, from its greeting until it leaves.

use std::io::{self, BufReader};
use std::net::TcpStream;
use std::sync::Arc;

use crate::connection::{Connection, CutOnPanic};
use crate::protocol::{self, Refusal};
use crate::room::{ClientId, Room};
use crate::small_thread;

/// The body of the reader thread: from the client's greeting until it leaves. `alive` lives as long as the writer.
pub(crate) fn attend(
    id: ClientId,
    stream: TcpStream,
    room: &Room,
    alive: impl Send + 'static,
) -> io::Result<()> {
    let connection = Arc::new(Connection::new(stream)?);
    if !room.enter(id, Arc::clone(&connection)) {
        return Ok(());
    }
    let writer = Arc::clone(&connection);
    let spawned = small_thread(format!("writer-{id}"), move || {
        writer.deliver();
        drop(alive);
    });
    let refusal = match spawned {
        Ok(()) => listen(id, room, &connection).err(),
        Err(_) => Some("no thread left"),
    };
    room.leave(id, refusal);
    spawned
}

/// Reads until the client leaves, `Err` if it must be turned away.
fn listen(id: ClientId, room: &Room, connection: &Connection) -> Result<(), Refusal> {
    let _guard = CutOnPanic(connection);
    let mut input = BufReader::new(&connection.stream);
    let Some(greeting) = protocol::read_line(&mut input)? else { return Ok(()) };
    room.join(id, &protocol::parse_greeting(&greeting)?)?;
    while let Some(line) = protocol::read_line(&mut input)? {
        if line == "QUIT" || !room.say(id, &line) {
            break;
        }
    }
    Ok(())
}
