//! Several calls of the program in one observation.
//!
//! Standard output of such an observation is not that of one program but reads like a session in
//! a shell: `$ ` and the call, `| ` and each line that the program printed, `# ` and what the
//! grader saw beside it. The marks keep apart what the program and what the grader said.

use confine::run::Outcome;

use engine::observation::{Observation, Text};

const CALL: &str = "$ ";
const PRINTED: &str = "| ";
const NOTE: &str = "# ";

/// One call and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// As it would be typed.
    pub(super) command: String,
    /// The lines that the program printed.
    pub(super) printed: Vec<String>,
    /// What the grader saw.
    pub(super) notes: Vec<String>,
    /// The line of the transcript with the command, from 0.
    pub(super) line: usize,
}

/// Calls that are made one after another.
#[derive(Default)]
pub(super) struct Session {
    calls: Vec<Call>,
    last: Observation,
}

impl Session {
    /// Adds a call that has ended, and what the grader saw of it.
    pub(super) fn add(&mut self, args: &[String], outcome: Outcome, notes: Vec<String>) {
        let wall = self.last.wall + outcome.wall;
        self.last = Observation { wall, ..Observation::of(outcome) };
        let command = format!("primes {}", args.join(" "));
        self.calls.push(Call { command, printed: self.last.stdout.lines.clone(), notes, line: 0 });
    }

    /// Whether the last call ended with exit code 0, so that another one makes sense.
    pub(super) fn goes_well(&self) -> bool {
        self.last.code() == Some(0)
    }

    /// The calls as one observation, which ended as the last of them did. A call that did not end
    /// by itself is all that there is to see.
    pub(super) fn observation(self) -> Observation {
        match self.last.code() {
            Some(_) => Observation { stdout: write(&self.calls), ..self.last },
            None => self.last,
        }
    }
}

fn write(calls: &[Call]) -> Text {
    let mut text = String::new();
    for Call { command, printed, notes, .. } in calls {
        text += &format!("{CALL}{command}\n");
        printed.iter().for_each(|line| text += &format!("{PRINTED}{line}\n"));
        notes.iter().for_each(|note| text += &format!("{NOTE}{note}\n"));
    }
    Text::from(text.as_str())
}

/// Reads a session back. What is not one has no calls.
pub(super) fn read(text: &Text) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (line, text) in text.lines.iter().enumerate() {
        if let Some(command) = text.strip_prefix(CALL) {
            calls.push(Call { command: command.into(), line, ..Call::default() });
        } else if let Some(call) = calls.last_mut() {
            call.printed.extend(text.strip_prefix(PRINTED).map(str::to_owned));
            call.notes.extend(text.strip_prefix(NOTE).map(str::to_owned));
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_as_it_was_written() {
        let first =
            Call { command: "primes 2".into(), printed: vec!["2: 1 primes".into()], ..Call::default() };
        let second =
            Call { command: "primes 0".into(), notes: vec!["seen".into()], line: 2, ..Call::default() };
        assert_eq!(read(&write(&[first.clone(), second.clone()])), [first, second]);
    }

    #[test]
    fn a_program_cannot_speak_for_the_grader() {
        let printed: Vec<String> = ["$ primes", "# seen", "| line", ""].map(Into::into).into();
        let call = Call { command: "primes".into(), printed, ..Call::default() };
        assert_eq!(read(&write(std::slice::from_ref(&call))), [call]);
    }

    #[test]
    fn other_output_has_no_calls() {
        assert_eq!(read(&"2: 1 primes\n| 3\n".into()), []);
    }
}
