//! The folder of snapshots: each under the hash of its own bytes, complete or absent.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive, SnapshotReader, WriteOptions, repack};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, SpooledTempFile};

use crate::answer::Answer;
use crate::hashing::Hashing;
use crate::record::Record;
use crate::work::Wanted;
use crate::{incoming, log, room};

const ARCHIVE_SUFFIX: &str = ".tar.gz";
const RECORD_SUFFIX: &str = ".json";
const ID_LEN: usize = 64;

/// The name of a stored archive: the SHA-256 of its bytes in 64 hexadecimal digits, and so never a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Id(String);

impl Id {
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == ID_LEN && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// Returns the id of the bytes that were hashed.
    pub fn of(hash: Sha256) -> Self {
        Self(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored archive in a list.
#[derive(Serialize)]
pub struct Listed {
    id: Id,
    archive_bytes: u64,
    name: Option<String>,
    uploaded_at: Option<String>,
    verdict: Option<String>,
    documents: Option<u64>,
}

/// An archive that was kept.
pub struct Kept {
    pub id: Id,
    pub archive_bytes: u64,
    /// `false` if the store had it already.
    pub is_new: bool,
}

/// The folder of snapshots.
#[derive(Clone)]
pub struct Store {
    folder: PathBuf,
    read: ReadOptions,
}

impl Store {
    /// Creates the folder if necessary, writes to it once, and removes what a killed service left in it.
    pub fn open(folder: &Path, read: ReadOptions) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let store = Self { folder: folder.to_owned(), read };
        store.try_write()?;
        for path in incoming::remove_stale(folder)? {
            log::event(&json!({ "event": "removed", "path": path, "reason": "an upload that a killed service left" }));
        }
        Ok(store)
    }

    /// Creates a file, writes to it and removes it.
    pub fn try_write(&self) -> io::Result<()> {
        incoming::create(&self.folder)?.write_all(b"test")
    }

    /// Returns the bytes that may still be written; `None` if the system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        room::free_bytes(&self.folder)
    }

    fn archive_path(&self, id: &Id) -> PathBuf {
        self.folder.join(format!("{}{ARCHIVE_SUFFIX}", id.0))
    }

    fn record_path(&self, id: &Id) -> PathBuf {
        self.folder.join(format!("{}{RECORD_SUFFIX}", id.0))
    }

    /// Creates a file in the store that has no name yet, and is removed when dropped.
    pub fn incoming(&self) -> io::Result<NamedTempFile> {
        incoming::create(&self.folder)
    }

    /// Creates room for an answer: in memory while it is small, else in a file without a name.
    pub fn scratch(&self) -> SpooledTempFile {
        const IN_MEMORY_BYTES: usize = 256 << 10;
        tempfile::spooled_tempfile_in(IN_MEMORY_BYTES, &self.folder)
    }

    /// Gives a checked upload its name. An archive without an index is compressed again, and gets one.
    pub fn keep(&self, upload: NamedTempFile, record: &Record, wanted: &mut Wanted) -> Result<Kept, Answer> {
        let (archive, id) = match SnapshotArchive::open(upload.as_file(), &self.read) {
            Ok(_) => {
                let id = Id::parse(&record.upload_sha256);
                let id = id.ok_or_else(|| Answer::internal(io::Error::other("a hash has 64 digits")))?;
                (upload, id)
            }
            Err(error) if matches!(error.kind(), ErrorKind::NoIndex) => {
                let write = WriteOptions::new().with_index(IndexPlacement::Embedded);
                let open = || Ok(SnapshotReader::new(File::open(upload.path())?, &self.read));
                let target = Hashing::new(self.incoming().map_err(Answer::internal)?);
                let packed = repack(open, target, &write, wanted);
                let (archive, hash) = packed.map_err(Answer::of_input)?.0.finish();
                (archive, Id::of(hash))
            }
            Err(error) => return Err(Answer::of_input(error)),
        };
        let named = self.name(archive, &id, record);
        let (archive_bytes, is_new) = named.map_err(Answer::internal)?;
        Ok(Kept { id, archive_bytes, is_new })
    }

    /// Gives an archive its name, and then a record. A list shows an archive without a record, too.
    fn name(&self, archive: NamedTempFile, id: &Id, record: &Record) -> io::Result<(u64, bool)> {
        archive.as_file().sync_all()?;
        let archive_bytes = archive.as_file().metadata()?.len();
        match archive.persist_noclobber(self.archive_path(id)) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok((archive_bytes, false)),
            Err(error) => return Err(error.error),
        }
        let mut file = self.incoming()?;
        serde_json::to_writer(&mut file, record)?;
        file.persist(self.record_path(id))?;
        self.sync_names()?;
        Ok((archive_bytes, true))
    }

    /// Makes new names survive a power failure.
    fn sync_names(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.folder)?.sync_all() } else { Ok(()) }
    }

    /// Lists the archives, the newest first.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(ARCHIVE_SUFFIX)).and_then(Id::parse);
            if let Some(id) = id {
                match entry.metadata() {
                    Ok(metadata) => listed.push(self.describe(id, metadata.len())),
                    // Deleted in the meantime.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        listed.sort_by(|one, other| other.uploaded_at.cmp(&one.uploaded_at).then_with(|| one.id.cmp(&other.id)));
        Ok(listed)
    }

    fn describe(&self, id: Id, archive_bytes: u64) -> Listed {
        let record = self.record(&id);
        let fact = |pointer| record.as_ref().and_then(|record| record.report.pointer(pointer));
        let verdict = fact("/verdict").and_then(|verdict| verdict.as_str()).map(str::to_owned);
        let documents = fact("/contents/documents").and_then(serde_json::Value::as_u64);
        let (name, uploaded_at) = record.map_or((None, None), |record| (record.name, Some(record.uploaded_at)));
        Listed { id, archive_bytes, name, uploaded_at, verdict, documents }
    }

    /// Returns the record of an archive; `None` if there is none.
    pub fn record(&self, id: &Id) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.record_path(id)).ok()?).ok()
    }

    /// Deletes an archive. Downloads in progress go on.
    pub fn delete(&self, id: &Id) -> Result<(), Answer> {
        fs::remove_file(self.archive_path(id)).map_err(not_found_or_internal)?;
        match fs::remove_file(self.record_path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Answer::internal(error)),
            _ => Ok(()),
        }
    }

    /// Opens an archive as a file, and returns its length in bytes.
    pub fn open_file(&self, id: &Id) -> Result<(File, u64), Answer> {
        let opened = File::open(self.archive_path(id)).and_then(|file| {
            let len_bytes = file.metadata()?.len();
            Ok((file, len_bytes))
        });
        opened.map_err(not_found_or_internal)
    }

    /// Opens an archive for its documents.
    pub fn open_archive(&self, id: &Id) -> Result<SnapshotArchive<File>, Answer> {
        let (file, _) = self.open_file(id)?;
        SnapshotArchive::open(file, &self.read).map_err(Answer::internal)
    }
}

fn not_found_or_internal(error: io::Error) -> Answer {
    match error.kind() {
        io::ErrorKind::NotFound => Answer::not_found(),
        _ => Answer::internal(error),
    }
}
