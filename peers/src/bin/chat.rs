//! A chat room as one writes it with tokio, to compare the exercise chat-server with: two tasks a client, a channel without
//! a bound to each, and the exercise's protocol as far as `peers/programs.py` speaks it. Nobody is dropped for being slow.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Line = Arc<str>;

#[derive(Default)]
struct Room {
    events: u64,
    members: HashMap<String, UnboundedSender<Line>>,
}

impl Room {
    /// Numbers an event, and queues it for everybody.
    fn publish(&mut self, event: &str) {
        self.events += 1;
        let line: Line = format!("{} {event}\n", self.events).into();
        // Who is gone is taken out by its own task.
        self.members.values().for_each(|member| _ = member.send(Arc::clone(&line)));
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on {}", listener.local_addr()?);
    let room = Arc::new(Mutex::new(Room::default()));
    let serve = async {
        loop {
            let (client, _) = listener.accept().await?;
            tokio::spawn(talk(client, Arc::clone(&room)));
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        failed = serve => failed,
        ended = async { tokio::io::stdin().read_to_end(&mut rest).await } => ended.map(drop),
    }
}

/// A client's life.
async fn talk(client: TcpStream, room: Arc<Mutex<Room>>) -> io::Result<()> {
    let (reader, writer) = client.into_split();
    let mut lines = BufReader::new(reader).lines();
    let Some(name) = lines.next_line().await?.and_then(|line| Some(line.strip_prefix("NAME ")?.to_owned()))
    else {
        return Ok(());
    };
    let with_room = |act: &dyn Fn(&mut Room)| act(&mut room.lock().unwrap_or_else(PoisonError::into_inner));
    let (sender, events) = unbounded_channel();
    with_room(&|room| {
        let _ = sender.send(format!("WELCOME {name}\n").into());
        room.members.insert(name.clone(), sender.clone());
        room.publish(&format!("JOIN {name}"));
    });
    drop(sender);
    tokio::spawn(write(events, writer));
    while let Ok(Some(text)) = lines.next_line().await {
        with_room(&|room| room.publish(&format!("MSG {name} {text}")));
    }
    with_room(&|room| {
        room.publish(&format!("LEAVE {name}"));
        room.members.remove(&name);
    });
    Ok(())
}

/// Writes what is queued, as much at once as there is.
async fn write(mut events: UnboundedReceiver<Line>, mut writer: OwnedWriteHalf) -> io::Result<()> {
    const MOST: usize = 256;
    let mut queued = Vec::with_capacity(MOST);
    while events.recv_many(&mut queued, MOST).await > 0 {
        let bytes: String = queued.drain(..).map(|line| line.to_string()).collect();
        writer.write_all(bytes.as_bytes()).await?;
    }
    Ok(())
}
