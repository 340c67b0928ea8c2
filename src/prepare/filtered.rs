//! A document source that shows a part of another one: [`FilteredSource`].

use std::io;

use crate::document::DocumentId;
use crate::snapshot::DocumentSource;

/// The documents of a source that are kept: all of them or a part.
#[derive(Debug)]
pub(super) struct FilteredSource<S> {
    source: S,
    /// The indices of the kept documents, ascending; `None` for all.
    indices: Option<Vec<usize>>,
}

impl<S: DocumentSource> FilteredSource<S> {
    pub(super) const fn all(source: S) -> Self {
        Self { source, indices: None }
    }

    /// Returns the source, with all of its documents.
    pub(super) const fn source(&self) -> &S {
        &self.source
    }

    /// Returns the source for changes that leave its number of documents alone.
    pub(super) const fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Keeps only the documents for which `keep` returns `true`. It is called in ascending order of the ids.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(DocumentId) -> bool) {
        let kept = (0..self.documents_count()).map(|index| self.index(index));
        self.indices = Some(kept.filter(|index| keep(self.source.row(*index).0)).collect());
    }

    /// Changes the source so that it has only kept documents.
    pub(super) fn reduce(&mut self, change: impl FnOnce(&mut S)) {
        change(&mut self.source);
        self.indices = None;
    }

    /// Returns the ids and lengths of the documents, ascending by id.
    pub(super) fn rows(&self) -> impl Iterator<Item = (DocumentId, u64)> {
        (0..self.documents_count()).map(|index| self.row(index))
    }

    /// The index in the source of the document that has `index` here.
    ///
    /// An index beyond the last document is passed on, for the source to treat as it treats its own.
    fn index(&self, index: usize) -> usize {
        match &self.indices {
            Some(indices) => indices.get(index).map_or(usize::MAX, |kept| *kept),
            None => index,
        }
    }
}

impl<S: DocumentSource> DocumentSource for FilteredSource<S> {
    type File = S::File;

    fn documents_count(&self) -> usize {
        self.indices.as_ref().map_or_else(|| self.source.documents_count(), Vec::len)
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.source.row(self.index(index))
    }

    fn open(&self, index: usize) -> io::Result<S::File> {
        self.source.open(self.index(index))
    }

    fn origin(&self, index: usize) -> String {
        self.source.origin(self.index(index))
    }
}
