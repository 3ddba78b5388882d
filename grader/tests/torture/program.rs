//! What threads can do to whoever runs them: by its first argument, one thing after another. Runs of one schedule must be
//! the same in whatever way threads are made.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, RwLock, mpsc};
use std::thread::{self, Builder};
use std::time::Duration;

static COUNT: AtomicU32 = AtomicU32::new(0);

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    match what.as_str() {
        "locals" => locals(),
        "detached" => detached(),
        "panics" => panics(),
        "panic-in-a-destructor" => panic_in_a_destructor(),
        "double-panic" => double_panic(),
        "exit" => exit(),
        "overflow" => overflow(),
        "abort" => abort(),
        "stacks" => stacks(),
        "one-after-another" => one_after_another(),
        "statics" => statics(),
        "meetings" => meetings(),
        "times" => times(),
        "surroundings" => surroundings(),
        "child" => child(),
        "heap" => heap(),
        "nested" => nested(),
        "spin" => spin(),
        "backtrace" => backtrace(),
        "proc" => proc(),
        "process" => say(std::process::id()),
        other => panic!("`{other}` is unknown"),
    }
}

fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

/// Thread-local values, of which some have destructors that meet others.
fn locals() {
    struct Leaves(u32);
    impl Drop for Leaves {
        fn drop(&mut self) {
            say(format!("{} leaves, {} before", self.0, COUNT.fetch_add(1, SeqCst)));
        }
    }
    thread_local! {
        static OWN: RefCell<Option<Leaves>> = const { RefCell::new(None) };
        static LATER: RefCell<Vec<Leaves>> = RefCell::new(Vec::new());
    }
    let all: Vec<_> = (1..4)
        .map(|number| {
            let start = move || {
                OWN.set(Some(Leaves(number)));
                LATER.with_borrow_mut(|later| later.push(Leaves(10 * number)));
                let mut map = HashMap::new();
                map.insert(number, thread::current().id());
                say(format!("{:?} {}", thread::current().name(), map.len()));
            };
            Builder::new().name(format!("n{number}")).spawn(start).unwrap()
        })
        .collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
    say(COUNT.load(SeqCst));
}

/// Nobody joins them: some end, some do not.
fn detached() {
    for number in 0..3 {
        thread::spawn(move || {
            COUNT.fetch_add(1, SeqCst);
            say(number);
        });
    }
    while COUNT.load(SeqCst) < 2 {
        thread::yield_now();
    }
    say("enough");
}

fn panics() {
    let lock = Arc::new(Mutex::new(0));
    let all: Vec<_> = (0..3)
        .map(|number| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let mut guard = lock.lock().unwrap();
                *guard += 1;
                assert!(*guard != 2, "thread {number} is the second");
                number
            })
        })
        .collect();
    let ended: Vec<bool> = all.into_iter().map(|thread| thread.join().is_ok()).collect();
    say(format!("{ended:?} {}", lock.is_poisoned()));
    let caught = std::panic::catch_unwind(|| panic!("in the main thread"));
    say(caught.is_err());
}

fn panic_in_a_destructor() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("while a thread ends");
        }
    }
    thread_local! { static BAD: Bad = const { Bad }; }
    thread::spawn(|| BAD.with(|_| say("begun"))).join().unwrap();
}

fn double_panic() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let first = thread::spawn(|| {
        let _bad = Bad;
        panic!("once");
    });
    thread::spawn(|| say("another")).join().unwrap();
    let _ = first.join();
}

fn exit() {
    let all: Vec<_> = (0..3)
        .map(|number| {
            thread::spawn(move || {
                if COUNT.fetch_add(1, SeqCst) == 1 {
                    std::process::exit(10 + number);
                }
                say(number);
            })
        })
        .collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
}

fn overflow() {
    #[inline(never)]
    fn deeper(depth: u64) -> u64 {
        let room = std::hint::black_box([depth; 64]);
        if depth == u64::MAX { 0 } else { deeper(depth + 1) + room[7] }
    }
    let other = thread::spawn(|| say("still there"));
    let deep = thread::spawn(|| if COUNT.fetch_add(1, SeqCst) == 0 { deeper(0) } else { 1 });
    COUNT.fetch_add(1, SeqCst);
    other.join().unwrap();
    say(deep.join().unwrap());
}

fn abort() {
    let first = thread::spawn(|| COUNT.fetch_add(1, SeqCst));
    let second = thread::spawn(|| {
        if COUNT.load(SeqCst) == 1 {
            std::process::abort();
        }
    });
    first.join().unwrap();
    second.join().unwrap();
}

/// Stacks of other sizes, all threads at once.
fn stacks() {
    let gate = Arc::new((Mutex::new(0), Condvar::new()));
    let all: Vec<_> = (0..8)
        .map(|number| {
            let gate = Arc::clone(&gate);
            let start = move || {
                let mut here = gate.0.lock().unwrap();
                *here += 1;
                gate.1.notify_all();
                while *here < 8 {
                    here = gate.1.wait(here).unwrap();
                }
            };
            Builder::new().stack_size([64 << 10, 16 << 20, 2 << 20][number % 3]).spawn(start).unwrap()
        })
        .collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
    say(*gate.0.lock().unwrap());
}

