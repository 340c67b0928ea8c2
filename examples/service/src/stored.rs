//! Documents of a stored archive, read from their ranges of it.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use appsnap::DocumentId;
use appsnap::snapshot::SnapshotArchive;
use tempfile::SpooledTempFile;

use crate::answer::Answer;

/// Writes the list of documents as JSON, one line each, and returns its length in bytes.
pub fn write_list(archive: &SnapshotArchive<File>, sink: &mut SpooledTempFile) -> Result<u64, Answer> {
    let mut sink = BufWriter::new(sink);
    sink.write_all(b"[").map_err(Answer::internal)?;
    let mut comma = "";
    for document in archive.documents() {
        let document = document.map_err(Answer::internal)?;
        let (id, bytes, crc32) = (document.id(), document.len_bytes(), document.crc32());
        write!(sink, "{comma}\n{{\"uuid\":\"{id}\",\"bytes\":{bytes},\"crc32\":\"{crc32:08x}\"}}")
            .map_err(Answer::internal)?;
        comma = ",";
    }
    sink.write_all(b"\n]\n").and_then(|()| sink.flush()).and_then(|()| sink.stream_position()).map_err(Answer::internal)
}

/// Returns the length of a document in bytes.
pub fn document_bytes(archive: &SnapshotArchive<File>, document: DocumentId) -> Result<u64, Answer> {
    let stored = archive.document(document).map_err(Answer::internal)?.ok_or_else(Answer::not_found)?;
    Ok(stored.len_bytes())
}

/// Writes one document. Its checksum is right, or this fails.
pub fn write_document(
    archive: &SnapshotArchive<File>,
    document: DocumentId,
    sink: &mut SpooledTempFile,
) -> Result<(), Answer> {
    let mut stored = archive.document(document).map_err(Answer::internal)?.ok_or_else(Answer::not_found)?;
    io::copy(&mut stored, sink).map_err(Answer::internal)?;
    Ok(())
}
