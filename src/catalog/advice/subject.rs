//! The backup that advice is asked about: [`Subject`].

use crate::catalog::record::Record;
use crate::layout::Contents;
use crate::metadata::Metadata;
use crate::retention::Origin;

/// A backup, as far as it is known: from a listing, from its archive, or from both.
///
/// ```
/// use appsnap::catalog::advice::Subject;
/// use appsnap::layout::Contents;
///
/// let archive = Subject::default().with_contents(Contents::Full).with_decompressed_bytes(3 << 30);
/// # let _ = archive;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    record: Option<&'a Record>,
    contents: Option<Contents>,
    model_version: Option<String>,
    decompressed_bytes: Option<u64>,
    documents_count: Option<u64>,
}

impl<'a> Subject<'a> {
    /// A backup from a listing.
    #[must_use]
    pub fn of(record: &'a Record) -> Self {
        Self {
            record: Some(record),
            contents: record.contents,
            model_version: record.model_version.clone(),
            ..Self::default()
        }
    }

    /// Adds what the archive's `.metadata` says.
    #[must_use]
    pub fn with_metadata(mut self, metadata: &Metadata) -> Self {
        self.model_version = metadata.model_version().map(ToOwned::to_owned).or(self.model_version);
        self
    }

    /// Says what the archive holds.
    #[must_use]
    pub const fn with_contents(mut self, contents: Contents) -> Self {
        self.contents = Some(contents);
        self
    }

    /// Says which model version it was made with.
    #[must_use]
    pub fn with_model_version(mut self, version: impl Into<String>) -> Self {
        self.model_version = Some(version.into());
        self
    }

    /// Says how large the database is when decompressed: the plain bytes of the dump's data, without indexes.
    #[must_use]
    pub const fn with_decompressed_bytes(mut self, bytes: u64) -> Self {
        self.decompressed_bytes = Some(bytes);
        self
    }

    /// Says how many documents there are.
    #[must_use]
    pub const fn with_documents_count(mut self, count: u64) -> Self {
        self.documents_count = Some(count);
        self
    }

    pub(super) const fn record(&self) -> Option<&'a Record> {
        self.record
    }

    pub(super) const fn contents(&self) -> Option<Contents> {
        self.contents
    }

    pub(super) fn model_version(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    pub(super) const fn decompressed_bytes(&self) -> Option<u64> {
        self.decompressed_bytes
    }

    pub(super) const fn documents_count(&self) -> Option<u64> {
        self.documents_count
    }

    pub(super) fn is_uploaded(&self) -> bool {
        self.record.is_some_and(|record| record.kind.origin() == Some(Origin::Uploaded))
    }

    pub(super) fn is_live(&self) -> bool {
        self.record.is_some_and(|record| record.live == Some(true))
    }
}
