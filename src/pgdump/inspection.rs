//! Reads a whole dump and says what it is like: [`inspect`] and its [`Inspection`].

use std::io::Read;

use super::block::Blocks;
use super::dump::Dump;
use super::encoding::Settings;
use super::error::Error;
use super::finding::Finding;
use super::header::Header;
use super::piece::BlockKind;
use super::toc::{DataState, Toc};
use super::version::FormatVersion;
use crate::limits::Limits;

/// Reads the dump in `source` to its end, verifies everything that can be, and says what it is like.
///
/// What passes here is complete, and restores as far as its SQL suits the server. `pg_restore -l` looks at no data at
/// all, and `pg_restore -f /dev/null` misses a wrong count of entries, trailing bytes, and what a transfer in text mode
/// does.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::inspect;
///
/// let inspection = inspect(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// for data in &inspection.data {
///     let entry = inspection.toc.get(data.id).expect("a block has an entry");
///     println!("{entry}: {:?} rows, {} bytes", data.rows_count, data.plain_bytes);
/// }
/// assert_eq!(inspection.rows_count(), 2056);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`Dump::open`], [`Dump::next_stream`] and [`Dump::finish`].
pub fn inspect<R: Read>(source: R, limits: &Limits) -> Result<Inspection, Error> {
    Dump::open(source, limits)?.finish()
}

/// What a whole dump is like, all of it read and verified.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{Offsets, inspect};
///
/// let dump = std::fs::read("examples/data/quickstart.dump")?;
/// let inspection = inspect(dump.as_slice(), &Limits::untrusted())?;
/// assert_eq!((inspection.dump_bytes, inspection.data_end_bytes), (dump.len() as u64, dump.len() as u64));
/// assert_eq!(inspection.offsets, Offsets::Set);
/// println!("{} rows, {} bytes without indexes", inspection.rows_count(), inspection.plain_bytes());
/// for finding in &inspection.findings {
///     println!("{finding}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The header of the dump.
    pub header: Header,
    /// The table of contents.
    pub toc: Toc,
    /// What each data block holds, in the order of the blocks.
    pub data: Vec<DataFacts>,
    /// What the dump says about its texts.
    pub settings: Settings,
    /// Whether positions of data are stored.
    pub offsets: Offsets,
    /// Length of the dump in bytes.
    pub dump_bytes: u64,
    /// Position of the first byte behind the data. Only a [second table of contents](Blocks::has_second_toc) may follow.
    pub data_end_bytes: u64,
    /// What is worth knowing or odd.
    pub findings: Vec<Finding>,
}

/// What one data block holds.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{BlockKind, inspect};
///
/// let inspection = inspect(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let objects = inspection.data.iter().find(|data| data.kind == BlockKind::Blobs).expect("a block of large objects");
/// assert_eq!((objects.streams_count, objects.rows_count), (5, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataFacts {
    /// Dump id of its entry.
    pub id: u32,
    /// A table's data, or large objects.
    pub kind: BlockKind,
    /// Streams in it: 1 for a table, else how many large objects.
    pub streams_count: u64,
    /// Bytes of its streams, decoded.
    pub plain_bytes: u64,
    /// Bytes of the block in the dump, everything included.
    pub stored_bytes: u64,
    /// Rows of COPY data; `None` for INSERT statements and large objects.
    pub rows_count: Option<u64>,
}

/// Whether a dump states where its data lie.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Blocks, Offsets};
///
/// // The table of contents is enough to know.
/// let dump = Blocks::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// assert_eq!(Offsets::of(dump.toc()), Offsets::Set);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Offsets {
    /// There are no data.
    None,
    /// Every entry with data states it.
    Set,
    /// No entry does: the dump went through a pipe.
    NotSet,
    /// Some entries with data state it, and some do not.
    Mixed,
}

impl DataFacts {
    pub(super) const fn new(id: u32, kind: BlockKind) -> Self {
        Self { id, kind, streams_count: 0, plain_bytes: 0, stored_bytes: 0, rows_count: None }
    }
}

impl Offsets {
    /// What the entries of `toc` state.
    #[must_use]
    pub fn of(toc: &Toc) -> Self {
        toc.entries().fold(Self::None, |all, entry| match (all, entry.data) {
            (all, DataState::NoData) => all,
            (Self::None | Self::Set, DataState::Set(_)) => Self::Set,
            (Self::None | Self::NotSet, DataState::NotSet) => Self::NotSet,
            _ => Self::Mixed,
        })
    }
}

