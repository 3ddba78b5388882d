//! The parts of an exercise that students write: between a line `// BEGIN SOLUTION` and a line
//! `// END SOLUTION`, the convention of nbgrader. Students get `todo!("write NAME")` between them,
//! NAME being the function around it, or the text of the region's `// STUB …` lines.

use std::ops::RangeInclusive;

const BEGIN: &str = "// BEGIN SOLUTION";
const END: &str = "// END SOLUTION";
const STUB: &str = "// STUB ";

/// A marker that does not fit; the line is counted from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// A region that is begun inside of another one.
    #[error("line {0}: a solution region begins inside of another one")]
    Nested(usize),
    /// A region that is never ended.
    #[error("line {0}: this solution region is never ended")]
    Unclosed(usize),
    /// An end without a beginning.
    #[error("line {0}: a solution region ends that was never begun")]
    Unopened(usize),
    /// What students get in place of a region, outside of any.
    #[error("line {0}: a `// STUB` line stands outside of a solution region")]
    LoneStub(usize),
    /// A comment that looks like a marker and is none: taken as text, it would give a solution away.
    #[error("line {0}: a marker is written `// BEGIN SOLUTION` or `// END SOLUTION`, and nothing else")]
    Misspelled(usize),
}

/// The source with every solution region replaced, and how many there were that are not still to be written.
///
/// # Errors
/// When the markers do not pair up.
pub fn strip(source: &str) -> Result<(String, usize), RegionError> {
    let mut stub = String::with_capacity(source.len());
    let mut open: Option<Region> = None;
    let mut function = None;
    let mut count = 0;
    for (number, line) in (1..).zip(source.lines()) {
        match (line.trim(), &mut open) {
            (BEGIN, Some(_)) => return Err(RegionError::Nested(number)),
            (BEGIN, None) => open = Some(Region::begin(number, line)),
            (END, None) => return Err(RegionError::Unopened(number)),
            (END, Some(region)) => {
                region.text += line;
                region.text.push('\n');
                let replacement = region.replacement(function);
                count += usize::from(region.text != replacement);
                stub += &replacement;
                open = None;
            }
            (text, _) if is_misspelled(text) => return Err(RegionError::Misspelled(number)),
            (text, Some(region)) => {
                region.stub.extend(text.strip_prefix(STUB));
                region.text += line;
                region.text.push('\n');
            }
            (text, None) if text.starts_with(STUB) => return Err(RegionError::LoneStub(number)),
            (text, None) => {
                function = function_name(text).or(function);
                stub += line;
                stub.push('\n');
            }
        }
    }
    open.map_or(Ok((stub, count)), |region| Err(RegionError::Unclosed(region.line)))
}

/// The lines of `source` that students write, from 1; none where the markers do not pair up.
pub(crate) fn lines(source: &str) -> Vec<RangeInclusive<u32>> {
    let marked = |marker: &'static str| {
        (1u32..).zip(source.lines()).filter(move |(_, line)| line.trim() == marker).map(|(number, _)| number)
    };
    marked(BEGIN).zip(marked(END)).map(|(begin, end)| begin..=end).collect()
}

/// A region whose end is still to come.
struct Region<'a> {
    line: usize,
    indentation: &'a str,
    stub: Vec<&'a str>,
    /// All of it.
    text: String,
}

impl<'a> Region<'a> {
    fn begin(line: usize, text: &'a str) -> Self {
        let indentation = &text[..text.len() - text.trim_start().len()];
        Self { line, indentation, stub: Vec::new(), text: format!("{text}\n") }
    }

    /// Whether there is nothing in it but what stands in for a solution: a comment, as no `todo!` can stand among the
    /// fields of a struct.
    fn is_comment(&self) -> bool {
        let mut lines =
            self.text.lines().map(str::trim).filter(|line| ![BEGIN, END].contains(line)).peekable();
        lines.peek().is_some() && lines.all(|line| line.starts_with("//") && !line.starts_with(STUB))
    }

