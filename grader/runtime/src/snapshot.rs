//! The memory of this process as it was at one moment, and how it is put back.
//!
//! All private memory that can be written to is copied: nothing has to be known of who writes where, so nothing can be
//! missed. What was not there yet becomes what it was, zeroes or the file's, when its pages are given back to the kernel.
//! Memory that processes share is left alone: what must outlive a run stands there.

use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use schedule::ThreadId;

use crate::proc::Path;
use crate::warm::page_size;
use crate::{contexts, system};

/// More parts are not kept: a process has some dozens.
const MOST_PARTS: usize = 2048;
/// Larger processes are not put back: that would take longer than a fork.
const MOST_BYTES: usize = 16 << 20;
/// More pages are not learnt.
const MOST_LEARNT: usize = 512;
/// As much as the kernel says of all mappings.
const MOST_TEXT: usize = 64 << 10;

/// Some memory: from and so many bytes; whole words.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    length: usize,
    /// The husk that it belongs to; 0 for none.
    husk: ThreadId,
}

/// Zeroes are one that was not taken.
pub(crate) struct Snapshot {
    kept: [Part; MOST_PARTS],
    kept_count: usize,
    /// Pages of mappings that were not there.
    absent: [Part; MOST_PARTS],
    absent_count: usize,
    /// Where the heap ended.
    heap_end: usize,
    bytes: usize,
    text: [u8; MOST_TEXT],
    copy: [u8; MOST_BYTES],
}

/// Where the heap ends, brk(2).
fn heap_end() -> usize {
    // SAFETY: 0 asks.
    unsafe { system::call(system::BRK, [0; 6]) as usize }
}

impl Snapshot {
    /// Takes the memory as it is. `stack` is where the main thread's stack is in use. Whether there was room for all, and
    /// the kernel tells what there is.
    pub(crate) fn take(&mut self, stack: usize) -> bool {
        (self.kept_count, self.absent_count, self.bytes) = (0, 0, 0);
        self.heap_end = heap_end();
        let length = Path::new(c"/proc/self/maps").read_whole(&mut self.text);
        if length == 0 || length == MOST_TEXT {
            return false;
        }
        let Ok(pages) = usize::try_from(system::open_to_read(c"/proc/self/pagemap")) else { return false };
        let is_added = self.add_all(length, stack, pages);
        // SAFETY: numbers only.
        unsafe { system::call(system::CLOSE, [pages, 0, 0, 0, 0, 0]) };
        if is_added {
            self.copy_all();
        }
        is_added
    }

    /// Adds the mappings of so much text. `pages` is where the kernel tells of pages.
    fn add_all(&mut self, length: usize, stack: usize, pages: usize) -> bool {
        let mut from = 0;
        while let Some(end) = self.text[from..length].iter().position(|&byte| byte == b'\n') {
            let mapping = Mapping::parse(&self.text[from..from + end]);
            from += end + 1;
            if let Some(mapping) = mapping
                && !self.add(mapping, stack, pages)
            {
                return false;
            }
        }
        true
    }

    /// Whether there was room for it.
    fn add(&mut self, Mapping { start, end }: Mapping, stack: usize, pages: usize) -> bool {
        // What lies below is no part of a stack yet.
        if (start..end).contains(&stack) {
            return self.keep(stack, end, 0);
        }
        let mut stacks = contexts::stacks(start, end);
        match (stacks.next(), stacks.next()) {
            (None, _) => self.add_pages(pages, start, end),
            (Some(husk), None) => {
                self.keep(husk.in_use, husk.end, husk.thread) && self.add_pages(pages, husk.end, end)
            }
            // Which libc has put together.
            (Some(_), Some(_)) => false,
        }
    }

    /// Keeps the pages that are there, and notes those that are not.
    fn add_pages(&mut self, pages: usize, start: usize, end: usize) -> bool {
        let page = page_size();
        each_page(pages, start, end, |at, is_there| match is_there {
            true => self.keep(at, at + page, 0),
            false => self.miss(at, at + page),
        })
    }

    fn keep(&mut self, start: usize, end: usize, husk: ThreadId) -> bool {
        self.bytes += end - start;
        self.bytes <= MOST_BYTES
            && extend(&mut self.kept, &mut self.kept_count, Part { start, length: end - start, husk })
    }

    fn miss(&mut self, start: usize, end: usize) -> bool {
        extend(&mut self.absent, &mut self.absent_count, Part { start, length: end - start, husk: 0 })
    }

    fn copy_all(&mut self) {
        let mut to = 0;
        for &Part { start, length, .. } in &self.kept[..self.kept_count] {
            let place = &mut self.copy[to..][..length];
            // SAFETY: it is mapped and can be read, and the copy is elsewhere. Nobody else runs.
            unsafe {
                ptr::copy_nonoverlapping(ptr::with_exposed_provenance(start), place.as_mut_ptr(), length)
            };
            to += length;
        }
    }

