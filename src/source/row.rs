//! The rows of a plan: documents, and files that are named by numbers.

use super::directory::spelling::Spelling;
use crate::document::DocumentId;

/// A placeholder for the id of a numbered file.
pub(super) const NO_ID: DocumentId = DocumentId::from_bytes([0; 16]);

/// One document of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    // In this order, the derived order sorts by id and puts the preferred file of an id first.
    pub(super) id: DocumentId,
    /// The file of the document: a spelling in a folder, an index in an archive.
    pub(super) locator: u64,
    pub(super) len_bytes: u64,
}

/// A file that is named by a number: a document whose UUID is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NumberedFile {
    pub(super) number: u64,
    locator: u64,
    pub(super) len_bytes: u64,
}

impl NumberedFile {
    /// Creates the row of a numbered file; `None` if `spelling` is not that of one.
    pub(super) fn new(spelling: Spelling, locator: u64, len_bytes: u64) -> Option<Self> {
        spelling.number().map(|number| Self { number, locator, len_bytes })
    }

    /// Returns the row of the document with this id. The path of the file does not depend on the id.
    pub(super) const fn with_id(self, id: DocumentId) -> Row {
        Row { id, locator: self.locator, len_bytes: self.len_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_32_bytes() {
        assert_eq!(size_of::<Row>(), 32);
    }
}
