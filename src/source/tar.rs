//! Tar archives of a files folder, compressed with gzip or not: [`scan`] turns one into a [`Plan`].
//!
//! A compressed archive is unpacked once, into a file without a name:
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("files.tar.gz");
//! # let packer = flate2::write::GzEncoder::new(std::fs::File::create(&path)?, flate2::Compression::fast());
//! # let mut builder = ::tar::Builder::new(packer);
//! # let mut header = ::tar::Header::new_ustar();
//! # header.set_size(5);
//! # builder.append_data(&mut header, "0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95", &b"hello"[..])?;
//! # builder.into_inner()?.finish()?;
//! use appsnap::observe::NoObserver;
//! use appsnap::source::{ArchiveOptions, tar};
//!
//! assert!(tar::scan(&path, &ArchiveOptions::new(), &mut NoObserver).is_err(), "it needs a folder for that");
//! let options = ArchiveOptions::new().with_spool_dir(folder.path());
//! assert_eq!(tar::scan(&path, &options, &mut NoObserver)?.documents_count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;

use super::archive::{ArchiveOptions, Gathering, Location, Spool};
use super::error::{Error, ErrorKind, Result};
use super::plan::Plan;
use crate::error::{Category, carried};
use crate::gzip;
use crate::observe::Observer;
use crate::pgdump::{Identity, identify};
use crate::tarball::{self, MemberKind, Reader};

const BUFFER_BYTES: usize = 256 << 10;
/// Enough to tell compressed files apart.
const FIRST_BYTES: u64 = 8;

/// Reads the tar or `.tar.gz` file at `path` from end to end and plans every document in it.
///
/// Documents are found as [`directory::scan`](super::directory::scan) finds them, below the files folder that the archive
/// holds; see [`ArchiveOptions::with_root`]. A bare tar is left as it is, and its documents are read from their places. A
/// compressed one cannot be read at random, so its documents are put down in the spool folder that the options name.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("files.tar");
/// # let mut builder = ::tar::Builder::new(std::fs::File::create(&path)?);
/// # let mut header = ::tar::Header::new_ustar();
/// # header.set_size(5);
/// # builder.append_data(&mut header, "data/files/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95", &b"hello"[..])?;
/// # builder.finish()?;
/// use appsnap::observe::NoObserver;
/// use appsnap::source::{ArchiveOptions, tar};
///
/// let plan = tar::scan(&path, &ArchiveOptions::new(), &mut NoObserver)?;
/// assert_eq!((plan.documents_count(), plan.document_bytes()), (1, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the file cannot be read, when the archive is damaged, ambiguous or beyond the limits, when a name in it reaches
/// outside of a folder, when a document is in it twice, when the options do not name a folder that is needed, or when the
/// observer says stop.
///
/// # Security
/// Suited to archives from strangers: the stream is read as strictly as a snapshot's, nothing of a name but a uuid survives,
/// and with gzip every checksum has been verified before the plan exists.
pub fn scan(path: impl AsRef<Path>, options: &ArchiveOptions, observer: &mut dyn Observer) -> Result<Plan> {
    let path = path.as_ref();
    let mut file = File::open(path).map_err(|cause| Error::io(path, "opening", cause))?;
    let mut first = Vec::new();
    (&file).take(FIRST_BYTES).read_to_end(&mut first).map_err(|cause| Error::io(path, "reading", cause))?;
    if let Some(what) = refusal(&first) {
        return Err(Error::archive(path, crate::Error::of(Category::BadInput, what)));
    }
    file.rewind().map_err(|cause| Error::io(path, "reading", cause))?;
    let gathering = Gathering::new(path, options, observer)?;
    let spool = Spool::new(options, path.to_path_buf());
    let file = Arc::new(file);
    if gzip::is_gzip(&first) {
        let plain = gzip::Reader::new(BufReader::with_capacity(BUFFER_BYTES, &*file), options.limits());
        Walk { path, gathering, spool, is_packed: true }.run(plain, options, &file)
    } else {
        let plain = BufReader::with_capacity(BUFFER_BYTES, &*file);
        Walk { path, gathering, spool, is_packed: false }.run(plain, options, &file)
    }
}

/// Says what the bytes are instead, where that is plain to see, before the tar reader calls it a bad checksum.
fn refusal(first: &[u8]) -> Option<&'static str> {
    match identify(first) {
        Identity::Empty => Some("the file is empty"),
        Identity::Zip => Some("it is a zip file"),
        Identity::Bzip2 => Some("it is compressed with bzip2; use gzip, or no compression"),
        Identity::Xz => Some("it is compressed with xz; use gzip, or no compression"),
        Identity::Zstd => Some("it is compressed with zstd; use gzip, or no compression"),
        Identity::Lz4 => Some("it is compressed with lz4; use gzip, or no compression"),
        _ => None,
    }
}

struct Walk<'a> {
    path: &'a Path,
    gathering: Gathering<'a>,
    spool: Spool,
    is_packed: bool,
}

impl Walk<'_> {
    #[cfg_attr(not(feature = "zip"), allow(clippy::unit_arg, reason = "without zip files nothing is ever deflated"))]
    fn run(mut self, plain: impl BufRead, options: &ArchiveOptions, file: &Arc<File>) -> Result<Plan> {
        let path = self.path;
        let failed = |error: tarball::Error| stopped(path, error);
        let mut reader = Reader::new(plain, options.limits());
        while let Some(member) = reader.next_member().map_err(failed)? {
            if member.kind() != MemberKind::File {
                continue;
            }
            let (len_bytes, offset_bytes) = (member.len_bytes(), member.payload_offset_bytes());
            let named = self.gathering.sort_out(member.name())?;
            let is_spooled = self.is_packed && named.is_some();
            let location =
                if is_spooled { Location::Spool(self.spool.len_bytes()) } else { Location::Archive(offset_bytes) };
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
                self.gathering.tick(count)?;
            }
            if let Some(named) = named {
                self.gathering.take(named, len_bytes, location)?;
            }
        }
        self.gathering.finish(Arc::clone(file), self.spool, Default::default())
    }
}

/// Tells a failing disk from a bad archive, which both come through the tar reader.
fn stopped(path: &Path, error: tarball::Error) -> Error {
    match (error.kind(), error.shared_source()) {
        (tarball::ErrorKind::Io, Some(source)) => match carried::<gzip::Error>(&**source) {
            Some(error) => Error::archive(path, error),
            None => Error::in_path(path, ErrorKind::Io { action: "reading" }).because_shared(Some(source)),
        },
        _ => Error::archive(path, error),
    }
}
