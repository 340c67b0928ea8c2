//! The changes that a conversion makes, and its report.

use std::fmt;
use std::io::{Seek, SeekFrom, Write};

use crate::pgdump::compat::Incompatibility;
use crate::pgdump::data_state::DataState;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::header::{Compression, Header};
use crate::pgdump::primitives::Dialect;
use crate::pgdump::toc::{Offsets, Toc};
use crate::pgdump::version::FormatVersion;

/// The changes that a conversion makes. All are known when the table of contents has been read.
///
/// Entries are named by their dump id in the input: look it up in the input's table of contents.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{FormatVersion, transcode::Transcoder};
///
/// let dump = File::open("tests/data/check/pg18-default.dump")?;
/// let conversion = Transcoder::to(FormatVersion::V1_14).plan(dump, &Limits::untrusted())?;
/// let changes = conversion.changes();
/// assert_eq!((changes.from, changes.to), (FormatVersion::V1_16, FormatVersion::V1_14));
/// assert_eq!((changes.entries_in_count, changes.entries_out_count, changes.recompressed), (58, 60, false));
/// for change in changes.entries.iter().filter(|change| change.kind.is_dropped()) {
///     println!("{:?}: {}", conversion.toc().get(change.id), change.kind);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Changes {
    /// The archive version of the input.
    pub from: FormatVersion,
    /// The archive version of the output.
    pub to: FormatVersion,
    /// The compression of the output's data.
    pub compression: Compression,
    /// `true` if the data is recompressed. If not, every stored byte of it stays.
    pub recompressed: bool,
    /// The presence of stored positions of data in the output. Not stated are those of a recompressed dump, of one that
    /// was written to a pipe, and those that do not fit the offset size of the dump.
    pub offsets: Offsets,
    /// The number of entries in the input.
    pub entries_in_count: usize,
    /// The number of entries in the output.
    pub entries_out_count: usize,
    /// The entries that are changed other than by their form, in the order in which the output is written.
    pub entries: Vec<EntryChange>,
    /// The major release of the server that the output is for; `None` if no SQL was examined.
    pub server_major: Option<u16>,
    /// SQL in the output that the older server will refuse. Values in rows are added when the data has been converted: see
    /// [`ConversionReport`].
    pub warnings: Vec<Incompatibility>,
}

/// The report of a conversion.
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, observe::NoObserver};
/// use appsnap::pgdump::{FormatVersion, transcode::Transcoder};
///
/// let input = File::open("tests/data/check/pg18-default.dump")?;
/// let transcoder = Transcoder::to(FormatVersion::V1_15);
/// let (output, report) = transcoder.convert(input, Vec::new(), &Limits::untrusted(), &mut NoObserver)?;
/// assert_eq!(report.output_bytes, output.len() as u64);
/// assert_eq!(report.header.version(), FormatVersion::V1_16, "that of the input");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConversionReport {
    /// The header of the input.
    pub header: Header,
    /// The table of contents of the input.
    pub toc: Toc,
    /// The changes.
    pub changes: Changes,
    /// The length of the output in bytes.
    pub output_bytes: u64,
    pub(super) positions: Positions,
}

/// The fields for the positions of data in the output, and the positions.
#[derive(Clone, Debug)]
pub(super) struct Positions {
    pub(super) dialect: Dialect,
    /// The position of each field, and its value.
    pub(super) fields: Vec<(u64, u64)>,
}

impl ConversionReport {
    /// States the position of all data in the table of contents of the output, if that is not done yet.
    ///
    /// `sink` has the output directly before its current position, and is left there. A dump that states positions is
    /// restored faster: pg_restore then reads single tables without reading those before them.
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::Cursor;
    /// use appsnap::{Limits, observe::NoObserver};
    /// use appsnap::pgdump::{toc::Offsets, transcode::Transcoder};
    ///
    /// let input = File::open("tests/data/check/pg18-default.dump")?;
    /// let transcoder = Transcoder::same_version().with_compression(appsnap::pgdump::raw::Compression::None);
    /// let (mut output, mut report) = transcoder
    ///     .convert(input, Cursor::new(Vec::new()), &Limits::untrusted(), &mut NoObserver)
    ///     .map_err(|failed| failed.into_parts().0)?;
    /// assert_eq!(report.changes.offsets, Offsets::NotSet, "the positions are known at the end");
    /// report.write_offsets(&mut output)?;
    /// assert_eq!(report.changes.offsets, Offsets::Set);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the sink fails. The dump is then damaged.
    pub fn write_offsets<W: Write + Seek>(&mut self, sink: &mut W) -> Result<(), Error> {
        if !matches!(self.changes.offsets, Offsets::NotSet | Offsets::Mixed) {
            return Ok(());
        }
        let failed = |error| Error::io("stating the positions of data", error);
        let end = sink.stream_position().map_err(failed)?;
        let no_output = || Error::new(ErrorKind::Misuse("the sink does not end with the converted dump"));
        let start = end.checked_sub(self.output_bytes).ok_or_else(no_output)?;
        let mut encoded = Vec::new();
        let mut states = Vec::with_capacity(self.positions.fields.len());
        for (field, position) in &self.positions.fields {
            let state = DataState::Set(*position);
            encoded.clear();
            // A position that does not fit the offset size stays unset.
            if self.positions.dialect.put_offset(state, &mut encoded).is_err() {
                states.push(DataState::NotSet);
                continue;
            }
            sink.seek(SeekFrom::Start(start.saturating_add(*field))).map_err(failed)?;
            sink.write_all(&encoded).map_err(failed)?;
            states.push(state);
        }
        sink.seek(SeekFrom::Start(end)).map_err(failed)?;
        self.changes.offsets = Offsets::of(states);
        Ok(())
    }
}

