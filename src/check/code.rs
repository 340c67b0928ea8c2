//! Codes of findings that only a view of archive and dump together gives: [`Code`].

use crate::diagnostic::codes;

codes! {
    /// The codes of findings about the file as a whole, and about the files that the database refers to.
    pub enum Code {
        /// The file has no documents: a restore leaves the files of the app as they are.
        DatabaseOnly = "S003" "database-only" Info,
            "where a full snapshot is required, pack the dump together with the files folder";
        /// There are so many documents that every backup operation of the platform becomes slow, up to hours.
        ManyDocuments = "S004" "many-documents" Warning,
            "allow time for it, or delete unused documents before creating the snapshot";
        /// The decompressed database does not fit into the target database under the platform's rule, not counting
        /// indexes.
        TargetTooSmall = "S005" "target-too-small" Error,
            "choose a larger plan for the target: a restore that runs out of space leaves the database half restored";
        /// The archive is a tar file without compression, which is not the form that platforms document.
        NotCompressed = "S007" "not-compressed" Warning, "compress it with `gzip`, or repair it";
        /// A row of the database must have a document, and the archive has none.
        DocumentMissing = "F001" "document-missing" Error,
            "look for the file in the storage of the app; if it is lost, delete the row in the app";
        /// No row of the database refers to the document: it takes space and cannot be reached.
        DocumentOrphan = "F002" "document-orphan" Warning,
            "pack with --on-orphan drop, or keep it if its purpose is known";
        /// The length of the document differs from the one in its row.
        DocumentSizeDiffers = "F003" "document-size-differs" Warning,
            "compare it with the file in the storage of the app";
        /// The document is empty, and its row has another size.
        DocumentEmpty = "F004" "document-empty" Warning, "look for the whole file in the storage of the app";
        /// A row must have a document and refers to it by a number instead of a uuid, as very old apps did.
        DocumentNumbered = "F005" "document-numbered" Error,
            "give the file a uuid, write it to the row's column __uuid__, and dump again";
        /// A row must have a document and refers to none: its uuid is missing or invalid.
        DocumentUnnamed = "F006" "document-unnamed" Warning, "repair the row in the app";
        /// A row has no content, and the archive has a document for it.
        DocumentUnexpected = "F007" "document-unexpected" Info,
            "no action is needed: such files remain where deletion from the storage is switched off";
        /// A row has no document because the app deletes it after the download, which is as intended.
        DocumentDeletedAfterDownload = "F008" "document-deleted-after-download" Info,
            "no action is needed; these rows and documents are short-lived";
        /// The dump does not tell which files the database refers to, so they were not compared with the documents.
        FilesNotCompared = "F010" "files-not-compared" Info,
            "make sure that the dump is that of the app, with its data in COPY form";
        /// The database refers to more files than the limit of entries allows, so they were not compared with the
        /// documents.
        FilesTooManyToCompare = "F011" "files-too-many-to-compare" Warning,
            "raise max_entries, if the source of the dump is trusted";
        /// Rows of the database must have documents, and the file has no documents at all: a restore of it alone loses
        /// them.
        DocumentsAbsent = "F012" "documents-absent" Warning,
            "pack the dump together with the files folder of the app, or restore it where the documents still exist";
    }
}
