//! What a conversion changes, and what it came to.

use std::fmt;

use crate::pgdump::compat::Incompatibility;
use crate::pgdump::header::{Compression, Header};
use crate::pgdump::inspection::Offsets;
use crate::pgdump::toc::Toc;
use crate::pgdump::version::FormatVersion;

/// What a conversion changes. All of it is known when the table of contents has been read.
///
/// Entries are named by their dump id in the input; look the id up in its table of contents.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{FormatVersion, Transcoder};
///
/// let dump = File::open("tests/data/check/pg18-default.dump")?;
/// let plan = Transcoder::to(FormatVersion::V1_14).plan(dump, &Limits::untrusted())?;
/// let changes = plan.changes();
/// assert_eq!((changes.from, changes.to), (FormatVersion::V1_16, FormatVersion::V1_14));
/// assert_eq!((changes.entries_in_count, changes.entries_out_count, changes.recompressed), (58, 60, false));
/// for dropped in &changes.dropped {
///     println!("{:?}: {}", plan.toc().get(dropped.id), dropped.reason);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Changes {
    /// Archive version of the input.
    pub from: FormatVersion,
    /// Archive version of the output.
    pub to: FormatVersion,
    /// How the data of the output are compressed.
    pub compression: Compression,
    /// Whether the data are compressed anew. If not, every stored byte of them stays.
    pub recompressed: bool,
    /// Whether the output states where its data lie. Those of a dump that is compressed anew, of one that went through
    /// a pipe, and those that do not fit the dump's offset size, are not stated.
    pub offsets: Offsets,
    /// Entries of the input.
    pub entries_in_count: usize,
    /// Entries of the output.
    pub entries_out_count: usize,
    /// Entries that became several, in the order of the output.
    pub expanded: Vec<Expanded>,
    /// Entries that are not in the output.
    pub dropped: Vec<Dropped>,
    /// Entries that lost something the older version cannot say, or the older server cannot take.
    pub edited: Vec<Edited>,
    /// What of the output the older server will refuse.
    pub warnings: Vec<Incompatibility>,
}

/// What a conversion came to.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::{Conversion, FormatVersion, Transcoder};
///
/// let (input, mut output) = (File::open("tests/data/check/pg18-default.dump")?, Vec::new());
/// let conversion: Conversion =
///     Transcoder::to(FormatVersion::V1_15).convert(input, &mut output, &Limits::untrusted(), &mut NoObserver)?;
/// assert_eq!(conversion.output_bytes, output.len() as u64);
/// assert_eq!(conversion.header.version(), FormatVersion::V1_16, "that of the input");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversion {
    /// Header of the input.
    pub header: Header,
    /// Table of contents of the input.
    pub toc: Toc,
    /// What has changed.
    pub changes: Changes,
    /// Length of the output in bytes.
    pub output_bytes: u64,
}

/// An entry that became several.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{FormatVersion, Transcoder};
///
/// let dump = File::open("tests/data/pgdump/pg17-lo-acl.dump")?;
/// let plan = Transcoder::to(FormatVersion::V1_14).plan(dump, &Limits::untrusted())?;
/// assert_eq!(plan.changes().expanded[0].entries_count, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expanded {
    /// Its dump id, which the first of them keeps.
    pub id: u32,
    /// How many it became: one for each large object.
    pub entries_count: usize,
}

/// An entry that is not in the output.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{AccessRights, Transcoder};
///
/// let transcoder = Transcoder::same_version().with_access_rights(AccessRights::Drop);
/// let plan = transcoder.plan(File::open("tests/data/pgdump/pg17-lo-acl.dump")?, &Limits::untrusted())?;
/// for dropped in &plan.changes().dropped {
///     assert_eq!(dropped.reason.to_string(), "access rights are not wanted");
///     assert_eq!(plan.toc().get(dropped.id).map(|entry| entry.desc), Some(&b"ACL"[..]));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Its dump id in the input.
    pub id: u32,
    /// Why it is not there.
    pub reason: DropReason,
}

/// Why an entry is not in the output.
///
/// ```
/// use appsnap::pgdump::DropReason;
///
/// assert!(DropReason::Statistics.to_string().contains("run ANALYZE instead"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// Planner statistics, which older servers have no functions to restore with; ANALYZE makes new ones.
    Statistics,
    /// The schema `public` with nothing but a comment for a definition: a pg_restore before 15 would make a
    /// `CREATE SCHEMA` of it, and fail.
    PublicSchema,
    /// Access rights, which were not wanted.
    AccessRights,
    /// It speaks of a group of large objects that the dump does not have.
    NoLargeObjects,
}

/// An entry that lost something.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{Edit, Entry, FormatVersion, Header, Transcoder, encode_toc};
///
/// let mut table = Entry::new(7, b"TABLE", b"customer");
/// table.definition = Some(b"CREATE TABLE public.customer ();\n");
/// table.access_method = Some(b"columnar");
/// let header = Header::new(FormatVersion::V1_14);
/// let mut dump = Vec::new();
/// header.encode(&mut dump)?;
/// encode_toc([table], &header.dialect, &mut dump)?;
///
/// let plan = Transcoder::to(FormatVersion::V1_13).plan(dump.as_slice(), &Limits::untrusted())?;
/// let edited = plan.changes().edited[0];
/// assert_eq!((edited.id, edited.edit), (7, Edit::AccessMethod));
/// # Ok::<(), appsnap::pgdump::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edited {
    /// Its dump id in the input.
    pub id: u32,
    /// What it lost in the output.
    pub edit: Edit,
}

/// What an entry lost.
///
/// ```
/// use appsnap::pgdump::Edit;
///
/// assert_eq!(Edit::AccessMethod.to_string(), "its table access method cannot be stated");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Edit {
    /// The name of the multirange type of a range type; the server has no multirange types.
    MultirangeTypeName,
    /// The table access method: there is no field for it before 1.14, and before 1.16 none that counts for partitioned
    /// tables. The table comes to have the default method.
    AccessMethod,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Statistics => "an older server cannot restore planner statistics; run ANALYZE instead",
            Self::PublicSchema => "the schema public exists in every new database",
            Self::AccessRights => "access rights are not wanted",
            Self::NoLargeObjects => "the dump does not have the large objects it speaks of",
        })
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MultirangeTypeName => "the name of its multirange type was taken out",
            Self::AccessMethod => "its table access method cannot be stated",
        })
    }
}
