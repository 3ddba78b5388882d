//! Reading `/proc`, proc(5), without an allocation.

use core::ffi::{CStr, c_int};

use crate::system;

/// A path, which ends with a zero. What does not fit is cut off.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    bytes: [u8; 64],
    length: usize,
}

impl Path {
    /// The path `text`.
    pub(crate) fn new(text: &CStr) -> Self {
        Self { bytes: [0; 64], length: 0 }.text(text)
    }

    /// The path with more behind it.
    pub(crate) fn text(mut self, text: &CStr) -> Self {
        for &byte in text.to_bytes().iter().take(63 - self.length) {
            self.bytes[self.length] = byte;
            self.length += 1;
        }
        self
    }

    /// The path with a number behind it.
    pub(crate) fn number(self, number: usize) -> Self {
        let mut digits = [0u8; 21];
        let mut first = 20;
        let mut rest = number;
        loop {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        CStr::from_bytes_until_nul(&digits[first..]).map_or(self, |digits| self.text(digits))
    }

    /// The beginning of the file, as much as there is room for; nothing where it cannot be read.
    pub(crate) fn read(self, text: &mut [u8]) -> &[u8] {
        self.with_open(|file| {
            // SAFETY: the buffer is valid for its length.
            unsafe { system::call(system::READ, [file, text.as_mut_ptr() as usize, text.len(), 0, 0, 0]) }
        })
        .map_or(&[], |count| &text[..count.max(0) as usize])
    }

    /// Reads the whole file, as much as there is room for. How many bytes it has; 0 where it cannot be read.
    pub(crate) fn read_whole(self, text: &mut [u8]) -> usize {
        self.with_open(|file| {
            let mut filled = 0;
            while filled < text.len() {
                let rest = &mut text[filled..];
                // SAFETY: the buffer is valid for its length.
                let count = unsafe {
                    system::call(system::READ, [file, rest.as_mut_ptr() as usize, rest.len(), 0, 0, 0])
                };
                if count <= 0 {
                    break;
                }
                filled += count as usize;
            }
            filled
        })
        .unwrap_or(0)
    }

    fn with_open<T>(self, act: impl FnOnce(usize) -> T) -> Option<T> {
        let file = system::open_to_read(CStr::from_bytes_until_nul(&self.bytes).ok()?);
        (file >= 0).then(|| {
            let result = act(file as usize);
            // SAFETY: numbers only.
            unsafe { system::call(system::CLOSE, [file as usize, 0, 0, 0, 0, 0]) };
            result
        })
    }
}

/// Calls `act` with the number of each thread of a process.
pub(crate) fn each_thread(process: c_int, mut act: impl FnMut(usize)) {
    Path::new(c"/proc/")
        .number(process as usize)
        .text(c"/task")
        .with_open(|folder| each_name(folder, &mut act));
}

/// Calls `act` with each open descriptor of this process but 0. Whether the kernel tells of them.
pub(crate) fn each_descriptor(mut act: impl FnMut(usize)) -> bool {
    let each = |folder| {
        each_name(folder, &mut |descriptor| {
            // The one that is open for this.
            if descriptor != folder {
                act(descriptor);
            }
        });
    };
    Path::new(c"/proc/self/fd").with_open(each).is_some()
}

/// Calls `act` with each name in an open folder that is a number above 0.
fn each_name(folder: usize, act: &mut impl FnMut(usize)) {
    let mut entries = [0u8; 4096];
    loop {
        let arguments = [folder, entries.as_mut_ptr() as usize, entries.len(), 0, 0, 0];
        // SAFETY: the buffer is valid for its length.
        let count = unsafe { system::call(system::GETDENTS64, arguments) };
        if count <= 0 {
            return;
        }
        each_number(&entries[..count as usize], act);
    }
}

/// The names among `struct linux_dirent64`s, getdents(2), that are numbers.
fn each_number(mut entries: &[u8], act: &mut impl FnMut(usize)) {
    /// Inode, offset, length of the record and type stand before the name.
    const NAME: usize = 19;
    while let Some(&[low, high]) = entries.get(16..18).and_then(|length| length.first_chunk()) {
        let length = usize::from(u16::from_le_bytes([low, high]));
        let Some((entry, rest)) = entries.split_at_checked(length.max(NAME)) else { return };
        let digits = entry[NAME..].iter().take_while(|byte| byte.is_ascii_digit());
        let number = digits
            .fold(0usize, |number, digit| number.wrapping_mul(10).wrapping_add(usize::from(digit - b'0')));
        if number > 0 {
            act(number);
        }
        entries = rest;
    }
}

/// The number that these digits are; `None` where they are no digits.
pub(crate) fn number(digits: &[u8], base: u32) -> Option<usize> {
    digits.iter().try_fold(0usize, |number, &digit| {
        let digit = (digit as char).to_digit(base)? as usize;
        Some(number.wrapping_mul(base as usize).wrapping_add(digit))
    })
}
