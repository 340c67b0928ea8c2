//! The folder of uploaded snapshots: each under the hash of what was uploaded, with an index, whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use appsnap::DocumentId;
use appsnap::layout::Contents;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive, WriteOptions, repack};
use serde::Serialize;
use tempfile::{NamedTempFile, SpooledTempFile};

use crate::answer::Answer;
use crate::work::Wanted;

const SUFFIX: &str = ".tar.gz";
const ID_LEN: usize = 64;

/// A name in the store: 64 hex digits, and so never a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Id(String);

impl Id {
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == ID_LEN && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Serialize)]
pub struct Listed {
    id: Id,
    archive_bytes: u64,
}

#[derive(Clone)]
pub struct Store {
    folder: PathBuf,
    read: ReadOptions,
}

impl Store {
    pub fn new(folder: &Path, read: ReadOptions) -> Self {
        Self { folder: folder.to_owned(), read }
    }

    fn path(&self, id: &Id) -> PathBuf {
        self.folder.join(format!("{}{SUFFIX}", id.0))
    }

    /// A file in the store without a place yet; gone when dropped.
    pub fn spool(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix(".incoming-").tempfile_in(&self.folder)
    }

    /// Room for an answer: in memory while it is small, else in a file without a name.
    pub fn scratch(&self) -> SpooledTempFile {
        const IN_MEMORY_BYTES: usize = 256 << 10;
        tempfile::spooled_tempfile_in(IN_MEMORY_BYTES, &self.folder)
    }

    /// Gives a checked upload its place, with an index; `false` when it was there already.
    pub fn keep(&self, id: &Id, upload: NamedTempFile, wanted: &mut Wanted) -> Result<bool, Answer> {
        let kept = match SnapshotArchive::open(upload.as_file(), &self.read) {
            Ok(_) => upload,
            Err(error) if matches!(error.kind(), ErrorKind::NoIndex) => {
                let write = WriteOptions::new().with_index(IndexPlacement::Embedded);
                let open = || File::open(upload.path());
                let target = self.spool().map_err(Answer::internal)?;
                let packed = repack(open, target, Contents::Full, &self.read, &write, wanted);
                packed.map_err(Answer::snapshot)?.0
            }
            Err(error) => return Err(Answer::snapshot(error)),
        };
        kept.as_file().sync_all().map_err(Answer::internal)?;
        match kept.persist_noclobber(self.path(id)) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(Answer::internal(error.error)),
        }
    }

    pub fn list(&self) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)).and_then(Id::parse) {
                listed.push(Listed { id, archive_bytes: entry.metadata()?.len() });
            }
        }
        listed.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(listed)
    }

    /// Opens the archive itself, and says how long it is.
    pub fn open_file(&self, id: &Id) -> Result<(File, u64), Answer> {
        let opened = File::open(self.path(id)).and_then(|file| {
            let len_bytes = file.metadata()?.len();
            Ok((file, len_bytes))
        });
        opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Answer::not_found(),
            _ => Answer::internal(error),
        })
    }

    fn open(&self, id: &Id) -> Result<SnapshotArchive<File>, Answer> {
        let (file, _) = self.open_file(id)?;
        SnapshotArchive::open(file, &self.read).map_err(Answer::snapshot)
    }

    /// Writes the list of documents as JSON, one line each.
    pub fn write_documents(&self, id: &Id, sink: &mut SpooledTempFile) -> Result<(), Answer> {
        let archive = self.open(id)?;
        let mut sink = BufWriter::new(sink);
        sink.write_all(b"[").map_err(Answer::internal)?;
        let mut comma = "";
        for document in archive.documents() {
            let document = document.map_err(Answer::snapshot)?;
            let (id, bytes, crc32) = (document.id(), document.len_bytes(), document.crc32());
            write!(sink, "{comma}\n{{\"uuid\":\"{id}\",\"bytes\":{bytes},\"crc32\":\"{crc32:08x}\"}}")
                .map_err(Answer::internal)?;
            comma = ",";
        }
        sink.write_all(b"\n]\n").and_then(|()| sink.flush()).map_err(Answer::internal)
    }

    /// Writes one document, read from its range of the archive.
    pub fn write_document(&self, id: &Id, document: DocumentId, sink: &mut SpooledTempFile) -> Result<(), Answer> {
        let archive = self.open(id)?;
        let mut stored = archive.document(document).map_err(Answer::snapshot)?.ok_or_else(Answer::not_found)?;
        io::copy(&mut stored, sink).map_err(Answer::internal)?;
        Ok(())
    }
}
