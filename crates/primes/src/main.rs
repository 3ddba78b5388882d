mod plan; mod sieve;
use plan::*;
fn main() {
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let size: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let from: u64 = std::env::args().nth(3).map_or(0, |s| s.parse().unwrap());
    let s = sieve::Sieve::new(n);
    let mut c = 0; let mut first = from/30; let total = n/30+1; let mut largest=0;
    while first < total { let len = (size*1024).min(total-first) as usize;
        let t = s.segment(Piece{first,len,limit:n}).tally(); c += t.count; largest = largest.max(t.largest); first += len as u64; }
    println!("{c} {largest}");
}
