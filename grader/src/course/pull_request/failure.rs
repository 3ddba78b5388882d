//! Why git did not fetch a pull request: for something in the pull request, or for a reason of this machine's, the
//! network's or the caller's. Only the first refuses the pull request.

use std::fs;
use std::path::Path;

use engine::escape::in_line;

use super::Rejection;
use crate::error::Error;

/// What git says where the pull request itself is at fault: there is none, it has objects that nobody should have, that
/// are broken, or that are too many.
const OF_PULL_REQUEST: [&str; 5] = [
    "couldn't find remote ref",
    "fsck error",
    "index-pack",
    "unpack-objects",
    "possible repository corruption",
];

/// What git says where there is no repository.
const NO_REPOSITORY: [&str; 3] =
    ["does not appear to be a git repository", "not a git repository", "repository not found"];

/// `remote` as git takes it in any folder.
///
/// # Errors
/// When it is neither a folder nor a URL.
pub(super) fn place(remote: &str) -> Result<String, Error> {
    if remote.contains("://") {
        return Ok(remote.to_owned());
    }
    let no_place = "there is no such folder, and it is no URL as https://SERVER/OWNER/NAME";
    let folder = fs::canonicalize(remote).ok().filter(|folder| folder.is_dir());
    let folder = folder.and_then(|folder| folder.to_str().map(str::to_owned));
    folder.ok_or_else(|| Error::usage(format!("{}: {no_place}", in_line(remote))))
}

/// Why a fetch from `remote` failed.
pub(super) fn of_fetch(said: &str, remote: &str) -> Error {
    let has = |words: &[&str]| words.iter().any(|words| said.contains(words));
    if has(&["dubious ownership"]) {
        let folder =
            said.split('\'').nth(1).filter(|folder| Path::new(folder).is_absolute()).unwrap_or(remote);
        return Error::Git(format!(
            "{} belongs to another user, and git does not read it (\"dubious ownership\"): if you trust it, call \
             git config --global --add safe.directory {0}",
            in_line(folder)
        ));
    }
    if has(&OF_PULL_REQUEST) {
        return Rejection::Git(last_line(said)).into();
    }
    if has(&NO_REPOSITORY) {
        return Error::usage(format!("{}: git finds no repository there", in_line(remote)));
    }
    of_git(said)
}

/// Why git could not do what has nothing to do with a pull request.
pub(super) fn of_git(said: &str) -> Error {
    match said.contains("exec: git") {
        true => Error::Git("it is not there: install git, or put its folder in PATH".into()),
        false => Error::Git(last_line(said)),
    }
}

/// The line of what git complained about that says most, of a bounded length and safe to print. It ends in advice, which
/// is in the middle of a sentence where only its last line is shown.
pub(super) fn last_line(said: &str) -> String {
    let lines = || said.lines().filter(|line| !line.trim().is_empty());
    let fatal = lines().find(|line| line.contains("fsck error"));
    let fatal = fatal.or_else(|| lines().find(|line| line.starts_with("fatal: ")));
    let line = fatal.or_else(|| lines().next_back()).unwrap_or("it says nothing");
    let line = line.replace("invalid index-pack output", "no usable pack of at most 64 MiB");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::exit_code;

    #[test]
    fn only_what_is_wrong_with_the_pull_request_refuses_it() {
        let code = |said: &str| of_fetch(said, "/forge").exit_code();
        assert_eq!(code("fatal: couldn't find remote ref refs/pull/8/head"), exit_code::FAIL);
        assert_eq!(
            code("error: object 12: badName: contains bad names\nfatal: fsck error in packed object"),
            exit_code::FAIL
        );
        assert_eq!(code("fatal: fetch-pack: invalid index-pack output"), exit_code::FAIL);
        let broken =
            "fatal: git upload-pack: aborting due to possible repository corruption on the remote side.";
        assert_eq!(code(broken), exit_code::FAIL);
        assert_eq!(code("fatal: '/forge' does not appear to be a git repository"), exit_code::USAGE);
        for said in [
            "fatal: unable to access 'https://x/': Could not resolve host: x",
            "fatal: could not read Username for 'https://x': terminal prompts disabled",
            "fatal: transport 'ssh' not allowed",
            "sh: 1: exec: git: not found",
            "",
        ] {
            assert_eq!(code(said), exit_code::INTERNAL, "{said}");
        }
    }

    #[test]
    fn a_repository_of_another_user_is_called_so() {
        let said = "fatal: detected dubious ownership in repository at '/srv/forge.git'\nTo add an exception for this \
            directory, call:\n\n\tgit config --global --add safe.directory /srv/forge.git\nfatal: Could not read from \
            remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n";
        let error = of_fetch(said, "/srv/forge").to_string();
        assert!(error.contains("dubious ownership"), "{error}");
        assert!(error.ends_with("git config --global --add safe.directory /srv/forge.git"), "{error}");
    }

    #[test]
    fn the_line_that_says_most_is_shown() {
        let said = "fatal: cannot do it\nfatal: Could not read from remote repository.\n\nPlease make sure\nand the \
            repository exists.\n";
        assert_eq!(last_line(said), "fatal: cannot do it");
        assert_eq!(last_line("one\ntwo\u{1b}[2J\n\n"), "two[2J");
    }

    #[test]
    fn a_name_is_no_place() {
        assert!(place("https://example.org/a/b").is_ok());
        assert!(place("/").is_ok());
        for name in ["origin", "git@example.org:a/b", "/no/such/folder"] {
            assert_eq!(place(name).unwrap_err().exit_code(), exit_code::USAGE, "{name}");
        }
    }
}
