//! While the last `ArcIntern` of a value is dropped, another thread may get that value, and then it is freed. Fixed in
//! 0.4.0 (RUSTSEC-2020-0017).
//!
//! Asks for: who has a value can read it.

use std::thread;

use internment::ArcIntern;

fn makes_one() {
    let value = ArcIntern::new(String::from("the same value"));
    assert_eq!(value.as_str(), "the same value");
    thread::yield_now();
    assert_eq!(value.as_str(), "the same value");
}

#[test]
fn two_threads_have_the_same_value() {
    let other = thread::spawn(makes_one);
    makes_one();
    other.join().unwrap();
}
