//! Git as a reader of somebody else's objects: bounded, without configuration, without a working tree.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::entry::Entry;
use super::{MOST_BYTES, MOST_ENTRIES, ObjectId, Refusal};
use crate::error::Error;

/// The largest pack that is fetched, in blocks of 512 bytes as POSIX `ulimit -f` counts: 64 MiB. The
/// memory of each git process, in KiB: 2 GiB. Objects are small packed and large unpacked, if somebody wants.
const LIMITED: &str = "ulimit -f 131072 && ulimit -v 2097152 && exec git \"$@\"";

/// A bare repository that holds one commit, for as long as this value lives.
pub(super) struct Repository {
    folder: TempDir,
}

impl Repository {
    /// Fetches the head of pull request `number` from `remote`.
    pub(super) fn fetch(remote: &str, number: u64) -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("lockstep-").tempdir();
        let repository = Self { folder: folder.map_err(Error::file("a temporary folder"))? };
        // Objects are checked by git on arrival, and always kept packed, so that the limit holds for all of them.
        let settings = ["fetch.fsckObjects=true", "fetch.unpackLimit=1", "core.bigFileThreshold=1m"];
        repository.run(&["init", "--quiet", "--bare", "."], 0)?;
        for (name, value) in settings.iter().filter_map(|setting| setting.split_once('=')) {
            repository.run(&["config", name, value], 0)?;
        }
        let branch = format!("refs/pull/{number}/head");
        let fetch =
            ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--depth=1", "--", remote, &branch];
        repository.run(&fetch, 0)?;
        Ok(repository)
    }

    /// The commit that was fetched.
    pub(super) fn head(&self) -> Result<ObjectId, Error> {
        let text = self.run(&["rev-parse", "--verify", "FETCH_HEAD^{commit}"], 100)?;
        let text = String::from_utf8_lossy(&text);
        text.trim().parse().map_err(|_| Refusal::Git(format!("no commit: {}", text.trim())).into())
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
        let strange = || Refusal::Git("`ls-tree` says something unknown".to_owned()).into();
        lines.map(|line| Entry::parse(line).ok_or_else(strange)).collect()
    }

    /// The content of a file of at most [`MOST_BYTES`].
    pub(super) fn blob(&self, object: &ObjectId) -> Result<Vec<u8>, Error> {
        self.run(&["cat-file", "blob", &object.to_string()], MOST_BYTES)
    }

    /// Runs git, and gives back what it printed, which is at most `most` bytes.
    fn run(&self, args: &[&str], most: u64) -> Result<Vec<u8>, Error> {
        let failed = |error: std::io::Error| Error::from(Refusal::Git(error.to_string()));
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
            return Err(Refusal::TooMuch("git lists or prints more than any program needs").into());
        }
        match child.wait().map_err(failed)?.success() {
            true => Ok(output),
            false => Err(Refusal::Git(last_line(&mut errors)).into()),
        }
    }

    /// With the environment's settings (`GIT_CONFIG_COUNT` brings a token for a private repository), and
    /// nobody's configuration files.
    fn command(&self, args: &[&str]) -> Command {
        let nothing = Path::new("/dev/null");
        let mut command = Command::new("sh");
        command.args(["-c", LIMITED, "git"]).args(args).current_dir(self.folder.path());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", nothing);
        command.env("GIT_DIR", ".").env("GIT_TERMINAL_PROMPT", "0").env("GIT_ALLOW_PROTOCOL", "https:file");
        command.env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE").env_remove("GIT_OBJECT_DIRECTORY");
        command.env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }
}

/// The last line of what git complained about, of a bounded length and safe to print.
fn last_line(errors: &mut std::fs::File) -> String {
    use std::io::Seek;
    let mut text = Vec::new();
    let _ = errors.rewind().and_then(|()| errors.take(64 * 1024).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    let fatal = text.lines().find(|line| line.contains("fsck error"));
    let line = fatal.or(text.lines().rfind(|line| !line.trim().is_empty()));
    let line = line.map(|line| line.replace("invalid index-pack output", "no usable pack of at most 64 MiB"));
    line.as_deref().unwrap_or("it says nothing").chars().filter(|c| !c.is_control()).take(200).collect()
}
