//! The sections of a program, by their names: of an ELF file of 64 bits with the least byte first (elf(5)). Nothing in the
//! file is trusted: what lies outside of it is not there.

/// What each such file begins with: of 64 bits, the least byte first.
const MAGIC: &[u8] = b"\x7fELF\x02\x01";

/// Where the header of the file, and that of a section, say what is looked for.
const HEADERS: usize = 0x28;
const COUNT: usize = 0x3c;
const NAMES: usize = 0x3e;
const OFFSET: usize = 0x18;
const SIZE: usize = 0x20;

/// So many bytes has the header of a section.
const HEADER: usize = 64;

/// A program's file.
pub(super) struct Sections<'a> {
    file: &'a [u8],
}

impl<'a> Sections<'a> {
    /// Those of `file`, if it is one that can have them.
    pub(super) fn of(file: &'a [u8]) -> Option<Self> {
        file.starts_with(MAGIC).then_some(Self { file })
    }

    /// What stands in the section `name`; nothing where there is none.
    pub(super) fn content(&self, name: &str) -> &'a [u8] {
        self.find(name).unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<&'a [u8]> {
        let count = number::<2>(self.file, COUNT)?;
        let names = self.section(number::<2>(self.file, NAMES)?)?;
        let is_named = |index: &usize| {
            let name_at = self.header(*index).and_then(|header| number::<4>(header, 0));
            let rest = name_at
                .and_then(|place| names.get(place..))
                .and_then(|rest| rest.strip_prefix(name.as_bytes()));
            rest.is_some_and(|rest| rest.first() == Some(&0))
        };
        self.section((0..count).find(is_named)?)
    }

    /// What stands in the section of this number.
    fn section(&self, index: usize) -> Option<&'a [u8]> {
        let header = self.header(index)?;
        part(self.file, number::<8>(header, OFFSET)?, number::<8>(header, SIZE)?)
    }

    fn header(&self, index: usize) -> Option<&'a [u8]> {
        let place = number::<8>(self.file, HEADERS)?.checked_add(index * HEADER)?;
        part(self.file, place, HEADER)
    }
}

fn part(bytes: &[u8], place: usize, length: usize) -> Option<&[u8]> {
    bytes.get(place..place.checked_add(length)?)
}

/// The number of `BYTES` bytes that stands there.
fn number<const BYTES: usize>(bytes: &[u8], place: usize) -> Option<usize> {
    let mut whole = [0; 8];
    whole[..BYTES].copy_from_slice(part(bytes, place, BYTES)?);
    usize::try_from(u64::from_le_bytes(whole)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_program() -> Vec<u8> {
        std::fs::read("/proc/self/exe").unwrap()
    }

    #[test]
    fn sections_are_found_by_their_whole_names() {
        let file = own_program();
        let sections = Sections::of(&file).unwrap();
        assert!(sections.content(".shstrtab").windows(10).any(|part| part == b"\0.shstrtab"));
        assert!(!sections.content(".debug_line").is_empty());
        assert_eq!(sections.content(".debug_lin"), b"");
        assert_eq!(sections.content(""), b"");
    }

    #[test]
    fn no_file_makes_it_panic() {
        assert!(Sections::of(b"#!/bin/sh").is_none());
        let file = own_program();
        for length in [6, 0x28, 0x3c, 0x3e, 0x40, 4096] {
            assert_eq!(Sections::of(&file[..length]).unwrap().content(".debug_line"), b"");
        }
        for place in (0..HEADER).chain([HEADERS, COUNT, NAMES]) {
            let mut broken = file.clone();
            broken[place] = 0xff;
            let _ = Sections::of(&broken).map(|sections| sections.content(".debug_line"));
        }
    }
}
