//! Tar archives of a files folder, compressed with gzip or not: [`scan`] returns a [`DocumentPlan`].
//!
//! The documents of a compressed archive are spooled to a temporary file:
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::source::{ArchiveOptions, tar};
//!
//! let options = ArchiveOptions::new().with_spool_dir(std::env::temp_dir());
//! let plan = tar::scan("examples/data/files.tar.gz", &options, &mut NoObserver)?;
//! assert_eq!((plan.documents_count(), plan.diagnostics().count()), (1, 1));
//! # Ok::<(), appsnap::source::Error>(())
//! ```

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek as _};
use std::path::Path;
use std::sync::Arc;

use super::archive::{ArchiveOptions, Collector, DocumentSpool, Payload};
use super::code::Code;
use super::error::{Error, ErrorKind, Result};
use super::plan::DocumentPlan;
use crate::error::{Category, carried};
use crate::gzip;
use crate::observe::Observer;
use crate::pgdump::Identity;
use crate::tarball::{self, MemberKind, Reader, Special};

const BUFFER_BYTES: usize = 256 << 10;
/// Enough to recognise compressed files.
const FIRST_BYTES: u64 = 8;

/// Reads the tar or `.tar.gz` file at `path` from start to end, and plans every document in it.
///
/// The layout is that of [`directory::scan`](super::directory::scan), below the files folder in the archive: see
/// [`ArchiveOptions::with_root`]. The documents of an uncompressed tar are read from the archive. A compressed one cannot be
/// read at random, so its documents are spooled to the directory in the options.
///
/// Symbolic links, devices and FIFOs are left out. A hard link to an earlier document is a document with the same contents.
/// Sparse files (old GNU format, and pax format 1.0, which GNU tar and bsdtar write) are read with their holes as zeros.
///
/// # Errors
/// Returns an error if the archive is damaged, ambiguous or exceeds the limits, if it contains a document twice or under a
/// name that escapes from its folder, if a document is a hard link to something else than an earlier one, if it needs an option that is not set, if reading fails, or if the observer cancels.
///
/// # Security
/// Suitable for untrusted archives: the stream is read as strictly as that of a snapshot, only the UUID of a name is used,
/// and all checksums of gzip are verified before the plan is returned.
pub fn scan(
    path: impl AsRef<Path>,
    options: &ArchiveOptions,
    observer: &mut dyn Observer,
) -> Result<DocumentPlan, Error> {
    let path = path.as_ref();
    let mut file = File::open(path).map_err(|cause| Error::io(path, "opening", cause))?;
    let mut first = Vec::new();
    (&file).take(FIRST_BYTES).read_to_end(&mut first).map_err(|cause| Error::io(path, "reading", cause))?;
    if let Some(what) = other_format(&first) {
        return Err(Error::archive(path, crate::Error::of(Category::BadInput, what)));
    }
    file.rewind().map_err(|cause| Error::io(path, "reading", cause))?;
    let collector = Collector::new(path, options, observer)?;
    let spool = DocumentSpool::new(options, path.to_path_buf());
    let file = Arc::new(file);
    let reader = BufReader::with_capacity(BUFFER_BYTES, &*file);
    if gzip::is_gzip(&first) {
        let reader = gzip::Reader::new(reader, &options.limits);
        Walk { path, collector, spool, archive: None }.run(reader, options)
    } else {
        Walk { path, collector, spool, archive: Some(&file) }.run(reader, options)
    }
}

/// Reads a tar or `.tar.gz` stream from start to end, and plans every document in it. `name` is its name in messages.
///
/// The documents are spooled to the directory in the options, because a stream can be read only once. Otherwise this is
/// [`scan`].
///
/// ```
/// use appsnap::observe::NoObserver;
/// use appsnap::source::{ArchiveOptions, tar};
///
/// let options = ArchiveOptions::new().with_spool_dir(std::env::temp_dir());
/// let stream = std::fs::File::open("examples/data/files.tar.gz")?;
/// let plan = tar::scan_reader(stream, "standard input", &options, &mut NoObserver)?;
/// assert_eq!(plan.documents_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error in the cases of [`scan`], and if the options have no spool directory.
pub fn scan_reader(
    mut reader: impl Read,
    name: impl AsRef<Path>,
    options: &ArchiveOptions,
    observer: &mut dyn Observer,
) -> Result<DocumentPlan, Error> {
    let path = name.as_ref();
    let mut first = Vec::new();
    reader.by_ref().take(FIRST_BYTES).read_to_end(&mut first).map_err(|cause| Error::io(path, "reading", cause))?;
    if let Some(what) = other_format(&first) {
        return Err(Error::archive(path, crate::Error::of(Category::BadInput, what)));
    }
    let is_gzip = gzip::is_gzip(&first);
    let collector = Collector::new(path, options, observer)?;
    let spool = DocumentSpool::new(options, path.to_path_buf());
    let reader = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(first).chain(reader));
    let walk = Walk { path, collector, spool, archive: None };
    if is_gzip { walk.run(gzip::Reader::new(reader, &options.limits), options) } else { walk.run(reader, options) }
}

