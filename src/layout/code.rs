//! Codes of findings about names and locations in an archive: [`Code`].

use crate::diagnostic::codes;

codes! {
    /// The codes of findings about the names of an archive's members.
    pub enum Code {
        /// A name is absolute or leads out of the archive.
        NameLeadsOut = "L001" "name-leads-out" Error,
            "if the source is untrusted, treat it as an attack; otherwise pack again without -P";
        /// A name has control characters, backslashes, or bytes that are not UTF-8.
        NameEncoding = "L002" "name-encoding" Error, "pack again on a system that keeps names as they are";
        /// A name is not in its shortest form.
        NameNotCanonical = "L003" "name-not-canonical" Error, "pack again, or repair the archive";
        /// A file is not `.metadata`, `db/db.backup` or a document in `tree/`.
        NameUnknown = "L004" "name-unknown" Error,
            "leave it out or move it to its location; repair the archive if everything is merely one folder down";
        /// A document is in folders that do not match its uuid.
        ShardMismatch = "L005" "shard-mismatch" Error,
            "find out what it is, and move it to tree/xx/yy/, the first four characters of its uuid";
        /// A folder has the name of a file of the format, or a file that of a folder.
        NameWrongKind = "L006" "name-wrong-kind" Error, "leave it out and pack again";
        /// A name appears in the archive twice (letter case aside), so its content depends on the program that reads it.
        NameRepeated = "L007" "name-repeated" Error, "find out which one is right and leave the other out";
        /// A document is in `tree/` itself. Mendix Cloud v4 accepts that, other platforms expect `tree/xx/yy/`.
        FlatTree = "L010" "flat-tree" Warning, "repair the archive, or pack again";
        /// The folders of a document are spelled in another letter case than its uuid.
        ShardLetterCase = "L011" "shard-letter-case" Warning, "repair the archive, or pack again";
        /// A uuid has upper-case letters. Every known platform writes lower case.
        UpperCaseId = "L012" "upper-case-id" Warning, "repair the archive, or pack again";
        /// A volume label, or a `.DS_Store` file of macOS, was skipped.
        JunkSkipped = "L013" "junk-skipped" Warning, "no action is needed; packing again leaves it out";
        /// An AppleDouble file of macOS was skipped.
        AppledoubleSkipped = "L014" "appledouble-skipped" Warning,
            "no action is needed; on macOS, set COPYFILE_DISABLE=1 when packing";
    }
}

impl Code {
    /// Returns what is wrong with one name, for errors and findings that give the name themselves.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::NameLeadsOut => "the name leads out of the archive",
            Self::NameEncoding => "the name has bytes that no name in a snapshot has",
            Self::NameNotCanonical => "the name is not in its shortest form",
            Self::NameUnknown => "a snapshot contains only .metadata, db/db.backup and tree/xx/yy/<uuid>",
            Self::ShardMismatch => {
                "the folders do not match the uuid: a document is in tree/xx/yy/, its first four characters"
            }
            Self::NameWrongKind => "a file has the name of a folder of the format, or a folder that of a file",
            Self::NameRepeated => "the archive contains this member twice",
            Self::FlatTree => "the document is in tree/ itself; move it to tree/xx/yy/ for other platforms",
            Self::ShardLetterCase => "the folders are spelled in another letter case than the uuid",
            Self::UpperCaseId => "the uuid has upper-case letters",
            Self::JunkSkipped => "a .DS_Store file of macOS is skipped",
            Self::AppledoubleSkipped => "an AppleDouble file of macOS is skipped",
        }
    }

    /// Returns `true` if no member of a snapshot may have such a name.
    pub(crate) const fn is_fault(self) -> bool {
        match self {
            Self::NameLeadsOut
            | Self::NameEncoding
            | Self::NameNotCanonical
            | Self::NameUnknown
            | Self::ShardMismatch
            | Self::NameWrongKind => true,
            Self::NameRepeated
            | Self::FlatTree
            | Self::ShardLetterCase
            | Self::UpperCaseId
            | Self::JunkSkipped
            | Self::AppledoubleSkipped => false,
        }
    }
}
