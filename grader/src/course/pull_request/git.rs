//! Git as a reader of somebody else's objects: bounded, without configuration, without a working tree.

use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::entry::Entry;
use super::{MOST_BYTES, MOST_ENTRIES, ObjectId, Rejection, failure};
use crate::error::Error;

/// The largest pack that is fetched, in blocks of 512 bytes as POSIX `ulimit -f` counts: 64 MiB. The
/// memory of each git process, in KiB: 2 GiB. Objects are small packed and large unpacked, if somebody wants.
const LIMITED: &str = "ulimit -f 131072 && ulimit -v 2097152 && exec git \"$@\"";

/// The one file of settings that git reads, in the repository's own folder.
const TRUSTED: &str = "trusted";

/// A bare repository that holds one commit, for as long as this value lives.
pub(super) struct Repository {
    folder: TempDir,
}

impl Repository {
    /// Fetches the head of pull request `number` from `remote`.
    pub(super) fn fetch(remote: &str, number: u64) -> Result<Self, Error> {
        let remote = failure::place(remote)?;
        let folder = tempfile::Builder::new().prefix("lockstep-").tempdir();
        let repository = Self { folder: folder.map_err(Error::file("a temporary folder"))? };
        let own = |args: &[&str]| match repository.answer(args, 0)? {
            Ok(_) => Ok(()),
            Err(said) => Err(failure::of_git(&said)),
        };
        own(&["init", "--quiet", "--bare", "."])?;
        // Objects are checked by git on arrival, and always kept packed, so that the limit holds for all of them.
        let settings = ["fetch.fsckObjects=true", "fetch.unpackLimit=1", "core.bigFileThreshold=1m"];
        for (name, value) in settings.iter().filter_map(|setting| setting.split_once('=')) {
            own(&["config", name, value])?;
        }
        for folder in folders_of_others(repository.folder.path()) {
            own(&["config", "--file", TRUSTED, "--add", "safe.directory", &folder])?;
        }
        let branch = format!("refs/pull/{number}/head");
        let fetch =
            ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--depth=1", "--", &remote, &branch];
        match repository.answer(&fetch, 0)? {
            Ok(_) => Ok(repository),
            Err(said) => Err(failure::of_fetch(&said, &remote)),
        }
    }

    /// The commit that was fetched.
    pub(super) fn head(&self) -> Result<ObjectId, Error> {
        let text = self.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"], 100)?;
        let text = String::from_utf8_lossy(&text);
        text.trim().parse().map_err(|_| Rejection::Git(format!("no commit: {}", text.trim())).into())
    }

    /// What stands at `path` in `commit`, itself and not what is in it. Nothing, where a part of the path is no folder.
    pub(super) fn entry(&self, commit: &ObjectId, path: &str) -> Result<Option<Entry>, Error> {
        Ok(self.list(&[&commit.to_string(), path])?.pop())
    }

    /// What is in the folder `tree`.
    pub(super) fn entries(&self, tree: &ObjectId) -> Result<Vec<Entry>, Error> {
        self.list(&[&tree.to_string()])
    }

    fn list(&self, what: &[&str]) -> Result<Vec<Entry>, Error> {
        // Names have at most 4096 bytes in practice; more than that is no program either.
        let most = MOST_ENTRIES as u64 * 256;
        let output = self.run(&[&["ls-tree", "-l", "-z", "--full-tree"], what].concat(), most)?;
        let lines = output.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        let strange = || Rejection::Git("`ls-tree` says something unknown".to_owned()).into();
        lines.map(|line| Entry::parse(line).ok_or_else(strange)).collect()
    }

    /// The content of a file of at most [`MOST_BYTES`].
    pub(super) fn blob(&self, object: &ObjectId) -> Result<Vec<u8>, Error> {
        self.run(&["cat-file", "blob", &object.to_string()], MOST_BYTES)
    }

    /// Runs git on what was fetched, and gives back what it printed, which is at most `most` bytes.
    fn run(&self, args: &[&str], most: u64) -> Result<Vec<u8>, Error> {
        self.answer(args, most)?.map_err(|said| Rejection::Git(failure::last_line(&said)).into())
    }

    /// What git prints, which is at most `most` bytes, or what it complains about.
    fn answer(&self, args: &[&str], most: u64) -> Result<Result<Vec<u8>, String>, Error> {
        let failed = |error: std::io::Error| Error::Git(error.to_string());
        let mut errors = tempfile::tempfile().map_err(Error::file("a temporary file"))?;
        let mut child = self
            .command(args)
            .stderr(errors.try_clone().map_err(Error::file("a temporary file"))?)
            .spawn()
            .map_err(failed)?;
        let mut output = Vec::new();
        if let Some(stdout) = &mut child.stdout {
            stdout.take(most + 1).read_to_end(&mut output).map_err(failed)?;
        }
        if output.len() as u64 > most {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Rejection::TooMuch("git lists or prints more than any program needs").into());
        }
        let is_done = child.wait().map_err(failed)?.success();
        Ok(if is_done { Ok(output) } else { Err(text(&mut errors)) })
    }

    /// With the environment's settings (`GIT_CONFIG_COUNT` brings a token for a private repository), and of
    /// configuration files only what they say about whose folders git may read.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", LIMITED, "git"]).args(args).current_dir(self.folder.path());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", self.folder.path().join(TRUSTED));
        command.env("GIT_DIR", ".").env("GIT_TERMINAL_PROMPT", "0").env("GIT_ALLOW_PROTOCOL", "https:file");
        command.env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE").env_remove("GIT_OBJECT_DIRECTORY");
        command.env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }
}

/// What git complained about, of a bounded length.
fn text(errors: &mut std::fs::File) -> String {
    let mut text = Vec::new();
    let _ = errors.rewind().and_then(|()| errors.take(64 * 1024).read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

/// The folders of other users that git may read, as the user has told it (`safe.directory` in git-config(1)). Without
/// git there are none.
fn folders_of_others(folder: &Path) -> Vec<String> {
    let mut git = Command::new("git");
    git.args(["config", "--null", "--get-all", "safe.directory"]).current_dir(folder);
    let said = git.stdin(Stdio::null()).output().map(|output| output.stdout).unwrap_or_default();
    let folders = said.split(|byte| *byte == 0).filter_map(|folder| str::from_utf8(folder).ok());
    folders.filter(|folder| !folder.is_empty()).map(str::to_owned).collect()
}
