//! Seeded chance: names, UIDs, hashes and addresses of a world.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Letters of generated name suffixes: no vowels and no look-alikes, so that no word appears.
///
/// Source: apimachinery `util/rand`.
const SAFE_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A stream of chance. A clone continues as the original would.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream that belongs to `seed`.
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.bits() % bound }
    }

    /// One of `choices`; `None` when there is none.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(choices.len() as u64)).unwrap_or(0);
        choices.get(index)
    }

    /// `len` letters of the alphabet that the API server uses behind `generateName`.
    pub(crate) fn suffix(&mut self, len: usize) -> String {
        (0..len).filter_map(|_| self.pick(SAFE_LETTERS).map(|&c| char::from(c))).collect()
    }

    /// `len` bytes.
    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.bits().to_le_bytes()[0]).collect()
    }

    /// `len` lower-case hex digits.
    pub(crate) fn hex(&mut self, len: usize) -> String {
        (0..len).filter_map(|_| char::from_digit(self.bits() as u32 & 15, 16)).collect()
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let high = (self.bits() & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (self.bits() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Text as it may stand in a generated name: every byte mapped into the safe alphabet.
///
/// Source: apimachinery `rand.SafeEncodeString`; ReplicaSets name their hash with it.
pub(crate) fn safe_encode(text: &str) -> String {
    let letter = |byte: u8| SAFE_LETTERS.get(usize::from(byte) % SAFE_LETTERS.len());
    text.bytes().filter_map(letter).map(|&c| char::from(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream() {
        let (mut a, mut b) = (Chance::from_seed(7), Chance::from_seed(7));
        assert_eq!((a.uuid(), a.suffix(5), a.hex(64)), (b.uuid(), b.suffix(5), b.hex(64)));
        assert_ne!(a.uuid(), Chance::from_seed(8).uuid());
    }

    #[test]
    fn uuids_are_of_version_4() {
        let uuid = Chance::from_seed(1).uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
    }
}
