//! Zip archives of a files folder: [`scan`] returns a [`DocumentPlan`].
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::source::{ArchiveOptions, zip};
//!
//! let plan = zip::scan("examples/data/files.zip", &ArchiveOptions::new(), &mut NoObserver)?;
//! assert_eq!((plan.documents_count(), plan.diagnostics().count()), (1, 1));
//! # Ok::<(), appsnap::source::Error>(())
//! ```

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::archive::{ArchiveOptions, Collector, DocumentSpool, Payload};
use super::code::Code;
use super::error::{Error, ErrorKind, Result};
use super::plan::DocumentPlan;
use crate::error::Category;
use crate::observe::Observer;
use crate::zip::{self, Archive, FileType, LocatedEntry, Method};

/// Deflated documents up to this length are decompressed in memory whenever they are opened. Longer ones are spooled, since
/// several threads may read different parts of them.
const MAX_INFLATED_BYTES: u64 = 1 << 20;

const BUFFER_BYTES: usize = 64 << 10;

/// Reads the directory of the zip file at `path`, and plans every document in it.
///
/// The layout is that of [`directory::scan`](super::directory::scan), below the files folder in the archive: see
/// [`ArchiveOptions::with_root`]. Stored documents are read from the archive, after their checksums have been verified.
/// Deflated ones of up to 1 MiB are decompressed whenever they are opened; longer ones are spooled to the directory in the
/// options. Links and special files are left out.
///
/// # Errors
/// Returns an error if the archive is damaged, ambiguous or exceeds the limits, if it contains a document twice or under a
/// name that escapes from its folder, if it needs an option that is not set, if reading fails, or if the observer cancels.
///
/// # Security
/// Suitable for untrusted archives: see [`zip`]. Of a name, only the UUID is used.
pub fn scan(
    path: impl AsRef<Path>,
    options: &ArchiveOptions,
    observer: &mut dyn Observer,
) -> Result<DocumentPlan, Error> {
    let path = path.as_ref();
    let file = Arc::new(File::open(path).map_err(|cause| Error::io(path, "opening", cause))?);
    let archive = Archive::open_tolerant(Arc::clone(&file), &options.limits).map_err(|error| zip_error(path, error))?;
    let mut collector = Collector::new(path, options, observer)?;
    let mut spool = DocumentSpool::new(options, path.to_path_buf());
    let mut deflated = Vec::new();
    let mut buffer = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| zip_error(path, error))? {
        match entry.file_type() {
            FileType::File => {}
            FileType::Folder => continue,
            FileType::Link => {
                collector.skip(Code::Symlink, entry.name());
                continue;
            }
            FileType::Special => {
                collector.skip(Code::Special, entry.name());
                continue;
            }
        }
        let Some(named) = collector.classify(entry.name())? else { continue };
        let located = archive.locate(&entry).map_err(|error| zip_error(path, error))?;
        let payload = match located.method {
            Method::Stored => {
                copy(&archive, &located, &mut collector, &mut |_| Ok(()))?;
                Payload::Archive(located.offset_bytes)
            }
            Method::Deflate if located.uncompressed_bytes <= MAX_INFLATED_BYTES => {
                let index = u32::try_from(deflated.len())
                    .map_err(|_| Error::archive(path, crate::Error::of(Category::Limit, "too many documents")))?;
                deflated.push(located);
                Payload::Deflated(index)
            }
            Method::Deflate => {
                let offset_bytes = spool.len_bytes();
                copy(&archive, &located, &mut collector, &mut |bytes| spool.write(bytes))?;
                Payload::Spool(offset_bytes)
            }
        };
        collector.add(named, located.uncompressed_bytes, payload)?;
    }
    collector.finish(Some(file), spool, Some((archive, deflated)))
}

/// Copies a document to `sink`, which verifies it.
fn copy(
    archive: &Archive<Arc<File>>,
    located: &LocatedEntry,
    collector: &mut Collector<'_>,
    sink: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut reader = archive.read_located(located);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = reader.read(&mut buffer).map_err(|cause| match cause.downcast::<zip::Error>() {
            Ok(error) => zip_error(collector.path(), error),
            Err(cause) => Error::io(collector.path(), "reading", cause),
        })?;
        if count == 0 {
            return Ok(());
        }
        let (bytes, _) = buffer.split_at(count);
        sink(bytes)?;
        collector.advance(count)?;
    }
}

/// Distinguishes a failure of the disk from a bad archive.
fn zip_error(path: &Path, error: zip::Error) -> Error {
    match *error.kind() {
        zip::ErrorKind::Io { action, .. } => {
            Error::in_path(path, ErrorKind::Io { action }).because_shared(error.shared_source())
        }
        _ => Error::archive(path, error),
    }
}
