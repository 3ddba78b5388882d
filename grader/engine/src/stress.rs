//! Running cases under the operating system's own schedule.
//!
//! Repetition, real parallelism and a busy machine are all that this way of running has. It shows
//! what does not depend on a rare schedule; for the rest a pass means little.

use std::hint;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use confine::run::RunError;
use confine::sandbox;

use crate::case::Case;
use crate::observation::Observation;
use crate::run_context::RunContext;

/// How long a thread uses its processor, and how long it leaves it to others.
const BURST: Duration = Duration::from_micros(200);
const PAUSE: Duration = Duration::from_micros(50);

/// Performs one run of `case`, in a fresh folder. Every other run has a busy machine around it; the first is audited
/// where it matters who writes. One that is hurried is given up soon where it does not end.
///
/// # Errors
/// When the run could not be made.
pub fn perform(
    program: &Path,
    case: &Case,
    seed: u64,
    run: u32,
    is_hurried: bool,
) -> Result<Observation, RunError> {
    let bytes = sandbox::ceiling().disk;
    let folder = sandbox::folder(bytes).map_err(|error| RunError::Setup(error.to_string()))?;
    let context = RunContext {
        program,
        folder: folder.path(),
        network: case.network,
        seed: seed.wrapping_add(u64::from(run)),
        is_hurried,
        is_audited: run == 0 && case.is_audited,
        control: None,
    };
    let busy = run % 2 == 1;
    under_load(busy, || case.scenario.perform(&context))
}

/// Calls `work` while, if `busy`, a thread for each processor uses it in bursts. They come back so often that a program is
/// interrupted in many places; threads that never slept would only be given whole slices of milliseconds, and be waited for.
fn under_load<T>(busy: bool, work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(!busy);
    thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..if busy { processors } else { 0 } {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    while began.elapsed() < BURST {
                        hint::spin_loop();
                    }
                    thread::sleep(PAUSE);
                }
            });
        }
        let _stop = StopOnDrop(&done);
        work()
    })
}

/// Ends the load also when `work` panics; else the scope would wait for ever.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
