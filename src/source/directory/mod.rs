//! Files folders of an app server, and copies of storage buckets: [`scan`] returns a [`DocumentPlan`].
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::source::Code;
//! use appsnap::source::directory::{self, DirectoryOptions};
//!
//! let plan = directory::scan("examples/data/files", &DirectoryOptions::new(), &mut NoObserver)?;
//! assert_eq!((plan.documents_count(), plan.document_bytes()), (1, 10));
//! assert_eq!(plan.diagnostics().count_of(Code::Junk), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advice;
pub(super) mod folder;
mod options;
pub(super) mod planned_file;
pub(super) mod spelling;
mod walk;
mod walkers;

use std::path::Path;

pub(crate) use advice::{files_folder_near, parent_of_shard};
pub use options::DirectoryOptions;

use self::folder::{FilesFolder, ScannedFolder};
use self::walk::{Batch, Walk};
use super::error::{Error, ErrorKind, Result};
use super::plan::DocumentPlan;
use super::row::{NumberedFile, Row};
use super::skipped::SkippedFiles;
use super::store::Store;
use crate::observe::{Event, Observer, Phase};

/// Walks the folder at `root` and plans every document in it.
///
/// A document is a file with the path `<uuid>`, `xx/<uuid>` or `xx/yy/<uuid>`, where `xx` and `yy` are the first
/// characters of the UUID, in either letter case. This is the layout of `data/files` on an app server, or of the folder
/// that `UploadedFilesPath` names; a flat copy of a bucket has the same layout with fewer folders. Everything else is left
/// out and reported: see [`Code`](super::Code). `root` itself may be a link; links below it are not
/// followed. On Linux the plan keeps to this folder, even if another one gets its name, and follows no link on the way to a
/// document, even one that appears after the scan.
///
/// The observer receives the phase `walking`, then each document with running totals in the order of discovery, and
/// finally the planned totals.
///
/// # Errors
/// Returns an error if `root` is not a folder, if a folder cannot be listed or a file cannot be inspected (unless the
/// options say to [report](DirectoryOptions::with_unreadable_reported) them), if the key prefix or suffix cannot occur in a folder, or if the observer cancels.
pub fn scan(
    root: impl AsRef<Path>,
    options: &DirectoryOptions,
    observer: &mut dyn Observer,
) -> Result<DocumentPlan, Error> {
    let folder = FilesFolder::new(root.as_ref(), options)?;
    let walk = Walk { folder: &folder, unreadable: options.unreadable };
    let mut collector = Collector {
        folder: &folder,
        rows: Vec::new(),
        numbered: Vec::new(),
        document_bytes: 0,
        skipped: SkippedFiles::new(options.max_findings_per_code),
        observer,
    };
    collector.notify(&Event::Phase(Phase::ScanningFolder))?;
    let root = walk.open_root()?;
    match options.parallelism.started() {
        None => walk.run_inline(&root, &mut |batch| collector.collect(batch))?,
        Some(count) => walkers::run(&walk, &root, count, &mut |batch| collector.collect(batch))?,
    }
    collector.notify(&Event::planned(collector.rows.len() as u64, collector.document_bytes))?;
    let Collector { rows, numbered, skipped, .. } = collector;
    let store = Store::Folder(ScannedFolder { names: folder, folder: root });
    Ok(DocumentPlan::new(store, rows, numbered, skipped))
}

/// Collects the findings of the walkers, on the caller's thread.
struct Collector<'a> {
    folder: &'a FilesFolder,
    rows: Vec<Row>,
    numbered: Vec<NumberedFile>,
    document_bytes: u64,
    skipped: SkippedFiles,
    observer: &'a mut dyn Observer,
}

impl Collector<'_> {
    fn collect(&mut self, batch: &mut Batch) -> Result<()> {
        for row in batch.rows.drain(..) {
            self.rows.push(row);
            self.document_bytes = self.document_bytes.saturating_add(row.len_bytes);
            self.notify(&Event::document(row.id, self.rows.len() as u64, self.document_bytes))?;
        }
        self.numbered.append(&mut batch.numbered);
        batch.skipped.drain(..).for_each(|file| self.skipped.add(file));
        Ok(())
    }

    fn notify(&mut self, event: &Event) -> Result<()> {
        if self.observer.observe(event).is_break() {
            return Err(Error::in_path(&self.folder.root, ErrorKind::Cancelled));
        }
        Ok(())
    }
}
