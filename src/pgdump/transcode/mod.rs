//! Converts dumps to older archive versions or to another compression, in one forward pass.

mod at_risk;
mod changes;
mod conversion;
mod data_rewriter;
mod edited_row;
mod encoder;
mod entry_rewriter;
mod groups;
mod mask;
mod mask_value;
mod row_rewriter;
mod selection;
mod table_definition;
mod table_pattern;
mod toc_writer;
mod unmatched;
mod zlib_segments;
#[cfg(feature = "zstd")]
mod zstd_frame;

use std::io::{Read, Write};
use std::sync::Arc;

pub use changes::{Changes, ConversionReport, EntryChange, EntryChangeKind};
pub use conversion::Conversion;
pub use edited_row::{EditedRow, RowEditor};
pub use mask::MaskRules;

use super::error::{Error, ErrorKind};
use super::header::{Compression, Header};
use super::version::FormatVersion;
use crate::error::FinishError;
use crate::io::Parallelism;
use crate::limits::Limits;
use crate::observe::Observer;

/// Converts dumps so that an older pg_restore reads them.
///
/// An older pg_restore, and an importer that uses one, refuses newer dumps with
/// `unsupported version (1.15) in file header`. The transcoder makes the dump that the older pg_dump would have written:
///
/// * The header and the entries are written in the older version. Fields that it does not have are left out, and
///   [reported](EntryChangeKind) if they can matter.
/// * Data in a compression that the older version has (`gzip`, `none`) is copied byte by byte, and stored positions are
///   shifted. `lz4` and `zstd` data is recompressed; its positions are not stored, which pg_restore accepts.
/// * Large objects, which newer versions create in groups, get an entry each, with their owners, rights and comments.
/// * Planner statistics, and the entry for the schema `public` that consists of a comment, are dropped.
/// * Range types lose the name of their multirange type if the server is older than 14.
/// * All other SQL stays as it is. SQL that the older server refuses is [reported](Changes::warnings).
///
/// Input and output can be pipes: both are passed once, and no temporary file is written. Memory is the table of contents,
/// twice, and a few buffers.
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, observe::NoObserver};
/// use appsnap::pgdump::{FormatVersion, inspect, transcode::Transcoder};
///
/// let input = File::open("tests/data/check/pg18-default.dump")?;
/// let (limits, observer) = (Limits::untrusted(), &mut NoObserver);
/// let (output, report) = Transcoder::to(FormatVersion::V1_14).convert(input, Vec::new(), &limits, observer)?;
/// for warning in &report.changes.warnings {
///     println!("{:?}: {}", report.toc.get(warning.id), warning.feature);
/// }
/// assert_eq!(inspect(output.as_slice(), &limits, observer)?.header.version(), FormatVersion::V1_14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Suitable for untrusted dumps: [`Limits`] apply to what is read and to the table of contents that is written. The
/// structure of copied data is verified (blocks, entries, lengths, positions), of recompressed data also the content.
/// **After an error the sink holds a part of a dump**: write to a temporary file and rename it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Transcoder {
    to: FormatVersion,
    /// `None` keeps that of the input where the version of the output has it.
    compression: Option<Compression>,
    access_rights: Keep,
    owners: Keep,
    server_major: Option<u16>,
    /// Patterns of tables whose data is left out.
    excluded: Vec<String>,
    editor: Option<Arc<dyn RowEditor>>,
    parallelism: Parallelism,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

impl Transcoder {
    /// Creates a transcoder to this version, which can be 1.12 to 1.16. A dump that is older keeps its version: programs
    /// that read the newer one read it, too.
    pub const fn to(version: FormatVersion) -> Self {
        Self {
            to: version,
            compression: None,
            access_rights: Keep::Yes,
            owners: Keep::Yes,
            server_major: None,
            excluded: Vec::new(),
            editor: None,
            parallelism: Parallelism::INLINE,
        }
    }

    /// Creates a transcoder that keeps the version, to change other properties of a dump.
    pub const fn same_version() -> Self {
        Self::to(FormatVersion::V1_16)
    }

    /// Sets the compression of the output: gzip, none, or from 1.15 also lz4 and zstd. By default data stays as it is if the
    /// version of the output has its compression, and is recompressed with gzip otherwise.
    ///
    /// [`Compression::GZIP`] does not recompress data that is compressed with gzip at another level.
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Drops the entries that grant and revoke rights, as `pg_dump -x` does.
    pub fn without_access_rights(mut self) -> Self {
        self.access_rights = Keep::No;
        self
    }

