//! What a world weighs: the memory of this process grows by so much when ten of them are built and kept.

use std::fs;
use std::hint::black_box;

use uncordon::bench;

const WORLDS: usize = 10;

/// Resident memory of this process in KiB, as Linux counts it; `None` elsewhere.
fn resident_kib() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn main() {
    // The first one also reads what all worlds share.
    black_box(bench::build_world());
    let before = resident_kib();
    let worlds: Vec<_> = (0..WORLDS).map(|_| bench::build_world()).collect();
    match before.zip(resident_kib()) {
        Some((before, after)) => {
            let each = (after.saturating_sub(before)) as f64 / WORLDS as f64 / 1024.0;
            println!("a default world, built anew: {each:.1} MiB of resident memory");
        }
        None => println!("this system does not tell how much memory a process has"),
    }
    let before = resident_kib();
    let clones: Vec<_> = (0..1_000).map(|_| bench::fresh_world()).collect();
    if let Some((before, after)) = before.zip(resident_kib()) {
        let each = (after.saturating_sub(before)) as f64 / 1_000.0;
        println!("a fresh default world, from its template: {each:.1} KiB of resident memory");
    }
    black_box((worlds, clones));
}
