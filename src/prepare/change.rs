//! Differences between the inputs and the archive that is made from them: [`Change`].

use std::fmt;

use crate::diagnostic::Code;
use crate::document::DocumentId;
use crate::layout::escaped;
use crate::pgdump::FormatVersion;
use crate::pgdump::toc::Toc;
use crate::pgdump::transcode::{Changes, EntryChange, EntryChangeKind};

/// A difference between the inputs and the archive, or a value that was assumed because it was not given.
///
/// It converts into a [`Diagnostic`](crate::diagnostic::Diagnostic), and serializes as one.
///
/// ```
/// use appsnap::prepare::{Change, Code};
///
/// let change = Change::ModelVersionAssumed;
/// assert_eq!(change.code(), Code::ModelVersionAssumed);
/// println!("{change}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The dump was converted to an older archive version.
    #[non_exhaustive]
    DumpConverted {
        /// Archive version of the given dump.
        from: FormatVersion,
        /// Archive version of the dump in the archive.
        to: FormatVersion,
        /// `true` if the data was recompressed.
        recompressed: bool,
    },
    /// Entries of the dump are missing from the converted dump, all for the same reason.
    #[non_exhaustive]
    DumpEntriesDropped {
        /// Number of entries.
        entries_count: u64,
        /// The first one, escaped for display.
        first: String,
        /// The reason for leaving them out.
        reason: EntryChangeKind,
    },
    /// Entries of the dump were changed by the conversion, all in the same way.
    #[non_exhaustive]
    DumpEntriesEdited {
        /// Number of entries.
        entries_count: u64,
        /// The first one, escaped for display.
        first: String,
        /// The change.
        edit: EntryChangeKind,
    },
    /// Documents without a row in the database were left out.
    #[non_exhaustive]
    OrphansDropped {
        /// Number of documents.
        documents_count: u64,
        /// Total length of the documents, in bytes.
        document_bytes: u64,
    },
    /// Documents whose rows are left out of the dump were left out.
    #[non_exhaustive]
    RowlessDocumentsDropped {
        /// Number of documents.
        documents_count: u64,
        /// Total length of the documents, in bytes.
        document_bytes: u64,
    },
    /// The model version was not given.
    ModelVersionAssumed,
    /// The size of the database was not given. The decompressed size of the dump is used as an estimate, without indexes.
    #[non_exhaustive]
    DatabaseSizeEstimated {
        /// Decompressed size of the dump, in bytes.
        size_bytes: u64,
    },
    /// `.metadata` was missing and was created.
    MetadataAdded,
    /// `.metadata` was unusable and was replaced.
    #[non_exhaustive]
    MetadataReplaced {
        /// The reason why it was unusable.
        reason: String,
    },
    /// A value in `.metadata` was corrected.
    #[non_exhaustive]
    MetadataCorrected {
        /// The key of the value.
        key: &'static str,
        /// The old value; `None` if the key was missing.
        from: Option<String>,
        /// The new value.
        to: String,
    },
    /// All files were in a top folder, which was removed from their names.
    #[non_exhaustive]
    FolderTakenOff {
        /// The folder, escaped for display.
        folder: String,
        /// Number of files in the folder.
        files_count: u64,
    },
    /// Names were changed to the platforms' spelling: flat trees, letter case, needless dots.
    #[non_exhaustive]
    NamesRespelled {
        /// Number of files.
        files_count: u64,
        /// The first one, escaped for display.
        first: String,
    },
    /// Files that file managers create were left out.
    #[non_exhaustive]
    JunkLeftOut {
        /// Number of files.
        files_count: u64,
        /// The first one, escaped for display.
        first: String,
    },
    /// Folders that do not belong in a snapshot were left out. Every file in them was placed or is listed.
    #[non_exhaustive]
    FoldersLeftOut {
        /// Number of folders.
        folders_count: u64,
    },
    /// Files that do not belong in a snapshot were left out, as the options request.
    #[non_exhaustive]
    UnknownLeftOut {
        /// Number of files.
        files_count: u64,
        /// The first one, escaped for display.
        first: String,
    },
    /// Files that the archive contains twice, with the same contents, were left out once.
    #[non_exhaustive]
    DuplicatesLeftOut {
        /// Number of files.
        files_count: u64,
        /// The first one, escaped for display.
        first: String,
    },
    /// Documents that were deleted after they had been listed were left out.
    #[non_exhaustive]
    DocumentsVanished {
        /// Number of documents.
        documents_count: u64,
        /// The first one.
        first: DocumentId,
    },
    /// Documents that were modified after they had been listed are packed as they were found later.
    #[non_exhaustive]
    DocumentsModified {
        /// Number of documents.
        documents_count: u64,
        /// The first one.
        first: DocumentId,
    },
    /// The members were reordered to `.metadata`, database, documents.
    Reordered,
    /// Something unusual was rewritten in the way platforms write it.
    #[non_exhaustive]
    Normalised {
        /// The code of the reader's finding.
        code: Code,
        /// Number of occurrences.
        count: u64,
    },
}

