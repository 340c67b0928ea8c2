//! A document as a listing shows it: [`Found`].

use crate::document::DocumentId;
use crate::source::directory::spelling::Spelling;

/// A document, or a numbered file with a placeholder as its id.
pub(super) struct Found {
    pub(super) id: DocumentId,
    pub(super) spelling: Spelling,
    pub(super) len_bytes: u64,
    pub(super) tag: u64,
}

impl Found {
    pub(super) const fn key(&self) -> (DocumentId, Spelling) {
        (self.id, self.spelling)
    }
}
