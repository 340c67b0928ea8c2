//! What goes into a snapshot: payloads with a known length, and sources of many documents.

use std::io;

use crate::document::DocumentId;
use crate::gzip::ReadAt;

/// Many documents whose ids and lengths are known before the first byte is read, such as a folder of files.
///
/// Rows must come in ascending order of their ids, each id once: the writer refuses anything else before it writes.
pub trait DocumentSource: Sync {
    /// An opened document.
    type File: ReadAt;

    /// How many documents there are.
    fn documents_count(&self) -> usize;

    /// The id and the plain length in bytes of document `index`, which is below [`documents_count`](Self::documents_count).
    fn row(&self, index: usize) -> (DocumentId, u64);

    /// Opens document `index`.
    ///
    /// # Errors
    /// Whatever opening says; the writer adds which document it was.
    fn open(&self, index: usize) -> io::Result<Self::File>;

    /// Where document `index` comes from, for people: a path or a key. Used in errors only.
    fn origin(&self, index: usize) -> String;
}
