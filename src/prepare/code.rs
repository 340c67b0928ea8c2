//! Codes of the differences between inputs and archive: [`Code`].

use serde::{Serialize, Serializer};

use super::change::Change;
use crate::diagnostic::{Diagnostic, codes};

codes! {
    /// The codes of [`Change`]s.
    pub enum Code {
        /// The dump was converted to an older archive version.
        DumpConverted = "C001" "dump-converted" Info, "no action is needed";
        /// Entries of the dump are missing from the converted dump.
        DumpEntriesDropped = "C002" "dump-entries-dropped" Warning, "make sure that the app does not need them";
        /// Entries of the dump were changed by the conversion.
        DumpEntriesEdited = "C003" "dump-entries-edited" Warning, "make sure that the app does not need what was removed";
        /// Documents without a row in the database were left out.
        OrphansDropped = "C004" "orphans-dropped" Info, "no action is needed; the options can keep them";
        /// Documents whose rows are left out of the dump were left out.
        RowlessDocumentsDropped = "C016" "rowless-documents-dropped" Info, "no action is needed";
        /// The model version was not given, and the platform compares it with the model.
        ModelVersionAssumed = "C005" "model-version-assumed" Warning, "set the model version in the options";
        /// The size of the database was not given, and is estimated from the dump.
        DatabaseSizeEstimated = "C006" "database-size-estimated" Warning,
            "set the size of the database in the options if it matters";
        /// `.metadata` was missing and was created.
        MetadataAdded = "C007" "metadata-added" Info, "no action is needed";
        /// `.metadata` was unusable and was replaced.
        MetadataReplaced = "C008" "metadata-replaced" Info, "no action is needed";
        /// A value in `.metadata` was corrected.
        MetadataCorrected = "C009" "metadata-corrected" Info, "no action is needed";
        /// All files were in a top folder, which was removed from their names.
        FolderTakenOff = "C010" "folder-taken-off" Info, "no action is needed";
        /// Names were changed to the platforms' spelling.
        NamesRespelled = "C011" "names-respelled" Info, "no action is needed";
        /// Files that file managers create were left out.
        JunkLeftOut = "C012" "junk-left-out" Info, "no action is needed";
        /// Folders that do not belong in a snapshot were left out.
        FoldersLeftOut = "C013" "folders-left-out" Info, "no action is needed";
        /// The members were reordered to `.metadata`, database, documents.
        Reordered = "C014" "reordered" Info, "no action is needed";
        /// Something unusual was rewritten in the way platforms write it.
        Normalised = "C015" "normalised" Info, "no action is needed";
        /// Files that do not belong in a snapshot were left out, as the options request.
        UnknownLeftOut = "C016" "unknown-left-out" Warning, "make sure that the app does not need them";
        /// Files that the archive contains twice, with the same contents, were left out once.
        DuplicatesLeftOut = "C017" "duplicates-left-out" Info, "no action is needed";
        /// Documents that were deleted after they had been listed were left out.
        DocumentsVanished = "C018" "documents-vanished" Warning,
            "stop the app while its files are read if a row still refers to them";
        /// Documents that were modified after they had been listed are packed as they were found later.
        DocumentsModified = "C019" "documents-modified" Warning, "stop the app while its files are read if they matter";
    }
}

impl Change {
    /// Returns the code of the change.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::DumpConverted { .. } => Code::DumpConverted,
            Self::DumpEntriesDropped { .. } => Code::DumpEntriesDropped,
            Self::DumpEntriesEdited { .. } => Code::DumpEntriesEdited,
            Self::OrphansDropped { .. } => Code::OrphansDropped,
            Self::RowlessDocumentsDropped { .. } => Code::RowlessDocumentsDropped,
            Self::ModelVersionAssumed => Code::ModelVersionAssumed,
            Self::DatabaseSizeEstimated { .. } => Code::DatabaseSizeEstimated,
            Self::MetadataAdded => Code::MetadataAdded,
            Self::MetadataReplaced { .. } => Code::MetadataReplaced,
            Self::MetadataCorrected { .. } => Code::MetadataCorrected,
            Self::FolderTakenOff { .. } => Code::FolderTakenOff,
            Self::NamesRespelled { .. } => Code::NamesRespelled,
            Self::JunkLeftOut { .. } => Code::JunkLeftOut,
            Self::FoldersLeftOut { .. } => Code::FoldersLeftOut,
            Self::Reordered => Code::Reordered,
            Self::Normalised { .. } => Code::Normalised,
            Self::UnknownLeftOut { .. } => Code::UnknownLeftOut,
            Self::DuplicatesLeftOut { .. } => Code::DuplicatesLeftOut,
            Self::DocumentsVanished { .. } => Code::DocumentsVanished,
            Self::DocumentsModified { .. } => Code::DocumentsModified,
        }
    }
}

impl From<&Change> for Diagnostic {
    fn from(change: &Change) -> Self {
        Self::of(change.code()).with_message(change.to_string())
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Diagnostic::from(self).serialize(serializer)
    }
}
