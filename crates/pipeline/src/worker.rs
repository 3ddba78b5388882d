//! A child process that tests numbers, seen from both sides. A request is a line of numbers, its answer a line with the
//! number of primes among them. A request goes out only when the one before it is answered, so neither side can wait for
//! room in a pipe while the other does, too.

use std::io::{self, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode};

use crate::prime::is_prime;

/// Has numbers tested by a worker, and by a fresh one where that dies.
pub(crate) struct Tester {
    crash_on: Option<i64>,
    worker: Option<Worker>,
}

struct Worker {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Tester {
    pub(crate) fn start(crash_on: Option<i64>) -> io::Result<Self> {
        Ok(Self { crash_on, worker: Some(Worker::start(crash_on)?) })
    }

    /// How many of the numbers are prime; `None` when two workers have died of them.
    pub(crate) fn count_primes(&mut self, numbers: &[i64]) -> Option<u64> {
        // BEGIN SOLUTION
        let mut attempt = || {
            let worker = match self.worker.take() {
                Some(worker) => worker,
                None => Worker::start(self.crash_on).ok()?,
            };
            // Only a worker that has answered is kept; the other is ended here, and was nobody's but ours.
            let worker = self.worker.insert(worker);
            let count = worker.ask(numbers);
            if count.is_err() {
                self.worker = None;
            }
            count.ok()
        };
        attempt().or_else(attempt)
        // END SOLUTION
    }
}

impl Worker {
    fn start(crash_on: Option<i64>) -> io::Result<Self> {
        // BEGIN SOLUTION
        use std::process::Stdio;

        let mut command = command(crash_on)?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let requests = child.stdin.take().expect("standard input is piped");
        let answers = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Ok(Self { child, requests, answers })
        // END SOLUTION
    }

    /// An answer that lacks its newline is none: `12` may be what was left of `123`.
    fn ask(&mut self, numbers: &[i64]) -> io::Result<u64> {
        // BEGIN SOLUTION
        use std::io::{BufRead, Write};

        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        self.requests.write_all(format!("{}\n", numbers.join(" ")).as_bytes())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let count = answer.strip_suffix('\n').and_then(|count| count.parse().ok());
        count.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        // END SOLUTION
    }
}

/// However the parent leaves, also by an error or a panic, it takes its workers along.
impl Drop for Worker {
    fn drop(&mut self) {
        // BEGIN SOLUTION
        // Killed first: a worker that has only closed its pipe would be waited for without end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // END SOLUTION
    }
}

fn command(crash_on: Option<i64>) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--worker").args(crash_on.map(|value| format!("--crash-on={value}")));
    Ok(command)
}

/// What a worker does until its standard input ends, as it does when the parent is gone, killed or not.
pub(crate) fn serve(crash_on: Option<i64>) -> ExitCode {
    // BEGIN SOLUTION
    use std::io::Write;

    for line in io::stdin().lines() {
        let Ok(line) = line else { return ExitCode::FAILURE };
        let mut count = 0;
        for number in line.split(' ') {
            let Ok(number) = number.parse() else { return ExitCode::FAILURE };
            if crash_on == Some(number) {
                return ExitCode::FAILURE;
            }
            count += u64::from(is_prime(number));
        }
        // One write: `println!` would panic where the parent is gone.
        if io::stdout().write_all(format!("{count}\n").as_bytes()).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
    // END SOLUTION
}
