//! What is run and how it is judged, whatever the exercise.
//!
//! A *case* is one way of calling the program, with everything around it that the program talks
//! to. Running a case once gives an [`Observation`], which its judges look at.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use confine::run::{RunError, Stdout};
use confine::sandbox::Network;
use schedule::search::portfolio::Chances;

use crate::judgement::{Fault, Judge, Judgement};
use crate::observation::Observation;
use crate::run_context::RunContext;

/// One way of calling the program.
pub struct Case {
    /// Unique in its exercise; letters, digits, `-` and `_`. Users name it in `replay`.
    pub id: String,
    /// What is done with the program.
    pub scenario: Box<dyn Scenario>,
    /// How many times stress runs it, when nothing fails before.
    pub runs: u32,
    /// How many percent of the exercise's schedules explore gives to it; 0 for a case that is not
    /// explored. They add up to 100 at most, less where single runs are slow.
    pub percent: u32,
    /// Whom the program can talk to.
    pub network: Network,
    /// What has a part in it that answers when it likes.
    pub external: External,
    /// The promises that each run is held against.
    pub judges: Vec<(&'static str, Judge)>,
    /// The promises about who wrote which line: runs under control and audited ones know.
    pub writer_judges: Vec<(&'static str, Judge)>,
    /// Whether the kernel says who writes, in the first run without control.
    pub is_audited: bool,
    /// The promises about runs in which one thread is kept from running.
    pub starved_judges: Vec<(&'static str, Judge)>,
    /// What at least one of the explored schedules must show.
    pub witnesses: Vec<Witness>,
    /// The threads that must work together in at least one schedule.
    pub sharing: Option<Sharing>,
    /// What may happen in its runs under control that no thread does.
    pub chances: Chances,
    /// Whether its threads do so little with each other that all orders of that can be tried.
    pub is_small: bool,
    /// The most steps of its runs under control, where it is not the search that says so.
    pub most_steps: Option<u32>,
    /// Whether it asks for nothing or next to nothing: what is kept here shows nothing done.
    pub is_idle: bool,
    /// A check, and the ids of the sentences of the contract that its judges hold this case against. The first is broken
    /// where the judge names none.
    pub tried: Vec<(&'static str, &'static [&'static str])>,
}

/// Whom a program talks to beside what is under control. When an answer comes is not up to the schedule then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum External {
    /// To nobody.
    Nobody,
    /// Its threads talk to each other, through sockets of the kernel.
    OwnThreads,
    /// To others: child processes, servers, clients.
    Others,
}

/// A promise that the work is that of several threads: each of them operates on what they share.
#[derive(Clone, Copy, Debug)]
pub struct Sharing {
    /// The checks that it belongs to.
    pub checks: &'static [&'static str],
    /// What some schedule must show.
    pub expected: &'static str,
    /// So many threads at least.
    pub threads: usize,
    /// So many operations of each of them, on one and the same object.
    pub operations: usize,
}

/// A promise that some schedule shows something: that threads overlap, that a race loses an update.
pub struct Witness {
    /// The check.
    pub check: &'static str,
    /// What some schedule must show.
    pub expected: &'static str,
    /// The sentence of the contract that is broken where none does, if it is not the check's first one.
    pub sentence: Option<&'static str>,
    /// Whether reports for people show the schedule that does, also when all is well.
    pub is_lesson: bool,
    /// [`Judgement::Broken`], with what shows, for a run that shows it.
    pub shows: Judge,
}

impl Case {
    /// A case that only calls the program with `args` and waits for its end.
    pub fn of_args<A: Into<String>>(id: impl Into<String>, args: impl IntoIterator<Item = A>) -> Self {
        Self::new(id, Call::new(args))
    }

    /// Whether its program talks to nobody: then many runs can be made in one process, and cost next to nothing.
    pub fn is_alone(&self) -> bool {
        self.external == External::Nobody && self.network == Network::Own
    }

    /// A case for any scenario.
    pub fn new(id: impl Into<String>, scenario: impl Scenario + 'static) -> Self {
        Self {
            id: id.into(),
            scenario: Box::new(scenario),
            runs: 10,
            percent: 0,
            network: Network::Own,
            external: External::Nobody,
            judges: Vec::new(),
            writer_judges: Vec::new(),
            is_audited: false,
            starved_judges: Vec::new(),
            witnesses: Vec::new(),
            sharing: None,
            chances: Chances::ALL,
            is_small: false,
            most_steps: None,
            is_idle: false,
            tried: Vec::new(),
        }
    }

    /// Says that it asks for nothing or next to nothing: a promise that is kept here alone is none that was kept.
    pub fn idle(mut self) -> Self {
        self.is_idle = true;
        self
    }

    /// Says which sentences of the contract `check` is about here: the first, unless the judge names another one of them.
    pub fn tries(mut self, check: &'static str, sentences: &'static [&'static str]) -> Self {
        self.tried.push((check, sentences));
        self
    }

    /// The id of the sentence that `fault` breaks, as far as that is known.
    pub fn broken_sentence(&self, check: &str, fault: &Fault) -> Option<&'static str> {
        let (_, tried) = self.tried.iter().find(|(tried, _)| *tried == check)?;
        fault.sentence.filter(|sentence| tried.contains(sentence)).or(tried.first().copied())
    }

    /// Asks for threads that share something: who only prints what is due does not keep these checks.
    pub fn shared(mut self, sharing: Sharing) -> Self {
        self.sharing = Some(sharing);
        self
    }

    /// Sets how many times stress runs the case.
    pub fn runs(mut self, runs: u32) -> Self {
        self.runs = runs;
        self
    }

    /// Lets the program talk to the grader's scripted servers and clients.
    pub fn networked(mut self) -> Self {
        self.network = Network::Shared;
        self.talking(External::Others)
    }

    /// Says that sockets or child processes have a part in it, so that its schedules are not told apart.
    pub fn talking(mut self, external: External) -> Self {
        self.external = external;
        self
    }

    /// Has all orders tried of what its threads do with each other, where they are not too many.
    pub fn small(mut self) -> Self {
        self.is_small = true;
        self
    }

    /// Has the case explored, with so many percent of the exercise's schedules.
    pub fn explored(mut self, percent: u32) -> Self {
        self.percent = percent;
        self
    }

    /// Adds a judge that needs to know which thread wrote a line.
    pub fn judge_writers(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.is_audited = true;
        self.judge_writes(check, judge)
    }

    /// As [`Case::judge_writers`], where what controlled runs show is enough: to have the kernel tell of each write takes
    /// its time.
    pub fn judge_writes(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.writer_judges.push((check, Judge::new(judge)));
        self
    }

    /// Adds a judge of runs in which one thread is kept from running while others can go on.
    pub fn judge_starved(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.starved_judges.push((check, Judge::new(judge)));
        self
    }

    /// Asks for at least one explored schedule in which `shows` finds something, and says what and where.
    pub fn witness(
        self,
        check: &'static str,
        expected: &'static str,
        shows: impl Fn(&Observation) -> Option<(String, Option<usize>)> + Send + Sync + 'static,
    ) -> Self {
        self.shown_to(check, expected, Judge::new(shown(expected, shows)))
    }

    fn shown_to(mut self, check: &'static str, expected: &'static str, shows: Judge) -> Self {
        self.witnesses.push(Witness { check, expected, sentence: None, is_lesson: false, shows });
        self
    }

    /// As [`Case::witness`]; a run that did not end by itself has not shown it either.
    pub fn witness_of_ending(
        self,
        check: &'static str,
        expected: &'static str,
        shows: impl Fn(&Observation) -> Option<(String, Option<usize>)> + Send + Sync + 'static,
    ) -> Self {
        self.shown_to(check, expected, Judge::of_ending(shown(expected, shows)))
    }

    /// Says which sentence of the contract the last witness is about.
    pub fn of(mut self, sentence: &'static str) -> Self {
        self.witnesses.iter_mut().last().into_iter().for_each(|witness| witness.sentence = Some(sentence));
        self
    }

    /// As [`Case::witness`]; reports for people show the schedule.
    pub fn lesson(
        self,
        check: &'static str,
        expected: &'static str,
        shows: impl Fn(&Observation) -> Option<(String, Option<usize>)> + Send + Sync + 'static,
    ) -> Self {
        let mut case = self.witness(check, expected, shows);
        case.witnesses
            .iter_mut()
            .filter(|witness| witness.check == check)
            .for_each(|one| one.is_lesson = true);
        case
    }

    /// Adds a judge for the check `check`.
    pub fn judge(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.judges.push((check, Judge::new(judge)));
        self
    }

    /// Adds a judge for the check `check`, which is about whether and how the program ends.
    pub fn judge_ending(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.judges.push((check, Judge::of_ending(judge)));
        self
    }
}

/// [`Judgement::Broken`] for a run in which `shows` finds something.
fn shown(
    expected: &'static str,
    shows: impl Fn(&Observation) -> Option<(String, Option<usize>)>,
) -> impl Fn(&Observation) -> Judgement {
    move |seen| {
        shows(seen)
            .map_or(Judgement::Kept, |(what, line)| Fault { line, ..Fault::new(expected, what) }.into())
    }
}

/// What is done with the program in one case: calls it, plays the other side (a server, clients),
/// and collects what it left behind.
pub trait Scenario: Send + Sync {
    /// Runs the program once. Called many times for one case, never at once for the same `context`.
    ///
    /// # Errors
    /// When the grader cannot set up the run (no socket, no folder) or was interrupted. What the
    /// *program* does wrong is never an error but part of the observation.
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError>;

    /// A shell command for `program` that a person could type to see the same, for reports.
    fn shown(&self, program: &str) -> String;
}

/// The plainest scenario: call the program with arguments and wait for its end.
pub struct Call {
    /// The program's arguments.
    args: Vec<String>,
    /// Files that are put into the working folder before the call: name and content.
    files: Vec<(String, Vec<u8>)>,
    stdout: Stdout,
}

impl Call {
    /// A call with these arguments, in an empty folder.
    pub fn new<A: Into<String>>(args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { args, files: Vec::new(), stdout: Stdout::Kept }
    }

    /// Puts files into the folder: name and content.
    pub fn with<N: Into<String>>(mut self, files: impl IntoIterator<Item = (N, Vec<u8>)>) -> Self {
        self.files.extend(files.into_iter().map(|(name, content)| (name.into(), content)));
        self
    }

    /// Sets what becomes of the standard output.
    pub fn to(mut self, stdout: Stdout) -> Self {
        self.stdout = stdout;
        self
    }
}

impl Scenario for Call {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        for (name, content) in &self.files {
            put(&context.folder.join(name), content)
                .map_err(|error| RunError::Setup(format!("{name}: {error}")))?;
        }
        context.run(context.call(self.args.clone()).stdout(self.stdout))
    }

    fn shown(&self, program: &str) -> String {
        let destination = match self.stdout {
            Stdout::Kept => "",
            Stdout::Closed { .. } => "| true",
            Stdout::Full => "> /dev/full",
        };
        let words = std::iter::once(program).chain(self.args.iter().map(String::as_str)).chain([destination]);
        words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
    }
}

/// Writes a file. Whatever stands in its place is neither followed nor opened, as the program may have put it there and
/// taken the right to remove it.
fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    match File::create_new(path) {
        Ok(mut file) => file.write_all(content),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dangling_link_in_the_place_of_a_file_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        std::os::unix::fs::symlink(&outside, folder.path().join("ledger.csv")).unwrap();
        put(&folder.path().join("ledger.csv"), b"teller").unwrap();
        assert!(!outside.exists());
    }
}
