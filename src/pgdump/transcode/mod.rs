//! Rewrites a dump in an older archive version, or compressed otherwise, in one forward pass: [`Transcoder`].

mod changes;
mod contents;
mod conveyor;
mod encoder;
mod front;
mod groups;
mod plan;

use std::io::{Read, Write};

pub use changes::{Changes, Conversion, DropReason, Dropped, Edit, Edited, Expanded};
pub use plan::{Converted, Plan};

use super::error::{Error, ErrorKind};
use super::header::{Compression, Header};
use super::version::FormatVersion;
use crate::limits::Limits;
use crate::observe::Observer;

/// Rewrites dumps so that an older pg_restore reads them.
///
/// `unsupported version (1.15) in file header` is what pg_restore says to a dump that is newer than itself, and what an
/// importer says that has an older pg_restore inside. The transcoder makes of such a dump what the older pg_dump would
/// have written:
///
/// * Header and entries are written in the older version; what it has no field for is left out and
///   [reported](Edit) where it could matter.
/// * Data that the older version knows (`gzip`, `none`) are copied byte by byte, and stored positions shifted. Data in
///   `lz4` and `zstd` are compressed anew; positions are then not stored, which pg_restore copes with.
/// * Large objects, which newer versions create in groups, get an entry each again, along with their owners, rights and
///   comments.
/// * Planner statistics, and the entry for the schema `public` that is nothing but a comment, are [dropped](Dropped).
/// * Range types lose the name of their multirange type, if the server is older than 14.
/// * All other SQL stays as it is. What an older server refuses is [reported](Changes::warnings).
///
/// It works on pipes at both ends: input and output are passed once, nothing is sought and nothing spooled. Memory
/// is the table of contents, twice, and a few buffers.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::{FormatVersion, Transcoder, inspect};
///
/// let (input, mut output) = (File::open("tests/data/check/pg18-default.dump")?, Vec::new());
/// let conversion =
///     Transcoder::to(FormatVersion::V1_14).convert(input, &mut output, &Limits::untrusted(), &mut NoObserver)?;
/// for warning in &conversion.changes.warnings {
///     println!("{:?}: {}", conversion.toc.get(warning.id), warning.feature);
/// }
/// assert_eq!(inspect(output.as_slice(), &Limits::untrusted())?.header.version(), FormatVersion::V1_14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Made for strangers' dumps: [`Limits`] hold for what is read and for the table of contents that is written. What is
/// copied is verified in its structure (blocks, entries, lengths, positions), what is compressed anew also in its
/// content. **After an error the sink holds a part of a dump**: write to a temporary file and rename it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Transcoder {
    to: FormatVersion,
    compression: OutputCompression,
    access_rights: AccessRights,
    owners: Owners,
    server_major: Option<u16>,
}

/// How the data of the output are compressed.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Compression, OutputCompression, Transcoder};
///
/// let transcoder = Transcoder::same_version().with_compression(OutputCompression::None);
/// let plan = transcoder.plan(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// assert_eq!((plan.changes().compression, plan.changes().recompressed), (Compression::None, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputCompression {
    /// As they are, if the version of the output knows the algorithm; else with gzip at zlib's default level.
    #[default]
    Keep,
    /// With what pg_dump calls gzip.
    Gzip {
        /// zlib's level, 1 to 9; `None` is its default, and leaves data alone that are compressed with gzip already.
        level: Option<u8>,
    },
    /// Not compressed.
    None,
}

/// Whether access rights stay in the dump.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{AccessRights, DropReason, Transcoder};
///
/// let transcoder = Transcoder::same_version().with_access_rights(AccessRights::Drop);
/// let plan = transcoder.plan(File::open("tests/data/pgdump/pg17-lo-acl.dump")?, &Limits::untrusted())?;
/// assert!(plan.changes().dropped.iter().any(|dropped| dropped.reason == DropReason::AccessRights));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessRights {
    /// The entries that grant and revoke stay as they are.
    #[default]
    Keep,
    /// The entries that grant and revoke are dropped, as with `pg_dump -x`.
    Drop,
}

