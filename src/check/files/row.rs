//! A row of `system$filedocument` in 32 bytes: [`FileRow`]; and one without a uuid: [`UnnamedRow`].

use crate::document::DocumentId;

/// The need of a row for a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Expectation {
    /// It must have one: it has contents, or it is a thumbnail.
    Required,
    /// It may have one: the app deletes the document after the download, and backups leave such documents out.
    Optional,
    /// It has none, and needs none.
    None,
}

/// A row of `system$filedocument`, as far as it concerns its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::check) struct FileRow {
    // Declared in this order so that the derived order is by id, then by row.
    id: DocumentId,
    object_id: i64,
    /// The two lowest bits are the expectation, the next is set for thumbnails, the next for contents; the rest is the
    /// size plus one, 0 if it is unknown.
    facts: u64,
}

/// The facts about a row, before they are encoded as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowFacts {
    pub(super) expectation: Expectation,
    pub(super) is_thumbnail: bool,
    pub(super) has_contents: bool,
    pub(super) size_bytes: Option<u64>,
}

const EXPECTATION_BITS: u64 = 0b11;
const THUMBNAIL_BIT: u64 = 0b100;
const CONTENTS_BIT: u64 = 0b1000;
const SIZE_SHIFT: u32 = 4;
const MAX_SIZE_BYTES: u64 = (1 << (64 - SIZE_SHIFT)) - 1;

impl FileRow {
    pub(super) fn new(id: DocumentId, object_id: i64, facts: RowFacts) -> Self {
        let expectation = match facts.expectation {
            Expectation::Required => 0,
            Expectation::Optional => 1,
            Expectation::None => 2,
        };
        // No document has 2^60 bytes, so a larger number means that the size is unknown.
        let size = facts.size_bytes.filter(|bytes| *bytes < MAX_SIZE_BYTES).map_or(0, |bytes| bytes.saturating_add(1));
        let bits = expectation
            | if facts.is_thumbnail { THUMBNAIL_BIT } else { 0 }
            | if facts.has_contents { CONTENTS_BIT } else { 0 };
        Self { id, object_id, facts: size << SIZE_SHIFT | bits }
    }

    /// Returns the uuid of its document, from the column `__uuid__`.
    pub(in crate::check) const fn id(&self) -> DocumentId {
        self.id
    }

    /// Returns the id of the row, from the column `id`; 0 if the table has no such number.
    pub(in crate::check) const fn object_id(&self) -> i64 {
        self.object_id
    }

    /// Returns `true` if the row must have a document, and `false` if it may lack one: because it has no contents, or
    /// because the app deletes the document after the download.
    pub(in crate::check) const fn requires_document(&self) -> bool {
        matches!(self.expectation(), Expectation::Required)
    }

    pub(super) const fn expectation(&self) -> Expectation {
        match self.facts & EXPECTATION_BITS {
            0 => Expectation::Required,
            1 => Expectation::Optional,
            _ => Expectation::None,
        }
    }

    /// Returns `true` for a thumbnail, which has a document of its own.
    pub(in crate::check) const fn is_thumbnail(&self) -> bool {
        self.facts & THUMBNAIL_BIT != 0
    }

    /// Returns the length of its document, in bytes; `None` if the row does not state it (NULL or -1), or has no contents.
    pub(in crate::check) const fn size_bytes(&self) -> Option<u64> {
        match (self.facts >> SIZE_SHIFT).checked_sub(1) {
            // A thumbnail that does not count as contents states 0 whatever its length is.
            Some(0) if self.facts & CONTENTS_BIT == 0 => None,
            size => size,
        }
    }
}

/// A row that must have a document, but has no uuid in the column `__uuid__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnnamedRow {
    object_id: i64,
    /// [`u64::MAX`] for none, to save eight bytes.
    number: u64,
}

impl UnnamedRow {
    pub(super) fn new(object_id: i64, number: Option<u64>) -> Self {
        Self { object_id, number: number.unwrap_or(u64::MAX) }
    }

    /// Returns the id of the row, from the column `id`; 0 if the table has no such number.
    pub(crate) const fn object_id(&self) -> i64 {
        self.object_id
    }

    /// Returns the number of the file in very old apps, from the columns `__filename__` or `fileid`.
    pub(crate) const fn number(&self) -> Option<u64> {
        if self.number == u64::MAX { None } else { Some(self.number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_32_bytes_and_gives_back_what_went_in() {
        assert_eq!(size_of::<FileRow>(), 32);
        let id = DocumentId::from_bytes([7; 16]);
        for expectation in [Expectation::Required, Expectation::Optional, Expectation::None] {
            for (is_thumbnail, has_contents) in [(false, true), (true, false), (true, true), (false, false)] {
                for size_bytes in [None, Some(0), Some(1), Some(20), Some((1 << 60) - 2)] {
                    let row = FileRow::new(id, -5, RowFacts { expectation, is_thumbnail, has_contents, size_bytes });
                    assert_eq!((row.id(), row.object_id(), row.expectation()), (id, -5, expectation));
                    assert_eq!(row.is_thumbnail(), is_thumbnail);
                    let known = if size_bytes == Some(0) && !has_contents { None } else { size_bytes };
                    assert_eq!(row.size_bytes(), known);
                }
            }
        }
    }
}
