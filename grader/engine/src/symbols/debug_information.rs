//! The debug information of a program, read whole into memory. Only what our own builds leave is read: sections of an
//! ELF file for this machine, neither compressed nor split.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use addr2line::{Context, FrameIter};
use gimli::{Dwarf, EndianArcSlice, LittleEndian, Reader, SectionId};

use super::sections::Sections;

/// A part of a section.
type Bytes = EndianArcSlice<LittleEndian>;

/// What addresses stand for.
pub(super) struct DebugInformation {
    context: Context<Bytes>,
}

impl DebugInformation {
    /// That of `program`; nothing where it cannot be read.
    pub(super) fn read(program: &Path) -> Option<Self> {
        let content = fs::read(program).ok()?;
        let sections = Sections::of(&content)?;
        let section = |id: SectionId| {
            let content = Arc::from(sections.content(id.name()));
            Ok::<Bytes, gimli::Error>(EndianArcSlice::new(content, LittleEndian))
        };
        Some(Self { context: Context::from_dwarf(Dwarf::load(section).ok()?).ok()? })
    }

    /// The functions that are inlined at an address of the program, the innermost first, and the one that they are in.
    pub(super) fn frames(&self, address: u64) -> Option<FrameIter<'_, impl Reader>> {
        self.context.find_frames(address).skip_all_loads().ok()
    }
}
