//! What was made different from what was given: [`Change`].

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::diagnostic::Code;
use crate::layout::escaped;
use crate::pgdump::FormatVersion;
use crate::pgdump::toc::Toc;
use crate::pgdump::transcode::{Changes, EntryChange, EntryChangeKind};

/// Something that the archive says or holds otherwise than what it was made from, or that nobody stated.
///
/// ```
/// use appsnap::prepare::Change;
///
/// let change = Change::ModelVersionAssumed;
/// assert_eq!(change.name(), "model-version-assumed");
/// println!("{change}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The dump was converted to an older archive version.
    #[non_exhaustive]
    DumpConverted {
        /// Archive version of the dump as it was given.
        from: FormatVersion,
        /// Archive version of the dump in the archive.
        to: FormatVersion,
        /// Whether its data were compressed anew.
        recompressed: bool,
    },
    /// Entries of the dump are not in the converted one, all for one reason.
    #[non_exhaustive]
    DumpEntriesDropped {
        /// How many entries.
        entries_count: u64,
        /// The first of them, escaped for display.
        first: String,
        /// Why they are not in it.
        reason: EntryChangeKind,
    },
    /// Entries of the dump lost something in the converted one, all the same.
    #[non_exhaustive]
    DumpEntriesEdited {
        /// How many entries.
        entries_count: u64,
        /// The first of them, escaped for display.
        first: String,
        /// What they lost.
        edit: EntryChangeKind,
    },
    /// Documents that no row knows were left out.
    #[non_exhaustive]
    OrphansDropped {
        /// How many documents.
        documents_count: u64,
        /// Length of all of them together.
        document_bytes: u64,
    },
    /// Nobody stated the model version.
    ModelVersionAssumed,
    /// Nobody stated the size of the database: it is estimated by the decompressed bytes of the dump, indexes not counted.
    #[non_exhaustive]
    DatabaseSizeEstimated {
        /// The decompressed bytes of the dump.
        size_bytes: u64,
    },
    /// There was no `.metadata`.
    MetadataAdded,
    /// `.metadata` could not be used, so it was made anew.
    #[non_exhaustive]
    MetadataReplaced {
        /// Why it could not be used.
        reason: String,
    },
    /// A value in `.metadata` was corrected.
    #[non_exhaustive]
    MetadataCorrected {
        /// The key whose value was corrected.
        key: &'static str,
        /// What it said; `None` for nothing.
        from: Option<String>,
        /// What it says now.
        to: String,
    },
    /// Everything lay in a folder, which was taken off.
    #[non_exhaustive]
    FolderTakenOff {
        /// The folder, escaped for display.
        folder: String,
        /// How many files lay in it.
        files_count: u64,
    },
    /// Names were not spelled as platforms spell them: flat trees, letter case, needless dots.
    #[non_exhaustive]
    NamesRespelled {
        /// How many files.
        files_count: u64,
        /// The first of them, escaped for display.
        first: String,
    },
    /// Files that file managers leave behind were left out.
    #[non_exhaustive]
    JunkLeftOut {
        /// How many files.
        files_count: u64,
        /// The first of them, escaped for display.
        first: String,
    },
    /// Folders that no snapshot holds were left out; whatever lay in them was placed or is listed.
    #[non_exhaustive]
    FoldersLeftOut {
        /// How many folders.
        folders_count: u64,
    },
    /// The order was not `.metadata`, database, documents.
    Reordered,
    /// Something was unusual, and is as platforms write it now.
    #[non_exhaustive]
    Normalised {
        /// The code of the reader's finding.
        code: Code,
        /// How often it occurred.
        count: u64,
    },
}

impl Change {
    /// The stable name in kebab case, for machines.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DumpConverted { .. } => "dump-converted",
            Self::DumpEntriesDropped { .. } => "dump-entries-dropped",
            Self::DumpEntriesEdited { .. } => "dump-entries-edited",
            Self::OrphansDropped { .. } => "orphans-dropped",
            Self::ModelVersionAssumed => "model-version-assumed",
            Self::DatabaseSizeEstimated { .. } => "database-size-estimated",
            Self::MetadataAdded => "metadata-added",
            Self::MetadataReplaced { .. } => "metadata-replaced",
            Self::MetadataCorrected { .. } => "metadata-corrected",
            Self::FolderTakenOff { .. } => "folder-taken-off",
            Self::NamesRespelled { .. } => "names-respelled",
            Self::JunkLeftOut { .. } => "junk-left-out",
            Self::FoldersLeftOut { .. } => "folders-left-out",
            Self::Reordered => "reordered",
            Self::Normalised { .. } => "normalised",
        }
    }
}

/// Returns the changes of a conversion, entries of one kind together: first those that are dropped.
pub(super) fn of_conversion(changes: &Changes, toc: &Toc) -> Vec<Change> {
    let (from, to, recompressed) = (changes.from, changes.to, changes.recompressed);
    let mut list = vec![Change::DumpConverted { from, to, recompressed }];
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
            *entries_count += 1;
        } else {
            let shown = toc.get(id).map(|entry| format!("{} {}", escaped(entry.desc), escaped(entry.tag)));
            groups.push((kind, 1, shown.unwrap_or_else(|| format!("entry {id}"))));
        }
    }
    groups
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DumpConverted { from, to, recompressed } => {
                let anew = if *recompressed { ", its data compressed anew" } else { "" };
                write!(f, "the dump was converted from archive version {from} to {to}{anew}")
            }
            Self::DumpEntriesDropped { entries_count, first, reason } => {
                write!(f, "{entries_count} entries of the dump were left out, the first of them {first}: {reason}")
            }
            Self::DumpEntriesEdited { entries_count, first, edit } => {
                write!(f, "{entries_count} entries of the dump were changed, the first of them {first}: {edit}")
            }
            Self::OrphansDropped { documents_count, document_bytes } => {
                write!(f, "{documents_count} documents of {document_bytes} bytes that no row knows were left out")
            }
            Self::ModelVersionAssumed => f.write_str(
                "nobody stated the model version, so it is 0.0.0.0; the platform compares it with the model",
            ),
            Self::DatabaseSizeEstimated { size_bytes } => {
                write!(
                    f,
                    "nobody stated the size of the database, so it is estimated: {size_bytes} bytes without indexes"
                )
            }
            Self::MetadataAdded => f.write_str("there was no .metadata, so it was made"),
            Self::MetadataReplaced { reason } => write!(f, ".metadata was made anew: {reason}"),
            Self::MetadataCorrected { key, from: Some(from), to } => {
                write!(f, "{key} in .metadata was {from} and is {to} now")
            }
            Self::MetadataCorrected { key, from: None, to } => {
                write!(f, "{key} in .metadata was missing and is {to} now")
            }
            Self::FolderTakenOff { folder, files_count } => {
                write!(f, "{files_count} files lay in the folder {folder}, which was taken off")
            }
            Self::NamesRespelled { files_count, first } => {
                write!(f, "{files_count} names were spelled anew, the first of them {first}")
            }
            Self::JunkLeftOut { files_count, first } => {
                write!(f, "{files_count} files of file managers were left out, the first of them {first}")
            }
            Self::FoldersLeftOut { folders_count } => write!(f, "{folders_count} folders were left out"),
            Self::Reordered => f.write_str("the order is .metadata, database, documents now"),
            Self::Normalised { code, count } => {
                write!(f, "{} ({count} times) is written as platforms write it now", code.name())
            }
        }
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut change = serializer.serialize_struct("Change", 2)?;
        change.serialize_field("name", self.name())?;
        change.serialize_field("message", &self.to_string())?;
        change.end()
    }
}
