//! The parts of an exercise that students write: between a line `// BEGIN SOLUTION` and a line
//! `// END SOLUTION`, the convention of nbgrader.

const BEGIN: &str = "// BEGIN SOLUTION";
const END: &str = "// END SOLUTION";

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
}

/// The source with every solution region replaced by `todo!()`, and how many there were.
///
/// # Errors
/// When the markers do not pair up.
pub fn strip(source: &str) -> Result<(String, usize), RegionError> {
    let mut stub = String::with_capacity(source.len());
    let mut open = None;
    let mut count = 0;
    for (number, line) in (1..).zip(source.lines()) {
        match (line.trim(), open) {
            (BEGIN, Some(_)) => return Err(RegionError::Nested(number)),
            (BEGIN, None) => {
                open = Some(number);
                count += 1;
                stub += &line.replace(BEGIN, "todo!()\n");
            }
            (END, None) => return Err(RegionError::Unopened(number)),
            (END, Some(_)) => open = None,
            (_, Some(_)) => {}
            (_, None) => {
                stub += line;
                stub.push('\n');
            }
        }
    }
    open.map_or(Ok((stub, count)), |number| Err(RegionError::Unclosed(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_becomes_one_todo() {
        let source = "fn a() {\n    // BEGIN SOLUTION\n    1 + 1;\n    // END SOLUTION\n}\n";
        assert_eq!(strip(source), Ok(("fn a() {\n    todo!()\n}\n".to_owned(), 1)));
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
    }
}
