use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use schedule::protocol::code_at;

use super::*;
use crate::compile::hooks;
use crate::workspace::Workspace;

const OWN: &str = include_str!("tests/own.rs");
const LIBRARY: &str = include_str!("tests/library.rs");

/// A folder with the program, its source in `/build/crates/own/src`.
struct Built {
    folder: TempDir,
    own: OwnCode,
}

impl Built {
    /// Builds the program, with so much debug information.
    fn new(debuginfo: &str) -> Self {
        Self::with(OWN, &[debuginfo])
    }

    /// Builds a library, and a program that may use it.
    fn with(program: &str, args: &[&str]) -> Self {
        let built = Self { folder: tempfile::tempdir().unwrap(), own: OwnCode::of_exercise("own") };
        let library = built.folder.path().join("library.rlib");
        let of_library = ["--crate-type=lib", "--crate-name=library"];
        built.compile("library/src/lib.rs", LIBRARY, &library, &[&of_library, args].concat());
        let with_library = format!("--extern=library={}", library.display());
        let args = [&[with_library.as_str()], args].concat();
        built.compile("crates/own/src/main.rs", program, &built.program(), &args);
        built
    }

    fn compile(&self, source: &str, text: &str, built: &Path, args: &[&str]) {
        let folder = self.folder.path();
        let source = folder.join(source);
        fs::create_dir_all(source.parent().unwrap()).unwrap();
        fs::write(&source, text).unwrap();
        let workspace = Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let remapped = format!("--remap-path-prefix={}=/build", folder.display());
        let args = [args, &[&remapped, "--edition=2024"]].concat();
        hooks::compile_with(&workspace, &source, built, &args).unwrap();
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    fn sites(&self) -> Sites {
        Sites::read(&self.program(), &self.own)
    }
}

#[test]
fn what_is_the_programs_own_is_what_its_lines_ask_for() {
    let built = Built::new("-Cdebuginfo=1");
    let debug = DebugInformation::read(&built.program()).unwrap();
    let line = |address| chain(&debug, address).into_iter().find(is_outside).unwrap().1;
    let found: BTreeSet<u32> = built.sites().own().flatten().map(line).collect();
    let marked = (1..).zip(OWN.lines()).filter(|(_, line)| line.ends_with("// own"));
    assert_eq!(found, marked.map(|(number, _)| number).collect());
}

/// File and line, 0 for none, of all that is inlined at an address, the innermost first.
fn chain(debug: &DebugInformation, address: u64) -> Vec<(String, u32)> {
    let mut chain = Vec::new();
    let mut frames = debug.frames(address).unwrap();
    while let Some(frame) = frames.next().unwrap() {
        let (file, line) = frame.location.map_or((None, None), |location| (location.file, location.line));
        chain.push((file.unwrap_or_default().to_owned(), line.unwrap_or_default()));
    }
    chain
}

/// The name of the innermost function at an address.
fn function(debug: &DebugInformation, address: u64) -> String {
    let frame = debug.frames(address).unwrap().next().unwrap().unwrap();
    frame.function.unwrap().demangle().unwrap().into_owned()
}

fn is_outside((file, _): &(String, u32)) -> bool {
    !file.ends_with("/core/src/sync/atomic.rs")
}

/// What is looked at is chosen for the sake of time.
fn assert_that_no_address_is_missed(program: &Path, own: &OwnCode) {
    let (sites, debug) = (Sites::read(program, own), DebugInformation::read(program).unwrap());
    // Elsewhere nothing is known of any address.
    let text = debug.pieces(|_| true, |_, _| true);
    assert!(sites.own().all(|range| text.iter().any(|piece| piece.contains(&range.start))));
    for address in text.into_iter().flatten() {
        let chain = chain(&debug, address);
        let is_own = chain.iter().position(is_outside).is_some_and(|at| {
            let (file, line) = &chain[at];
            at > 0 && *line > 0 && own.file_of(file).is_some()
        });
        let is_known = || chain[0].1 > 0 || function(&debug, address).starts_with("core::sync::atomic::");
        let is_site = code_at(sites.all(), address + 1) == Some(Code::Own);
        assert_eq!(is_site, is_own && is_known(), "{address:#x}: {chain:?}");
    }
}

#[test]
fn no_address_is_missed() {
    let built = Built::new("-Cdebuginfo=1");
    assert!(!built.sites().is_empty());
    assert_that_no_address_is_missed(&built.program(), &built.own);
}

#[test]
fn where_nothing_is_known_nothing_is_its_own() {
    let none = |program: &Path, own: &OwnCode| assert_eq!(Sites::read(program, own), Sites::default());
    let built = Built::new("-Cdebuginfo=0");
    none(&built.program(), &built.own);
    none(Path::new("/nonexistent"), &built.own);
    let garbage = built.folder.path().join("garbage");
    for content in [&b""[..], b"\x7fELF", &fs::read(built.program()).unwrap()[..5000]] {
        fs::write(&garbage, content).unwrap();
        none(&garbage, &built.own);
    }
}

/// Whose they are says who called them.
#[test]
fn without_optimisation_the_programs_own_lines_are_callers() {
    let built = Built::with(OWN, &["-Cdebuginfo=1", "-Copt-level=0"]);
    let (sites, debug) = (built.sites(), DebugInformation::read(&built.program()).unwrap());
    let of = |wanted: Code| {
        let sites = sites.sites.iter().filter(move |site| site.code == wanted);
        sites.flat_map(|site| site.from..site.to).map(|address| chain(&debug, address).swap_remove(0))
    };
    assert!(of(Code::Atomic).all(|innermost| !is_outside(&innermost)));
    assert!(of(Code::Caller).all(|(file, line)| file.ends_with("/crates/own/src/main.rs") && line > 0));
    let lines: BTreeSet<u32> = of(Code::Caller).map(|(_, line)| line).collect();
    let marked = (1..).zip(OWN.lines()).filter(|(_, line)| line.ends_with("// own"));
    assert!(marked.map(|(number, _)| number).all(|line| lines.contains(&line)), "{lines:?}");
}

/// There is no hook that would see what it stores.
#[test]
fn a_program_that_calls_what_has_no_hook_has_none() {
    const MAX: &str = "fn main() {
        let most = std::sync::atomic::AtomicU64::new(1);
        most.store(2, std::sync::atomic::Ordering::Relaxed);
        std::process::exit(CALL as i32);
    }";
    let of = |call: &str, optimised: &str| {
        Built::with(&MAX.replace("CALL", call), &["-Cdebuginfo=1", optimised]).sites()
    };
    for optimised in ["-Copt-level=0", "-Copt-level=1"] {
        assert!(!of("most.fetch_add(3, std::sync::atomic::Ordering::AcqRel)", optimised).is_empty());
        assert!(of("most.fetch_max(3, std::sync::atomic::Ordering::AcqRel)", optimised).is_empty());
        assert!(of("most.fetch_min(3, std::sync::atomic::Ordering::Relaxed)", optimised).is_empty());
    }
}

