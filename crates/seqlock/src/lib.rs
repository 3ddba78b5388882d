//! A few words that one thread writes and many read. Readers never write: they look at a number before and after, and read
//! again if it has changed.
//!
//! The tempting bug: to look twice, and to let the reads of the words slip out from between the looks.

use std::hint;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// Words that are read as they were written: all of one write. One thread writes at a time.
pub struct SeqLock<const N: usize> {
    // BEGIN SOLUTION
    // STUB // What the lock is made of is your choice.
    /// Twice the number of writes that have ended, and one more while one is under way.
    sequence: AtomicUsize,
    words: [AtomicU64; N],
    // END SOLUTION
}

impl<const N: usize> SeqLock<N> {
    /// With these words.
    pub fn new(words: [u64; N]) -> Self {
        // BEGIN SOLUTION
        Self { sequence: AtomicUsize::new(0), words: words.map(AtomicU64::new) }
        // END SOLUTION
    }

    /// Puts these words in place of those that are there. Never waits for readers. One thread at a time may call it.
    pub fn write(&self, words: [u64; N]) {
        // BEGIN SOLUTION
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence + 1, Ordering::Relaxed);
        // Who reads one of the new words, and has a fence after that, sees that the number is odd, or a later one.
        fence(Ordering::Release);
        for (place, word) in self.words.iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
        // Who reads this number sees all the words.
        self.sequence.store(sequence + 2, Ordering::Release);
        // END SOLUTION
    }

    /// The words of the last write, all of the same one. While a write is under way, waits for its end.
    pub fn read(&self) -> [u64; N] {
        // BEGIN SOLUTION
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let words = self.words.each_ref().map(|word| word.load(Ordering::Relaxed));
            // The second look stays behind the words. `Acquire` in the look itself would keep what follows behind it.
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.sequence.load(Ordering::Relaxed) == before {
                return words;
            }
            hint::spin_loop();
        }
        // END SOLUTION
    }
}
