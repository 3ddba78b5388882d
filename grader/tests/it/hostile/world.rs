//! Secrets, servers and processes around a grader, for programs that look for them.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{processes_with, root};

/// How the secrets begin.
const TOKEN: &str = "lockstep-token";

/// What there is to be found, and the grader's own folder for temporary files.
pub(super) struct World {
    token: String,
    marker: String,
    /// A folder of the user's.
    home: TempDir,
    temporary: TempDir,
    neighbour: Child,
    tcp: TcpListener,
    udp: UdpSocket,
    named: UnixListener,
    unnamed: UnixListener,
}

/// What a call of the grader came to.
pub(super) struct Graded {
    output: Output,
    pub(super) report: Value,
}

impl World {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let unique = home.path().file_name().unwrap().to_string_lossy().replace('.', "");
        let token = format!("{TOKEN}-{unique}");
        fs::write(home.path().join("secret"), &token).unwrap();
        fs::write(home.path().join(&token), "its name is the secret").unwrap();
        fs::write(home.path().join("kept"), "kept").unwrap();
        let neighbour = Command::new("sleep").arg("1000").env("LOCKSTEP_SECRET", &token).spawn().unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let named = UnixListener::bind(home.path().join("socket")).unwrap();
        let name = SocketAddr::from_abstract_name(format!("lockstep-{unique}")).unwrap();
        let unnamed = UnixListener::bind_addr(&name).unwrap();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        named.set_nonblocking(true).unwrap();
        unnamed.set_nonblocking(true).unwrap();
        let marker = format!("marker-{unique}");
        Self {
            token,
            marker,
            home,
            temporary: tempfile::tempdir().unwrap(),
            neighbour,
            tcp,
            udp,
            named,
            unnamed,
        }
    }

    /// A file of the user's.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Puts into a program what it is to look for.
    pub(super) fn fill_in(&self, main: &str) -> String {
        let unique = self.marker.trim_start_matches("marker-");
        let path = |name: &str| self.path(name).display().to_string();
        let known = [
            ("SECRET", path("secret")),
            ("VICTIM", path("victim")),
            ("KEPT", path("kept")),
            ("FOLDER", self.home.path().display().to_string()),
            ("ROOT", root().display().to_string()),
            ("MARKER", self.marker.clone()),
            ("PID", self.neighbour.id().to_string()),
            ("TCP", self.tcp.local_addr().unwrap().port().to_string()),
            ("UDP", self.udp.local_addr().unwrap().port().to_string()),
            ("SOCKET", path("socket")),
            ("ABSTRACT", format!("lockstep-{unique}")),
        ];
        known.iter().fold(main.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
    }

    /// Grades `source` with small limits, `limits` in their place, and `options`.
    #[track_caller]
    pub(super) fn grade(&self, exercise: &str, source: &str, limits: &[String], options: &[&str]) -> Graded {
        const USUAL: [&str; 5] = ["cpu=2", "memory=256", "disk=32", "output=1", "processes=300"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
        command
            .args(["check", exercise, "--format", "json", "--schedules", "20", "--source", source])
            .args(
                USUAL
                    .iter()
                    .copied()
                    .chain(limits.iter().map(String::as_str))
                    .flat_map(|one| ["--limit", one]),
            )
            .args(options)
            .env("TMPDIR", self.temporary.path())
            .env("LOCKSTEP_SECRET", &self.token)
            .stdin(Stdio::null())
            .current_dir(root());
        let assert = assert_cmd::Command::from_std(command).timeout(Duration::from_secs(600)).assert();
        let output = assert.get_output().clone();
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        Graded { output, report }
    }

    /// Nothing was taken, changed, reached or left.
    #[track_caller]
    pub(super) fn assert_intact(&self, graded: &Graded) {
        assert!(matches!(graded.output.status.code(), Some(0 | 1 | 3)), "{graded}");
        assert_eq!(graded.report["schema_version"], 1);
        assert!(!graded.has_secret(self), "{graded}");
        assert!(!graded.text().contains("escaped: "), "{graded}");
        assert_eq!(fs::read_to_string(self.path("kept")).unwrap(), "kept");
        assert!(!self.path("victim").exists(), "a link was followed");
        self.assert_nobody_called();
        self.assert_nothing_left();
    }

    fn assert_nobody_called(&self) {
        let would_block = |error: Option<std::io::Error>| {
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::WouldBlock));
        };
        would_block(self.tcp.accept().err());
        would_block(self.udp.recv_from(&mut [0; 64]).err());
        would_block(self.named.accept().err());
        would_block(self.unnamed.accept().err());
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.neighbour.id())).unwrap();
        assert!(stat.contains("(sleep) S"), "the neighbour was harmed: {stat}");
    }

    #[track_caller]
    fn assert_nothing_left(&self) {
        assert_eq!(processes_with(&self.marker), [""; 0]);
        assert_nothing_left_in(&self.temporary);
    }
}

/// No process of a grader with this folder for temporary files, no file in it but one empty folder, no mount.
#[track_caller]
pub(crate) fn assert_nothing_left_in(temporary: &TempDir) {
    let path = temporary.path();
    assert_eq!(processes_with(&path.display().to_string()), [""; 0]);
    for entry in fs::read_dir(path).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let is_the_users = name.strip_prefix("lockstep-").is_some_and(|user| user.parse::<u32>().is_ok());
        assert!(is_the_users && fs::read_dir(entry.path()).unwrap().next().is_none(), "{name} is left");
    }
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(&path.display().to_string()), "{mounts}");
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.neighbour.kill();
        let _ = self.neighbour.wait();
    }
}

impl Graded {
    fn text(&self) -> String {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        text(&self.output.stdout) + &text(&self.output.stderr)
    }

    /// Whether a secret stands in what the grader wrote.
    pub(super) fn has_secret(&self, world: &World) -> bool {
        self.text().contains(&world.token)
    }
}

impl fmt::Display for Graded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.output.status, self.text())
    }
}
