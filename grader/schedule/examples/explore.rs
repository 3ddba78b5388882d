//! Explores a program by the protocol alone, without the grader: as `.ci/arm` does with programs of another processor,
//! whose command is an emulator's. It prints what is the same on all machines.
//!
//!     explore RUNTIME SCHEDULES COMMAND [ARGUMENT]...
//!
//! The program must be built with hooks (`HOOKS` in grader/engine/src/compile.rs). RUNTIME is the file of the library that is
//! preloaded into it.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use schedule::ThreadId;
use schedule::protocol::{Event, Finish, Header, PROCESSOR_VARIABLE, Request, SOCKET_VARIABLE, ThreadRecord};
use schedule::search::{self, Search, portfolio::Portfolio};

/// So many runs are asked for at once.
const BATCH: usize = 32;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(runtime), Some(schedules), Some(program)) = (words.next(), words.next(), words.next()) else {
        return Err("usage: explore RUNTIME SCHEDULES COMMAND [ARGUMENT]...".into());
    };
    let mut command = Command::new(program);
    command.args(words).env("LD_PRELOAD", runtime);
    explore(&mut Server::start(command)?, schedules.parse()?)
}

fn explore(server: &mut Server, schedules: usize) -> Result<()> {
    let (first, _) = server.run(&search::replay(), &[])?;
    let Header { steps, threads, atomics, .. } = first;
    println!("usual: {steps} steps, {threads} threads, {atomics} atomics, {}", ending(&first));
    let mut endings: BTreeMap<String, usize> = BTreeMap::new();
    let mut different = HashSet::new();
    let mut headers = Vec::new();
    let mut failed = None;
    let attempts = Portfolio::new(0, steps).propose(schedules);
    for batch in attempts.chunks(BATCH) {
        for attempt in batch {
            server.ask(&attempt.request, &attempt.steps)?;
        }
        for attempt in batch {
            headers.push((server.answer()?.0, attempt));
        }
    }
    for (header, attempt) in headers {
        *endings.entry(ending(&header)).or_default() += 1;
        different.insert((header.hash, header.steps));
        if ending(&header) != ending(&first) {
            failed.get_or_insert(attempt);
        }
    }
    let digest = different.iter().fold(0, |sum: u64, (hash, _)| sum.wrapping_add(*hash));
    println!("{schedules} schedules, {} different ({digest:016x}): {endings:?}", different.len());
    let Some(attempt) = failed else { return Ok(()) };
    let (found, steps) = server.run(&Request { trace: true, ..attempt.request }, &attempt.steps)?;
    let again = (0..2).map(|_| Ok(ending(&server.run(&search::replay(), &steps)?.0)));
    let again = again.collect::<Result<Vec<String>>>()?;
    println!("schedule {}: {}; replayed: {}", attempt.number + 1, ending(&found), again.join(", "));
    Ok(())
}

fn ending(header: &Header) -> String {
    match header.finish {
        Finish::Process => ExitStatus::from_raw(header.status).to_string(),
        finish => format!("{finish:?}"),
    }
}

/// The fork server of a program under control.
struct Server {
    socket: UnixStream,
    child: Child,
}

impl Server {
    fn start(mut command: Command) -> Result<Self> {
        const PATIENCE: Duration = Duration::from_secs(30);
        let path = std::env::temp_dir().join(format!("explore-{}", std::process::id()));
        let listener = UnixListener::bind(&path)?;
        listener.set_nonblocking(true)?;
        command.env(SOCKET_VARIABLE, &path).env(PROCESSOR_VARIABLE, "0").stdin(Stdio::null());
        let mut child = command.spawn()?;
        let started = Instant::now();
        let socket = loop {
            match listener.accept() {
                Ok((socket, _)) => break Ok(socket),
                Err(_) if child.try_wait()?.is_some() => break Err("it ended before its runtime reported"),
                Err(_) if started.elapsed() > PATIENCE => break Err("its runtime does not report"),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        std::fs::remove_file(&path)?;
        let mut socket = socket?;
        socket.set_nonblocking(false)?;
        // It is told of no atomic operations of its own: all are as strong as can be.
        socket.write_all(&0u64.to_le_bytes())?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { socket, child })
    }

    /// Runs it once.
    fn run(&mut self, request: &Request, replayed: &[ThreadId]) -> Result<(Header, Vec<ThreadId>)> {
        self.ask(request, replayed)?;
        self.answer()
    }

    /// Asks for a run.
    fn ask(&mut self, request: &Request, replayed: &[ThreadId]) -> Result<()> {
        let request = Request { replayed: replayed.len() as u32, ..*request };
        Ok(self.socket.write_all(&[&request.encode(), replayed].concat())?)
    }

    /// What came of a run that was asked for, in the same order, and the steps, if they were asked for, too.
    fn answer(&mut self) -> Result<(Header, Vec<ThreadId>)> {
        let mut header = [0; Header::SIZE];
        self.socket.read_exact(&mut header)?;
        let header = Header::decode(&header).ok_or("the answer is none")?;
        self.take(usize::from(header.threads) * ThreadRecord::SIZE + header.output as usize)?;
        let steps = self.take(header.sent_steps as usize)?;
        // Who could have taken each step, as two words, and what was done.
        self.take(header.sent_steps as usize * 16 + header.events as usize * Event::SIZE)?;
        Ok((header, steps))
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.socket.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with the socket, too; nobody waits for that here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
