//! Options for preparing an archive: [`PrepareOptions`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::Profile;
use crate::io::Parallelism;
use crate::limits::Limits;
use crate::pgdump::FormatVersion;
use crate::pgdump::transcode::RowEditor;
use crate::source::dump::DumpOptions;

/// The treatment of documents without a row in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Orphans {
    /// Orphans are kept in the archive and reported as a warning.
    #[default]
    Keep,
    /// Orphans are left out. This requires a dump whose rows can be read: otherwise every document would be an orphan.
    Drop,
}

/// Options for preparing an archive.
///
/// ```
/// use appsnap::pgdump::FormatVersion;
/// use appsnap::prepare::PrepareOptions;
///
/// let options = PrepareOptions::new()
///     .with_max_dump_version(FormatVersion::V1_15)
///     .without_orphans()
///     .with_spool_dir("/var/tmp");
/// ```
#[derive(Clone, Debug)]
pub struct PrepareOptions {
    pub(super) limits: Limits,
    pub(super) profile: Profile,
    pub(super) max_dump_version: Option<FormatVersion>,
    pub(super) orphans: Orphans,
    pub(super) drops_unknown: bool,
    pub(super) spool_dir: Option<PathBuf>,
    pub(super) parallelism: Parallelism,
    pub(super) excluded_data: Vec<String>,
    pub(super) row_editor: Option<Arc<dyn RowEditor>>,
    pub(super) model_version: Option<String>,
    pub(super) database_size_bytes: Option<u64>,
}

impl PrepareOptions {
    /// Creates the default options: trusted limits, [`Profile::format`], dumps above 1.14 converted to 1.14, orphans kept,
    /// no spool directory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            limits: Limits::trusted(),
            profile: Profile::format(),
            max_dump_version: Some(FormatVersion::V1_14),
            orphans: Orphans::Keep,
            drops_unknown: false,
            spool_dir: None,
            parallelism: Parallelism::INLINE,
            excluded_data: Vec::new(),
            row_editor: None,
            model_version: None,
            database_size_bytes: None,
        }
    }

    /// Sets the threads that read a dump in directory format. Default: none.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Leaves out the data of tables, as
    /// [`Transcoder::without_data_of`](crate::pgdump::transcode::Transcoder::without_data_of) does.
    #[must_use]
    pub fn without_data_of(mut self, pattern: impl Into<String>) -> Self {
        self.excluded_data.push(pattern.into());
        self
    }

    /// Edits rows of the dump, for example with [`MaskRules`](crate::pgdump::transcode::MaskRules).
    ///
    /// The documents of rows of `system$filedocument` that are left out are left out, too. The dump is spooled, because its
    /// length changes.
    #[must_use]
    pub fn with_row_editor(mut self, editor: impl RowEditor + 'static) -> Self {
        self.row_editor = Some(Arc::new(editor));
        self
    }

    /// Returns `true` if data of the dump is edited or left out.
    pub(super) fn edits_data(&self) -> bool {
        self.row_editor.is_some() || !self.excluded_data.is_empty()
    }

    /// Returns the options for reading the dump.
    pub(super) fn dump(&self) -> DumpOptions {
        let options = DumpOptions::new().with_limits(self.limits.clone()).with_parallelism(self.parallelism);
        match &self.spool_dir {
            Some(folder) => options.with_spool_dir(folder),
            None => options,
        }
    }

    /// Sets the limits of the inputs. Default: [`Limits::trusted`], since they are the caller's own.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the profile of the [report](super::Prepared::report). Default: [`Profile::format`].
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the highest archive version of the dump; a newer dump is converted to it. With `None`, no dump is converted.
    /// Default: 1.14, which every version of the platform since 2021 accepts.
    #[must_use]
    pub fn with_max_dump_version(mut self, version: impl Into<Option<FormatVersion>>) -> Self {
        self.max_dump_version = version.into();
        self
    }

    /// Leaves out documents that no row in the database refers to. Default: they are kept, and reported as a warning.
    ///
    /// This requires a dump whose rows can be read: otherwise every document would be an orphan.
    #[must_use]
    pub const fn without_orphans(mut self) -> Self {
        self.orphans = Orphans::Drop;
        self
    }

    /// Leaves files out that do not belong in a snapshot, when an archive is repaired. They are listed as a change. Default:
    /// such a file stops the repair.
    #[must_use]
    pub const fn without_unknown_files(mut self) -> Self {
        self.drops_unknown = true;
        self
    }

    /// Sets the spool directory, for a dump from a stream and for one whose data must be recompressed (from lz4 or zstd):
    /// an archive states the length of a member before its contents. Default: none, and such a dump is an error.
    #[must_use]
    pub fn with_spool_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.spool_dir = Some(folder.as_ref().to_path_buf());
        self
    }

    /// Sets the app's model version, which the platform compares with the deployed model. Default: that of the repaired
    /// metadata, otherwise `0.0.0.0`, which is listed as a change.
    #[must_use]
    pub fn with_model_version(mut self, version: impl Into<String>) -> Self {
        self.model_version = Some(version.into());
        self
    }

    /// Sets the size of the database on its server, in bytes. Default: that of the repaired metadata, otherwise the
    /// decompressed size of the dump, which is an estimate without indexes and is listed as a change.
    #[must_use]
    pub const fn with_database_size_bytes(mut self, size_bytes: u64) -> Self {
        self.database_size_bytes = Some(size_bytes);
        self
    }
}

impl Default for PrepareOptions {
    fn default() -> Self {
        Self::new()
    }
}
