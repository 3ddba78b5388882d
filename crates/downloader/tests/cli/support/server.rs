//! A scripted HTTP server: the test says, in a closure, what each request is answered.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

pub(crate) struct Request {
    pub(crate) path: String,
    /// The request line and the header fields, in lower case.
    pub(crate) head: String,
    /// How many requests there were for this path before.
    pub(crate) earlier: usize,
}

/// Runs until the test process ends, a thread a connection.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers requests with `answer`; the connection is closed after each answer.
    pub(crate) fn start(answer: impl Fn(&Request, &mut dyn Stream) + Send + Sync + 'static) -> Self {
        Self::over("http", Ok, answer)
    }

    /// As `start`, with something between the connection and HTTP.
    pub(crate) fn over<S: Stream>(
        scheme: &'static str,
        wrap: impl Fn(TcpStream) -> io::Result<S> + Send + Sync + 'static,
        answer: impl Fn(&Request, &mut dyn Stream) + Send + Sync + 'static,
    ) -> Self {
        let paths = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&paths);
        let address = accept(move |connection| {
            // A client that goes away is its own business: the test looks at what the client says.
            let Ok(mut stream) = wrap(connection) else { return };
            if let Ok(request) = read_request(&mut stream, &seen) {
                answer(&request, &mut stream);
            }
        });
        Self { address, scheme, paths }
    }

    /// Resets each connection when the request has begun to arrive, after sending `beginning`.
    pub(crate) fn resetting(beginning: &'static [u8]) -> Self {
        let paths = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&paths);
        let address = accept(move |mut connection| {
            seen.lock().unwrap().push(String::new());
            // A socket that is closed with unread bytes sends a reset.
            let _ = connection.peek(&mut [0]);
            let _ = connection.write_all(beginning);
        });
        Self { address, scheme: "http", paths }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// How many requests there were for `path`.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.paths.lock().unwrap().iter().filter(|seen| *seen == path).count()
    }

    /// How many requests (or connections, where these are reset) there were.
    pub(crate) fn total(&self) -> usize {
        self.paths.lock().unwrap().len()
    }
}

fn accept(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let serve = Arc::clone(&serve);
            let connection = connection.unwrap();
            thread::spawn(move || serve(connection));
        }
    });
    address
}

fn read_request(stream: &mut impl Read, seen: &Mutex<Vec<String>>) -> io::Result<Request> {
    let mut head = String::new();
    let mut lines = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut seen = seen.lock().unwrap();
    let earlier = seen.iter().filter(|other| **other == path).count();
    seen.push(path.clone());
    Ok(Request { path, head: head.to_lowercase(), earlier })
}

/// Sends an answer with a length. `status` is as in `200 OK`, `fields` end with a line break each.
pub(crate) fn respond(stream: &mut dyn Stream, status: &str, fields: &str, body: &[u8]) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}
