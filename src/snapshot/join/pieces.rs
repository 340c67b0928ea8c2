//! The pieces from which an object store assembles a joined archive: copied ranges, and the rest, which is uploaded.

use std::ops::{Range, RangeInclusive};

use super::copied::Copied;

/// The lengths of pieces for Amazon S3 and compatible stores: 5 MiB to 5 GiB, except for the last one (its documentation,
/// 2026).
pub const S3_PIECE_BYTES: RangeInclusive<u64> = 5 << 20..=5 << 30;

/// A range of a joined archive.
///
/// ```
/// use appsnap::io::ReadAt;
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::join::{Join, S3_PIECE_BYTES};
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive, WriteOptions};
///
/// let parts = [SnapshotArchive::open_path("examples/data/quickstart.tar.gz", &ReadOptions::new())?];
/// let joined = Join::plan(&Metadata::new(), &parts, &WriteOptions::new())?;
/// // Too small for S3 to copy any of it, so everything is uploaded.
/// assert_eq!(joined.pieces(S3_PIECE_BYTES).expect("a valid range").len(), 1);
///
/// // A store that copies ranges of any length:
/// let mut archive = Vec::new();
/// for piece in joined.pieces(1..=1 << 30).expect("a valid range") {
///     let range = piece.output_bytes();
///     let mut bytes = vec![0; (range.end - range.start) as usize];
///     match piece.source() {
///         Some((_number, copied)) => assert_eq!(copied.end - copied.start, bytes.len() as u64, "the store copies it"),
///         None => println!("{} bytes to upload", bytes.len()),
///     }
///     joined.read_exact_at(&mut bytes, range.start)?;
///     archive.extend(bytes);
/// }
/// assert_eq!(archive.len() as u64, joined.len_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    output_bytes: Range<u64>,
    source: Option<(usize, Range<u64>)>,
}

impl Piece {
    /// Returns the range of the archive.
    #[must_use]
    pub const fn output_bytes(&self) -> &Range<u64> {
        &self.output_bytes
    }

    /// Returns the part to copy from, by number, and the range of that part's file; `None` for a piece to upload.
    #[must_use]
    pub const fn source(&self) -> Option<&(usize, Range<u64>)> {
        self.source.as_ref()
    }
}

/// Divides an archive of `len_bytes` bytes, into which `copied` is copied, in ascending order. The length of a piece is at
/// least `min_bytes` and at most `max_bytes`, which is at least twice as much.
pub(super) fn cut(copied: &[Copied], len_bytes: u64, min_bytes: u64, max_bytes: u64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    // The end of the pieces so far.
    let mut start = 0;
    for copied in copied {
        let end = copied.output_end_bytes();
        // The bytes before it have to be uploaded. If they are too few, they are extended by the beginning of this
        // range.
        let from = if copied.output_bytes > start {
            copied.output_bytes.max(start.saturating_add(min_bytes))
        } else {
            copied.output_bytes
        };
        if end < from.saturating_add(min_bytes) {
            continue;
        }
        upload(&mut pieces, start..from, min_bytes);
        let count = end.saturating_sub(from).div_ceil(max_bytes);
        for range in even(from..end, count) {
            let inside = range.start.saturating_sub(copied.output_bytes);
            let at = copied.from_bytes.saturating_add(inside);
            let source = Some((copied.part, at..at.saturating_add(len(&range))));
            pieces.push(Piece { output_bytes: range, source });
        }
        start = end;
    }
    upload(&mut pieces, start..len_bytes, min_bytes);
    pieces
}

/// Divides an uploaded range into pieces of one to two times the minimum.
fn upload(pieces: &mut Vec<Piece>, range: Range<u64>, min_bytes: u64) {
    if range.is_empty() {
        return;
    }
    let count = len(&range).checked_div(min_bytes).map_or(1, |count| count.max(1));
    pieces.extend(even(range, count).map(|output_bytes| Piece { output_bytes, source: None }));
}

/// `range` in `count` pieces whose lengths differ by one at most.
fn even(range: Range<u64>, count: u64) -> impl Iterator<Item = Range<u64>> {
    let mut start = range.start;
    (0..count).rev().map(move |left| {
        // Of the rest, as much as each of the pieces that are left.
        let len = range.end.saturating_sub(start).div_ceil(left.saturating_add(1));
        let piece = start..start.saturating_add(len);
        start = piece.end;
        piece
    })
}

fn len(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}
