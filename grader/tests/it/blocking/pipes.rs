use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

fn pipe_holds_less() {
    let (mut r, mut w) = io::pipe().unwrap();
    let t = thread::spawn(move || {
        assert_eq!(w.write(&vec![7u8; 200_000]).unwrap(), 200_000);
    });
    let mut all = Vec::new();
    r.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 200_000);
    t.join().unwrap();
}

fn pipe_vectored() {
    let (mut r, mut w) = io::pipe().unwrap();
    let t = thread::spawn(move || {
        let (a, b) = (vec![1u8; 70_001], vec![2u8; 70_001]);
        assert_eq!(
            w.write_vectored(&[IoSlice::new(&a), IoSlice::new(&[]), IoSlice::new(&b)]).unwrap(),
            140_002
        );
    });
    let mut all = Vec::new();
    r.read_to_end(&mut all).unwrap();
    assert!(all.len() == 140_002 && all[70_000] == 1 && all[70_001] == 2);
    t.join().unwrap();
}

fn pipe_small_writes() {
    let (mut r, w) = io::pipe().unwrap();
    let mut w2 = w.try_clone().unwrap();
    let mut w1 = w;
    let a = thread::spawn(move || {
        for _ in 0..10 {
            w1.write_all(&[1u8; 3000]).unwrap();
        }
    });
    let b = thread::spawn(move || {
        for _ in 0..10 {
            w2.write_all(&[2u8; 3000]).unwrap();
        }
    });
    let mut all = Vec::new();
    r.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 60_000);
    for piece in all.chunks(3000) {
        assert!(piece.iter().all(|&x| x == piece[0]));
    }
    a.join().unwrap();
    b.join().unwrap();
}

fn pipe_without_reader() {
    let (r, mut w) = io::pipe().unwrap();
    let t = thread::spawn(move || {
        let mut r = r;
        let mut x = [0; 10];
        r.read_exact(&mut x).unwrap();
    });
    let e = w.write_all(&vec![7u8; 300_000]).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::BrokenPipe);
    t.join().unwrap();
}

fn self_pipe() {
    let (mut r, w) = UnixStream::pair().unwrap();
    w.set_nonblocking(true).unwrap();
    let t = thread::spawn(move || {
        (&w).write_all(b"!").unwrap();
    });
    r.read_exact(&mut [0]).unwrap();
    t.join().unwrap();
}

fn standard_input() {
    let mut s = String::new();
    io::stdin().read_line(&mut s).unwrap();
}
