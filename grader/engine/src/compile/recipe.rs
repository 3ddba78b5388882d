//! How the compiler is called for one exercise, as cargo does it.
//!
//! Cargo is asked once, with a stub in place of a solution, while a script beside it notes the call
//! of the compiler. From then on a source is built by that call alone: nothing but the compiler
//! meets a stranger's source, several can be built at once, and none sees another one's results.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The variable that tells the script which crate's call to note.
pub(super) const CRATE_VARIABLE: &str = "LOCKSTEP_CRATE";
/// The variable that tells the script where to note it.
pub(super) const FILE_VARIABLE: &str = "LOCKSTEP_RECIPE";

/// Stands between cargo and the compiler (`RUSTC_WORKSPACE_WRAPPER` in the cargo book) and notes the
/// environment, an empty entry, and the words of the call, each ended by a zero byte.
const RECORDER: &str = r#"#!/bin/sh
case " $* " in
*" --crate-name $LOCKSTEP_CRATE "*)
    { env -0 && printf '\0' && printf '%s\0' "$@"; } >"$LOCKSTEP_RECIPE.$$"
    mv "$LOCKSTEP_RECIPE.$$" "$LOCKSTEP_RECIPE"
    ;;
esac
exec "$@"
"#;

/// Writes the script that notes calls of the compiler.
pub(super) fn write_recorder(path: &Path) -> Result<(), Error> {
    fs::write(path, RECORDER).map_err(Error::file(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(Error::file(path))
}

/// One call of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    /// The compiler itself, no wrapper around it.
    pub(super) compiler: PathBuf,
    /// What it is called with.
    pub(super) args: Vec<OsString>,
    /// What `env!` may ask for: the package's name and version.
    pub(super) environment: Vec<(OsString, OsString)>,
}

impl Recipe {
    /// Reads what the script noted.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let noted = fs::read(path).map_err(Error::file(path))?;
        let reason = "it is no call of the compiler; remove the folder that it stands in".to_owned();
        Self::parse(&noted).ok_or(Error::Content { path: path.to_owned(), reason })
    }

    /// Everything that it says.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let variables = self.environment.iter().flat_map(|(name, value)| [name, value]);
        let words = self.args.iter().chain(variables).map(|word| word.as_bytes());
        std::iter::once(self.compiler.as_os_str().as_bytes()).chain(words)
    }

    /// Whether the compiler and the crates that it names are still where they were.
    pub(super) fn is_there(&self) -> bool {
        let after_extern = self.args.windows(2).filter(|words| words[0] == "--extern").map(|words| &words[1]);
        let files = after_extern.filter_map(|word| {
            let bytes = word.as_bytes();
            let equals = bytes.iter().position(|&byte| byte == b'=')?;
            Some(Path::new(OsStr::from_bytes(&bytes[equals + 1..])))
        });
        self.compiler.is_file() && files.into_iter().all(Path::exists)
    }

    fn parse(noted: &[u8]) -> Option<Self> {
        let mut words = noted.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec()));
        let environment =
            words.by_ref().take_while(|entry| !entry.is_empty()).filter_map(package_variable).collect();
        let compiler = words.next().filter(|word| !word.is_empty())?.into();
        let mut args: Vec<OsString> = words.collect();
        args.pop_if(|last| last.is_empty());
        Some(Self { compiler, args, environment })
    }

    /// The words for building the library beside the program into `out`, as cargo does it: from `lib.rs`, under the same
    /// name. What differs then must be the metadata, by which the compiler tells crates apart.
    pub(super) fn args_of_library(&self, out: &Path) -> Vec<OsString> {
        let of_library = |word: OsString| match word.as_bytes() {
            b"bin" => "lib".into(),
            bytes if bytes.starts_with(b"metadata=") => OsString::from_vec([bytes, b"-library"].concat()),
            bytes => match bytes.strip_suffix(MAIN) {
                Some(package) => OsString::from_vec([package, b"src/lib.rs"].concat()),
                None => word,
            },
        };
        self.args_into(out).into_iter().map(of_library).collect()
    }

    /// The words for building the tests of a library into `out`, which stand in the file `tests`: they are the program.
    /// Their errors are short, as nobody needs to see the lines of a test that is hidden.
    pub(super) fn args_of_tests(&self, tests: &Path, out: &Path) -> Vec<OsString> {
        let is_main = |word: &OsString| word.as_bytes().ends_with(MAIN);
        let words = self.args_into(out).into_iter();
        let words = words.map(|word| if is_main(&word) { tests.into() } else { word });
        let more = ["--test", "--cfg=lockstep", "--json=diagnostic-short"];
        words.chain(more.map(OsString::from)).collect()
    }

    /// The words for building the same crate into `out`, as a file of the crate's name.
    pub(super) fn args_into(&self, out: &Path) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::with_capacity(self.args.len() + 2);
        let mut words = self.args.iter();
        while let Some(word) = words.next() {
            match word.as_bytes() {
                b"--out-dir" => {
                    words.next();
                }
                b"-C" => match words.next() {
                    // Its value is a hash that would become part of the file's name.
                    Some(value) if value.as_bytes().starts_with(b"extra-filename=") => {}
                    value => args.extend([word].into_iter().chain(value).cloned()),
                },
                bytes if bytes.starts_with(b"--emit=") => args.push("--emit=link,dep-info".into()),
                // Cargo asks for colours in the errors, and takes them out itself where nobody wants them.
                bytes if bytes.starts_with(b"--json=") => {}
                _ => args.push(word.clone()),
            }
        }
        args.push("--out-dir".into());
        args.push(out.into());
        args
    }
}