/// More threads than there are numbers for at once.
fn one_after_another() {
    for number in 0..100 {
        let pair = [number, number + 1].map(|by| thread::spawn(move || COUNT.fetch_add(by, SeqCst)));
        pair.into_iter().for_each(|thread| _ = thread.join().unwrap());
    }
    say(COUNT.load(SeqCst));
}

fn statics() {
    static LAZY: LazyLock<u32> = LazyLock::new(|| COUNT.fetch_add(1, SeqCst) + 5);
    static ONCE: Once = Once::new();
    static LOCK: RwLock<Vec<u32>> = RwLock::new(Vec::new());
    thread::scope(|scope| {
        for number in 0..3 {
            scope.spawn(move || {
                ONCE.call_once(|| say("once"));
                LOCK.write().unwrap().push(number + *LAZY);
                say(LOCK.read().unwrap().len());
            });
        }
    });
    say(format!("{:?}", LOCK.read().unwrap()));
}

fn meetings() {
    let barrier = Arc::new(Barrier::new(3));
    let (sender, receiver) = mpsc::channel();
    for number in 0..3 {
        let (barrier, sender) = (Arc::clone(&barrier), sender.clone());
        thread::spawn(move || {
            let leads = barrier.wait().is_leader();
            sender.send((number, leads)).unwrap();
        });
    }
    drop(sender);
    let mut all: Vec<_> = receiver.iter().collect();
    all.sort();
    say(all.iter().filter(|(_, leads)| *leads).count());
    let parked = thread::spawn(|| {
        thread::park();
        say("unparked");
    });
    parked.thread().unpark();
    parked.join().unwrap();
}

fn times() {
    let lock = Arc::new((Mutex::new(false), Condvar::new()));
    let other = Arc::clone(&lock);
    let waits = thread::spawn(move || {
        let guard = other.0.lock().unwrap();
        let (guard, result) = other.1.wait_timeout(guard, Duration::from_millis(10)).unwrap();
        say(format!("{} {}", *guard, result.timed_out()));
    });
    thread::sleep(Duration::from_millis(5));
    *lock.0.lock().unwrap() = true;
    lock.1.notify_one();
    waits.join().unwrap();
}

/// What belongs to the process: its folder, its environment, its files.
fn surroundings() {
    let file = std::fs::File::create("left-open").unwrap();
    let writes = thread::spawn(move || {
        (&file).write_all(b"text").unwrap();
        std::mem::forget(file);
    });
    let reads = thread::spawn(|| std::fs::read("left-open").map(|text| text.len()).unwrap_or(9));
    writes.join().unwrap();
    say(reads.join().unwrap());
    std::fs::create_dir("below").unwrap();
    std::env::set_current_dir("below").unwrap();
    say(std::fs::exists("left-open").unwrap());
    thread::spawn(|| say(std::env::var("HOME").is_ok())).join().unwrap();
}

fn child() {
    let all = ["1", "2"]
        .map(|word| thread::spawn(move || Command::new("echo").arg(word).output().unwrap().stdout.len()));
    all.into_iter().for_each(|thread| say(thread.join().unwrap()));
}

fn heap() {
    let all = [1 << 10, 1 << 20, 9 << 20].map(|size| {
        thread::spawn(move || {
            let mut parts: Vec<Vec<u8>> = (0..4).map(|_| vec![COUNT.load(SeqCst) as u8; size]).collect();
            COUNT.fetch_add(1, SeqCst);
            parts[3][size / 2] = 7;
            parts.iter().map(|part| usize::from(part[size / 2])).sum::<usize>()
        })
    });
    all.into_iter().for_each(|thread| say(thread.join().unwrap()));
}

fn nested() {
    fn below(depth: u32) -> u32 {
        if depth == 0 {
            return COUNT.fetch_add(1, SeqCst);
        }
        let both = [depth - 1, depth - 1].map(|depth| thread::spawn(move || below(depth)));
        both.into_iter().map(|thread| thread.join().unwrap()).sum()
    }
    say(below(3));
}

fn spin() {
    let waits = thread::spawn(|| {
        while COUNT.load(SeqCst) == 0 {
            std::hint::spin_loop();
        }
        say("seen");
    });
    thread::yield_now();
    COUNT.store(1, SeqCst);
    waits.join().unwrap();
}

fn backtrace() {
    let thread = thread::spawn(|| {
        COUNT.fetch_add(1, SeqCst);
        let text = std::backtrace::Backtrace::force_capture().to_string();
        text.contains("backtrace")
    });
    say(thread.join().unwrap());
}

/// The kernel's threads, which are others where the program's are none of them.
fn proc() {
    let gate = Arc::new(Barrier::new(3));
    let all = [0, 1].map(|_| {
        let gate = Arc::clone(&gate);
        thread::spawn(move || {
            gate.wait();
            gate.wait();
        })
    });
    gate.wait();
    say(std::fs::read_dir("/proc/self/task").unwrap().count());
    gate.wait();
    all.into_iter().for_each(|thread| thread.join().unwrap());
}
