//! `serve`: the server on its own, until it is told to stop.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::output;
use crate::server::Server;
use crate::small_thread;

pub(crate) fn run(listen: &str) -> Result<()> {
    let listener = TcpListener::bind(listen).with_context(|| listen.to_owned())?;
    let mut stop = stop_requests().context("signals")?;
    let trouble = |error| output::complain(format_args!("accept: {error}"));
    let server = Server::start(listener, Box::new(|_| ()), trouble).context("threads")?;
    output::print(format!("listening on {}\n", server.address).as_bytes())?;
    stop.read_exact(&mut [0]).context("signals")?;
    server.stop();
    Ok(())
}

/// A socket that has a byte to read when a signal has come or standard input has ended.
fn stop_requests() -> io::Result<UnixStream> {
    let (mut request, requests) = UnixStream::pair()?;
    pipe::register(SIGINT, request.try_clone()?)?;
    pipe::register(SIGTERM, request.try_clone()?)?;
    small_thread("stdin".to_owned(), move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = request.write_all(b"e");
    })?;
    Ok(requests)
}