impl Inspection {
    pub(super) fn new<R: Read>(
        blocks: Blocks<R>,
        data: Vec<DataFacts>,
        unlisted: Option<(u64, u32)>,
    ) -> Result<Self, Error> {
        let (in_order, dump_bytes) = (blocks.in_order(), blocks.position());
        let data_end_bytes = blocks.data_end_bytes().unwrap_or(dump_bytes);
        let (header, toc) = blocks.into_parts();
        let settings = Settings::of(&toc).map_err(|(id, what)| {
            Error::from(what).within(|| toc.get(id).map_or_else(String::new, |entry| entry.to_string()))
        })?;
        let offsets = Offsets::of(&toc);
        let mut inspection =
            Self { header, toc, data, settings, offsets, dump_bytes, data_end_bytes, findings: Vec::new() };
        inspection.findings.extend(inspection.about_the_form(in_order, unlisted));
        if data_end_bytes < dump_bytes {
            inspection.findings.push(Finding::SecondToc { len_bytes: dump_bytes.saturating_sub(data_end_bytes) });
        }
        inspection.findings.extend(inspection.about_the_contents());
        Ok(inspection)
    }

    /// Bytes of all streams, decoded. A database restored from the dump is of this order, plus its indexes.
    #[must_use]
    pub fn plain_bytes(&self) -> u64 {
        self.data.iter().map(|facts| facts.plain_bytes).fold(0, u64::saturating_add)
    }

    /// Rows of all tables whose data are COPY text.
    #[must_use]
    pub fn rows_count(&self) -> u64 {
        self.data.iter().filter_map(|facts| facts.rows_count).fold(0, u64::saturating_add)
    }

    /// How many large objects there are.
    #[must_use]
    pub fn large_objects_count(&self) -> u64 {
        let blobs = self.data.iter().filter(|facts| facts.kind == BlockKind::Blobs);
        blobs.map(|facts| facts.streams_count).fold(0, u64::saturating_add)
    }

    /// Whether any finding is a warning.
    #[must_use]
    pub fn has_warnings(&self) -> bool {
        self.findings.iter().any(Finding::is_warning)
    }

    fn about_the_form(&self, in_order: bool, unlisted: Option<(u64, u32)>) -> Vec<Finding> {
        let mut found = Vec::new();
        let version = self.header.version();
        found.extend(self.header.created.filter(|time| !time.is_possible()).map(Finding::ImpossibleCreationTime));
        let int_bytes = self.header.dialect.int_bytes();
        if int_bytes > 4 {
            found.push(Finding::UnusualIntegers { int_bytes });
        }
        match self.offsets {
            Offsets::Mixed => found.push(Finding::MixedOffsets),
            Offsets::NotSet => found.push(Finding::OffsetsNotSet),
            _ => {}
        }
        if !in_order {
            found.push(Finding::BlocksOutOfOrder);
        }
        // Older releases wrote the first two not at all, or only since a minor release.
        for (name, missing) in [
            ("ENCODING", self.settings.encoding.is_none() && version >= FormatVersion::V1_11),
            ("STDSTRINGS", self.settings.standard_strings.is_none() && version >= FormatVersion::V1_11),
            ("SEARCHPATH", !self.settings.has_search_path && version >= FormatVersion::V1_13),
        ] {
            if missing {
                found.push(Finding::MissingSetting { name });
            }
        }
        if let Some((objects_count, first_oid)) = unlisted {
            found.push(Finding::UnlistedLargeObjects { objects_count, first_oid });
        }
        found
    }

    fn about_the_contents(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let (mut rights, mut tables, mut objects, mut inserts, mut with_oids) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
        for entry in &self.toc {
            let tally: &mut [&mut u64] = match entry.desc {
                b"ENCODING" | b"STDSTRINGS" | b"SEARCHPATH" | b"DATABASE" | b"DATABASE PROPERTIES" => &mut [],
                b"COMMENT" | b"SECURITY LABEL" if entry.tag.starts_with(b"DATABASE ") => &mut [],
                b"ACL" | b"ACL LANGUAGE" | b"DEFAULT ACL" => &mut [&mut rights],
                b"TABLE" => &mut [&mut tables, &mut objects],
                b"TABLE DATA" if entry.copy_statement.is_none_or(<[u8]>::is_empty) => &mut [&mut inserts, &mut objects],
                _ => &mut [&mut objects],
            };
            for count in tally {
                **count = count.saturating_add(1);
            }
            if entry.with_oids {
                with_oids = with_oids.saturating_add(1);
            }
        }
        if with_oids > 0 {
            found.push(Finding::TablesWithOids { entries_count: with_oids });
        }
        if rights > 0 {
            found.push(Finding::AccessRights { entries_count: rights });
        }
        match (tables > 0, self.data.is_empty()) {
            (true, true) => found.push(Finding::SchemaOnly),
            // A database may have large objects and nothing else.
            (false, false) if self.data.iter().any(|facts| facts.kind == BlockKind::Data) => {
                found.push(Finding::DataOnly)
            }
            (false, true) if objects == 0 => found.push(Finding::Empty),
            _ => {}
        }
        if inserts > 0 {
            found.push(Finding::Inserts { tables_count: inserts });
        }
        if self.large_objects_count() == 0 {
            found.push(Finding::NoLargeObjects);
        }
        if let Some(name) = self.settings.encoding.as_ref().filter(|_| !self.settings.is_utf8()) {
            found.push(Finding::Encoding { name: name.clone() });
        }
        if self.settings.standard_strings == Some(false) {
            found.push(Finding::EscapingStrings);
        }
        found
    }
}