/// Whether the entries keep their owners.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::{Owners, Transcoder, inspect};
///
/// let (input, mut output) = (File::open("examples/data/quickstart.dump")?, Vec::new());
/// let transcoder = Transcoder::same_version().with_owners(Owners::Drop);
/// transcoder.convert(input, &mut output, &Limits::untrusted(), &mut NoObserver)?;
/// let toc = inspect(output.as_slice(), &Limits::untrusted())?.toc;
/// assert!(toc.entries().all(|entry| entry.owner.unwrap_or_default().is_empty()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owners {
    /// They keep them.
    #[default]
    Keep,
    /// They lose them, so that everything belongs to the role that restores, as with `pg_restore -O`. (`pg_dump -O`
    /// leaves them in an archive.)
    Drop,
}

impl Transcoder {
    /// To this version, which may be 1.12 to 1.16. A dump that is older already keeps its version: whoever reads the
    /// newer one reads it, too.
    pub const fn to(version: FormatVersion) -> Self {
        Self {
            to: version,
            compression: OutputCompression::Keep,
            access_rights: AccessRights::Keep,
            owners: Owners::Keep,
            server_major: None,
        }
    }

    /// To the version that the dump has: for changing other things about it.
    pub const fn same_version() -> Self {
        Self::to(FormatVersion::V1_16)
    }

    /// Sets how the data are compressed; [`OutputCompression::Keep`] by default.
    pub const fn with_compression(mut self, compression: OutputCompression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets whether access rights stay; they do by default.
    pub const fn with_access_rights(mut self, access_rights: AccessRights) -> Self {
        self.access_rights = access_rights;
        self
    }

    /// Sets whether entries keep their owners; they do by default.
    pub const fn with_owners(mut self, owners: Owners) -> Self {
        self.owners = owners;
        self
    }

    /// Sets the major release of the server that the dump is for, which decides about range types and warnings.
    ///
    /// By default it is 13 for archive versions up to 1.14, 16 for 1.15, and none, hence no warnings, when the version
    /// stays as it is. 12 and older make no difference to 13.
    pub const fn with_server_major(mut self, server_major: u16) -> Self {
        self.server_major = Some(server_major);
        self
    }

    /// Reads header and table of contents of `source`, and works out all that will change.
    ///
    /// # Errors
    /// As [`Blocks::open`](super::Blocks::open); besides, [`ErrorKind::Misuse`] for a version below 1.12 that the dump
    /// is newer than, [`ErrorKind::Corrupt`] for entries about large objects that make no sense, [`ErrorKind::Limit`]
    /// when the new table of contents passes the limits for one, [`ErrorKind::CompressionUnavailable`] when data must
    /// be decoded that this build cannot, and [`ErrorKind::Inexpressible`] when the integer size of the dump is too
    /// small for the new table of contents, or no entry would be left in it.
    pub fn plan<R: Read>(&self, source: R, limits: &Limits) -> Result<Plan<R>, Error> {
        Plan::new(self, source, limits)
    }

    /// Converts the dump in `source` and writes it to `sink`, which is flushed.
    ///
    /// # Errors
    /// As [`plan`](Self::plan) and [`Plan::run`]. The sink then holds a part of a dump, which is worth nothing.
    pub fn convert<R: Read, W: Write>(
        &self,
        source: R,
        sink: W,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<Conversion, Error> {
        self.plan(source, limits)?.run(sink, observer)
    }

    /// The version of the output.
    fn version(&self, header: &Header) -> Result<FormatVersion, Error> {
        if header.version() <= self.to {
            return Ok(header.version());
        }
        if self.to < FormatVersion::V1_12 {
            return Err(Error::new(ErrorKind::Misuse("dumps can be converted to archive version 1.12 at the lowest")));
        }
        Ok(self.to)
    }

    /// The release of the server to suit, if any.
    fn server(&self, from: FormatVersion, to: FormatVersion) -> Option<u16> {
        self.server_major.or(match to {
            to if to == from => None,
            FormatVersion::V1_15 => Some(16),
            _ => Some(13),
        })
    }

    /// The compression of the output, and whether the data must be compressed anew.
    fn output_compression(&self, from: Compression, to: FormatVersion) -> (Compression, bool) {
        let known = to >= FormatVersion::V1_15 || !matches!(from, Compression::Lz4 | Compression::Zstd);
        let wanted = match self.compression {
            OutputCompression::Keep if known => from,
            OutputCompression::Keep => Compression::GZIP,
            OutputCompression::None => Compression::None,
            OutputCompression::Gzip { level: Some(level) } => Compression::gzip_level(level),
            OutputCompression::Gzip { level: None } if matches!(from, Compression::Gzip { .. }) => from,
            OutputCompression::Gzip { level: None } => Compression::GZIP,
        };
        (wanted, wanted != from)
    }
}
