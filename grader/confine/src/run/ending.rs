//! Every way in which a run can end.

use std::fmt;

use super::system_calls;

/// How one run of a program ended. Checks and reports read this and nothing else about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The program ended by itself with this exit code.
    Exited(i32),
    /// A thread panicked and the program ended with this exit code (101 where `main` panicked).
    Panicked { code: i32, message: String },
    /// A signal that the grader did not send ended the program.
    Signalled(i32),
    /// Every thread waits for another one and none can ever be woken: proven, not timed.
    Deadlocked { threads: usize },
    /// Nothing moved for this many seconds: no thread ran or wanted to run.
    Idle { seconds: u64 },
    /// It came no further: after this many steps, of which the last half were under a fair schedule, nothing changed any more.
    Livelocked { steps: u32 },
    /// It did not end within this many steps, but something went on all the time: unproven.
    StepLimit { steps: u32 },
    /// It ran or waited where no hook sees it, for longer than any controlled run takes: in this system call, where
    /// that is known.
    Unseen { call: Option<u32> },
    /// It did not follow the schedule that was replayed beyond this step.
    Diverged { step: u32 },
    /// The program used this many seconds of processor time.
    ProcessorLimit { seconds: u64 },
    /// The program was still at work after this many seconds. `starved` where it spent much of
    /// them waiting for a processor: then the machine may be to blame, and the run proves nothing.
    WallLimit { seconds: u64, starved: bool },
    /// The program wrote more than this many bytes.
    OutputLimit { bytes: usize },
    /// The program and its children used more than this many bytes of memory.
    MemoryLimit { bytes: u64 },
    /// The program had this many processes and threads.
    ProcessLimit { processes: u64 },
    /// The program filled the folder that it may write to.
    DiskLimit { bytes: u64 },
    /// The grader ended the program because the case was over, for no fault of the program.
    Stopped,
    /// The grader could not run the program.
    ToolError(String),
}

impl Ending {
    /// The exit code, where the program ended by itself.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Exited(code) | Self::Panicked { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the run says nothing about the program: the machine or the grader was at fault.
    pub fn proves_nothing(&self) -> bool {
        matches!(
            self,
            Self::WallLimit { starved: true, .. }
                | Self::StepLimit { .. }
                | Self::Unseen { .. }
                | Self::Diverged { .. }
                | Self::ToolError(_)
        )
    }

    /// Whether the program was ended for what it used, or would have been.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::ProcessorLimit { .. }
                | Self::WallLimit { .. }
                | Self::OutputLimit { .. }
                | Self::MemoryLimit { .. }
                | Self::ProcessLimit { .. }
                | Self::DiskLimit { .. }
        )
    }

    /// The name that reports use for this kind of ending.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Exited(_) => "exit",
            Self::Panicked { .. } => "panic",
            Self::Signalled(_) => "signal",
            Self::Deadlocked { .. } => "deadlock",
            Self::Idle { .. } => "idle",
            Self::Livelocked { .. } => "livelock",
            Self::StepLimit { .. } => "step-limit",
            Self::Unseen { .. } => "unseen",
            Self::Diverged { .. } => "divergence",
            Self::ProcessorLimit { .. } => "processor-limit",
            Self::WallLimit { .. } => "wall-limit",
            Self::OutputLimit { .. } => "output-limit",
            Self::MemoryLimit { .. } => "memory-limit",
            Self::ProcessLimit { .. } => "process-limit",
            Self::DiskLimit { .. } => "disk-limit",
            Self::Stopped => "stopped",
            Self::ToolError(_) => "tool-error",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "it ended with exit code {code}"),
            Self::Panicked { code, message } => write!(f, "it panicked (exit code {code}): {message}"),
            Self::Signalled(signal) => write!(f, "signal {signal} ended it"),
            Self::Deadlocked { threads: 1 } => write!(f, "deadlock: its only thread waits for ever"),
            Self::Deadlocked { threads } => {
                write!(f, "deadlock: all {threads} threads wait, and nothing can wake them")
            }
            Self::Idle { seconds } => write!(f, "no thread did anything for {seconds} s, and it did not end"),
            Self::Livelocked { steps } => {
                write!(f, "livelock: threads run but none gets on, for {steps} steps")
            }
            Self::StepLimit { steps } => {
                write!(f, "it was still at work after {steps} steps, the most under control")
            }
            Self::Unseen { call: Some(number) } => {
                let name = system_calls::name(*number);
                write!(f, "it waits in the system call {name}, which is not under control")
            }
            Self::Unseen { call: None } => {
                write!(f, "it ran or waited where the grader has no control, and did not end")
            }
            Self::Diverged { step } => write!(f, "it did not follow the schedule beyond step {step}"),
            Self::ProcessorLimit { seconds } => {
                write!(f, "still running after {seconds} s of processor time (--limit cpu={seconds})")
            }
            Self::WallLimit { seconds, starved: false } => {
                write!(f, "still running after {seconds} s (--limit wall={seconds})")
            }
            Self::WallLimit { seconds, starved: true } => {
                write!(
                    f,
                    "still running after {seconds} s, but this machine gave it too little processor time"
                )
            }
            // Under control less is kept, whatever the user's limit.
            Self::OutputLimit { bytes } if bytes >> 20 == 0 => {
                write!(f, "it wrote more than {} KiB of output", bytes >> 10)
            }
            Self::OutputLimit { bytes } => {
                let mebibytes = bytes >> 20;
                write!(f, "it wrote more than {mebibytes} MiB of output (--limit output={mebibytes})")
            }
            Self::MemoryLimit { bytes } => {
                let mebibytes = bytes >> 20;
                write!(f, "it used more than {mebibytes} MiB of memory (--limit memory={mebibytes})")
            }
            Self::ProcessLimit { processes } => {
                write!(f, "it had {processes} processes and threads (--limit processes={processes})")
            }
            Self::DiskLimit { bytes } => {
                let mebibytes = bytes >> 20;
                write!(f, "it filled the {mebibytes} MiB of its folder (--limit disk={mebibytes})")
            }
            Self::Stopped => write!(f, "the grader stopped it when the case was over"),
            Self::ToolError(reason) => write!(f, "the grader could not run it: {reason}"),
        }
    }
}
