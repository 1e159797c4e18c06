//! Collections, a thread, formatted floats and a panic caught by the runtime.
use std::collections::BTreeMap;
use std::thread;

fn main() {
    let sum: u64 = thread::spawn(|| (1..=1000u64).sum()).join().unwrap();
    let mut words = BTreeMap::new();
    for word in std::env::args().skip(1) {
        *words.entry(word).or_insert(0) += 1;
    }
    println!("sum {sum}, third {:.6}, words {words:?}", 1.0 / 3.0);
    eprintln!("to stderr");
    std::process::exit(5);
}
