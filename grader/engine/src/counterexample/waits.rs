//! Who can never go on, and why.

use std::collections::BTreeMap;

use schedule::ThreadId;
use schedule::protocol::{Operation, ThreadRecord};

use super::locks::Held;
use super::objects::Objects;
use crate::controlled::RunRecord;
use crate::picture::{Wait, WaitReason};
use crate::symbols::Symbols;

/// What each thread that has not ended waits for.
pub(super) fn waits(record: &RunRecord, symbols: &Symbols, objects: &mut Objects, held: &Held) -> Vec<Wait> {
    let stuck = (0..).zip(&record.threads).filter(|(_, state)| !state.ended && !state.runnable);
    let wait = |(thread, state): (ThreadId, &ThreadRecord)| {
        let place = symbols.place(&state.last, record.header.base);
        let reason = match state.last.operation {
            Operation::FutexWait if place.path.contains("std::thread::scoped") => {
                WaitReason::Call { call: "thread::scope, for its threads to end".to_owned() }
            }
            Operation::FutexWait | Operation::LockWait => WaitReason::Object {
                holder: held.holder(objects.word(&state.last, &place), &state.last, &place).cloned(),
                object: objects.name(&state.last, &place),
                call: place.called.clone(),
            },
            Operation::Join => WaitReason::ThreadEnd { ends: state.last.object as ThreadId },
            _ => WaitReason::Call { call: place.called.clone() },
        };
        Wait { thread, place: place.source_line(), reason }
    };
    stuck.map(wait).collect()
}

/// Threads of which each waits for the next and the last for the first.
pub(super) fn cycle(waits: &[Wait]) -> Option<Vec<ThreadId>> {
    let waits_for: BTreeMap<ThreadId, ThreadId> =
        waits.iter().filter_map(|wait| Some((wait.thread, wait.for_thread()?))).collect();
    waits_for.keys().find_map(|&start| {
        let mut chain = vec![start];
        let mut next = *waits_for.get(&start)?;
        while !chain.contains(&next) {
            chain.push(next);
            next = *waits_for.get(&next)?;
        }
        (next == start).then_some(chain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joins(pairs: &[(ThreadId, ThreadId)]) -> Vec<Wait> {
        let wait = |&(thread, ends)| Wait { thread, place: None, reason: WaitReason::ThreadEnd { ends } };
        pairs.iter().map(wait).collect()
    }

    #[test]
    fn a_cycle_is_found_behind_those_that_only_wait_for_it() {
        assert_eq!(cycle(&joins(&[(0, 1), (1, 2), (2, 1)])), Some(vec![1, 2]));
        assert_eq!(cycle(&joins(&[(0, 1), (1, 2)])), None);
    }
}