/// How the path of a program's source ends.
const MAIN: &[u8] = b"src/main.rs";

/// The variables that cargo sets for a crate and that the crate's source can ask for.
fn package_variable(entry: OsString) -> Option<(OsString, OsString)> {
    let bytes = entry.as_bytes();
    let end = bytes.iter().position(|&byte| byte == b'=')?;
    let (name, value) = (&bytes[..end], &bytes[end + 1..]);
    let is_wanted =
        name.starts_with(b"CARGO_PKG_") || [&b"CARGO_CRATE_NAME"[..], b"CARGO_BIN_NAME"].contains(&name);
    is_wanted.then(|| (OsString::from_vec(name.to_vec()), OsString::from_vec(value.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTED: &[u8] = b"HOME=/home/ann\0CARGO_PKG_NAME=even-odd\0\0/rust/rustc\0--crate-name\0even_odd\0\
        crates/even-odd/src/main.rs\0--json=diagnostic-rendered-ansi,artifacts\0--emit=dep-info,link\0-C\0opt-level=3\0-C\0extra-filename=-12\0--out-dir\0/deps\0";

    #[test]
    fn a_noted_call_is_read_without_the_users_own_variables() {
        let recipe = Recipe::parse(NOTED).unwrap();
        assert_eq!(recipe.compiler, Path::new("/rust/rustc"));
        assert_eq!(recipe.environment, [("CARGO_PKG_NAME".into(), "even-odd".into())]);
        assert_eq!(recipe.args.len(), 11);
    }

    #[test]
    fn the_program_goes_to_the_builds_own_folder_under_the_crates_name() {
        let args = Recipe::parse(NOTED).unwrap().args_into(Path::new("/build/out"));
        let words: Vec<&str> = args.iter().map(|word| word.to_str().unwrap()).collect();
        let wanted = [
            "--crate-name",
            "even_odd",
            "crates/even-odd/src/main.rs",
            "--emit=link,dep-info",
            "-C",
            "opt-level=3",
            "--out-dir",
            "/build/out",
        ];
        assert_eq!(words, wanted);
    }

    #[test]
    fn a_library_is_built_by_the_same_call_from_its_own_file() {
        let noted =
            b"\0/rust/rustc\0--crate-name\0a\0crates/a/src/main.rs\0--crate-type\0bin\0-C\0metadata=12\0";
        let args = Recipe::parse(noted).unwrap().args_of_library(Path::new("/build/out"));
        let words: Vec<&str> = args.iter().map(|word| word.to_str().unwrap()).collect();
        let wanted =
            ["--crate-name", "a", "crates/a/src/lib.rs", "--crate-type", "lib", "-C", "metadata=12-library"];
        assert_eq!(words[..7], wanted);
    }

    #[test]
    fn the_tests_of_a_library_are_built_by_the_same_call() {
        let args =
            Recipe::parse(NOTED).unwrap().args_of_tests(Path::new("checks.rs"), Path::new("/build/out"));
        let words: Vec<&str> = args.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(words[2], "checks.rs");
        assert!(words.contains(&"--test"), "{words:?}");
    }

    #[test]
    fn a_call_whose_crates_are_gone_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).into_os_string();
        fs::write(file("rustc"), "").unwrap();
        fs::write(file("a=b.rlib"), "").unwrap();
        let named =
            |name: &str| [OsString::from("--extern"), ["rayon=".into(), file(name)].into_iter().collect()];
        let recipe =
            |name| Recipe { compiler: file("rustc").into(), args: named(name).into(), environment: vec![] };
        assert!(recipe("a=b.rlib").is_there());
        assert!(!recipe("gone.rlib").is_there());
    }

    #[test]
    fn what_is_no_call_is_not_taken_for_one() {
        assert_eq!(Recipe::parse(b""), None);
        assert_eq!(Recipe::parse(b"A=1\0\0"), None);
    }
}