    /// Drops the owners of entries, so that the role that restores owns everything, as with `pg_restore -O`. (`pg_dump -O`
    /// keeps them in an archive.)
    pub fn without_owners(mut self) -> Self {
        self.owners = Keep::No;
        self
    }

    /// Sets the major release of the server that the dump is for, which determines the changes of SQL and the warnings.
    ///
    /// The default is the oldest release whose programs read the archive version and that is in use: 10 for versions up to
    /// 1.13, 13 for 1.14, and 16 for 1.15. There is none, hence no warnings, if the version stays as it is.
    pub fn with_server_major(mut self, server_major: u16) -> Self {
        self.server_major = Some(server_major);
        self
    }

    /// Leaves out the data of all tables that match `pattern`, as `pg_dump --exclude-table-data` does. The tables stay.
    ///
    /// A pattern is `schema.table`, in which `*` matches any text; a name that contains a dot or an asterisk is enclosed in
    /// double quotes. A pattern that matches no table with data is an error when the conversion is planned.
    pub fn without_data_of(mut self, pattern: impl Into<String>) -> Self {
        self.excluded.push(pattern.into());
        self
    }

    /// Edits rows on the way, for example with [`MaskRules`]. The data of the tables that `editor` chooses is recompressed,
    /// all other data is copied, unless the output is an older version that lacks the compression: see
    /// [`with_compression`](Self::with_compression).
    ///
    /// Planner statistics, which contain values of rows, are dropped.
    pub fn with_row_editor(mut self, editor: impl RowEditor + 'static) -> Self {
        self.editor = Some(Arc::new(editor));
        self
    }

    /// Sets the number of threads that compress data which is recompressed with gzip, a MiB of a table each. The output does
    /// not depend on it. Memory grows by about 2 MiB per thread.
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Reads the header and table of contents of `source`, and determines all changes.
    ///
    /// # Errors
    /// Returns an error if the input is not a sound dump up to its data or exceeds a limit, also with the new table of
    /// contents; if the version is below 1.12 and that of the dump is not; if the compression cannot be written; if this
    /// build lacks the decoder for data that must be recompressed; or if the integer size of the dump is too small for the
    /// new table of contents, or no entry would be left in it.
    pub fn plan<R: Read>(&self, source: R, limits: &Limits) -> Result<Conversion<R>, Error> {
        Conversion::new(self, source, limits)
    }

    /// Converts the dump in `source`, writes it to `sink`, flushes the sink, and returns it.
    ///
    /// # Errors
    /// Returns an error, with the sink, as [`plan`](Self::plan) and [`Conversion::run`] do. The sink then holds a part of a
    /// dump, which is of no use.
    pub fn convert<R: Read, W: Write>(
        &self,
        source: R,
        sink: W,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<(W, ConversionReport), FinishError<W, Error>> {
        match self.plan(source, limits) {
            Ok(conversion) => conversion.run(sink, observer),
            Err(error) => Err(FinishError::new(error, sink)),
        }
    }

    /// Returns the version of the output.
    fn version(&self, header: &Header) -> Result<FormatVersion, Error> {
        if header.version() <= self.to {
            return Ok(header.version());
        }
        if self.to < FormatVersion::V1_12 {
            return Err(Error::new(ErrorKind::Misuse(
                "the archive version is too old: dumps can be converted to 1.12 or later",
            )));
        }
        Ok(self.to)
    }

    /// Returns the release of the server that the dump is for, if any.
    fn server(&self, from: FormatVersion, to: FormatVersion) -> Option<u16> {
        self.server_major.or(match to {
            to if to == from => None,
            FormatVersion::V1_15 => Some(16),
            FormatVersion::V1_14 => Some(13),
            _ => Some(10),
        })
    }

    /// Returns the compression of the output, and whether the data must be recompressed.
    fn output_compression(&self, from: Compression, to: FormatVersion) -> (Compression, bool) {
        let is_gzip_or_none = !matches!(from, Compression::Lz4 | Compression::Zstd);
        let is_kept = is_gzip_or_none || to >= FormatVersion::V1_15;
        let wanted = match self.compression {
            None if is_kept => from,
            None => Compression::GZIP,
            Some(Compression::Gzip { level: None }) if matches!(from, Compression::Gzip { .. }) => from,
            Some(wanted) => wanted,
        };
        (wanted, wanted != from)
    }
}
