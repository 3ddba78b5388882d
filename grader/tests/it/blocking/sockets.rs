use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::UdpSocket;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

fn stream_both_ways() {
    let (mut a, mut b) = UnixStream::pair().unwrap();
    let t = thread::spawn(move || {
        let mut all = vec![0; 400_000];
        b.read_exact(&mut all).unwrap();
        assert_eq!(b.write(&all).unwrap(), 400_000);
    });
    assert_eq!(a.write(&vec![3; 400_000]).unwrap(), 400_000);
    let mut all = Vec::new();
    a.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 400_000);
    t.join().unwrap();
}

fn stream_vectored() {
    let (mut a, mut b) = UnixStream::pair().unwrap();
    let t = thread::spawn(move || {
        let mut all = Vec::new();
        b.read_to_end(&mut all).unwrap();
        assert!(all.len() == 600_000 && all[299_999] == 1 && all[300_000] == 2);
    });
    let (x, y) = (vec![1u8; 300_000], vec![2u8; 300_000]);
    assert_eq!(a.write_vectored(&[IoSlice::new(&x), IoSlice::new(&y)]).unwrap(), 600_000);
    drop(a);
    t.join().unwrap();
}

fn datagrams_connected() {
    let (a, b) = UnixDatagram::pair().unwrap();
    let t = thread::spawn(move || {
        for i in 0..100u8 {
            let mut x = [0; 8];
            assert_eq!(b.recv(&mut x).unwrap(), 1);
            assert_eq!(x[0], i);
        }
    });
    for i in 0..100u8 {
        a.send(&[i]).unwrap();
    }
    t.join().unwrap();
}

fn datagrams_to_a_name() {
    let name = SocketAddr::from_abstract_name(b"dg").unwrap();
    let b = UnixDatagram::bind_addr(&name).unwrap();
    let t = thread::spawn(move || {
        for i in 0..100u8 {
            let mut x = [0; 8];
            assert_eq!(b.recv_from(&mut x).unwrap().0, 1);
            assert_eq!(x[0], i);
        }
    });
    let a = UnixDatagram::unbound().unwrap();
    for i in 0..100u8 {
        a.send_to_addr(&[i], &name).unwrap();
    }
    t.join().unwrap();
}

fn udp_both_ways() {
    let b = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = b.local_addr().unwrap();
    let t = thread::spawn(move || {
        let mut x = [0; 8];
        let (n, from) = b.recv_from(&mut x).unwrap();
        b.send_to(&x[..n], from).unwrap();
    });
    let a = UdpSocket::bind("127.0.0.1:0").unwrap();
    a.send_to(b"hi", to).unwrap();
    let mut x = [0; 8];
    a.connect(to).unwrap();
    assert_eq!(a.recv(&mut x).unwrap(), 2);
    t.join().unwrap();
    a.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let kind = a.recv(&mut x).unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::ConnectionRefused), "{kind:?}");
}

fn more_connections_than_wait() {
    let name = SocketAddr::from_abstract_name(b"sock").unwrap();
    let l = UnixListener::bind_addr(&name).unwrap();
    let t = thread::spawn(move || {
        for _ in 0..150 {
            l.accept().unwrap().0.write_all(b"x").unwrap();
        }
    });
    let all: Vec<_> = (0..150).map(|_| UnixStream::connect_addr(&name).unwrap()).collect();
    for mut s in all {
        s.read_exact(&mut [0]).unwrap();
    }
    t.join().unwrap();
}