    fn replacement(&self, function: Option<&str>) -> String {
        if self.is_comment() {
            return self.text.clone();
        }
        let todo = format!("todo!(\"write {}\")", function.unwrap_or("this part"));
        let stub = if self.stub.is_empty() { vec![todo.as_str()] } else { self.stub.clone() };
        // The markers stay: reports show lines between them first.
        let lines = [BEGIN].into_iter().chain(stub).chain([END]);
        lines.map(|line| format!("{}{line}\n", self.indentation)).collect()
    }
}

fn is_misspelled(line: &str) -> bool {
    let line = line.to_ascii_uppercase();
    line.starts_with("//") && (line.contains("BEGIN SOLUTION") || line.contains("END SOLUTION"))
}

/// The name in a line that declares a function.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let declares = before.split_whitespace().all(|word| {
        matches!(word, "pub" | "const" | "async" | "unsafe" | "extern") || word.starts_with("pub(")
    });
    let end = after.find(|c: char| c != '_' && !c.is_alphanumeric())?;
    (declares && end > 0).then(|| &after[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_becomes_one_todo_that_names_its_function() {
        let source = "pub(crate) fn one() {\n    // BEGIN SOLUTION\n    1 + 1;\n    // END SOLUTION\n}\n";
        let stub = "pub(crate) fn one() {\n    // BEGIN SOLUTION\n    todo!(\"write one\")\n    // END SOLUTION\n}\n";
        assert_eq!(strip(source), Ok((stub.to_owned(), 1)));
        assert_eq!(lines(source), [2..=4]);
        assert_eq!(strip(stub), Ok((stub.to_owned(), 0)), "it is still to be written");
    }

    #[test]
    fn words_about_functions_are_no_functions() {
        assert_eq!(function_name("/// the fn that (as is known) waits"), None);
        assert_eq!(function_name("let fn_count = 1;"), None);
        assert_eq!(function_name("fn wait_while<T>(guard: T) {"), Some("wait_while"));
    }

    #[test]
    fn stub_lines_stand_in_for_the_region() {
        let source = "fn a() {\n    // BEGIN SOLUTION\n    // STUB let _ = 7;\n    // STUB todo!()\n    7;\n    // END SOLUTION\n}\n";
        assert_eq!(
            strip(source).unwrap().0,
            "fn a() {\n    // BEGIN SOLUTION\n    let _ = 7;\n    todo!()\n    // END SOLUTION\n}\n"
        );
    }

    #[test]
    fn fields_become_a_comment_which_is_still_to_be_written() {
        let source =
            "struct A {\n    // BEGIN SOLUTION\n    // STUB // Yours.\n    a: u8,\n    // END SOLUTION\n}\n";
        let stub = "struct A {\n    // BEGIN SOLUTION\n    // Yours.\n    // END SOLUTION\n}\n";
        assert_eq!(strip(source), Ok((stub.to_owned(), 1)));
        assert_eq!(strip(stub), Ok((stub.to_owned(), 0)));
    }

    #[test]
    fn a_source_without_regions_stays_as_it_is() {
        assert_eq!(strip("fn a() {}\n"), Ok(("fn a() {}\n".to_owned(), 0)));
    }

    #[test]
    fn markers_that_do_not_pair_up_are_named_by_line() {
        assert_eq!(strip("x\n// BEGIN SOLUTION\n"), Err(RegionError::Unclosed(2)));
        assert_eq!(strip("// END SOLUTION\n"), Err(RegionError::Unopened(1)));
        assert_eq!(strip("// BEGIN SOLUTION\n// BEGIN SOLUTION\n"), Err(RegionError::Nested(2)));
        assert_eq!(strip("x\n//begin solution\n"), Err(RegionError::Misspelled(2)));
        assert_eq!(strip("// BEGIN SOLUTION\n// END SOLUTION.\n"), Err(RegionError::Misspelled(2)));
        assert_eq!(strip("\n\n// STUB todo!()\n"), Err(RegionError::LoneStub(3)));
    }
}
