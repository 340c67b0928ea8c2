//! What is wrong, or odd, in an archive that could still be read: [`Anomaly`].

use std::fmt;

use crate::{layout, metadata, tarball};

/// Something that a reader tolerated, and where.
///
/// ```
/// # let mut tar = tar::Builder::new(Vec::new());
/// # for (name, payload) in [(".metadata", "{}"), ("tree/0d3e301f-5551-46f8-ad44-8de2be084c95", "hello")] {
/// #     let mut header = tar::Header::new_ustar();
/// #     header.set_size(payload.len() as u64);
/// #     tar.append_data(&mut header, name, payload.as_bytes())?;
/// # }
/// # let tar = tar.into_inner()?;
/// use appsnap::snapshot::{AnomalyKind, ReadOptions, SnapshotReader};
///
/// // A document lies in `tree` itself.
/// let mut reader = SnapshotReader::new(tar.as_slice(), ReadOptions::new());
/// while reader.next_entry()?.is_some() {}
/// let anomaly = reader.report().anomalies().iter().find(|anomaly| matches!(anomaly.kind(), AnomalyKind::Name(_)));
/// let anomaly = anomaly.expect("it is odd");
/// assert_eq!(anomaly.member(), Some("tree/0d3e301f-5551-46f8-ad44-8de2be084c95"));
/// assert!(!anomaly.is_note() && !anomaly.is_fault());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    pub(super) kind: AnomalyKind,
    pub(super) member: Option<String>,
    pub(super) position: Option<u64>,
}

/// What was tolerated.
///
/// ```
/// use appsnap::layout::Oddity;
/// use appsnap::snapshot::AnomalyKind;
///
/// let kind = AnomalyKind::Name(Oddity::FlatTree);
/// println!("{}: {kind}", kind.name());
/// assert_ne!(kind.name(), AnomalyKind::Label.name());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnomalyKind {
    /// The tar framing is unusual.
    Framing(tarball::Oddity),
    /// The name is not spelled as platforms spell it.
    Name(layout::Oddity),
    /// A volume label was skipped.
    Label,
    /// A file that macOS slipped in was skipped.
    Junk(layout::Junk),
    /// `.metadata` is not spelled as platforms spell it.
    Metadata(metadata::Oddity),
    /// There is no `.metadata`, and no database that it could describe.
    MetadataMissing,
    /// There is no database: the archive can be read, and nothing can be restored from it.
    DatabaseMissing,
    /// A size in `.metadata` is not that of what was read.
    #[non_exhaustive]
    MetadataSize {
        /// The key in `.metadata`.
        name: &'static str,
        /// What the metadata says.
        declared_bytes: u64,
        /// The size of what was read.
        actual_bytes: u64,
    },
    /// Only in [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): a name that no snapshot may hold.
    Misplaced(layout::Fault),
    /// Only in [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): a name for the second time.
    Repeated,
    /// Only in [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): `.metadata` cannot be used; the text says why.
    MetadataFault(String),
}

impl Anomaly {
    /// What was tolerated.
    #[must_use]
    pub const fn kind(&self) -> &AnomalyKind {
        &self.kind
    }

    /// The member that it concerns, escaped for display; `None` for the archive as a whole.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// The member's offset in the tar stream, in bytes.
    #[must_use]
    pub const fn position(&self) -> Option<u64> {
        self.position
    }

    /// Whether it is perfectly legal and merely worth knowing: upper-case ids.
    #[must_use]
    pub const fn is_note(&self) -> bool {
        matches!(self.kind, AnomalyKind::Name(layout::Oddity::UpperCaseId))
    }

    /// Whether only [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage) lets it pass.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        matches!(self.kind, AnomalyKind::Misplaced(_) | AnomalyKind::Repeated | AnomalyKind::MetadataFault(_))
    }
}

impl AnomalyKind {
    /// A stable kebab-case name, for programs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.describe().0
    }

    /// Name and text of everything that has no figures in it.
    const fn describe(&self) -> (&'static str, &'static str) {
        match self {
            Self::Framing(oddity) => match oddity {
                tarball::Oddity::ModeBits => ("mode-bits-ignored", "set-id or sticky bits are ignored"),
                tarball::Oddity::ContiguousFile => ("type-treated-as-file", "a contiguous file is read as a file"),
                tarball::Oddity::SlashedFile => {
                    ("type-treated-as-directory", "an empty file whose name ends in a slash is read as a directory")
                }
                tarball::Oddity::IgnoredField => ("ignored-field-malformed", "bytes behind a name's end are ignored"),
                tarball::Oddity::ShortEndMarker => ("short-end-marker", "one zero block ends the archive, not two"),
            },
            Self::Name(oddity) => match oddity {
                layout::Oddity::FlatTree => {
                    ("flat-tree", "the document lies in tree/ itself; move it to tree/xx/yy/ for other platforms")
                }
                layout::Oddity::ShardLetterCase => {
                    ("shard-letter-case", "the folders are spelled in another letter case than the uuid")
                }
                layout::Oddity::UpperCaseId => ("upper-case-id", "the uuid has upper-case letters"),
            },
            Self::Label => ("junk-skipped", "a volume label, which holds nothing, is skipped"),
            Self::Junk(layout::Junk::AppleDouble) => ("appledouble-skipped", "an AppleDouble file of macOS is skipped"),
            Self::Junk(layout::Junk::DsStore) => ("junk-skipped", "a .DS_Store file of macOS is skipped"),
            Self::Metadata(oddity) => match oddity {
                metadata::Oddity::ByteOrderMark => ("metadata-bom", ".metadata begins with a byte order mark"),
                metadata::Oddity::JsonNumber(_) => {
                    ("metadata-type-coerced", ".metadata has a number where a string belongs")
                }
                metadata::Oddity::Missing(_) => ("metadata-key-missing", ".metadata lacks a documented key"),
            },
            Self::MetadataMissing => ("metadata-missing", "there is no .metadata"),
            Self::DatabaseMissing => {
                ("database-missing", "there is no db/db.backup: nothing can be restored from this alone")
            }
            Self::MetadataSize { .. } => ("metadata-size-differs", "a size in .metadata is not what was read"),
            Self::Misplaced(fault) => {
                let name = match fault {
                    layout::Fault::Traversal => "name-leads-out",
                    layout::Fault::Encoding => "name-encoding",
                    layout::Fault::NonCanonical => "name-not-canonical",
                    layout::Fault::Unknown => "name-unknown",
                    layout::Fault::ShardMismatch => "shard-mismatch",
                    layout::Fault::WrongKind => "name-wrong-kind",
                };
                (name, "no snapshot may hold such a name")
            }
            Self::Repeated => ("name-repeated", "the name stands in the archive twice"),
            Self::MetadataFault(_) => ("metadata-unusable", ".metadata cannot be used"),
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata(metadata::Oddity::JsonNumber(key) | metadata::Oddity::Missing(key)) => {
                write!(f, "{}: {}", self.describe().1, key.name())
            }
            Self::MetadataSize { name, declared_bytes, actual_bytes } => {
                write!(f, "the metadata says {name} {declared_bytes}, the archive holds {actual_bytes} bytes")
            }
            Self::Misplaced(fault) => fault.fmt(f),
            Self::MetadataFault(fault) => f.write_str(fault),
            _ => f.write_str(self.describe().1),
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = &self.member {
            write!(f, "{member}: ")?;
        }
        self.kind.fmt(f)
    }
}
