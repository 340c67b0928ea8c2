//! The object that says how much of an upload is done: [`Manifest`].

use serde::{Deserialize, Serialize};

use super::plan::Plan;

/// The version of this form.
const VERSION: u32 = 1;

/// The state of an upload, as JSON in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    /// The SHA-256 of the id, the length and the CRC32 of all documents.
    documents_sha256: String,
    documents_count: u64,
    document_bytes: u64,
    key_suffix: String,
    /// So many of the documents, in the order of the archive, are in the bucket.
    pub(super) uploaded_count: u64,
    /// Set last, when all documents are in the bucket.
    pub(super) is_complete: bool,
}

impl Manifest {
    pub(super) fn new(plan: &Plan, key_suffix: &str) -> Self {
        Self {
            version: VERSION,
            documents_sha256: plan.fingerprint(),
            documents_count: plan.rows.len() as u64,
            document_bytes: plan.document_bytes,
            key_suffix: key_suffix.to_owned(),
            uploaded_count: 0,
            is_complete: false,
        }
    }

    /// Returns `true` if `other` is about the same documents under the same keys, in whatever state.
    pub(super) fn is_same_upload(&self, other: &Self) -> bool {
        let start = |manifest: &Self| Self { uploaded_count: 0, is_complete: false, ..manifest.clone() };
        start(self) == start(other)
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(self)
    }

    /// Parses a manifest; `None` for what is none.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|manifest: &Self| manifest.version == VERSION)
    }
}
