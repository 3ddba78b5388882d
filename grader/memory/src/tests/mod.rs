//! Small programs, run in every way or in chosen ones, and the axioms that each execution is held against.

mod axioms;
mod litmus;
mod random;
mod relation;

use crate::{Memory, Order, Place};
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

/// By what code an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The program's own.
    Own,
    /// Other code, of which this is seen.
    Other,
    /// Other code, of which it is not; a location that such code has used before.
    Unseen,
}

/// Runs `program`, with `next` to say which of the threads that have not ended goes on, and `choose` which of some stores is
/// read.
fn run(
    program: &[Vec<Op>],
    next: impl FnMut(&[usize]) -> usize,
    choose: impl FnMut(usize) -> usize,
) -> Outcome {
    run_by(program, next, choose, || By::Own)
}

/// As [`run`], with `by` to say what code does each operation.
fn run_by(
    program: &[Vec<Op>],
    mut next: impl FnMut(&[usize]) -> usize,
    mut choose: impl FnMut(usize) -> usize,
    mut by: impl FnMut() -> By,
) -> Outcome {
    let mut memory = Memory::new();
    memory.begin();
    let locations = 1 + program.iter().flatten().filter_map(location).max().unwrap_or(0);
    let mut execution = Execution::new(locations);
    let mut newest = vec![0; locations];
    (1..program.len()).for_each(|thread| memory.start(0, thread));
    let mut done = vec![0; program.len()];
    let mut reads = vec![Vec::new(); program.len()];
    // The location that other code of each thread has used last.
    let mut last = vec![None; program.len()];
    loop {
        let alive: Vec<usize> =
            (0..program.len()).filter(|&thread| done[thread] < program[thread].len()).collect();
        if alive.is_empty() {
            return Outcome { reads, execution };
        }
        let thread = next(&alive);
        let op = program[thread][done[thread]];
        done[thread] += 1;
        let used = location(&op);
        // A location is not its index: addresses may lie anywhere.
        let at = |location: usize| 0x7000 + 8 * location as u64;
        let place = |location: usize| Place { address: at(location), size: 8, value: newest[location] };
        let is_unseen = match by() {
            // A fence is the compiler's, and no other code's.
            By::Own => false,
            By::Other | By::Unseen if used.is_none() => false,
            By::Unseen if last[thread] == used => true,
            By::Other | By::Unseen => {
                let used = used.expect("it is no fence");
                memory.meet(thread, place(used), newest[used], Order::Relaxed);
                last[thread] = Some(used);
                false
            }
        };
        let mut load = |location, order| match is_unseen {
            true => (newest[location], 0),
            false => memory.load(thread, place(location), order, &mut choose),
        };
        let event = match op {
            Op::Load(location, order) => {
                let (value, age) = load(location, order);
                reads[thread].push(value);
                let read = execution.store_of_age(location, age);
                Event { thread, order, kind: Kind::Load { location, read } }
            }
            Op::Store(location, value, order) => {
                if !is_unseen {
                    memory.store(thread, place(location), value, order);
                }
                newest[location] = value;
                Event { thread, order, kind: Kind::Store { location } }
            }
            Op::Swap(location, value, order) => {
                if !is_unseen {
                    memory.update(thread, place(location), value, order);
                }
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
        memory.look(thread, |address, _| newest[(address - at(0)) as usize / 8]);
        execution.push(event);
    }
}

fn location(op: &Op) -> Option<usize> {
    match *op {
        Op::Load(location, _) | Op::Store(location, ..) | Op::Swap(location, ..) => Some(location),
        Op::Fence(_) => None,
    }
}
