//! A part of a document source: [`Kept`].

use std::io;

use crate::document::DocumentId;
use crate::snapshot::DocumentSource;

/// The documents of a source that are kept, all of them or a part.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::observe::NoObserver;
/// # use appsnap::prepare::{Database, PrepareOptions, Prepared};
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
/// # std::fs::write(folder.path().join("0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// # let options = PrepareOptions::new().with_orphans(appsnap::prepare::Orphans::Drop);
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let database = Database::open(dump, &options, &mut NoObserver)?;
/// # let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
/// use appsnap::snapshot::DocumentSource;
///
/// // Of two documents, one is an orphan and was to be dropped.
/// let kept = prepared.documents().expect("there are some");
/// assert_eq!((plan.documents_count(), kept.documents_count()), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Kept<'s, S> {
    source: &'s S,
    /// Their indices, ascending; `None` for all.
    indices: Option<Vec<usize>>,
}

impl<'s, S: DocumentSource> Kept<'s, S> {
    pub(super) const fn all(source: &'s S) -> Self {
        Self { source, indices: None }
    }

    /// Keeps the documents for which `keep` says so; it is asked in ascending order of the ids.
    pub(super) fn filter(source: &'s S, mut keep: impl FnMut(DocumentId) -> bool) -> Self {
        let indices = (0..source.documents_count()).filter(|index| keep(source.row(*index).0)).collect();
        Self { source, indices: Some(indices) }
    }

    /// Ids and lengths, ascending.
    pub(super) fn rows(&self) -> impl Iterator<Item = (DocumentId, u64)> {
        (0..self.documents_count()).map(|index| self.row(index))
    }

    fn index(&self, index: usize) -> Option<usize> {
        match &self.indices {
            Some(indices) => indices.get(index).copied(),
            None => Some(index),
        }
    }
}

impl<S: DocumentSource> DocumentSource for Kept<'_, S> {
    type File = S::File;

    fn documents_count(&self) -> usize {
        self.indices.as_ref().map_or_else(|| self.source.documents_count(), Vec::len)
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.index(index).map_or((DocumentId::from_bytes([0; 16]), 0), |index| self.source.row(index))
    }

    fn open(&self, index: usize) -> io::Result<S::File> {
        self.source.open(self.index(index).ok_or(io::ErrorKind::InvalidInput)?)
    }

    fn origin(&self, index: usize) -> String {
        self.index(index).map_or_else(String::new, |index| self.source.origin(index))
    }
}
