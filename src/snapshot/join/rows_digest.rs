//! A digest of the ids and lengths of all documents of a plan: [`RowsDigest`].

use sha2::{Digest, Sha256};

use crate::document::DocumentId;

/// A digest of the documents of a plan: of the digests of those with each first hex digit.
///
/// The digits may come in any order, since several listings run at the same time; the documents of one ascend.
pub(super) struct RowsDigest([(Sha256, Option<DocumentId>); 16]);

impl RowsDigest {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| (Sha256::new(), None)))
    }

    /// Adds a document. Returns `false`, and adds nothing, unless its id is greater than those with the same first digit
    /// before.
    pub(super) fn add(&mut self, id: DocumentId, len_bytes: u64) -> bool {
        let [first, ..] = *id.as_bytes();
        let Some((digest, last)) = self.0.get_mut(usize::from(first >> 4)) else { return false };
        if *last >= Some(id) {
            return false;
        }
        *last = Some(id);
        let mut row = [0; 24];
        let (name, length) = row.split_at_mut(16);
        name.copy_from_slice(id.as_bytes());
        length.copy_from_slice(&len_bytes.to_le_bytes());
        digest.update(row);
        true
    }

    pub(super) fn finish(self) -> [u8; 32] {
        let digests = self.0.into_iter().map(|(digest, _)| digest.finalize());
        digests.fold(Sha256::new(), |all, digest| all.chain_update(digest)).finalize().into()
    }
}
