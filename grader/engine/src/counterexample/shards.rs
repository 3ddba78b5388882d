//! crossbeam's `ShardedLock`: eight locks of std in a row, of which a reader takes one and a writer all.

use schedule::protocol::Event;

use super::locks::Effect;
use crate::symbols::Place;

/// From one of them to the next: two cache lines.
const SHARD: u64 = 0x80;
const SHARDS: u64 = 8;

/// Words of one such lock are less than that apart, words of two are not.
pub(super) const WIDTH: u64 = SHARD * SHARDS;

/// Whether `effect` on the part of the lock that begins at `first` is one on the whole: a writer has it with the last of
/// its parts, and gives them back in the other order.
pub(super) fn is_whole(effect: Effect, event: &Event, place: &Place, first: u64) -> bool {
    let shard = event.object.saturating_sub(first) / SHARD;
    match effect {
        _ if !place.owner.contains("write") => true,
        Effect::Takes => shard == SHARDS - 1,
        Effect::Frees => shard == 0,
        Effect::Tries | Effect::Looks => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_has_the_lock_with_its_last_part_and_a_reader_with_any() {
        let whole = |owner: &str, effect, shard: u64| {
            let event = Event { object: 0x1000 + shard * SHARD, ..Event::default() };
            is_whole(effect, &event, &Place { owner: owner.into(), ..Place::default() }, 0x1000)
        };
        let write =
            |effect| (0..SHARDS).map(|shard| whole("RwLock>::write", effect, shard)).collect::<Vec<_>>();
        assert_eq!(write(Effect::Takes).iter().position(|whole| *whole), Some(7));
        assert_eq!(write(Effect::Frees).iter().rposition(|whole| *whole), Some(0));
        assert!(whole("RwLock>::read", Effect::Takes, 3) && whole("RwLock>::read_unlock", Effect::Frees, 3));
    }
}
