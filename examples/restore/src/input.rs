//! The snapshot or dump to restore, which is read twice: once to judge it, once to restore it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Report};
use appsnap::io::Parallelism;
use appsnap::layout::Contents;
use appsnap::restore::Survey;
use appsnap::snapshot::extract::ExtractOptions;
use appsnap::snapshot::{EntryKind, ErrorKind, ReadOptions, SnapshotArchive, SnapshotReader, extract};
use appsnap::source::dump::{DumpOptions, DumpReader};

use crate::bucket_files::Delivered;
use crate::ledger::Ledger;
use crate::meter::{Meter, OfDocuments};
use crate::support::{self, Failure, InFile, Outcome, Progress, Source, Stored, is_url, shown};

/// The input, and what it was when it was judged.
pub struct Input {
    path: PathBuf,
    limits: Limits,
    is_dump: bool,
    state: State,
}

/// Signs that an input has changed.
enum State {
    /// Length and time.
    File(u64, Option<SystemTime>),
    /// The object as it was opened first: a read of another version fails.
    Object(Stored),
}

impl Input {
    pub fn open(path: &Path, limits: &Limits) -> Outcome<Self> {
        let state = if is_url(path) {
            State::Object(Stored::open(path)?)
        } else {
            support::refuse_pipe(path)?;
            file_state(path)?
        };
        let detection = support::identify(path)?;
        if !support::may_be_dump(&detection) {
            support::refuse_other_than_snapshot(path, &detection)?;
        } else if is_url(path) && !detection.is_custom_dump() {
            let message = "a dump in a bucket has to be in custom format: download it, and name the file";
            return Err(Failure::environment(shown(path), message));
        }
        Ok(Self { path: path.to_owned(), limits: limits.clone(), is_dump: false, state })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads everything, and judges it.
    pub fn survey(&mut self, profile: &Profile, progress: &mut Progress) -> Outcome<Survey> {
        let options = CheckOptions::new().with_limits(self.limits.clone());
        progress.begin("reading the file", None);
        let survey = match &self.state {
            State::File(..) => {
                let source = Source::judged(&self.path, &self.dump_options())?.followed(progress);
                Survey::of(source, profile, &options, progress)
            }
            State::Object(object) => {
                let len_bytes = appsnap::io::ReadAt::len_bytes(object).in_file(&self.path)?;
                let source = progress.follow(object.reader().in_file(&self.path)?, Some(len_bytes));
                Survey::of(source, profile, &options, progress)
            }
        };
        let survey = survey.in_file(&self.path)?;
        self.is_dump = survey.report().contents().kind != "snapshot";
        Ok(survey)
    }

    fn dump_options(&self) -> DumpOptions {
        DumpOptions::new().with_limits(self.limits.clone()).with_spool_dir(std::env::temp_dir())
    }

    /// Refuses a file that is another one than the one that was judged.
    pub fn refuse_changed(&self) -> Outcome {
        let State::File(..) = self.state else { return Ok(()) };
        match (&self.state, file_state(&self.path)?) {
            (State::File(len_bytes, time), State::File(len_bytes_now, time_now))
                if (*len_bytes, *time) == (len_bytes_now, time_now) =>
            {
                Ok(())
            }
            _ => {
                let message =
                    "it changed while it was being restored: nothing of the target was changed; run the restore again";
                Err(Failure::environment(shown(&self.path), message))
            }
        }
    }

    /// Reads the dump, wherever it is.
    pub fn dump<T>(&self, read: impl FnOnce(&mut dyn Read) -> Outcome<T>) -> Outcome<T> {
        if self.is_dump {
            return match &self.state {
                State::File(..) => read(&mut DumpReader::open(&self.path, &self.dump_options()).in_file(&self.path)?),
                State::Object(object) => read(&mut object.reader().in_file(&self.path)?),
            };
        }
        if let Some(archive) = self.indexed()?
            && let Some(mut dump) = archive.database()
        {
            return read(&mut dump);
        }
        let mut reader = self.reader()?;
        while let Some(mut entry) = reader.next_entry().in_file(&self.path)? {
            if matches!(entry.kind(), EntryKind::Database) {
                return read(&mut entry);
            }
        }
        Err(Failure::input(shown(&self.path), "there is no dump in it"))
    }

    /// Brings the documents to their destination, and verifies the archive to its last byte again.
    pub fn deliver(&self, destination: &Ledger, parallelism: Parallelism, meter: &Meter) -> Outcome<Delivered> {
        match destination {
            Ledger::Bucket(bucket) => bucket.upload(&self.path, &mut self.reader()?, meter),
            Ledger::Folder(journal) => {
                let observer = &mut OfDocuments(meter.clone());
                let options = ExtractOptions::new().with_contents(Contents::FilesOnly).with_parallelism(parallelism);
                let report = match self.indexed()? {
                    Some(archive) => archive.extract(&journal.staging(), &options, observer),
                    None => extract(&mut self.reader()?, &journal.staging(), &options, observer),
                };
                let report = report.in_file(&self.path)?;
                let (documents_count, document_bytes) = (report.documents_count(), report.document_bytes());
                Ok(Delivered { documents_count, document_bytes, present_count: 0 })
            }
        }
    }

    /// Opens an archive that has an index for random access.
    fn indexed(&self) -> Outcome<Option<SnapshotArchive<Stored>>> {
        match SnapshotArchive::open(self.stored()?, &self.options()) {
            Err(error) if matches!(error.kind(), ErrorKind::NoIndex) => Ok(None),
            opened => opened.map(Some).in_file(&self.path),
        }
    }

    fn reader(&self) -> Outcome<SnapshotReader<Box<dyn Read + Send>>> {
        let source: Box<dyn Read + Send> = match &self.state {
            State::File(..) => Box::new(File::open(&self.path).in_file(&self.path)?),
            State::Object(object) => Box::new(object.reader().in_file(&self.path)?),
        };
        Ok(SnapshotReader::new(source, &self.options()))
    }

    fn stored(&self) -> Outcome<Stored> {
        match &self.state {
            State::File(..) => Stored::open(&self.path),
            State::Object(object) => object.try_clone().in_file(&self.path),
        }
    }

    fn options(&self) -> ReadOptions {
        ReadOptions::new().with_limits(self.limits.clone())
    }
}

fn file_state(path: &Path) -> Outcome<State> {
    let facts = fs::metadata(path).in_file(path)?;
    Ok(State::File(facts.len(), facts.modified().ok()))
}

/// Returns `true` if the snapshot is rejected.
pub fn is_rejected(report: &Report) -> bool {
    report.verdict() == appsnap::check::Verdict::Reject
}
