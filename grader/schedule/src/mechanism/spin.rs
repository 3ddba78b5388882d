//! Spin loops: a thread that reads the same values at the same places again and again waits for another one.

/// How many different reads of one loop are told apart.
const PLACES: usize = 16;

/// After so many reads in a row that find nothing new, a thread gives way.
const USUAL_PATIENCE: u32 = 10;

/// After so many more, when it was let go on all the same.
const AGAIN: u32 = 2;

/// A read, or a write that changed nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The address that was read.
    pub object: u64,
    /// Where in the program.
    pub site: u64,
    /// What was found.
    pub value: u64,
}

/// What one thread has read since it, or anybody else, changed something.
#[derive(Clone, Copy, Debug)]
pub struct Spin {
    seen: [Read; PLACES],
    next: usize,
    repeats: u32,
    /// How many repeats are a spin loop. Loops that read often before they go on for good are not spin loops; so some
    /// runs have more patience at first.
    patience: u32,
}

impl Spin {
    /// A thread that has read nothing.
    pub const NONE: Self = Self {
        seen: [Read { object: 0, site: 0, value: 0 }; PLACES],
        next: 0,
        repeats: 0,
        patience: USUAL_PATIENCE,
    };

    /// A thread that has read nothing and whose first loops may be so many times longer than usual.
    pub fn with_patience(times: u32) -> Self {
        Self { patience: USUAL_PATIENCE.saturating_mul(times.max(1)), ..Self::NONE }
    }

    /// Takes note of a read. Whether it makes a spin loop.
    pub fn reads(&mut self, read: Read) -> bool {
        if self.seen.contains(&read) {
            self.repeats += 1;
        } else {
            self.seen[self.next] = read;
            self.next = (self.next + 1) % PLACES;
            self.repeats = 0;
        }
        self.repeats >= self.patience
    }

    /// The thread gives way for this loop. The next one gets half the patience.
    pub fn gives_way(&mut self) {
        self.patience = (self.patience / 2).max(USUAL_PATIENCE);
        self.repeats = self.patience - AGAIN;
    }

    /// Something changed: what was read is old.
    pub fn forget(&mut self) {
        self.repeats = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(object: u64, value: u64) -> Read {
        Read { object, site: 1, value }
    }

    #[test]
    fn equal_reads_in_a_row_are_a_spin_loop() {
        let mut spin = Spin::NONE;
        let first = (1..).find(|_| spin.reads(read(8, 0)));
        assert_eq!(first, Some(1 + USUAL_PATIENCE as usize));
    }

    /// As `try_recv` does, which looks at several words.
    #[test]
    fn a_loop_over_several_words_is_one_too() {
        let mut spin = Spin::NONE;
        assert!((0..20).any(|round| spin.reads(read(8 * (round % 4), 0))));
    }

    #[test]
    fn a_walk_over_many_words_is_none() {
        let mut spin = Spin::NONE;
        assert!(!(0..1000).any(|word| spin.reads(read(word, 0))));
    }

    #[test]
    fn patience_shrinks_to_the_usual() {
        let mut spin = Spin::with_patience(20);
        let mut length = || {
            spin.forget();
            let length = (0..).find(|_| spin.reads(read(8, 0))).unwrap();
            spin.gives_way();
            length
        };
        let lengths = [(); 7].map(|()| length());
        assert_eq!(lengths, [200, 99, 49, 24, 11, 9, 9]);
    }

    #[test]
    fn who_goes_on_all_the_same_gives_way_soon() {
        let mut spin = Spin::NONE;
        while !spin.reads(read(8, 0)) {}
        spin.gives_way();
        assert_eq!((1..).find(|_| spin.reads(read(8, 0))), Some(AGAIN));
    }
}
