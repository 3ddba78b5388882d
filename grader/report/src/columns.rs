//! A picture as text: columns, a thread each, the student's lines before them; or a list, where there are more threads
//! than columns fit.

use textwrap::core::display_width;

use engine::picture::{Lane, Object, Picture, Row, SourceLine};
use schedule::ThreadId;

/// How wide text for people is where nothing says how wide it may be.
pub(crate) const WIDTH: usize = 100;

/// A narrower column breaks words, a wider one puts threads out of sight of each other.
const COLUMN: std::ops::RangeInclusive<usize> = 18..=34;

/// Marks the row at which the failure shows; the space in it is no place to break a line.
const HERE: &str = "◀\u{a0}here";

/// The lines of text, in so many columns of a terminal: the rows, then what memory orders have to do with it, what the
/// threads wait for, and the objects' names.
pub(crate) fn lines(picture: &Picture, width: usize) -> Vec<String> {
    let table = Table::new(picture, width);
    let mut lines = table.titles();
    let gap = |rows: usize, word: &str| {
        let line = || format!("{:<1$}… {rows} rows {word}", "", table.places);
        (rows > 0).then(line)
    };
    lines.extend(gap(picture.rows_before, "before"));
    picture.rows.iter().for_each(|row| lines.extend(table.row(row)));
    lines.extend(gap(picture.rows_after, "after"));
    let waits = picture.waits.iter().map(ToString::to_string);
    let sentences = picture.orders.iter().cloned().chain(waits).chain(cycle_line(picture));
    let objects = picture.objects.iter().filter_map(object_line);
    for sentence in sentences.chain(picture.left_line()).chain(objects) {
        lines.extend(wrapped(&sentence, width, "    "));
    }
    lines
}

/// The cycle of a deadlock in one line: `the cycle: T1 → T2 → T1`.
pub(crate) fn cycle_line(picture: &Picture) -> Option<String> {
    let first = picture.cycle.first()?;
    let chain: Vec<String> = picture.cycle.iter().map(|thread| format!("T{thread}")).collect();
    Some(format!("the cycle: {} → T{first}", chain.join(" → ")))
}

/// Where an object comes from.
pub(crate) fn object_line(object: &Object) -> Option<String> {
    let first = object.first_used.as_ref()?;
    Some(format!("{} is the one first used at {first}", object.name))
}

/// `text` in lines of at most `width`, the second and further ones behind `indentation`.
pub(crate) fn wrapped(text: &str, width: usize, indentation: &str) -> Vec<String> {
    filled(text, textwrap::Options::new(width.max(20)).subsequent_indent(indentation).break_words(false))
}

fn filled(text: &str, options: textwrap::Options<'_>) -> Vec<String> {
    let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

/// How the rows of one picture are laid out.
struct Table<'a> {
    /// The threads that have a part in it.
    lanes: Vec<&'a Lane>,
    /// The width of the places.
    places: usize,
    /// The width of a thread's column; none where there is no room for all of them.
    column: Option<usize>,
    /// The width of all.
    width: usize,
}

impl<'a> Table<'a> {
    fn new(picture: &'a Picture, width: usize) -> Self {
        let acts = |thread: ThreadId| {
            let waits = picture.waits.iter().any(|wait| wait.thread == thread);
            waits || picture.rows.iter().any(|row| row.thread == thread)
        };
        let lanes: Vec<&Lane> = picture.lanes.iter().filter(|lane| acts(lane.thread)).collect();
        let places = picture.rows.iter().map(|row| display_width(&place(row))).max().unwrap_or(0) + 2;
        let room = width.saturating_sub(places);
        let column = (room / lanes.len().max(1)).min(*COLUMN.end());
        Self { lanes, places, column: Some(column).filter(|column| COLUMN.contains(column)), width }
    }

    fn titles(&self) -> Vec<String> {
        let Some(column) = self.column else { return Vec::new() };
        let titles: String = self.lanes.iter().map(|lane| padded(&lane.to_string(), column)).collect();
        vec![format!("{:<1$}{2}", "", self.places, titles.trim_end())]
    }

    /// A row in as many lines as its cell needs.
    fn row(&self, row: &Row) -> Vec<String> {
        let Some(column) = self.column else { return self.item(row) };
        let pieces = cell(&said(row), column);
        let line = |(index, piece): (usize, &String)| {
            let place = if index == 0 { place(row) } else { String::new() };
            let of = |lane: &&Lane| match lane.thread == row.thread {
                true => padded(piece, column),
                false => padded(if index == 0 { "·" } else { "" }, column),
            };
            let cells: String = self.lanes.iter().map(of).collect();
            format!("{}{cells}", padded(&place, self.places)).trim_end().to_owned()
        };
        pieces.iter().enumerate().map(line).collect()
    }

    /// A row of a list.
    fn item(&self, row: &Row) -> Vec<String> {
        let head = format!("{}T{:<3} ", padded(&place(row), self.places), row.thread);
        wrapped(&format!("{head}{}", said(row)), self.width, &" ".repeat(self.places + 5))
    }
}

/// What a row says, with a mark where the failure shows.
fn said(row: &Row) -> String {
    if row.fails { format!("{} {HERE}", row.operation) } else { row.operation.clone() }
}

fn place(row: &Row) -> String {
    row.place.as_ref().map(SourceLine::to_string).unwrap_or_default()
}

/// The lines of a cell: all that it says, words broken where they must be.
fn cell(text: &str, width: usize) -> Vec<String> {
    filled(text, textwrap::Options::new(width.saturating_sub(2)).subsequent_indent("  "))
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{:<1$}", "", width.saturating_sub(display_width(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(threads: ThreadId) -> Picture {
        let place = Some(SourceLine { file: "main.rs".into(), line: 7 });
        let row = |thread| Row {
            thread,
            operation: "AtomicUsize#1 compare_exchange fails: finds 5".into(),
            place: place.clone(),
            after_switch: thread > 0,
            fails: thread == 1,
        };
        Picture {
            lanes: (0..threads + 1).map(|thread| Lane { thread, name: String::new() }).collect(),
            rows: (0..threads).map(row).collect(),
            ..Picture::default()
        }
    }

    #[test]
    fn every_line_fits_and_nothing_is_cut_off() {
        for (threads, width) in [(1, 80), (2, 80), (3, 80), (3, 120), (9, 80), (40, 60)] {
            let lines = lines(&picture(threads), width);
            let longest = lines.iter().map(|line| display_width(line)).max().unwrap();
            assert!(longest <= width, "{threads} threads: {longest} of {width}\n{}", lines.join("\n"));
            let fives = lines.iter().filter(|line| line.contains('5')).count();
            assert!(fives >= usize::from(threads), "{}", lines.join("\n"));
        }
    }

    #[test]
    fn a_cell_says_all_of_it_in_its_column() {
        insta::assert_snapshot!(lines(&picture(2), 60).join("\n"), @r"
                   T0 main                 T1
        main.rs:7  AtomicUsize#1           ·
                     compare_exchange
                     fails: finds 5
        main.rs:7  ·                       AtomicUsize#1
                                             compare_exchange
                                             fails: finds 5
                                             ◀ here
        ");
    }

    #[test]
    fn many_threads_are_a_list() {
        insta::assert_snapshot!(lines(&picture(6), 80)[..2].join("\n"), @r"
        main.rs:7  T0   AtomicUsize#1 compare_exchange fails: finds 5
        main.rs:7  T1   AtomicUsize#1 compare_exchange fails: finds 5 ◀ here
        ");
    }
}