/// Returns the changes of a conversion, entries of one kind together: first those that are dropped.
pub(super) fn of_conversion(changes: &Changes, toc: &Toc) -> Vec<Change> {
    let (from, to, recompressed) = (changes.from, changes.to, changes.recompressed);
    // A dump of which only rows are edited is not converted.
    let converted = (from != to || recompressed).then_some(Change::DumpConverted { from, to, recompressed });
    let mut list: Vec<_> = converted.into_iter().collect();
    for (kind, entries_count, first) in groups(changes, toc, |kind| kind.is_dropped()) {
        list.push(Change::DumpEntriesDropped { entries_count, first, reason: kind });
    }
    for (kind, entries_count, first) in groups(changes, toc, |kind| kind.is_edited()) {
        list.push(Change::DumpEntriesEdited { entries_count, first, edit: kind });
    }
    list
}

/// Returns the kinds of changes, with the number of entries and the first of them, escaped for display.
fn groups(
    changes: &Changes,
    toc: &Toc,
    is_wanted: impl Fn(EntryChangeKind) -> bool,
) -> Vec<(EntryChangeKind, u64, String)> {
    let mut groups: Vec<(EntryChangeKind, u64, String)> = Vec::new();
    for EntryChange { id, kind, .. } in changes.entries.iter().copied().filter(|change| is_wanted(change.kind)) {
        if let Some((_, entries_count, _)) = groups.iter_mut().find(|(other, _, _)| *other == kind) {
            *entries_count = entries_count.saturating_add(1);
        } else {
            let shown = toc.get(id).map(|entry| format!("{} {}", escaped(entry.desc), escaped(entry.tag)));
            groups.push((kind, 1, shown.unwrap_or_else(|| format!("entry {id}"))));
        }
    }
    groups
}

/// Returns a number with its noun.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

const fn verb(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DumpConverted { from, to, recompressed } => {
                let recompressed = if *recompressed { ", and its data was recompressed" } else { "" };
                write!(f, "the dump was converted from archive version {from} to {to}{recompressed}")
            }
            Self::DumpEntriesDropped { entries_count, first, reason } => {
                let entries = counted(*entries_count, "entry of the dump was", "entries of the dump were");
                write!(f, "{entries} left out (first: {first}): {reason}")
            }
            Self::DumpEntriesEdited { entries_count, first, edit } => {
                let entries = counted(*entries_count, "entry of the dump was", "entries of the dump were");
                write!(f, "{entries} changed (first: {first}): {edit}")
            }
            Self::OrphansDropped { documents_count, document_bytes } => {
                let (documents, were) = (counted(*documents_count, "document", "documents"), verb(*documents_count));
                write!(f, "{documents} ({document_bytes} bytes) without a row in the database {were} left out")
            }
            Self::RowlessDocumentsDropped { documents_count, document_bytes } => {
                let (documents, were) = (counted(*documents_count, "document", "documents"), verb(*documents_count));
                write!(f, "{documents} ({document_bytes} bytes) whose rows were left out of the dump {were} left out")
            }
            Self::ModelVersionAssumed => f.write_str(
                "the model version was not given and is set to 0.0.0.0: the platform compares it with the deployed model",
            ),
            Self::DatabaseSizeEstimated { size_bytes } => {
                write!(
                    f,
                    "the size of the database was not given and is estimated: {size_bytes} bytes, without indexes"
                )
            }
            Self::MetadataAdded => f.write_str(".metadata was missing and was created"),
            Self::MetadataReplaced { reason } => write!(f, ".metadata was replaced: {reason}"),
            Self::MetadataCorrected { key, from: Some(from), to } => {
                write!(f, "{key} in .metadata was corrected from {from} to {to}")
            }
            Self::MetadataCorrected { key, from: None, to } => {
                write!(f, "{key} in .metadata was missing and is set to {to}")
            }
            Self::FolderTakenOff { folder, files_count } => {
                let files = counted(*files_count, "file", "files");
                write!(f, "the folder {folder} was removed from the names of {files}")
            }
            Self::NamesRespelled { files_count, first } => {
                let names = counted(*files_count, "name was", "names were");
                write!(f, "{names} changed to the usual spelling (first: {first})")
            }
            Self::JunkLeftOut { files_count, first } => {
                let (files, were) = (counted(*files_count, "file", "files"), verb(*files_count));
                write!(f, "{files} created by file managers {were} left out (first: {first})")
            }
            Self::UnknownLeftOut { files_count, first } => {
                let files = counted(*files_count, "file that does not belong in a snapshot was", "files that do not belong in a snapshot were");
                write!(f, "{files} left out (first: {first})")
            }
            Self::DuplicatesLeftOut { files_count, first } => {
                let (files, were) = (counted(*files_count, "file", "files"), verb(*files_count));
                write!(f, "{files} that the archive contains again with the same contents {were} left out (first: {first})")
            }
            Self::DocumentsVanished { documents_count, first } => {
                let documents = counted(*documents_count, "document that was deleted after it had been listed was", "documents that were deleted after they had been listed were");
                write!(f, "{documents} left out (first: {first})")
            }
            Self::DocumentsModified { documents_count, first } => {
                let documents = counted(*documents_count, "document that was modified after it had been listed is", "documents that were modified after they had been listed are");
                write!(f, "{documents} packed as found later (first: {first})")
            }
            Self::FoldersLeftOut { folders_count } => {
                write!(f, "{} left out", counted(*folders_count, "folder was", "folders were"))
            }
            Self::Reordered => f.write_str("the members were reordered to .metadata, database, documents"),
            Self::Normalised { code, count } => {
                let times = counted(*count, "time", "times");
                write!(f, "{} ({times}) was rewritten in the way platforms write it", code.name())
            }
        }
    }
}
