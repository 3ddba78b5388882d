//! Which threads of a run worked together: what each of them did to what they share.

use std::collections::HashMap;

use schedule::ThreadId;
use schedule::protocol::{Event, Operation};

/// Stands for all descriptors but the standard ones: the two ends of a pipe have different numbers.
const DESCRIPTORS: u64 = 0;

/// The last of standard input, output and error.
const LAST_STANDARD: u64 = 2;

/// How many threads did at least `operations` operations on one and the same object: on an atomic, which every lock,
/// channel and reference count is made of, or on pipes and sockets.
pub(crate) fn sharers(events: &[Event], operations: usize) -> usize {
    let mut lives: HashMap<ThreadId, u32> = HashMap::new();
    let mut done: HashMap<u64, HashMap<(ThreadId, u32), usize>> = HashMap::new();
    for event in events {
        // A number may be given again when its thread has ended.
        let life = lives.entry(event.thread).or_default();
        *life += u32::from(event.operation == Operation::Start);
        if let Some(object) = object(event) {
            *done.entry(object).or_default().entry((event.thread, *life)).or_default() += 1;
        }
    }
    let enough = |threads: &HashMap<_, usize>| threads.values().filter(|&&count| count >= operations).count();
    done.values().map(enough).max().unwrap_or(0)
}

/// What an operation is done to, if threads can share it.
fn object(event: &Event) -> Option<u64> {
    use Operation::{CompareFail, CompareSwap, Load, Poll, Read, Store, Swap, Update, Write};
    match event.operation {
        Load | Store | Swap | Update | CompareSwap | CompareFail => Some(event.object),
        Read | Write | Poll if event.object > LAST_STANDARD => Some(DESCRIPTORS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(thread: ThreadId, operation: Operation, object: u64) -> Event {
        Event { thread, operation, object, ..Event::default() }
    }

    #[test]
    fn threads_share_what_each_of_them_operates_on() {
        let add = |thread, object| event(thread, Operation::Update, object);
        let events = [add(1, 64), add(2, 64), add(1, 64), add(2, 64), add(3, 64), add(3, 72)];
        assert_eq!(sharers(&events, 1), 3);
        assert_eq!(sharers(&events, 2), 2);
        assert_eq!(sharers(&events, 3), 0);
        assert_eq!(sharers(&[], 1), 0);
    }

    #[test]
    fn a_thread_with_the_number_of_an_ended_one_is_another() {
        let life =
            [event(1, Operation::Start, 0), event(1, Operation::Store, 64), event(1, Operation::End, 0)];
        assert_eq!(sharers(&[life, life].concat(), 1), 2);
    }

    #[test]
    fn pipes_are_shared_and_standard_output_is_not() {
        let through = |from, to| [event(0, Operation::Read, from), event(1, Operation::Write, to)];
        assert_eq!(sharers(&through(5, 6), 1), 2);
        assert_eq!(sharers(&through(0, 1), 1), 0);
    }

    #[test]
    fn waiting_for_each_other_is_no_work() {
        let events = [event(0, Operation::Join, 1), event(1, Operation::FutexWait, 64)];
        assert_eq!(sharers(&events, 1), 0);
    }
}
