use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

fn child_is_fed() {
    let mut c = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut i = c.stdin.take().unwrap();
    let t = thread::spawn(move || i.write_all(&vec![b'x'; 300_000]).unwrap());
    let mut all = Vec::new();
    c.stdout.take().unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 300_000);
    t.join().unwrap();
    assert!(c.wait().unwrap().success());
}

fn child_output() {
    let o = Command::new("sh")
        .args(["-c", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; exit 3"])
        .output()
        .unwrap();
    assert_eq!((o.stdout.len(), o.stderr.len(), o.status.code()), (300_000, 300_000, Some(3)));
}

fn children_are_waited_for() {
    let all: Vec<_> = (0..3)
        .map(|i| {
            thread::spawn(move || {
                let mut c = Command::new("sh").args(["-c", &format!("exit {i}")]).spawn().unwrap();
                assert_eq!(c.wait().unwrap().code(), Some(i));
            })
        })
        .collect();
    for t in all {
        t.join().unwrap();
    }
}
