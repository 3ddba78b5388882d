//! The call of one case, and the files that it leaves behind.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use confine::left_behind;
use confine::run::RunError;
use engine::case::{Call, Scenario};
use engine::judgement::{Fault, Judgement};
use engine::observation::{Evidence, Observation, Text};
use engine::run_context::RunContext;

use exercise::judges::same_lines;

/// More of a file is not read. Files that are due are shorter.
pub(super) const LARGEST: usize = 1 << 20;

/// A call after which some files are looked at.
pub(super) struct CallAndLook {
    call: Call,
    names: Vec<String>,
}

impl CallAndLook {
    pub(super) fn new(call: Call, names: Vec<String>) -> Self {
        Self { call, names }
    }
}

impl Scenario for CallAndLook {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let seen = self.call.perform(context)?;
        let content = |name: &String| Some((name.clone(), content(&context.folder.join(name))?));
        Ok(seen.with(Left(self.names.iter().filter_map(content).collect())))
    }

    fn shown(&self, program: &str) -> String {
        self.call.shown(program)
    }
}

/// `None` for what is no regular file, or not there.
fn content(path: &Path) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    left_behind::file(path).ok()?.take(LARGEST as u64 + 1).read_to_end(&mut content).ok()?;
    Some(content)
}

/// Files that were there after the run: name and content.
#[derive(Debug)]
struct Left(BTreeMap<String, Vec<u8>>);

impl Evidence for Left {}

/// What a program leaves that does not touch these files.
pub(super) fn untouched(files: &BTreeMap<String, String>) -> impl Evidence + use<> {
    Left(files.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect())
}

/// Each of these files is there with this content.
pub(super) fn files(due: &BTreeMap<String, String>, seen: &Observation) -> Judgement {
    let Some(Left(left)) = seen.evidence() else {
        return Judgement::Unproven("what the program leaves behind is not known".into());
    };
    due.iter().try_for_each(|(name, due)| file(name, due, left.get(name).map(Vec::as_slice))).into()
}

fn file(name: &str, due: &str, left: Option<&[u8]>) -> Result<(), Fault> {
    let expected = format!("the file `{name}` with {} bytes that the contract says", due.len());
    match left {
        None => Err(Fault::new(expected, "there is no such file")),
        Some(left) if left == due.as_bytes() => Ok(()),
        Some(left) => {
            let fault = same_lines(&Text::new(left.to_vec()).lines, due.lines(), &expected).err();
            let what = fault.map_or_else(|| "the ends of its lines differ".to_owned(), |fault| fault.seen);
            // The line is none of standard output.
            Err(Fault::new(expected, format!("in it, {what}")))
        }
    }
}

/// Whether `name` is one in the folder itself.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\0']) && name != "." && name != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_content_that_is_due() {
        let due = BTreeMap::from([("out.txt".to_owned(), "a\nb\n".to_owned())]);
        let said = |left: &[(&str, &str)]| {
            let left = left.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
            match files(&due, &Observation::default().with(Left(left.collect()))) {
                Judgement::Broken(fault) => fault.seen,
                other => format!("{other:?}"),
            }
        };
        assert_eq!(said(&[("out.txt", "a\nb\n"), ("other", "")]), "Kept");
        assert_eq!(said(&[]), "there is no such file");
        assert_eq!(said(&[("out.txt", "a\nc\n")]), "in it, line 2 is `c` where `b` was due");
        assert_eq!(said(&[("out.txt", "a\nb")]), "in it, the ends of its lines differ");
        assert!(matches!(files(&due, &Observation::default()), Judgement::Unproven(_)));
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        std::fs::write(at("file"), "x").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        assert_eq!(content(&at("file")), Some(b"x".to_vec()));
        assert_eq!((content(&at("link")), content(&at("none"))), (None, None));
        assert!(is_plain("a.txt") && !is_plain("../a") && !is_plain("..") && !is_plain(""));
    }
}
