//! The main job in a few lines, from a dump and a files folder to an archive: [`Pack`].

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::database::Database;
use super::error::Result;
use super::options::PrepareOptions;
use super::prepared::Prepared;
use crate::error::Error;
use crate::io::Parallelism;
use crate::observe::Observer;
use crate::source::directory::{self, DirectoryOptions};
use crate::source::dump::DumpReader;
use crate::source::{ArchiveOptions, DocumentPlan};

/// A builder that collects the inputs of an archive: a dump, files, or both.
///
/// The dump is a file or a stream, such as the output of `pg_dump`. The files are a directory, a zip archive or a tar
/// archive, detected from its content. Everything is read and judged by [`prepare`](Self::prepare), before anything is
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
    files: Option<PathBuf>,
    parallelism: Parallelism,
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
        Self { options: options.clone(), database: None, files: None, parallelism: Parallelism::default() }
    }

    /// Sets the dump: the path of a file, or of the folder of a dump in directory format. It may be in [any
    /// form](crate::source::dump).
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

    /// Sets the files: the path of a directory, or of a zip, tar or tar.gz archive of one.
    #[must_use]
    pub fn with_files(mut self, path: impl AsRef<Path>) -> Self {
        self.files = Some(path.as_ref().to_path_buf());
        self
    }

    /// Sets the number of threads that walk a directory. More threads than cores help with a slow disk. Default:
    /// [`Parallelism::default`].
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Reads the dump to its end, lists the files, compares the two, and judges the result.
    ///
    /// Files with the numeric names of very old apps become documents if a row of the dump gives their uuid.
    ///
    /// # Errors
    /// Returns an error if the dump is damaged or must be converted and cannot be, if a stream must be spooled and there
    /// is no spool directory, if the files cannot be listed, or if the observer cancels. The error's context is the path
    /// of the input.
    pub fn prepare(self, observer: &mut dyn Observer) -> Result<Prepared<DumpReader, DocumentPlan>> {
        let Self { options, database, files, parallelism } = self;
        let database = match database {
            None => None,
            Some(DatabaseInput::Path(path)) => {
                let named = |error: Error| error.within_path(&path);
                Some(Database::open_path(&path, &options, observer).map_err(named)?)
            }
            Some(DatabaseInput::Reader(reader)) => Some(Database::spooled(reader, &options, observer)?),
        };
        let mut plan = match files {
            None => None,
            Some(path) => Some(scan(&path, &options, parallelism, observer)?),
        };
        if let (Some(database), Some(plan)) = (&database, &mut plan) {
            database.assign_numbers(plan);
        }
        Prepared::new(database, plan, &options)
    }
}

/// Lists the documents of a directory or an archive, which is detected from its content.
fn scan(
    path: &Path,
    options: &PrepareOptions,
    parallelism: Parallelism,
    observer: &mut dyn Observer,
) -> Result<DocumentPlan> {
    let named = |error| Error::io("opening the files", error).within_path(path);
    let is_directory = fs::metadata(path).map_err(named)?.is_dir();
    if is_directory {
        let directory_options = DirectoryOptions::new().with_parallelism(parallelism);
        return Ok(directory::scan(path, &directory_options, observer)?);
    }
    let mut archive_options = ArchiveOptions::new();
    if let Some(folder) = &options.spool_dir {
        archive_options = archive_options.with_spool_dir(folder);
    }
    #[cfg(feature = "zip")]
    {
        use crate::detect::{Kind, identify_path};
        use crate::pgdump::Identity;

        if matches!(identify_path(path)?.kind(), Kind::Other(Identity::Zip)) {
            return Ok(crate::source::zip::scan(path, &archive_options, observer)?);
        }
    }
    Ok(crate::source::tar::scan(path, &archive_options, observer)?)
}

impl fmt::Debug for Pack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack").field("files", &self.files).finish_non_exhaustive()
    }
}
