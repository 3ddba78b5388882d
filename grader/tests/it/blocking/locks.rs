use std::fs::File;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

fn file_locks() {
    static IN: AtomicU32 = AtomicU32::new(0);
    fn one(write: bool) {
        let f = File::options().create(true).write(true).read(true).open("lock").unwrap();
        if write {
            f.lock().unwrap();
            assert_eq!(IN.fetch_add(100, SeqCst), 0);
            thread::yield_now();
            IN.fetch_sub(100, SeqCst);
        } else {
            f.lock_shared().unwrap();
            assert!(IN.fetch_add(1, SeqCst) < 100);
            thread::yield_now();
            IN.fetch_sub(1, SeqCst);
        }
        if write {
            f.unlock().unwrap();
        }
    }
    let all: Vec<_> = [true, false, true, false]
        .into_iter()
        .map(|w| {
            thread::spawn(move || {
                for _ in 0..3 {
                    one(w)
                }
            })
        })
        .collect();
    for t in all {
        t.join().unwrap();
    }
    let (a, b) = (File::open("lock").unwrap(), File::open("lock").unwrap());
    a.lock().unwrap();
    assert!(b.try_lock().is_err());
    let t = thread::spawn(move || b.lock().unwrap());
    drop(a);
    t.join().unwrap();
}
