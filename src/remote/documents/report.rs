//! The result of an upload: [`DocumentUploadReport`].

/// The contents of an upload: see [`DocumentUpload`](super::DocumentUpload).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentUploadReport {
    pub(super) documents_count: u64,
    pub(super) document_bytes: u64,
    pub(super) continued_count: u64,
}

impl DocumentUploadReport {
    /// Returns the number of documents that were uploaded.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.documents_count
    }

    /// Returns the length of all documents that were uploaded, in bytes.
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }

    /// Returns the number of documents that an interrupted upload had uploaded before.
    #[must_use]
    pub const fn continued_count(&self) -> u64 {
        self.continued_count
    }
}