/// A change of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryChange {
    /// The dump id of the entry in the input.
    pub id: u32,
    /// The change.
    pub kind: EntryChangeKind,
}

/// The kinds of [`EntryChange`]. The entry is expanded, dropped, or loses something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryChangeKind {
    /// The entry becomes several, the first of which keeps its dump id: one for each large object of a group.
    Expanded {
        /// The number of entries in the output.
        entries_count: usize,
    },
    /// Planner statistics are dropped: older servers have no functions to restore them, and ANALYZE creates new ones.
    StatisticsDropped,
    /// The schema `public`, which exists in every new database, is dropped: creating it again would fail. A definition
    /// that is only a comment is dropped for a pg_restore before 15, which would create the schema, too.
    PublicSchemaDropped,
    /// Access rights are dropped because the options request it.
    AccessRightsDropped,
    /// An entry about a group of large objects is dropped because the dump does not have the group.
    MissingLargeObjectsDropped,
    /// A range type loses the name of its multirange type: the server has no multirange types.
    MultirangeNameRemoved,
    /// The database loses `LOCALE_PROVIDER = libc`, which servers before 15 refuse, and which is the only provider they
    /// have.
    LocaleProviderRemoved,
    /// The data of a table is left out because the options request it.
    DataExcluded,
    /// Planner statistics are dropped because they contain values of rows that are edited.
    RevealingStatisticsDropped,
    /// Rows of the table are edited, or left out.
    RowsEdited,
    /// Edited rows, or the lack of those that are left out, may violate the constraint or the unique index. It stays, and
    /// pg_restore reports the violation.
    ConstraintAtRisk,
    /// A table loses its access method and gets the default one: there is no field for it before 1.14, and none that is
    /// used for partitioned tables before 1.16.
    AccessMethodRemoved,
}

impl EntryChangeKind {
    /// Returns `true` if the entry is not in the output.
    #[must_use]
    pub const fn is_dropped(self) -> bool {
        match self {
            Self::StatisticsDropped
            | Self::PublicSchemaDropped
            | Self::AccessRightsDropped
            | Self::MissingLargeObjectsDropped
            | Self::DataExcluded
            | Self::RevealingStatisticsDropped => true,
            Self::Expanded { .. }
            | Self::RowsEdited
            | Self::ConstraintAtRisk
            | Self::MultirangeNameRemoved
            | Self::LocaleProviderRemoved
            | Self::AccessMethodRemoved => false,
        }
    }

    /// Returns `true` if the entry is in the output and has lost something.
    #[must_use]
    pub const fn is_edited(self) -> bool {
        matches!(
            self,
            Self::MultirangeNameRemoved | Self::LocaleProviderRemoved | Self::AccessMethodRemoved | Self::RowsEdited
        )
    }
}

impl fmt::Display for EntryChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expanded { entries_count } => write!(f, "one entry for each of {entries_count} large objects"),
            Self::StatisticsDropped => {
                f.write_str("an older server cannot restore planner statistics: run ANALYZE instead")
            }
            Self::PublicSchemaDropped => f.write_str("the schema public exists in every new database"),
            Self::AccessRightsDropped => f.write_str("access rights are not wanted"),
            Self::MissingLargeObjectsDropped => f.write_str("the large objects that it refers to are not in the dump"),
            Self::MultirangeNameRemoved => f.write_str("the name of its multirange type was removed"),
            Self::LocaleProviderRemoved => {
                f.write_str("its locale provider libc was removed: older servers have no other")
            }
            Self::DataExcluded => f.write_str("the data of this table is left out"),
            Self::RevealingStatisticsDropped => {
                f.write_str("planner statistics contain values of edited rows: run ANALYZE instead")
            }
            Self::RowsEdited => f.write_str("its rows are edited"),
            Self::ConstraintAtRisk => f.write_str(
                "rows that are masked or left out may violate it, and pg_restore would report an error: hash columns that \
                 are unique or refer to each other, with the same key, and leave out rows with those that refer to them",
            ),
            Self::AccessMethodRemoved => f.write_str("its table access method was removed"),
        }
    }
}
