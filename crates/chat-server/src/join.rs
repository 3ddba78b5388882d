//! `join`: a client for a person or a script. One thread sends standard input, the main thread prints what comes.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};

use crate::output;
use crate::small_thread;

pub(crate) fn run(address: &str, nick: &str) -> Result<()> {
    let stream = Arc::new(TcpStream::connect(address).context(address.to_owned())?);
    (&*stream).write_all(format!("NAME {nick}\n").as_bytes()).context(address.to_owned())?;
    let outgoing = Arc::clone(&stream);
    small_thread("stdin".to_owned(), move || {
        // A server that does not take the lines has closed or says why: the main thread sees that.
        let _ = send_lines(&mut io::stdin().lock(), &mut &*outgoing);
        // The messages still come back: only this side has ended.
        let _ = outgoing.shutdown(Shutdown::Write);
    })?;
    print_lines(BufReader::new(&*stream), address)
}

/// Copies what there is without waiting for whole lines, and ends the last line if the input did not.
fn send_lines(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
    let mut last = b'\n';
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        let Some(&end) = chunk.last() else { break };
        last = end;
        output.write_all(chunk)?;
        let used = chunk.len();
        input.consume(used);
    }
    if last == b'\n' { Ok(()) } else { output.write_all(b"\n") }
}

fn print_lines(mut input: impl BufRead, address: &str) -> Result<()> {
    let mut welcome = false;
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).with_context(|| format!("{address}: reading"))? > 0 {
        if let Some(reason) = line.strip_prefix(b"ERROR ") {
            bail!("{address}: {}", String::from_utf8_lossy(reason).trim_end());
        }
        welcome |= line.starts_with(b"WELCOME ");
        output::print(&line)?;
        line.clear();
    }
    ensure!(welcome, "{address}: the server closed the connection");
    Ok(())
}
