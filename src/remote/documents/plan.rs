//! The documents of an archive that was verified: [`Plan`].

use std::io::Read;

use sha2::{Digest as _, Sha256};

use crate::document::DocumentId;
use crate::observe::{Event, Observer, proceed};
use crate::snapshot::{self, EntryKind, SnapshotReader};

/// A document of the archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: DocumentId,
    pub(super) len_bytes: u64,
    pub(super) crc32: u32,
}

/// The documents of an archive, in its order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) rows: Vec<Row>,
    pub(super) document_bytes: u64,
}

impl Plan {
    /// Reads and verifies the whole archive.
    pub(super) fn survey<R: Read>(
        reader: &mut SnapshotReader<R>,
        observer: &mut dyn Observer,
    ) -> Result<Self, snapshot::Error> {
        let mut plan = Self::default();
        while let Some(entry) = reader.next_entry()? {
            let len_bytes = entry.len_bytes();
            let id = match entry.kind() {
                EntryKind::Document(id) => Some(*id),
                EntryKind::UnusableMetadata(_) | EntryKind::Misplaced { .. } | EntryKind::Repeated(_) => {
                    return Err(snapshot::Error::misuse("a faulty archive cannot be uploaded: repair it first"));
                }
                EntryKind::Metadata(_) | EntryKind::Database => None,
            };
            let crc32 = entry.skip(None, observer)?;
            if let Some(id) = id {
                plan.rows.push(Row { id, len_bytes, crc32 });
                plan.document_bytes = plan.document_bytes.saturating_add(len_bytes);
                proceed(observer, &Event::document(id, plan.rows.len() as u64, plan.document_bytes))?;
            }
        }
        Ok(plan)
    }

    /// Returns a text that identifies these documents and their contents.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for row in &self.rows {
            hash.update(row.id.as_bytes());
            hash.update(row.len_bytes.to_be_bytes());
            hash.update(row.crc32.to_be_bytes());
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
