//! The main job in a few lines, from a dump and a files folder to an archive: [`Pack`].

use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
#[cfg(feature = "object-store")]
use std::sync::Arc;

#[cfg(feature = "object-store")]
use tokio::runtime::Handle;

use super::database::Database;
use super::error::{self, Result};
use super::files::{FileNames, FilesInput, verify_plan};
use super::options::PrepareOptions;
use super::prepared::Prepared;
use crate::detect::{self, Detection, Kind};
use crate::error::Error;
use crate::io::Parallelism;
use crate::observe::Observer;
use crate::pgdump::Identity;
#[cfg(feature = "object-store")]
use crate::remote::object_store::ObjectStore;
use crate::snapshot::join::Shard;
use crate::source::DocumentPlan;
#[cfg(feature = "object-store")]
use crate::source::bucket::BucketOptions;
use crate::source::dump::DumpReader;

/// A builder that collects the inputs of an archive: a dump, files, or both.
///
/// The dump is a file or a stream, such as the output of `pg_dump`. The files are a directory, a zip archive, a tar
/// archive, detected from its content, or a tar stream. Everything is read and judged by [`prepare`](Self::prepare), before anything is
/// written.
///
/// ```
/// use appsnap::check::Verdict;
/// use appsnap::observe::NoObserver;
/// use appsnap::prepare::{Pack, PrepareOptions};
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001"), "twenty bytes of file")?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
/// # let files = folder.path();
/// let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// let prepared = Pack::new(&options)
///     .with_database("examples/data/quickstart.dump")
///     .with_files(files)
///     .prepare(&mut NoObserver)?;
/// println!("{}", prepared.report());
/// assert_ne!(prepared.report().verdict(), Verdict::Reject);
/// assert_eq!(prepared.metadata().files_size_bytes(), Some(25));
/// # Ok::<(), appsnap::Error>(())
/// ```
pub struct Pack<'a> {
    options: PrepareOptions,
    database: Option<DatabaseInput<'a>>,
    files: Option<FilesInput<'a>>,
    names: FileNames,
    shard: Option<Shard>,
}

/// The two ways to provide a dump.
enum DatabaseInput<'a> {
    Path(PathBuf),
    Reader(Box<dyn Read + 'a>),
}

impl<'a> Pack<'a> {
    /// Creates a builder without inputs.
    #[must_use]
    pub fn new(options: &PrepareOptions) -> Self {
        Self { options: options.clone(), database: None, files: None, names: FileNames::default(), shard: None }
    }

    /// Sets the dump: the path of a file, or of the folder of a dump in directory format. It may be in [any
    /// form](crate::source::dump). A FIFO or device is read as a [stream](Self::with_database_reader).
    #[must_use]
    pub fn with_database(mut self, path: impl AsRef<Path>) -> Self {
        self.database = Some(DatabaseInput::Path(path.as_ref().to_path_buf()));
        self
    }

    /// Sets the dump: a stream, such as the standard output of `pg_dump -Fc`.
    ///
    /// It is spooled in the [spool directory](PrepareOptions::with_spool_dir), because an archive states the length of
    /// the dump before the dump.
    #[must_use]
    pub fn with_database_reader(mut self, reader: impl Read + 'a) -> Self {
        self.database = Some(DatabaseInput::Reader(Box::new(reader)));
        self
    }

    /// Sets the files: the path of a directory, or of a zip, tar or tar.gz archive of one. A FIFO or device is read as a
    /// [stream](Self::with_files_reader).
    #[must_use]
    pub fn with_files(mut self, path: impl AsRef<Path>) -> Self {
        self.files = Some(FilesInput::Path(path.as_ref().to_path_buf()));
        self
    }

    /// Sets the files: a tar or tar.gz stream, such as the output of `tar -c` on another machine.
    ///
    /// The documents are spooled in the [spool directory](PrepareOptions::with_spool_dir).
    #[must_use]
    pub fn with_files_reader(mut self, reader: impl Read + 'a) -> Self {
        self.files = Some(FilesInput::Reader(Box::new(reader)));
        self
    }

    /// Sets the files: the documents in a bucket, which is listed after the dump was read. The options contain the prefix and
    /// the suffix of the keys.
    #[cfg(feature = "object-store")]
    #[must_use]
    pub fn with_bucket(mut self, store: Arc<dyn ObjectStore>, runtime: &Handle, options: &BucketOptions) -> Self {
        self.files = Some(FilesInput::Bucket(store, runtime.clone(), options.clone()));
        self
    }

    /// Sets the folder inside the directory or archive that is the files folder, such as `data/files`. Default: the
    /// directory itself; of an archive, the folder above the shard folders of all documents.
    #[must_use]
    pub fn with_root(mut self, folder: impl Into<String>) -> Self {
        self.names.root = Some(folder.into());
        self
    }