/// Recognises other formats, which the tar reader would report as a wrong checksum.
fn other_format(first: &[u8]) -> Option<&'static str> {
    match Identity::of(first) {
        Identity::Empty => Some("the file is empty"),
        Identity::Zip => Some("the file is a zip archive"),
        Identity::Bzip2 => Some("the file is compressed with bzip2: use gzip, or no compression"),
        Identity::Xz => Some("the file is compressed with xz: use gzip, or no compression"),
        Identity::Zstd => Some("the file is compressed with zstd: use gzip, or no compression"),
        Identity::Lz4 => Some("the file is compressed with lz4: use gzip, or no compression"),
        _ => None,
    }
}

/// The walk through a tar stream.
struct Walk<'a> {
    path: &'a Path,
    collector: Collector<'a>,
    spool: DocumentSpool,
    /// The file if documents can be read from it at random; otherwise they are spooled.
    archive: Option<&'a Arc<File>>,
}

impl Walk<'_> {
    fn run(mut self, stream: impl BufRead, options: &ArchiveOptions) -> Result<DocumentPlan> {
        let path = self.path;
        let failed = |error: tarball::Error| tar_error(path, error);
        let mut reader = Reader::tolerant(stream, &options.limits);
        while let Some(member) = reader.next_member().map_err(failed)? {
            if member.kind() != MemberKind::File {
                continue;
            }
            let (len_bytes, offset_bytes) = (member.len_bytes(), member.payload_offset_bytes());
            let mut sparse = None;
            match member.special() {
                None => {}
                Some(Special::Symlink) => {
                    self.collector.skip(Code::Symlink, member.name());
                    continue;
                }
                Some(Special::Device) => {
                    self.collector.skip(Code::Special, member.name());
                    continue;
                }
                Some(Special::HardLink(target)) => {
                    if let Some(named) = self.collector.classify(member.name())? {
                        self.collector.add_link(named, member.name(), target)?;
                    }
                    continue;
                }
                Some(Special::Sparse(map)) => sparse = Some(map.clone()),
            }
            let named = self.collector.classify(member.name())?;
            let is_spooled = self.archive.is_none() && named.is_some();
            let stored_at = if is_spooled { self.spool.len_bytes() } else { offset_bytes };
            loop {
                let piece = reader.payload().map_err(failed)?;
                if piece.is_empty() {
                    break;
                }
                if is_spooled {
                    self.spool.write(piece)?;
                }
                let count = piece.len();
                reader.consume(count);
                self.collector.advance(count)?;
            }
            let Some(named) = named else { continue };
            match sparse {
                Some(map) => self.collector.add_sparse(named, &map, (is_spooled, stored_at))?,
                None if is_spooled => self.collector.add(named, len_bytes, Payload::Spool(stored_at))?,
                None => self.collector.add(named, len_bytes, Payload::Archive(stored_at))?,
            }
        }
        self.collector.finish(self.archive.map(Arc::clone), self.spool, None)
    }
}

/// Distinguishes a failure of the disk from a bad archive: both come through the tar reader.
fn tar_error(path: &Path, error: tarball::Error) -> Error {
    match (error.kind(), error.shared_source()) {
        (tarball::ErrorKind::Io, Some(source)) => match carried::<gzip::Error>(&**source) {
            Some(error) => Error::archive(path, error),
            None => Error::in_path(path, ErrorKind::Io { action: "reading" }).because_shared(Some(source)),
        },
        _ => Error::archive(path, error),
    }
}
