//! The socket to a fork server. A program can stop its server, end it, or keep it busy, so no exchange is waited
//! for without an end.

use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::sockopt::socket_peercred;
use rustix::process::Pid;

use confine::interrupt;
use confine::run::state;

/// How long an answer may take. A run is ended by its server after 15 s; the rest is for a slow machine. What takes
/// longer proves nothing, whoever is to blame.
const TIME_OUT: Duration = Duration::from_secs(60);

/// How often the server is looked at while it does not answer.
const LOOK: Duration = Duration::from_millis(100);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Lost {
    Interrupted,
    /// Somebody sent it a signal that stops it; who waits for it is not this machine.
    Stopped,
    Late,
    Ended,
    Broken(io::Error),
}

/// A fork server at the other end of a socket.
pub(super) struct Link {
    socket: BufReader<UnixStream>,
    /// The server, where the kernel says who it is.
    server: Option<Pid>,
    /// When the answer must be there.
    deadline: Instant,
}

impl Link {
    pub(super) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(LOOK))?;
        let server = socket_peercred(&socket).ok().map(|peer| peer.pid);
        Ok(Self { socket: BufReader::with_capacity(64 << 10, socket), server, deadline: Instant::now() })
    }

    /// From now on an answer is waited for.
    pub(super) fn wait_from_now(&mut self) {
        self.deadline = Instant::now() + TIME_OUT;
    }

    /// Sends requests.
    pub(super) fn send(&mut self, mut bytes: &[u8]) -> Result<(), Lost> {
        if interrupt::requested() {
            return Err(Lost::Interrupted);
        }
        self.wait_from_now();
        while !bytes.is_empty() {
            let sent = self.socket.get_mut().write(bytes);
            bytes = &bytes[self.moved(sent)?..];
        }
        Ok(())
    }

    pub(super) fn fill(&mut self, mut bytes: &mut [u8]) -> Result<(), Lost> {
        while !bytes.is_empty() {
            let read = self.socket.read(bytes);
            let count = self.moved(read)?;
            bytes = &mut bytes[count..];
        }
        Ok(())
    }

    /// How many bytes moved; none when it is too early to give up.
    fn moved(&self, result: io::Result<usize>) -> Result<usize, Lost> {
        match result {
            Ok(0) => Err(Lost::Ended),
            Ok(count) => Ok(count),
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => Ok(0),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.look().map(|()| 0),
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Err(Lost::Ended),
                _ => Err(Lost::Broken(error)),
            },
        }
    }

    fn look(&self) -> Result<(), Lost> {
        if interrupt::requested() {
            Err(Lost::Interrupted)
        } else if self.server.and_then(state) == Some('T') {
            Err(Lost::Stopped)
        } else if Instant::now() > self.deadline {
            Err(Lost::Late)
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the process that starts its runs ")?;
        match self {
            Self::Interrupted => write!(f, "was interrupted"),
            Self::Stopped => write!(f, "was stopped"),
            Self::Late => write!(f, "did not answer for {} s", TIME_OUT.as_secs()),
            Self::Ended => write!(f, "was ended"),
            Self::Broken(error) => write!(f, "failed: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use rustix::process::{Signal, kill_process};

    use super::*;

    fn link(server: Option<&Child>, deadline: Instant) -> (Link, UnixStream) {
        let (near, far) = UnixStream::pair().unwrap();
        let link = Link { server: server.map(Pid::from_child), deadline, ..Link::new(near).unwrap() };
        (link, far)
    }

    fn soon() -> Instant {
        Instant::now() + TIME_OUT
    }

    #[test]
    fn bytes_come_whole_in_however_many_pieces() {
        let (mut link, mut far) = link(None, soon());
        let mut bytes = [0; 4];
        far.write_all(b"ab").unwrap();
        link.fill(&mut bytes[..1]).unwrap();
        far.write_all(b"cd").unwrap();
        link.fill(&mut bytes[1..]).unwrap();
        assert_eq!(&bytes, b"abcd");
    }

    #[test]
    fn a_server_that_is_gone_is_not_waited_for() {
        let (mut link, far) = link(None, soon());
        drop(far);
        assert!(matches!(link.fill(&mut [0]), Err(Lost::Ended)));
        assert!(matches!(link.send(b"a"), Err(Lost::Ended)));
    }

    #[test]
    fn a_server_that_is_stopped_is_not_waited_for() {
        let mut server = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        kill_process(Pid::from_child(&server), Signal::STOP).unwrap();
        let (mut link, _far) = link(Some(&server), soon());
        assert!(matches!(link.fill(&mut [0]), Err(Lost::Stopped)));
        server.kill().unwrap();
        server.wait().unwrap();
    }

    #[test]
    fn no_answer_is_waited_for_without_an_end() {
        let (mut link, _far) = link(None, Instant::now());
        assert!(matches!(link.fill(&mut [0]), Err(Lost::Late)));
    }
}