    /// Puts all back; false where the kernel does not take back what was not there. The caller stands on memory that is not
    /// part of it.
    pub(crate) fn restore(&self) -> bool {
        const MADV_DONTNEED: usize = 4;
        let give_back = |part: &Part| {
            // SAFETY: these pages were not there when the snapshot was taken, so nothing that is needed is in them.
            unsafe { system::call(system::MADVISE, [part.start, part.length, MADV_DONTNEED, 0, 0, 0]) == 0 }
        };
        // Where that is noted is put back, too.
        let used = contexts::used();
        // What is locked in memory stays there.
        if !self.absent[..self.absent_count].iter().all(give_back) {
            return false;
        }
        let mut from = 0;
        for &Part { start, length, husk } in &self.kept[..self.kept_count] {
            let copy = &self.copy[from..][..length];
            from += length;
            if husk != 0 && !used.contains(husk) {
                continue;
            }
            // SAFETY: it is mapped and can be written to, as when the copy was made; who uses it goes on from there.
            unsafe {
                ptr::copy_nonoverlapping(copy.as_ptr(), ptr::with_exposed_provenance_mut(start), length)
            };
        }
        true
    }

    /// As [`Snapshot::restore`]; takes the memory again, with the pages that were not there and that the last run has used:
    /// the next ones will, too, and a page that is given back costs more than one that is copied.
    pub(crate) fn restore_and_learn(&mut self, stack: usize) -> bool {
        let mut used = [0; MOST_LEARNT];
        let Some(count) = self.find_used(&mut used) else { return false };
        if !self.restore() {
            return false;
        }
        for &page in &used[..count] {
            // SAFETY: it is mapped and can be written to, and is put back. Nobody else runs.
            let byte = unsafe { AtomicU8::from_ptr(ptr::with_exposed_provenance_mut(page)) };
            // Written at once, so that this page comes, and not those beside it; the byte stays as it is.
            byte.fetch_add(0, Ordering::Relaxed);
        }
        self.take(stack)
    }

    /// How many of the pages that were not there are now, and which; not more than there is room for.
    fn find_used(&self, used: &mut [usize; MOST_LEARNT]) -> Option<usize> {
        let file = usize::try_from(system::open_to_read(c"/proc/self/pagemap")).ok()?;
        let room = used.len().min((MOST_BYTES - self.bytes) / page_size());
        let room = room.min((MOST_PARTS - self.kept_count.max(self.absent_count)) / 2);
        let mut count = 0;
        for part in &self.absent[..self.absent_count] {
            each_page(file, part.start, part.start + part.length, |page, is_there| {
                if is_there && count < room {
                    used[count] = page;
                    count += 1;
                }
                true
            });
        }
        // SAFETY: numbers only.
        unsafe { system::call(system::CLOSE, [file, 0, 0, 0, 0, 0]) };
        Some(count)
    }

    /// Gives back what the heap has grown by. Before the rest is put back, and before mappings are counted.
    pub(crate) fn shrink_heap(&self) {
        if heap_end() != self.heap_end {
            // SAFETY: the heap of libc, which goes on as it was when it ended there.
            unsafe { system::call(system::BRK, [self.heap_end, 0, 0, 0, 0, 0]) };
        }
    }
}

/// Adds a part, joined to the last one where it begins at its end.
fn extend(parts: &mut [Part; MOST_PARTS], count: &mut usize, part: Part) -> bool {
    if let Some(last) = parts[..*count].last_mut()
        && last.start + last.length == part.start
        && last.husk == part.husk
    {
        last.length += part.length;
        return true;
    }
    let Some(next) = parts.get_mut(*count) else { return false };
    *next = part;
    *count += 1;
    true
}

/// Calls `act` with each page between `start` and `end`, and whether it is in memory, or swapped out (the kernel's
/// documentation, pagemap), as long as that says that it goes on. Whether it did to the end.
fn each_page(file: usize, start: usize, end: usize, mut act: impl FnMut(usize, bool) -> bool) -> bool {
    const IS_THERE: u64 = 3 << 62;
    let page = page_size();
    let mut at = start;
    while at < end {
        let mut entries = [0u64; 256];
        let wanted = ((end - at) / page).min(entries.len());
        if !pages(file, at / page, &mut entries[..wanted]) {
            return false;
        }
        for entry in &entries[..wanted] {
            if !act(at, entry & IS_THERE != 0) {
                return false;
            }
            at += page;
        }
    }
    true
}

/// What the kernel knows of these pages (the kernel's documentation, pagemap).
fn pages(file: usize, first: usize, entries: &mut [u64]) -> bool {
    let length = size_of_val(entries);
    let arguments = [file, entries.as_mut_ptr() as usize, length, first * 8, 0, 0];
    // SAFETY: the place is valid for its length.
    unsafe { system::call(system::PREAD64, arguments) == length as isize }
}

/// Memory that is private and can be written to.
struct Mapping {
    start: usize,
    end: usize,
}

impl Mapping {
    /// A line of `/proc/self/maps`, proc(5); `None` for other memory.
    fn parse(line: &[u8]) -> Option<Self> {
        let dash = line.iter().position(|&byte| byte == b'-')?;
        let space = line.iter().position(|&byte| byte == b' ')?;
        let start = crate::proc::number(line.get(..dash)?, 16)?;
        let end = crate::proc::number(line.get(dash + 1..space)?, 16)?;
        let rights = line.get(space + 1..space + 5)?;
        (rights[1] == b'w' && rights[3] == b'p').then_some(Self { start, end })
    }
}
