//! Zip archives of a files folder: [`scan`] turns one into a [`Plan`].
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::source::{ArchiveOptions, zip};
//!
//! let plan = zip::scan("examples/data/files.zip", &ArchiveOptions::new().with_root("files"), &mut NoObserver)?;
//! assert_eq!((plan.documents_count(), plan.leftovers().total_count()), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::archive::{ArchiveOptions, Gathering, Location, Spool};
use super::error::{Error, ErrorKind, Result};
use super::plan::Plan;
use crate::error::Category;
use crate::observe::Observer;
use crate::zip::{self, Archive, LocatedEntry, Method};

/// Deflated documents up to this length are inflated in memory whenever they are opened. Longer ones are put down once, since
/// several threads may ask for different parts of them.
const MAX_INFLATED_BYTES: u64 = 1 << 20;

const BUFFER_BYTES: usize = 64 << 10;

/// Reads the directory of the zip file at `path`, and plans every document in it.
///
/// Documents are found as [`directory::scan`](super::directory::scan) finds them, below the files folder that the archive
/// holds; see [`ArchiveOptions::with_root`]. Stored documents are read from their places, after their checksums were verified
/// here; deflated ones of up to a mebibyte are inflated whenever they are opened, and longer ones are put down in the spool
/// folder that the options name.
///
/// # Errors
/// When the file cannot be read, when the archive is damaged, ambiguous or beyond the limits, when a name in it reaches
/// outside of a folder, when a document is in it twice, when the options do not name a folder that is needed, or when the
/// observer says stop.
///
/// # Security
/// Suited to archives from strangers: see [`zip`]. Nothing of a name but a uuid survives.
pub fn scan(path: impl AsRef<Path>, options: &ArchiveOptions, observer: &mut dyn Observer) -> Result<Plan> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|cause| Error::io(path, "opening", cause))?;
    let file = Arc::new(file);
    let archive = Archive::open(Arc::clone(&file), options.limits()).map_err(|error| stopped(path, error))?;
    let mut gathering = Gathering::new(path, options, observer)?;
    let mut spool = Spool::new(options, path.to_path_buf());
    let mut deflated = Vec::new();
    let mut buffer = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| stopped(path, error))? {
        if entry.is_folder() {
            continue;
        }
        let Some(named) = gathering.sort_out(entry.name())? else { continue };
        let located = archive.locate(&entry).map_err(|error| stopped(path, error))?;
        let location = match located.method {
            Method::Stored => {
                drain(&archive, &located, path, &mut gathering, &mut |_| Ok(()))?;
                Location::Archive(located.offset_bytes)
            }
            Method::Deflate if located.uncompressed_bytes <= MAX_INFLATED_BYTES => {
                let number = u32::try_from(deflated.len())
                    .map_err(|_| Error::archive(path, crate::Error::of(Category::Limit, "too many documents")))?;
                deflated.push(located);
                Location::Deflated(number)
            }
            Method::Deflate => {
                let offset_bytes = spool.len_bytes();
                drain(&archive, &located, path, &mut gathering, &mut |bytes| spool.write(bytes))?;
                Location::Spool(offset_bytes)
            }
        };
        gathering.take(named, located.uncompressed_bytes, location)?;
    }
    gathering.finish(file, spool, Some((archive, deflated)))
}

/// Reads a document to its end, which verifies it.
fn drain(
    archive: &Archive<Arc<File>>,
    located: &LocatedEntry,
    path: &Path,
    gathering: &mut Gathering<'_>,
    sink: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut reader = archive.read_located(located);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = reader.read(&mut buffer).map_err(|cause| match cause.downcast::<zip::Error>() {
            Ok(error) => stopped(path, error),
            Err(cause) => Error::io(path, "reading", cause),
        })?;
        if count == 0 {
            return Ok(());
        }
        sink(buffer.get(..count).unwrap_or_default())?;
        gathering.tick(count)?;
    }
}

/// Tells a failing disk from a bad archive.
fn stopped(path: &Path, error: zip::Error) -> Error {
    match *error.kind() {
        zip::ErrorKind::Io { action, .. } => {
            Error::in_path(path, ErrorKind::Io { action }).because_shared(error.shared_source())
        }
        _ => Error::archive(path, error),
    }
}
