use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn tcp_both_ways() {
    let l = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = l.local_addr().unwrap();
    let t = thread::spawn(move || {
        let (mut s, _) = l.accept().unwrap();
        let mut all = vec![0; 3_000_000];
        s.read_exact(&mut all).unwrap();
        s.write_all(&all).unwrap();
    });
    let mut s = TcpStream::connect(to).unwrap();
    let mut s2 = s.try_clone().unwrap();
    let r = thread::spawn(move || {
        let mut all = Vec::new();
        s2.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 3_000_000);
    });
    assert_eq!(s.write(&vec![5; 3_000_000]).unwrap(), 3_000_000);
    t.join().unwrap();
    r.join().unwrap();
}

fn tcp_connects() {
    let l = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = l.local_addr().unwrap();
    let s = TcpStream::connect_timeout(&to, Duration::from_secs(5)).unwrap();
    s.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    assert_eq!((&s).read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let (p, _) = l.accept().unwrap();
    drop(l);
    drop(p);
    assert_eq!((&s).read(&mut [0; 4]).unwrap(), 0);
    assert_eq!(TcpStream::connect(to).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
