//! The most that a program or a build may use, and how a user raises it.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

/// What is allowed to every program that is graded, and to every build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Processor time of a program with its children.
    pub processor: Duration,
    /// Time on the clock.
    pub wall: Duration,
    /// Bytes of memory of a program with its children, shared pages left out.
    pub memory: u64,
    /// Bytes on standard output and standard error together.
    pub output: u64,
    /// Bytes in a run's folder; as many again below `/tmp`.
    pub disk: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Processor time of the compiler.
    pub build: Duration,
    /// Bytes of memory of the compiler.
    pub build_memory: u64,
}

impl Default for Ceiling {
    fn default() -> Self {
        Self {
            processor: Duration::from_secs(10),
            wall: Duration::from_secs(300),
            memory: 1 << 30,
            output: 16 << 20,
            disk: 256 << 20,
            processes: 4096,
            build: Duration::from_secs(180),
            build_memory: 3 << 30,
        }
    }
}

/// What is wrong with a limit on the command line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseCeilingError {
    /// There is no such limit.
    #[error("no limit is called `{0}`: cpu, wall, build (seconds), memory, output, disk (MiB), processes")]
    Unknown(String),
    /// Not a number of at least 1.
    #[error("`{0}` is not NAME=NUMBER with a number from 1 to 1000000")]
    NoNumber(String),
}

/// One limit that the user sets: `cpu=30`, `memory=2048`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    name: String,
    number: u64,
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.number)
    }
}

impl FromStr for Raised {
    type Err = ParseCeilingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no_number = || ParseCeilingError::NoNumber(text.to_owned());
        let (name, number) = text.split_once('=').ok_or_else(no_number)?;
        let number = number.parse().ok().filter(|number| (1..=1_000_000).contains(number));
        let raised = Self { name: name.to_owned(), number: number.ok_or_else(no_number)? };
        Ceiling::default().apply(&raised)?;
        Ok(raised)
    }
}

impl Ceiling {
    fn apply(&mut self, raised: &Raised) -> Result<(), ParseCeilingError> {
        let seconds = Duration::from_secs(raised.number);
        let mebibytes = raised.number << 20;
        match raised.name.as_str() {
            "cpu" => self.processor = seconds,
            "wall" => self.wall = seconds,
            "build" => self.build = seconds,
            "memory" => self.memory = mebibytes,
            "output" => self.output = mebibytes,
            "disk" => self.disk = mebibytes,
            "processes" => self.processes = raised.number,
            _ => return Err(ParseCeilingError::Unknown(raised.name.clone())),
        }
        Ok(())
    }
}

static CEILING: OnceLock<Ceiling> = OnceLock::new();

/// Sets limits other than the usual ones, once, before the first program is run.
pub fn raise(raised: &[Raised]) {
    let mut ceiling = Ceiling::default();
    for one in raised {
        // Parsing has tried it.
        let _ = ceiling.apply(one);
    }
    let _ = CEILING.set(ceiling);
}

/// The limits that hold.
pub fn ceiling() -> Ceiling {
    CEILING.get().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_name_and_a_number() {
        let mut ceiling = Ceiling::default();
        ceiling.apply(&"memory=2048".parse().unwrap()).unwrap();
        assert_eq!(ceiling, Ceiling { memory: 2 << 30, ..Ceiling::default() });
    }

    #[test]
    fn nonsense_is_named() {
        let error = |text: &str| text.parse::<Raised>().unwrap_err();
        assert_eq!(error("speed=1"), ParseCeilingError::Unknown("speed".into()));
        assert_eq!(error("cpu"), ParseCeilingError::NoNumber("cpu".into()));
        assert_eq!(error("cpu=0"), ParseCeilingError::NoNumber("cpu=0".into()));
        assert_eq!(
            error("cpu=99999999999999999999"),
            ParseCeilingError::NoNumber("cpu=99999999999999999999".into())
        );
    }
}
