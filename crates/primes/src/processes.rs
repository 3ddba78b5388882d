//! The pieces shared over child processes of this program: of W workers, worker K sieves the pieces K, K + W, K + 2W, …
//! of each limit and writes an answer for each on its standard output. The parent reads the workers in turn, so the
//! answers come in order, and a full pipe makes a worker wait that is too far ahead: nothing piles up.

use std::io;
use std::process::{Child, ChildStdout, Command, ExitStatus};

use crate::plan::{Piece, Plan, Tally};
use crate::sieve::{Segment, Sieve};
use crate::{Args, Crew, Failure, Print};

pub(crate) struct Processes {
    workers: Vec<Worker>,
}

struct Worker {
    number: usize,
    child: Child,
    answers: ChildStdout,
}

impl Processes {
    pub(crate) fn start(args: &Args) -> Result<Self, Failure> {
        let workers = (0..args.workers).map(|number| {
            let cannot = |error| Failure::Worker { number, reason: format!("cannot start: {error}") };
            command(number, args).and_then(|mut command| Worker::start(number, &mut command)).map_err(cannot)
        });
        Ok(Self { workers: workers.collect::<Result<_, _>>()? })
    }

    fn worker_of(&mut self, piece: usize) -> &mut Worker {
        let number = piece % self.workers.len();
        &mut self.workers[number]
    }
}

impl Crew for Processes {
    fn tally(&mut self, plan: &Plan) -> Result<Tally, Failure> {
        let mut total = Tally::default();
        for index in 0..plan.pieces {
            let mut answer = [0; Tally::BYTES];
            self.worker_of(index).receive(&mut answer)?;
            total = total.merge(Tally::from_bytes(answer));
        }
        Ok(total)
    }

    fn list(&mut self, plan: &Plan, print: Print) -> Result<(), Failure> {
        for index in 0..plan.pieces {
            let Piece { first, len, .. } = plan.piece(index);
            let mut segment = Segment { first, bits: vec![0; len] };
            self.worker_of(index).receive(&mut segment.bits)?;
            print(&segment)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.workers.iter_mut().try_for_each(Worker::finish)
    }
}

impl Worker {
    fn start(number: usize, command: &mut Command) -> io::Result<Self> {
        // BEGIN SOLUTION
        use std::process::Stdio;

        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let answers = child.stdout.take().expect("standard output is piped");
        Ok(Self { number, child, answers })
        // END SOLUTION
    }

    /// Waits for the next answer, all of it.
    fn receive(&mut self, answer: &mut [u8]) -> Result<(), Failure> {
        // BEGIN SOLUTION
        use std::io::Read;

        if self.answers.read_exact(answer).is_ok() {
            return Ok(());
        }
        // Killed first, or this would wait for ever for a worker that has closed its pipe and lives on. One that has
        // died already keeps the status it died with.
        let status = self.child.kill().and_then(|()| self.child.wait());
        Err(self.ended_early(status))
        // END SOLUTION
    }

    /// After the last answer. A worker that fails even now is not trusted with the answers it gave.
    fn finish(&mut self) -> Result<(), Failure> {
        // BEGIN SOLUTION
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            status => Err(self.ended_early(status)),
        }
        // END SOLUTION
    }

    fn ended_early(&self, status: io::Result<ExitStatus>) -> Failure {
        let reason = status.map_or_else(|error| error.to_string(), |status| format!("ended early: {status}"));
        Failure::Worker { number: self.number, reason }
    }
}

/// However the parent leaves, also by an error or a panic, it takes its workers along.
impl Drop for Worker {
    fn drop(&mut self) {
        // BEGIN SOLUTION
        // Neither can fail for a child that has not been waited for; both do nothing for one that has.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // END SOLUTION
    }
}

fn command(number: usize, args: &Args) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(format!("--worker={number}")).arg(format!("--workers={}", args.workers));
    if args.list {
        command.arg("--list");
    }
    command.args(args.limits.iter().map(u64::to_string));
    Ok(command)
}

/// What a worker does: sieves its pieces and writes the answers. Should the parent die, even by SIGKILL, the next write
/// finds nobody at the other end of the pipe and fails; that is at most a piece away.
pub(crate) fn work(number: usize, args: &Args) -> io::Result<()> {
    let sieve = Sieve::new(args.largest_limit());
    // BEGIN SOLUTION
    use std::io::Write;

    let mut answers = io::stdout().lock();
    for plan in args.plans() {
        for index in (number..plan.pieces).step_by(args.workers) {
            let segment = sieve.segment(plan.piece(index));
            if args.list {
                answers.write_all(&segment.bits)?;
            } else {
                answers.write_all(&segment.tally().to_bytes())?;
            }
            // An answer left in the buffer would keep the parent waiting.
            answers.flush()?;
        }
    }
    Ok(())
    // END SOLUTION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(script: &str) -> Worker {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Worker::start(7, &mut command).expect("sh is there")
    }

    fn reason(outcome: Result<(), Failure>) -> String {
        match outcome {
            Err(Failure::Worker { number: 7, reason }) => reason,
            _ => panic!("not the failure of worker 7"),
        }
    }

    #[test]
    fn a_whole_answer_is_received() {
        let mut worker = worker("printf 0123; printf 4567");
        let mut answer = [0; 8];
        assert!(worker.receive(&mut answer).is_ok());
        assert_eq!(&answer, b"01234567");
        assert!(worker.finish().is_ok());
    }

    #[test]
    fn a_short_answer_is_a_failure_even_with_exit_code_0() {
        assert_eq!(reason(worker("printf 0123").receive(&mut [0; 8])), "ended early: exit status: 0");
    }

    #[test]
    fn the_reason_is_how_the_worker_ended() {
        assert_eq!(reason(worker("exit 3").receive(&mut [0; 8])), "ended early: exit status: 3");
        assert_eq!(reason(worker("kill -KILL $$").receive(&mut [0; 8])), "ended early: signal: 9 (SIGKILL)");
    }

    #[test]
    fn a_worker_that_closes_its_pipe_and_lives_on_is_not_waited_for() {
        assert!(worker("exec >&-; exec sleep 600").receive(&mut [0; 8]).is_err());
    }

    #[test]
    fn a_failure_after_the_last_answer_is_a_failure() {
        let mut worker = worker("printf 01234567; exit 3");
        assert!(worker.receive(&mut [0; 8]).is_ok());
        assert_eq!(reason(worker.finish()), "ended early: exit status: 3");
    }
}
