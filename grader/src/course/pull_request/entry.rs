//! One entry of a git tree, and whether it is taken.

use super::ObjectId;

/// As `git ls-tree -l -z` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Octal: 040000 a folder, 100644 and 100755 files, 120000 a link, 160000 a submodule.
    mode: String,
    pub(super) object: ObjectId,
    /// In bytes; only files have one.
    pub(super) size: Option<u64>,
    /// Any bytes but `/` and NUL, as far as git cares.
    pub(super) name: Vec<u8>,
}

/// What is done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Looked into.
    Folder,
    /// Taken.
    Source,
    /// A file that is no Rust: taken where a source names it.
    Data,
    /// A file that no source can name: left.
    Other,
}

impl Entry {
    /// Reads `MODE TYPE OBJECT SIZE⇥NAME`; `None` for anything else.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let mut words = std::str::from_utf8(&line[..tab]).ok()?.split_ascii_whitespace();
        let (mode, _, object, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let path = &line[tab + 1..];
        let name = path.rsplit(|byte| *byte == b'/').next()?;
        let (object, size) = (object.parse().ok()?, size.parse().ok());
        Some(Self { mode: mode.to_owned(), object, size, name: name.to_owned() })
    }

    /// What is done with it.
    ///
    /// # Errors
    /// Why nothing is, and the pull request is refused: it may lead elsewhere, or be taken for another.
    pub(super) fn kind(&self) -> Result<Kind, &'static str> {
        match self.mode.as_str() {
            "100644" | "100755" | "120000" if self.is_of_a_tool() => Ok(Kind::Other),
            "040000" if is_plain(&self.name) => Ok(Kind::Folder),
            "100644" | "100755" => self.file_kind(),
            "040000" => Err("a folder with a strange name"),
            "120000" => Err("a symbolic link"),
            "160000" => Err("a submodule"),
            _ => Err("neither a file nor a folder"),
        }
    }

    /// Whether it is what a Mac (AppleDouble) or Emacs (a lock, which is a link) puts beside a file. It is not taken, so it
    /// leads nowhere.
    fn is_of_a_tool(&self) -> bool {
        [b"._", b".#"].iter().any(|start| self.name.starts_with(*start))
    }

    fn file_kind(&self) -> Result<Kind, &'static str> {
        match self.name.strip_suffix(b".rs") {
            Some(stem) if is_plain(stem) => Ok(Kind::Source),
            Some(_) => Err("a source file with a strange name"),
            None if self.name.to_ascii_lowercase().ends_with(b".rs") => Err("its ending is not `.rs`"),
            None if is_plain_data(&self.name) => Ok(Kind::Data),
            None => Ok(Kind::Other),
        }
    }

    /// Whether it is a file, neither a link nor anything else.
    pub(super) fn is_file(&self) -> bool {
        ["100644", "100755"].contains(&self.mode.as_str())
    }

    /// The name as text that can be printed anywhere; equal to it, where it is plain.
    pub(super) fn shown_name(&self) -> String {
        self.name.escape_ascii().take(100).map(char::from).collect()
    }
}

/// Whether a name, without its ending, is one that Rust modules have. So it is no `.`, no `..`, no
/// hidden file, no option, has no separator of any system, and means the same on all of them.
fn is_plain(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.len() <= 64 && name[0] != b'-' && name.iter().all(plain)
}

/// The same with dots in it, but not at its beginning, and with an ending that says nothing to cargo.
fn is_plain_data(name: &[u8]) -> bool {
    let is_of_builds =
        [&b".toml"[..], b".lock"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    name.len() <= 64 && !is_of_builds && name.split(|byte| *byte == b'.').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn entry(mode: &str, name: &[u8]) -> Entry {
        let mut line = format!("{mode} blob {OBJECT}      12\t").into_bytes();
        line.extend(name);
        Entry::parse(&line).unwrap()
    }

    #[test]
    fn a_line_of_ls_tree_is_read() {
        let line = format!("100644 blob {OBJECT}      12\tmain.rs");
        let entry = Entry::parse(line.as_bytes()).unwrap();
        assert_eq!((entry.size, entry.name.as_slice()), (Some(12), b"main.rs".as_slice()));
        let line = format!("040000 tree {OBJECT}       -\tcrates/even-odd/src");
        assert_eq!(Entry::parse(line.as_bytes()).unwrap().name, b"src");
        assert_eq!(Entry::parse(b"nonsense"), None);
    }

    #[test]
    fn rust_files_are_taken_folders_looked_into_other_files_left() {
        assert_eq!(entry("100644", b"main.rs").kind(), Ok(Kind::Source));
        assert_eq!(entry("100755", b"bank_2.rs").kind(), Ok(Kind::Source));
        assert_eq!(entry("040000", b"judges").kind(), Ok(Kind::Folder));
        assert_eq!(entry("100644", b"notes.md").kind(), Ok(Kind::Data));
        for name in ["Cargo.toml", "Cargo.lock", ".env", "a b.txt", "x..y", "-x.txt"] {
            assert_eq!(entry("100644", name.as_bytes()).kind(), Ok(Kind::Other), "{name}");
        }
    }

    #[test]
    fn what_systems_and_editors_put_beside_a_file_is_left() {
        for (mode, name) in [("100644", b"._main.rs"), ("120000", b".#main.rs")] {
            assert_eq!(entry(mode, name).kind(), Ok(Kind::Other), "{}", name.escape_ascii());
        }
        assert!(entry("040000", b"._folder").kind().is_err());
    }

    #[test]
    fn links_submodules_and_strange_modes_are_refused() {
        for mode in ["120000", "160000", "100664", "100777", "000000"] {
            assert!(entry(mode, b"main.rs").kind().is_err(), "{mode}");
        }
    }

    #[test]
    fn names_that_could_mean_something_else_are_refused() {
        let names: [&[u8]; 8] =
            [b"..rs", b".rs", b"-o.rs", b"a b.rs", b"a\\b.rs", b"a\n.rs", b"\xff.rs", b"main.RS"];
        for name in names {
            assert!(entry("100644", name).kind().is_err(), "{}", name.escape_ascii());
        }
        for name in [b"..".as_slice(), b".", b".git", b".cargo", b"", b"a:b"] {
            assert!(entry("040000", name).kind().is_err(), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn a_shown_name_cannot_steer_a_terminal() {
        assert_eq!(entry("100644", b"\x1b[31m.rs").shown_name(), "\\x1b[31m.rs");
    }
}
