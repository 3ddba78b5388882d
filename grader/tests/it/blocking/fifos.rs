use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Command;
use std::sync::mpsc;
use std::thread;

/// Makes a named pipe.
fn make_fifo(name: &str) {
    let _ = fs::remove_file(name);
    assert!(Command::new("mkfifo").arg(name).status().unwrap().success());
}

fn fifo_is_read() {
    make_fifo("p1");
    let t = thread::spawn(|| {
        let mut s = String::new();
        File::open("p1").unwrap().read_to_string(&mut s).unwrap();
        assert_eq!(s, "hello");
    });
    let mut w = File::options().write(true).open("p1").unwrap();
    w.write_all(b"hello").unwrap();
    drop(w);
    t.join().unwrap();
}

fn fifo_with_silent_writer() {
    make_fifo("p2");
    let (tx, rx) = mpsc::channel();
    let t = thread::spawn(move || {
        let mut r = File::open("p2").unwrap();
        tx.send(()).unwrap();
        let mut s = String::new();
        r.read_to_string(&mut s).unwrap();
        assert_eq!(s, "x");
    });
    let mut w = File::create("p2").unwrap();
    rx.recv().unwrap();
    w.write_all(b"x").unwrap();
    drop(w);
    t.join().unwrap();
}

fn fifo_with_short_writer() {
    make_fifo("p3");
    let t = thread::spawn(|| {
        let mut s = String::new();
        File::open("p3").unwrap().read_to_string(&mut s).unwrap();
        assert_eq!(s, "");
    });
    drop(File::create("p3").unwrap());
    t.join().unwrap();
}

fn fifo_with_a_child() {
    make_fifo("p4");
    let mut c = Command::new("sh").args(["-c", "echo hello > p4; cat p4 > got"]).spawn().unwrap();
    assert_eq!(fs::read_to_string("p4").unwrap(), "hello\n");
    fs::write("p4", "back").unwrap();
    assert!(c.wait().unwrap().success());
    assert_eq!(fs::read_to_string("got").unwrap(), "back");
}
