//! A crate's sources without their solutions.

use std::path::Path;

use engine::solution_region;

use super::Tree;
use crate::error::Error;

/// Stands in `main.rs` or `lib.rs` for the whole crate, where students see it and can take it out. Without it a
/// stub would be buried in warnings (over a hundred in the twelve exercises) about helpers that only the
/// solution calls. In the manifest, which graders take from the course, it would hide them for ever.
const QUIET: &str = "\
// Delete this when no `todo!` is left: until then the parts given to you look unused.
#![allow(
    clippy::ptr_arg,
    dead_code,
    unused_imports,
    unused_mut,
    unused_variables,
    reason = \"the parts that use them are not written yet\"
)]
";

/// The sources with every solution region taken out, and how many there were.
///
/// # Errors
/// When a source is not UTF-8, or its markers do not pair up.
pub(super) fn of_crate(root: &Path, sources: Tree) -> Result<(Tree, usize), Error> {
    let mut stubs = Tree::new();
    let mut regions = 0;
    for (path, content) in sources {
        let unusable = |reason: String| Error::usage(format!("{}: {reason}", root.join(&path).display()));
        let text = String::from_utf8(content).map_err(|error| unusable(error.to_string()))?;
        let (stub, count) = solution_region::strip(&text).map_err(|error| unusable(error.to_string()))?;
        regions += count;
        let is_root = ["src/main.rs", "src/lib.rs"].iter().any(|root| path.ends_with(root));
        let stub = if is_root { quieted(&stub) } else { stub };
        stubs.insert(path, stub.into_bytes());
    }
    Ok((stubs, regions))
}

/// With [`QUIET`] after the comment that opens the file.
fn quieted(main: &str) -> String {
    let head: usize =
        main.split_inclusive('\n').take_while(|line| line.starts_with("//!")).map(str::len).sum();
    let (head, rest) = main.split_at(head);
    let gap = if head.is_empty() { "" } else { "\n" };
    format!("{head}{gap}{QUIET}\n{}", rest.trim_start_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attribute_stands_between_the_opening_comment_and_the_code() {
        let text = quieted("//! One.\n//! Two.\n\nuse a;\n");
        assert_eq!(text, format!("//! One.\n//! Two.\n\n{QUIET}\nuse a;\n"));
        assert_eq!(quieted("fn main() {}\n"), format!("{QUIET}\nfn main() {{}}\n"));
    }

    #[test]
    fn a_region_that_never_ends_names_file_and_line() {
        let sources = Tree::from([("crates/a/src/main.rs".into(), b"x\n// BEGIN SOLUTION\n".to_vec())]);
        let error = of_crate(Path::new("/course"), sources).unwrap_err().to_string();
        assert_eq!(error, "/course/crates/a/src/main.rs: line 2: this solution region is never ended");
    }
}
