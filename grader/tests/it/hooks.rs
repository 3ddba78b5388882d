//! What programs call in place of atomic operations: each does what it should, plainly and under control.

use confine::run::{Ending, Invocation};
use engine::controlled::Controlled;
use engine::controlled::runs::Runs;
use schedule::protocol::Request;
use schedule::search;

use crate::support::{built_of, root};

/// Every operation of each size with every ordering, as against the same on plain numbers.
const ALL: &str = "
use std::hint::black_box;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicBool, fence, compiler_fence};
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

const START: u64 = 0xfedc_ba98_7654_3210;
const GIVEN: u64 = 0x8877_6655_4433_22f1;
const ORDERS: [Ordering; 5] = [Relaxed, Acquire, Release, AcqRel, SeqCst];
const OF_FAILURE: [Ordering; 3] = [Relaxed, Acquire, SeqCst];

macro_rules! size {
    ($atomic:ident, $int:ident) => {
        let (start, given) = (START as $int, GIVEN as $int);
        for order in ORDERS {
            let check = |name: &str, change: &dyn Fn(&$atomic) -> $int, expected: $int| {
                let atomic = $atomic::new(start);
                assert_eq!(change(black_box(&atomic)), start, \"{name} {order:?}\");
                assert_eq!(atomic.into_inner(), expected, \"{name} {order:?}\");
            };
            check(\"swap\", &|atomic| atomic.swap(given, order), given);
            check(\"add\", &|atomic| atomic.fetch_add(given, order), start.wrapping_add(given));
            check(\"sub\", &|atomic| atomic.fetch_sub(given, order), start.wrapping_sub(given));
            check(\"and\", &|atomic| atomic.fetch_and(given, order), start & given);
            check(\"or\", &|atomic| atomic.fetch_or(given, order), start | given);
            check(\"xor\", &|atomic| atomic.fetch_xor(given, order), start ^ given);
            check(\"nand\", &|atomic| atomic.fetch_nand(given, order), !(start & given));
            for failed in OF_FAILURE {
                let exchange = |expected| move |atomic: &$atomic| {
                    let (Ok(found) | Err(found)) = atomic.compare_exchange(expected, given, order, failed);
                    found
                };
                check(\"exchange\", &exchange(start), given);
                check(\"failed exchange\", &exchange(given), start);
            }
        }
        for order in [Relaxed, Acquire, SeqCst] {
            assert_eq!(black_box(&$atomic::new(start)).load(order), start);
        }
        for order in [Relaxed, Release, SeqCst] {
            let atomic = $atomic::new(start);
            black_box(&atomic).store(given, order);
            assert_eq!(atomic.into_inner(), given);
        }
    };
}

fn main() {
    size!(AtomicU8, u8);
    size!(AtomicU16, u16);
    size!(AtomicU32, u32);
    size!(AtomicU64, u64);
    for order in [Acquire, Release, AcqRel, SeqCst] {
        fence(order);
        compiler_fence(order);
    }
    let flag = AtomicBool::new(false);
    assert!(!flag.fetch_or(true, SeqCst) && flag.load(SeqCst));
    println!(\"all are right\");
}
";

#[test]
fn every_operation_does_what_it_should_plainly_and_under_control() {
    let program = built_of([("main.rs".into(), ALL.into())]);
    let folder = tempfile::tempdir().unwrap();
    let call = Invocation::new(&program.path, folder.path());
    let plain = call.clone().run().unwrap();
    assert_eq!((&plain.ending, &*plain.stdout), (&Ending::Exited(0), &b"all are right\n"[..]), "{plain:?}");
    let mut server = Controlled::start(call, &program.runtime, program.sites(), 0, Runs::Forked).unwrap();
    let record = server.run(&Request { trace: false, ..search::replay() }, &[]).unwrap();
    let seen = record.observation();
    assert_eq!((seen.code(), &*seen.stdout.bytes), (Some(0), &b"all are right\n"[..]), "{seen:?}");
    // 5 times 7 updates and 6 exchanges, 3 loads, 3 stores for each size, fences not counted.
    assert!(record.header.atomics >= 4 * (5 * 13 + 6), "{}", record.header.atomics);
}

/// Both are arrays in which a place means an operation.
#[test]
fn program_and_runtime_list_the_same_hooks_in_the_same_order() {
    let listed = |path: &str| -> Vec<String> {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let list = text.split_once("\nhooks! {").or(text.split_once("\nhooks![")).unwrap().1;
        let list = list.split(['}', ']']).next().unwrap();
        let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let names = list.split(|letter| !is_of_name(letter)).filter(|word| word.starts_with("__tsan_"));
        names.map(str::to_owned).collect()
    };
    let of_program = listed("grader/hooks/src/lib.rs");
    assert_eq!(of_program.len(), 41);
    assert_eq!(of_program, listed("grader/runtime/src/atomics.rs"));
}