    /// Sets the text before the UUID in every file name, as in a copy of a bucket. Files without it are left out.
    /// Default: none.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.names.key_prefix = prefix.into();
        self
    }

    /// Sets the text after the UUID in every file name. Files without it are left out. Default: none.
    #[must_use]
    pub fn with_key_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.names.key_suffix = suffix.into();
        self
    }

    /// Sets the number of threads that walk a directory. More threads than cores help with a slow disk. Default:
    /// [`Parallelism::default`].
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.names.parallelism = parallelism;
        self
    }

    /// Prepares only this part of the archive, for [`Prepared::write_shard`]. Default: all of it, and any part can be written.
    ///
    /// The report and the metadata are those of the whole archive; [`Prepared::documents`] are those of the part. Documents in a
    /// bucket that are listed in the order of their ids, without a dump, then need memory only for the part: the bucket is
    /// listed a second time from its first document to its last one. From a bucket, no document after the part is requested.
    #[must_use]
    pub const fn with_shard(mut self, shard: Shard) -> Self {
        self.shard = Some(shard);
        self
    }

    /// Reads the dump to its end, lists the files, compares the two, and judges the result.
    ///
    /// Files with the numeric names of very old apps become documents if a row of the dump gives their uuid. The files are
    /// listed after the dump was read, so that a running app cannot delete them in the meantime.
    ///
    /// # Errors
    /// Returns an error if the dump is damaged or must be converted and cannot be, if a stream must be spooled and there
    /// is no spool directory, if the files cannot be listed or contain no document, if orphans are to be dropped and all
    /// documents are orphans, or if the observer cancels. The error's context is the path of the input.
    pub fn prepare(self, observer: &mut dyn Observer) -> Result<Prepared<DumpReader, DocumentPlan>> {
        let Self { options, database, files, names, shard } = self;
        files.as_ref().map_or(Ok(()), FilesInput::verify)?;
        let database = match database {
            None => None,
            Some(DatabaseInput::Path(path)) => {
                let named = |error: Error| error.within_name(path.as_os_str().as_encoded_bytes());
                Some(open(&path, &options, observer).map_err(named)?)
            }
            Some(DatabaseInput::Reader(reader)) => {
                let named = |error: Error| error.within("standard input");
                Some(spooled(reader, &options, observer).map_err(named)?)
            }
        };
        let path = match &files {
            Some(FilesInput::Path(path)) => Some(path.clone()),
            _ => None,
        };
        let name = files.as_ref().map_or("no files", FilesInput::name);
        // Rows of a database are compared with all documents.
        let scanned_shard = shard.filter(|_| database.is_none());
        let scanned = files.map(|files| files.scan(&names, &options, scanned_shard, observer)).transpose()?;
        let (mut plan, share) = scanned.map_or((None, None), |(plan, share)| (Some(plan), share));
        if let (Some(database), Some(plan)) = (&database, &mut plan) {
            database.assign_numbers(plan);
        }
        if let Some(plan) = plan.as_ref().filter(|_| share.as_ref().is_none_or(|share| share.documents_count == 0)) {
            verify_plan(plan, path.as_deref().ok_or(name), &names)?;
        }
        let prepared = Prepared::of_share(database, plan, share, &options)?;
        match shard {
            Some(shard) => prepared.narrow(shard),
            None => Ok(prepared),
        }
    }
}

fn open(path: &Path, options: &PrepareOptions, observer: &mut dyn Observer) -> Result<Database<DumpReader>> {
    let failed = |error| Error::io("opening the dump", error);
    let kind = std::fs::metadata(path).map_err(failed)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return spooled(File::open(path).map_err(failed)?, options, observer);
    }
    verify_dump(&detect::identify_path(path)?)?;
    Database::open_path(path, options, observer)
}

fn spooled(
    mut reader: impl Read,
    options: &PrepareOptions,
    observer: &mut dyn Observer,
) -> Result<Database<DumpReader>> {
    let mut head = Vec::new();
    let failed = |error| Error::io("reading the dump", error);
    reader.by_ref().take(detect::HEAD_BYTES).read_to_end(&mut head).map_err(failed)?;
    verify_dump(&detect::identify(&head))?;
    Database::spooled(Cursor::new(head).chain(reader), options, observer)
}

/// Refuses what is no dump in any form, with what would make one.
fn verify_dump(detection: &Detection) -> Result<()> {
    let may_be_dump = match detection.kind() {
        Kind::Tar => true,
        Kind::Other(identity) => matches!(
            identity,
            Identity::Custom { .. }
                | Identity::TocFile
                | Identity::Tar
                | Identity::Gzip
                | Identity::Lz4
                | Identity::Zstd
        ),
        _ => false,
    };
    if may_be_dump { Ok(()) } else { Err(error::not_a_dump(detection)) }
}

impl fmt::Debug for Pack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack").field("options", &self.options).finish_non_exhaustive()
    }
}
