//! The debug information of a program, read whole into memory. Only what our own builds leave is read: sections of an
//! ELF file for this machine, neither compressed nor split.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use addr2line::{Context, FrameIter};
use gimli::{Dwarf, EndianArcSlice, LittleEndian, Reader, SectionId, Unit};

use super::sections::Sections;

/// A part of a section.
type Bytes = EndianArcSlice<LittleEndian>;

/// What addresses stand for.
pub(crate) struct DebugInformation {
    dwarf: Arc<Dwarf<Bytes>>,
    context: Context<Bytes>,
}

impl DebugInformation {
    /// That of `program`; nothing where it cannot be read.
    pub(crate) fn read(program: &Path) -> Option<Self> {
        let content = fs::read(program).ok()?;
        let sections = Sections::of(&content)?;
        let section = |id: SectionId| {
            let content = Arc::from(sections.content(id.name()));
            Ok::<Bytes, gimli::Error>(EndianArcSlice::new(content, LittleEndian))
        };
        let dwarf = Arc::new(Dwarf::load(section).ok()?);
        Some(Self { context: Context::from_arc_dwarf(Arc::clone(&dwarf)).ok()?, dwarf })
    }

    /// The functions that are inlined at an address of the program, the innermost first, and the one that they are in.
    pub(crate) fn frames(&self, address: u64) -> Option<FrameIter<'_, impl Reader>> {
        self.context.find_frames(address).skip_all_loads().ok()
    }

    /// Where code that was written in such a file, at such a line, lies in the program, piece by piece and in order. Looked
    /// at are the crates with such a root alone, which saves the time that all the others take.
    pub(crate) fn pieces(
        &self,
        is_root: impl Fn(&str) -> bool,
        is_wanted: impl Fn(&str, Option<u32>) -> bool,
    ) -> Vec<Range<u64>> {
        let ranges = self.ranges_of_units(is_root).unwrap_or_default();
        let rows =
            ranges.iter().filter_map(|range| self.context.find_location_range(range.begin, range.end).ok());
        let rows = rows
            .flatten()
            .filter(|(_, _, location)| location.file.is_some_and(|file| is_wanted(file, location.line)));
        let mut pieces: Vec<Range<u64>> = rows.map(|(start, length, _)| start..start + length).collect();
        pieces.sort_unstable_by_key(|piece| (piece.start, piece.end));
        pieces
    }

    /// Where the units of crates with such a root lie in the program.
    fn ranges_of_units(&self, is_root: impl Fn(&str) -> bool) -> gimli::Result<Vec<gimli::Range>> {
        let mut found = Vec::new();
        let mut units = self.dwarf.units();
        while let Some(header) = units.next()? {
            let unit = self.dwarf.unit(header)?;
            if root(&unit).is_some_and(|root| is_root(&root)) {
                let mut ranges = self.dwarf.unit_ranges(&unit)?;
                while let Some(range) = ranges.next()? {
                    found.push(range);
                }
            }
        }
        Ok(found)
    }
}

/// The root file of the crate that a unit is a part of, before the unit's own name: `/build/src/main.rs/@/main.1a2b-cgu.0`.
fn root(unit: &Unit<Bytes>) -> Option<String> {
    let name = unit.name.as_ref()?.to_string().ok()?;
    let folder = unit.comp_dir.as_ref()?.to_string().ok()?;
    // A name that begins with `/` stands alone.
    Some(Path::new(&*folder).join(&*name).to_str()?.to_owned())
}
