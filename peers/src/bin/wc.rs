//! `file-reader` against the system's `wc`, on the same files: one large file, and many of which several can be
//! read at once. Prints the median of the times of each, and their ratio.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Odd, so that there is a middle one.
const REPETITIONS: usize = 7;
const MEBIBYTE: usize = 1 << 20;

struct Load {
    what: &'static str,
    files: usize,
    /// In MiB.
    size: usize,
}

const LOADS: [Load; 3] = [
    Load { what: "one file of 256 MiB", files: 1, size: 256 },
    Load { what: "16 files of 16 MiB", files: 16, size: 16 },
    Load { what: "256 files of 1 MiB", files: 256, size: 1 },
];

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("peers/ has a parent")?;
    let built =
        Command::new("cargo").args(["build", "--release", "-p", "file-reader"]).current_dir(root).status()?;
    ensure!(built.success(), "file-reader does not build");
    let reader = root.join("target/release/file-reader");
    let folder = std::env::temp_dir().join(format!("file-reader-bench-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let result = LOADS.iter().try_for_each(|load| compare(load, &reader, &folder));
    fs::remove_dir_all(&folder)?;
    result
}

fn compare(load: &Load, reader: &Path, folder: &Path) -> Result<()> {
    let files: Vec<_> = (0..load.files).map(|number| folder.join(number.to_string())).collect();
    for (number, file) in files.iter().enumerate() {
        fs::write(file, text(load.size * MEBIBYTE, number))?;
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..REPETITIONS {
        times[0].push(time(Command::new(reader).arg("--workers=2").args(&files))?);
        times[1].push(time(Command::new("wc").env("LC_ALL", "C").args(&files))?);
    }
    let [ours, theirs] = times.map(median);
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("{}: file-reader {ours:.0?}, wc {theirs:.0?}, ratio {ratio:.2}", load.what);
    Ok(())
}

fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Words of one to eight letters, lines of up to sixteen words; the same for the same `seed`.
fn text(size: usize, seed: usize) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut text = Vec::with_capacity(size + 16);
    while text.len() < size {
        for _ in 0..=next(8) {
            text.push(b'a' + next(26) as u8);
        }
        text.push(if next(16) == 0 { b'\n' } else { b' ' });
    }
    text
}
