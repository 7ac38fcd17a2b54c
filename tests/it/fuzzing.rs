//! The doors of `uncordon::fuzz` with their seeds and with seeds that were damaged in a way that repeats:
//! a short run of what `cargo fuzz run DOOR fuzz/seeds/DOOR` does for hours.

use std::fs;
use std::path::PathBuf;

use uncordon::fuzz::{DOORS, knock};

/// Doors behind which a world stands: each knock costs milliseconds.
const SLOW: &[&str] = &["flags", "http", "manifest"];

/// Chance enough for damaging bytes: a linear congruence with Knuth's constants.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

fn seeds(door: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(door);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("a folder of seeds").flatten().map(|it| it.path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a seed")).collect()
}

/// One to four bytes replaced, put in, taken out or doubled.
fn damaged(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    const ODD: &[u8] = b"\0\"'{}[]:,-$.%\n\t\\/=!()|&<>*?@#~^+ \xff\xc3a0";
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let odd = ODD[dice.below(ODD.len())];
        match dice.below(4) {
            0 if at < bytes.len() => bytes[at] = odd,
            1 => bytes.insert(at, odd),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {
                let end = (at + 1 + dice.below(16)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
    bytes
}

#[test]
fn every_door_takes_its_seeds_and_damaged_ones() {
    for (door, _) in DOORS {
        let rounds = if SLOW.contains(door) { 40 } else { 400 };
        let mut dice = Dice(7);
        for seed in seeds(door) {
            knock(door, &seed);
            for _ in 0..rounds {
                let bytes = damaged(&seed, &mut dice);
                let shown = String::from_utf8_lossy(&bytes).into_owned();
                let held = std::panic::catch_unwind(|| knock(door, &bytes));
                assert!(held.is_ok(), "{door} gave way to {shown:?}");
            }
        }
    }
}

#[test]
fn every_door_has_its_target_for_cargo_fuzz() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("a manifest");
    for (door, _) in DOORS {
        assert!(root.join(format!("fuzz_targets/{door}.rs")).exists(), "{door}");
        assert!(manifest.contains(&format!("name = \"{door}\"")), "{door} is not in fuzz/Cargo.toml");
    }
}
