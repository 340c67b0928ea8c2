//! The result of a comparison: [`Difference`].

use super::object_change::ObjectChange;
use super::sums::Sums;
use crate::snapshot::archive::ListedDocument;

/// The difference of two snapshots or dumps, in which everything is in ascending order.
///
/// [`Display`](std::fmt::Display) writes a line for each difference, beginning with `+`, `-` or `~`. Serializing gives:
///
/// | member | value |
/// |---|---|
/// | `same` | `true` if nothing differs |
/// | `documents` | `added`, `removed`: lists of `uuid`, `bytes`, `crc32`; `changed`: a list of `uuid`, and `bytes` and `crc32` in `old` and `new`; `same`: a number. `null` if an input is a bare dump |
/// | `metadata` | a list of `key`, `old`, `new`; a missing key is `null` |
/// | `database` | `old`, `new`: `bytes` and `crc32` of the dump, `null` without one; `identical`: `true` if the dumps are the same byte for byte |
/// | `tables` | `added`, `removed`: lists of `schema`, `name`, `rows`; `changed`: a list of `schema`, `name`, `old_rows`, `new_rows` |
/// | `objects` | all other entries of the dumps: `added`, `removed`, `changed`, lists of `kind`, `schema`, `name` |
/// | `large_objects` | the numbers of large objects, `old` and `new`, if any of them differs, else `null` |
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::diff::{Input, diff};
/// use appsnap::observe::NoObserver;
///
/// let old = Input::stream("old", File::open("examples/data/quickstart.tar.gz")?);
/// let new = Input::stream("new", File::open("examples/data/quickstart.dump")?);
/// let difference = diff(old, new, &Limits::untrusted(), &mut NoObserver)?;
/// // Only the dumps can be compared.
/// assert!(difference.added_documents().is_empty() && difference.removed_documents().is_empty());
/// println!("{}", serde_json::to_string_pretty(&difference)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Both inputs are snapshots.
    pub(super) has_documents: bool,
    pub(super) added_documents: Vec<ListedDocument>,
    pub(super) removed_documents: Vec<ListedDocument>,
    pub(super) changed_documents: Vec<(ListedDocument, ListedDocument)>,
    pub(super) same_documents_count: u64,
    pub(super) metadata: Vec<(String, Option<String>, Option<String>)>,
    pub(super) database: [Option<Sums>; 2],
    /// The bytes of the dumps differ, and so their contents were compared.
    pub(super) is_dump_read: bool,
    pub(super) tables: Vec<ObjectChange>,
    pub(super) objects: Vec<ObjectChange>,
    pub(super) large_objects: Option<(u64, u64)>,
}

impl Difference {
    /// Returns `true` if nothing differs. Dumps of the same contents are the same even if their bytes differ.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let [old, new] = self.database;
        self.added_documents.is_empty()
            && self.removed_documents.is_empty()
            && self.changed_documents.is_empty()
            && self.metadata.is_empty()
            && old.is_some() == new.is_some()
            && self.tables.is_empty()
            && self.objects.is_empty()
            && self.large_objects.is_none()
    }

    /// Returns the documents that only the new snapshot contains.
    #[must_use]
    pub fn added_documents(&self) -> &[ListedDocument] {
        &self.added_documents
    }

    /// Returns the documents that only the old snapshot contains.
    #[must_use]
    pub fn removed_documents(&self) -> &[ListedDocument] {
        &self.removed_documents
    }

    /// Returns the documents whose length or CRC32 differs, old and new.
    #[must_use]
    pub fn changed_documents(&self) -> &[(ListedDocument, ListedDocument)] {
        &self.changed_documents
    }

    /// Returns the number of documents that are the same in both snapshots.
    #[must_use]
    pub const fn same_documents_count(&self) -> u64 {
        self.same_documents_count
    }

    /// Returns the keys of `.metadata` whose values differ, each with the JSON texts of its old and its new value.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, Option<&str>, Option<&str>)> {
        self.metadata.iter().map(|(key, old, new)| (key.as_str(), old.as_deref(), new.as_deref()))
    }

    /// Returns `true` if only the new snapshot contains a dump.
    #[must_use]
    pub const fn is_database_added(&self) -> bool {
        matches!(self.database, [None, Some(_)])
    }

    /// Returns `true` if only the old snapshot contains a dump.
    #[must_use]
    pub const fn is_database_removed(&self) -> bool {
        matches!(self.database, [Some(_), None])
    }

    /// Returns the tables whose rows differ.
    #[must_use]
    pub fn tables(&self) -> &[ObjectChange] {
        &self.tables
    }

    /// Returns all other entries of the dumps that only one contains or whose SQL differs. Owners are not compared.
    #[must_use]
    pub fn objects(&self) -> &[ObjectChange] {
        &self.objects
    }

    /// Returns the numbers of large objects in the old and in the new dump, if any of them differs.
    #[must_use]
    pub const fn large_objects_counts(&self) -> Option<(u64, u64)> {
        self.large_objects
    }
}
