//! One of the two things that are compared: [`Input`].

use std::fmt;
use std::io::Read;

use crate::io::ReadAt;
use crate::metadata::Metadata;
use crate::snapshot::archive::ListedDocument;
use crate::snapshot::{self, SnapshotArchive};

/// A snapshot or a dump that is compared with another.
///
/// ```
/// use std::fs::File;
/// use appsnap::diff::Input;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
///
/// let archive = SnapshotArchive::open_path("examples/data/quickstart.tar.gz", &ReadOptions::new())?;
/// let indexed = Input::archive("the archive", &archive);
/// let dump = Input::stream("the dump", File::open("examples/data/quickstart.dump")?);
/// # let _ = (indexed, dump);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Input<'a> {
    pub(super) name: String,
    pub(super) source: Source<'a>,
}

pub(super) enum Source<'a> {
    Stream(Box<dyn Read + 'a>),
    Indexed(&'a dyn Indexed),
}

impl<'a> Input<'a> {
    /// Creates an input that is read once, from beginning to end: a snapshot, `.tar.gz` or `.tar`, or a dump in custom
    /// format, detected from its content. Errors name it `name`.
    pub fn stream(name: impl Into<String>, source: impl Read + 'a) -> Self {
        Self { name: name.into(), source: Source::Stream(Box::new(source)) }
    }

    /// Creates an input of which only the index is read, and the dump if it differs. Errors name it `name`.
    pub fn archive<R: ReadAt, S: ReadAt>(name: impl Into<String>, archive: &'a SnapshotArchive<R, S>) -> Self {
        Self { name: name.into(), source: Source::Indexed(archive) }
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Documents in ascending order of their ids.
pub(super) type Ascending<'a> = Box<dyn Iterator<Item = Result<ListedDocument, snapshot::Error>> + 'a>;

/// An archive with an index, over any source.
pub(super) trait Indexed {
    fn documents(&self) -> Result<Ascending<'_>, snapshot::Error>;

    fn metadata(&self) -> Result<Metadata, snapshot::Error>;

    /// The dump: its length, its CRC32 and a reader of it.
    fn dump(&self) -> Option<(u64, u32, Box<dyn Read + '_>)>;
}

impl<R: ReadAt, S: ReadAt> Indexed for SnapshotArchive<R, S> {
    fn documents(&self) -> Result<Ascending<'_>, snapshot::Error> {
        self.documents_by_id()
    }

    fn metadata(&self) -> Result<Metadata, snapshot::Error> {
        Self::metadata(self)
    }

    fn dump(&self) -> Option<(u64, u32, Box<dyn Read + '_>)> {
        let file = self.database()?;
        Some((file.len_bytes(), file.crc32(), Box::new(file)))
    }
}
