//! The content of a sparse file with its holes as zeros: [`Expansion`].

use super::special::{Segment, SparseMap};

/// Zeros to return of a hole at once.
pub(super) static ZEROS: [u8; 16 << 10] = [0; 16 << 10];

/// The position in a sparse file that is read as a whole.
#[derive(Debug)]
pub(super) struct Expansion {
    segments: std::vec::IntoIter<Segment>,
    next: Option<Segment>,
    at_bytes: u64,
    file_bytes: u64,
}

/// The next kind of data, and its number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Hole(u64),
    Stored(u64),
}

impl Expansion {
    /// Begins a file whose map was checked.
    pub(super) fn new(map: &SparseMap) -> Self {
        let mut segments = map.segments.clone().into_iter();
        let next = segments.next();
        Self { segments, next, at_bytes: 0, file_bytes: map.file_bytes }
    }

    /// Returns what comes next; a piece of 0 bytes is the end.
    pub(super) fn piece(&mut self) -> Piece {
        let end_of = |segment: Segment| segment.offset_bytes.saturating_add(segment.len_bytes);
        while self.next.is_some_and(|next| end_of(next) <= self.at_bytes) {
            self.next = self.segments.next();
        }
        match self.next {
            Some(next) if next.offset_bytes <= self.at_bytes => {
                Piece::Stored(end_of(next).saturating_sub(self.at_bytes))
            }
            next => {
                let end = next.map_or(self.file_bytes, |next| next.offset_bytes);
                Piece::Hole(end.saturating_sub(self.at_bytes))
            }
        }
    }

    pub(super) const fn advance(&mut self, count_bytes: u64) {
        self.at_bytes = self.at_bytes.saturating_add(count_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_and_segments_alternate_up_to_the_end() {
        let segment = |offset_bytes, len_bytes| Segment { offset_bytes, len_bytes };
        let map = SparseMap {
            file_bytes: 100,
            segments: vec![segment(0, 0), segment(10, 5), segment(15, 5), segment(90, 10)],
        };
        let mut expansion = Expansion::new(&map);
        let mut pieces = Vec::new();
        loop {
            let piece = expansion.piece();
            let (Piece::Hole(count) | Piece::Stored(count)) = piece;
            if count == 0 {
                break;
            }
            pieces.push(piece);
            expansion.advance(count);
        }
        use Piece::{Hole, Stored};
        assert_eq!(pieces, [Hole(10), Stored(5), Stored(5), Hole(70), Stored(10)]);
    }
}