/// A lock that the program made itself, or that it tries to take, is none that a thread waits at.
#[test]
fn where_a_mutex_is_taken_is_known() {
    const LOCKS: &str = "use std::sync::{Mutex, atomic::{AtomicU32, Ordering::Relaxed}};
    fn main() {
        let (mutex, own) = (Mutex::new(0), AtomicU32::new(0));
        let tried = mutex.try_lock().is_ok();
        let taken = own.compare_exchange(0, 1, Relaxed, Relaxed).is_ok();
        *mutex.lock().unwrap() += i32::from(tried) + i32::from(taken); // lock
        std::process::exit(*mutex.lock().unwrap()); // lock
    }";
    let marked = (1..).zip(LOCKS.lines()).filter(|(_, line)| line.ends_with("// lock"));
    let marked: BTreeSet<u32> = marked.map(|(number, _)| number).collect();
    let built = |optimised| Built::with(LOCKS, &["-Cdebuginfo=1", optimised]);
    let chains = |built: &Built, code| {
        let debug = DebugInformation::read(&built.program()).unwrap();
        let sites = built.sites().sites.into_iter().filter(move |site| site.code == code);
        sites.flat_map(|site| site.from..site.to).map(move |address| chain(&debug, address))
    };
    let inlined = built("-Copt-level=1");
    let lines = chains(&inlined, Code::Lock).map(|chain| chain.last().unwrap().1);
    assert_eq!(lines.collect::<BTreeSet<u32>>(), marked);
    let called = built("-Copt-level=0");
    let outermost: BTreeSet<String> =
        chains(&called, Code::Lock).map(|mut chain| chain.pop().unwrap().0).collect();
    let of_std = |file: &String| file.ends_with("/library/std/src/sync/poison/mutex.rs");
    assert!(!outermost.is_empty() && outermost.iter().all(of_std), "{outermost:?}");
}

#[test]
fn a_place_is_known_by_what_its_call_returns_to() {
    let mut sites = Sites::default();
    let site = |from| Site { from, to: from + 1, code: Code::Own };
    [4, 5, 5, 6, 9].into_iter().for_each(|address| sites.add(site(address)));
    assert_eq!(sites.own().collect::<Vec<_>>(), [4..7, 9..10]);
    let known: Vec<u64> = (0..12).filter(|&address| code_at(sites.all(), address + 1).is_some()).collect();
    assert_eq!(known, [4, 5, 6, 9]);
}
