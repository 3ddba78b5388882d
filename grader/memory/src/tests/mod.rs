//! Small programs, run in every way or in chosen ones, and the axioms that each execution is held against.

mod axioms;
mod litmus;
mod random;
mod relation;

use crate::{Memory, Order};
use axioms::{Event, Execution, Kind};

/// One operation of a program's thread. Locations are small numbers, and hold 0 at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Load(usize, Order),
    Store(usize, u64, Order),
    /// An exchange.
    Swap(usize, u64, Order),
    Fence(Order),
}

/// A program of threads that all start at once.
type Program = Vec<Vec<Op>>;

/// What a program leaves: what each thread has read, and what was done.
#[derive(Debug)]
struct Outcome {
    reads: Vec<Vec<u64>>,
    execution: Execution,
}

/// Runs `program`, with `next` to say which of the threads that have not ended goes on, and `choose` which of some stores is
/// read.
fn run(
    program: &[Vec<Op>],
    mut next: impl FnMut(&[usize]) -> usize,
    mut choose: impl FnMut(usize) -> usize,
) -> Outcome {
    let mut memory = Memory::new();
    let locations = 1 + program.iter().flatten().filter_map(location).max().unwrap_or(0);
    let mut execution = Execution::new(locations);
    let mut newest = vec![0; locations];
    (1..program.len()).for_each(|thread| memory.start(0, thread));
    let mut done = vec![0; program.len()];
    let mut reads = vec![Vec::new(); program.len()];
    loop {
        let alive: Vec<usize> =
            (0..program.len()).filter(|&thread| done[thread] < program[thread].len()).collect();
        if alive.is_empty() {
            return Outcome { reads, execution };
        }
        let thread = next(&alive);
        let op = program[thread][done[thread]];
        done[thread] += 1;
        // A location is not its index: addresses may lie anywhere.
        let place = |location: usize| (0x7000 + 8 * location as u64, newest[location]);
        let event = match op {
            Op::Load(location, order) => {
                let (value, age) = memory.load(thread, place(location), order, &mut choose);
                reads[thread].push(value);
                let read = execution.store_of_age(location, age);
                Event { thread, order, kind: Kind::Load { location, read } }
            }
            Op::Store(location, value, order) => {
                memory.store(thread, place(location), value, order);
                newest[location] = value;
                Event { thread, order, kind: Kind::Store { location } }
            }
            Op::Swap(location, value, order) => {
                memory.update(thread, place(location), value, order);
                reads[thread].push(newest[location]);
                newest[location] = value;
                let read = execution.store_of_age(location, 0);
                Event { thread, order, kind: Kind::Update { location, read } }
            }
            Op::Fence(order) => {
                memory.fence(thread, order);
                Event { thread, order, kind: Kind::Fence }
            }
        };
        execution.push(event);
    }
}

fn location(op: &Op) -> Option<usize> {
    match *op {
        Op::Load(location, _) | Op::Store(location, ..) | Op::Swap(location, ..) => Some(location),
        Op::Fence(_) => None,
    }
}
