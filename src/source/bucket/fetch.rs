//! Fetches a part of an object with one request, and compares the object with the listing: [`fetch`].

use super::tags::Tags;
use crate::document::DocumentId;
use crate::remote;
use crate::remote::object_store::path::Path;
use crate::remote::object_store::{GetOptions, GetRange, ObjectStore};

/// The longest part of an object that one request fetches.
const PIECE_BYTES: u64 = 8 << 20;

/// An object as it was listed.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) id: DocumentId,
    /// The number of the document in the plan.
    pub(super) number: usize,
    pub(super) location: Path,
    pub(super) len_bytes: u64,
    /// The hash of its entity tag.
    pub(super) tag: u64,
}

/// A part of an object that is fetched with one request.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) target: Target,
    pub(super) offset_bytes: u64,
    pub(super) len_bytes: u64,
}

impl Piece {
    /// Returns the piece that contains the byte at `offset_bytes`; `None` after the end.
    pub(super) fn at(target: &Target, offset_bytes: u64) -> Option<Self> {
        if offset_bytes >= target.len_bytes {
            return None;
        }
        let offset_bytes = (offset_bytes / PIECE_BYTES).saturating_mul(PIECE_BYTES);
        let len_bytes = target.len_bytes.saturating_sub(offset_bytes).min(PIECE_BYTES);
        Some(Self { target: target.clone(), offset_bytes, len_bytes })
    }

    /// Returns the piece after this one.
    pub(super) fn next(&self) -> Option<Self> {
        Self::at(&self.target, self.offset_bytes.saturating_add(PIECE_BYTES))
    }
}

/// Fetches `piece`.
///
/// # Errors
/// Returns an error if the request fails, if the object is not the listed one, or if the store sends too little.
pub(super) async fn fetch(store: &dyn ObjectStore, piece: &Piece, tags: &Tags) -> Result<Vec<u8>, remote::Error> {
    let Piece { target, offset_bytes, len_bytes } = piece;
    let is_whole = *len_bytes == target.len_bytes;
    let range = GetRange::Bounded(*offset_bytes..offset_bytes.saturating_add(*len_bytes));
    let options = GetOptions::new().with_range((!is_whole).then_some(range));
    let result = remote::get(store, &target.location, options).await?;
    let is_listed = result.meta.size == target.len_bytes && tags.is_same(target.tag, result.meta.e_tag.as_deref());
    if !is_listed {
        return Err(remote::Error::of(remote::ErrorKind::Changed, &target.location));
    }
    let bytes = remote::body(result, &target.location).await?;
    let (wanted_bytes, actual_bytes) = (*len_bytes, bytes.len() as u64);
    if actual_bytes != wanted_bytes {
        let kind = remote::ErrorKind::Short { wanted_bytes, actual_bytes };
        return Err(remote::Error::of(kind, &target.location).at(*offset_bytes));
    }
    Ok(bytes)
}
