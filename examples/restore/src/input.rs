//! The snapshot or dump to restore, which is read twice: once to judge it, once to restore it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Report};
use appsnap::detect;
use appsnap::io::Parallelism;
use appsnap::layout::Contents;
use appsnap::observe::Observer;
use appsnap::restore::Survey;
use appsnap::snapshot::extract::{ExtractOptions, ExtractReport};
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader, extract};
use appsnap::source::dump::{DumpOptions, DumpReader};

use crate::support::{self, Failure, InFile, Outcome, Progress, Source, shown};

/// The input, and what it was when it was judged.
pub struct Input {
    path: PathBuf,
    limits: Limits,
    is_dump: bool,
    identity: (u64, Option<SystemTime>),
}

impl Input {
    pub fn open(path: &Path, limits: &Limits) -> Outcome<Self> {
        support::refuse_pipe(path)?;
        let detection = detect::identify_path(path).in_file(path)?;
        if !support::may_be_dump(&detection) {
            support::refuse_other_than_snapshot(path, &detection)?;
        }
        Ok(Self { path: path.to_owned(), limits: limits.clone(), is_dump: false, identity: identity(path)? })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads everything, and judges it.
    pub fn survey(&mut self, profile: &Profile, progress: &mut Progress) -> Outcome<Survey> {
        let options = CheckOptions::new().with_limits(self.limits.clone());
        progress.begin("reading the file", None);
        let source = Source::judged(&self.path, &self.dump_options())?.followed(progress);
        let survey = Survey::of(source, profile, &options, progress).in_file(&self.path)?;
        self.is_dump = survey.report().contents().kind != "snapshot";
        Ok(survey)
    }

    fn dump_options(&self) -> DumpOptions {
        DumpOptions::new().with_limits(self.limits.clone()).with_spool_dir(std::env::temp_dir())
    }

    /// Refuses an input that is another one than the one that was judged.
    pub fn refuse_changed(&self) -> Outcome {
        if identity(&self.path)? == self.identity {
            return Ok(());
        }
        let message =
            "it changed while it was being restored: nothing of the target was changed; run the restore again";
        Err(Failure::environment(shown(&self.path), message))
    }

    /// Reads the dump, wherever it is.
    pub fn dump<T>(&self, read: impl FnOnce(&mut dyn Read) -> Outcome<T>) -> Outcome<T> {
        if self.is_dump {
            return read(&mut DumpReader::open(&self.path, &self.dump_options()).in_file(&self.path)?);
        }
        if let Some(archive) = support::open_indexed(&self.path, self.options())?
            && let Some(mut dump) = archive.database()
        {
            return read(&mut dump);
        }
        let mut reader = SnapshotReader::new(File::open(&self.path).in_file(&self.path)?, &self.options());
        while let Some(mut entry) = reader.next_entry().in_file(&self.path)? {
            if matches!(entry.kind(), EntryKind::Database) {
                return read(&mut entry);
            }
        }
        Err(Failure::input(shown(&self.path), "there is no dump in it"))
    }

    /// Extracts the documents to `destination`, and verifies the archive to its last byte again.
    pub fn extract(
        &self,
        destination: &Path,
        parallelism: Parallelism,
        observer: &mut dyn Observer,
    ) -> Outcome<ExtractReport> {
        let options = ExtractOptions::new().with_contents(Contents::FilesOnly).with_parallelism(parallelism);
        if let Some(archive) = support::open_indexed(&self.path, self.options())? {
            return archive.extract(destination, &options, observer).in_file(&self.path);
        }
        let file = File::open(&self.path).in_file(&self.path)?;
        let mut reader = SnapshotReader::new(file, &self.options());
        extract(&mut reader, destination, &options, observer).in_file(&self.path)
    }

    fn options(&self) -> ReadOptions {
        ReadOptions::new().with_limits(self.limits.clone())
    }
}

fn identity(path: &Path) -> Outcome<(u64, Option<SystemTime>)> {
    let facts = fs::metadata(path).in_file(path)?;
    Ok((facts.len(), facts.modified().ok()))
}

/// Returns `true` if the snapshot is rejected.
pub fn is_rejected(report: &Report) -> bool {
    report.verdict() == appsnap::check::Verdict::Reject
}
