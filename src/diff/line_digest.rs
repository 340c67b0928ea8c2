//! A digest of the lines of a text that does not depend on their order: [`LineDigest`].

use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

/// The sum of the keyed hashes of all lines. Its key is random, so an author of dumps cannot create two tables with the
/// same digest.
#[derive(Debug)]
pub(super) struct LineDigest<'k> {
    key: &'k RandomState,
    line: DefaultHasher,
    is_open: bool,
    sum: u64,
}

impl<'k> LineDigest<'k> {
    pub(super) fn new(key: &'k RandomState) -> Self {
        Self { key, line: key.build_hasher(), is_open: false, sum: 0 }
    }

    /// Adds bytes. The portions in which they arrive make no difference.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.write(piece);
            self.is_open = true;
            if piece.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::replace(&mut self.line, self.key.build_hasher());
        self.sum = self.sum.wrapping_add(line.finish());
        self.is_open = false;
    }

    pub(super) fn finish(mut self) -> u64 {
        if self.is_open {
            self.end_line();
        }
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(key: &RandomState, pieces: &[&[u8]]) -> u64 {
        let mut digest = LineDigest::new(key);
        pieces.iter().for_each(|piece| digest.update(piece));
        digest.finish()
    }

    #[test]
    fn neither_order_nor_portions_make_a_difference_but_every_byte_does() {
        let key = RandomState::new();
        let one = digest(&key, &[b"1\tone\n2\ttwo\n\\.\n"]);
        assert_eq!(one, digest(&key, &[b"2\ttw", b"o\n1", b"\tone\n", b"\\.", b"\n"]));
        let bytes = b"1\tone\n2\ttwo\n\\.\n";
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(one, digest(&key, &single));
        for index in 0..bytes.len() {
            let mut other = *bytes;
            other[index] ^= 1;
            assert_ne!(one, digest(&key, &[&other]), "byte {index}");
        }
        assert_ne!(digest(&key, &[b"a\n"]), digest(&key, &[b"a\na\n"]));
        assert_ne!(digest(&key, &[b"a\na\n"]), digest(&key, &[b"b\nb\n"]), "a pair does not cancel itself");
    }
}
