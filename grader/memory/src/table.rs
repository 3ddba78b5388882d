//! What is known of addresses: a table of a fixed size, which is all zeroes at first.

use core::ops::Range;

/// So many addresses at most; `SLOTS` is a larger number, for the search.
pub(crate) struct Table<T, const MOST: usize, const SLOTS: usize> {
    /// Linear probing: the number of an entry, from 1; 0 for none.
    slots: [u16; SLOTS],
    addresses: [u64; MOST],
    /// Whether the entry is in use. Those that are not keep their address.
    is_used: [bool; MOST],
    entries: [T; MOST],
    count: usize,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At(usize);

impl<T: Copy, const MOST: usize, const SLOTS: usize> Table<T, MOST, SLOTS> {
    /// Without entries, filled with `nothing`.
    pub(crate) const fn new(nothing: T) -> Self {
        assert!(MOST < SLOTS && MOST < u16::MAX as usize);
        let (slots, addresses, is_used) = ([0; SLOTS], [0; MOST], [false; MOST]);
        Self { slots, addresses, is_used, entries: [nothing; MOST], count: 0 }
    }

    /// The entry of an address.
    pub(crate) fn find(&self, address: u64) -> Option<At> {
        let number = usize::from(self.slots[self.slot(address)]);
        (number > 0 && self.is_used[number - 1]).then(|| At(number - 1))
    }

    pub(crate) fn get(&mut self, At(place): At) -> &mut T {
        &mut self.entries[place]
    }

    /// Sets the entry of an address; `None` where there is no room for one more.
    pub(crate) fn set(&mut self, address: u64, entry: T) -> Option<At> {
        let slot = self.slot(address);
        if self.slots[slot] == 0 {
            if self.count == MOST {
                return None;
            }
            self.addresses[self.count] = address;
            self.count += 1;
            self.slots[slot] = self.count as u16;
        }
        let place = usize::from(self.slots[slot]) - 1;
        (self.is_used[place], self.entries[place]) = (true, entry);
        Some(At(place))
    }

    /// Takes out the entries of these addresses.
    pub(crate) fn take_out(&mut self, addresses: &Range<u64>) {
        for (address, is_used) in self.addresses[..self.count].iter().zip(&mut self.is_used) {
            *is_used &= !addresses.contains(address);
        }
    }

    /// All entries in use, with their addresses.
    pub(crate) fn each(&mut self) -> impl Iterator<Item = (u64, &mut T)> {
        let entries = self.addresses[..self.count].iter().zip(&self.is_used).zip(&mut self.entries);
        entries.filter(|((_, is_used), _)| **is_used).map(|((address, _), entry)| (*address, entry))
    }

    /// Where the number of the entry of an address stands, or would.
    fn slot(&self, address: u64) -> usize {
        // Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): neighbours come apart.
        let hash = (address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize;
        let mut slot = hash % SLOTS;
        while let Some(entry) = usize::from(self.slots[slot]).checked_sub(1)
            && self.addresses[entry] != address
        {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Table;

    proptest! {
        /// Against the standard library's, over few addresses, so that they meet.
        #[test]
        fn a_table_is_a_map(steps in prop::collection::vec((0u64..24, 0u8..9, 0u64..6), 0..80)) {
            let mut table = Table::<u8, 8, 11>::new(0);
            let (mut map, mut seen) = (BTreeMap::new(), std::collections::BTreeSet::new());
            for (address, value, length) in steps {
                if value < 6 {
                    let is_there = table.set(address, value).is_some();
                    prop_assert_eq!(is_there, seen.contains(&address) || seen.len() < 8);
                    if is_there {
                        seen.insert(address);
                        map.insert(address, value);
                    }
                } else {
                    table.take_out(&(address..address + length));
                    map.retain(|known, _| !(address..address + length).contains(known));
                }
                for address in 0..24 {
                    let found = table.find(address).map(|at| *table.get(at));
                    prop_assert_eq!(found, map.get(&address).copied());
                }
                let each: BTreeMap<u64, u8> = table.each().map(|(address, value)| (address, *value)).collect();
                prop_assert_eq!(&each, &map);
            }
        }
    }
}
