//! Reads a snapshot from front to back: [`SnapshotReader`].

use std::borrow::Cow;
use std::io::Read;

use super::code::Code;
use super::entry::{Entry, EntryKind};
use super::error::{Error, ErrorKind, Result};
use super::ids::IdSet;
use super::index::{self, Builder, Digest, Witness};
use super::options::{ReadOptions, Tolerance};
use super::plain::Plain;
use super::report::ReadReport;
use crate::diagnostic::{self, Diagnostic};
use crate::layout::{self, MemberName, Named};
use crate::limits::LimitExceeded;
use crate::metadata::{self, Metadata};
use crate::observe::{self, Event, Observer, proceed};
use crate::tarball::{self, MemberKind};

/// Reads a snapshot, `.tar.gz` or bare `.tar`, told by its bytes.
///
/// Entries are lent: the borrow checker sees to it that one is left before the next is asked for. `Ok(None)` comes only
/// after the last byte: then both zero blocks, CRC32 and length of every gzip member, the end of the input and, if there
/// is one, the whole index have been checked.
///
/// # Security
/// Meant for uploads from strangers. Memory is fixed, apart from 16 to 40 bytes a document for the duplicate check;
/// [`Limits`](crate::Limits) bound everything else.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
/// # writer.database(Content::sized(4, &b"dump"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
/// while let Some(mut entry) = reader.next_entry()? {
///     match entry.kind() {
///         EntryKind::Document(id) => println!("{id}: {} bytes", entry.len_bytes()),
///         EntryKind::Database => drop(std::io::copy(&mut entry, &mut std::io::sink())?),
///         _ => {}
///     }
/// }
/// assert!(reader.report().is_verified());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SnapshotReader<R> {
    tar: tarball::Reader<Plain<R>>,
    options: ReadOptions,
    ids: IdSet,
    /// What the index should say, digested as the members go by.
    expected: Option<Builder<Digest>>,
    metadata: Option<Metadata>,
    current: Option<Current>,
    report: ReadReport,
    is_ended: bool,
    /// The first error, which every later call repeats.
    failed: Option<Error>,
}

/// The member that is being read.
#[derive(Debug)]
struct Current {
    kind: EntryKind,
    /// As it counts for the index; `None` for what never stands in one.
    name: Option<MemberName>,
    len_bytes: u64,
    crc: crc32fast::Hasher,
    /// `.metadata` was read ahead; these are its bytes, and how many of them were handed out.
    read_ahead: Option<(Vec<u8>, usize)>,
}

/// A member's name, typed, as far as the reader's tolerance allows.
enum Placed {
    File(EntryKind, Option<MemberName>),
    Skipped,
}

impl<R: Read> SnapshotReader<R> {
    /// Prepares to read; nothing is read yet.
    pub fn new(source: R, options: &ReadOptions) -> Self {
        let (expected, witness) = index::pair();
        let limits = options.limits.clone();
        Self {
            tar: tarball::Reader::new(Plain::new(source, &limits, witness), &limits),
            options: options.clone(),
            ids: IdSet::default(),
            expected: Some(expected),
            metadata: None,
            current: None,
            report: ReadReport::new(&limits),
            is_ended: false,
            failed: None,
        }
    }

    /// The next entry; `Ok(None)` once everything is read and verified.
    ///
    /// # Errors
    /// Returns an error if the source fails, the data is damaged or truncated, the format does not allow it, or a limit is
    /// exceeded. Later calls return the same error again.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_, R>>> {
        let has_entry = self.guarded(Self::advance)?;
        Ok(has_entry.then_some(Entry { reader: self }))
    }

    /// Goes to the next entry; `false` once everything is read and verified.
    fn advance(&mut self) -> Result<bool> {
        if self.is_ended {
            return Ok(false);
        }
        if self.current.is_some() {
            self.drain_current(|_| Ok(()))?;
            self.current = None;
        }
        loop {
            let Some(member) = self.tar.next_member()? else {
                self.end()?;
                self.is_ended = true;
                return Ok(false);
            };
            let found = Found {
                is_directory: member.kind() == MemberKind::Directory,
                is_label: member.kind() == MemberKind::Label,
                len_bytes: member.len_bytes(),
                position: member.header_offset_bytes(),
                name: member.name().to_vec(),
            };
            self.report.diagnostics.append(self.tar.diagnostics_mut());
            if let Placed::File(kind, name) = self.place(&found)? {
                let crc = crc32fast::Hasher::new();
                let current = Current { kind, name, len_bytes: found.len_bytes, crc, read_ahead: None };
                let current = self.current.insert(current);
                if matches!(current.name, Some(MemberName::Metadata)) {
                    self.read_metadata(&found)?;
                }
                return Ok(true);
            }
        }
    }

    /// Announces the index of the data that follows: its pages, and CRC32, length and packed end of the data member.
    pub(super) fn expect_index(
        &mut self,
        data: (u32, u64),
        data_end_bytes: u64,
        feed: impl FnOnce(&mut Witness) -> Result<()>,
    ) -> Result<()> {
        let witness = self.tar.get_mut().witness_mut().ok_or_else(|| Error::misuse("reading has begun already"))?;
        witness.data(data, data_end_bytes);
        feed(witness)
    }

    /// Plain bytes read so far.
    #[must_use]
    pub const fn offset_bytes(&self) -> u64 {
        self.tar.offset_bytes()
    }

    /// What has been read so far.
    #[must_use]
    pub const fn report(&self) -> &ReadReport {
        &self.report
    }

    /// The metadata, once it was read: usually the first entry.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    fn is_strict(&self) -> bool {
        self.options.tolerance == Tolerance::Strict
    }

    /// Reports something about a member.
    fn note(&mut self, code: impl Into<diagnostic::Code>, found: &Found, message: impl Into<Cow<'static, str>>) {
        self.report.diagnostics.add(code, |diagnostic| found.locate(diagnostic).with_message(message));
    }

    /// Reports something about the archive as a whole.
    fn note_whole(&mut self, code: impl Into<diagnostic::Code>, message: impl Into<Cow<'static, str>>) {
        self.report.diagnostics.add(code, |diagnostic| diagnostic.with_message(message));
    }

    /// Classifies a member, reports what is unusual about its name, and counts it.
    fn place(&mut self, found: &Found) -> Result<Placed> {
        if found.is_label {
            self.note(layout::Code::JunkSkipped, found, "a volume label, which has no content, is skipped");
            return Ok(Placed::Skipped);
        }
        let parsed = match layout::parse(&found.name, found.is_directory) {
            Ok(parsed) => parsed,
            Err(fault) if self.is_strict() => return Err(found.error(ErrorKind::Name(fault))),
            Err(fault) => {
                self.note(fault, found, fault.message());
                let kind = EntryKind::Misplaced { name: found.name.clone(), fault };
                return Ok(if found.is_directory { Placed::Skipped } else { Placed::File(kind, None) });
            }
        };
        for code in parsed.unusual() {
            self.note(code, found, code.message());
        }
        let name = match parsed.named {
            Named::File(name) => name,
            Named::Directory => return Ok(Placed::Skipped),
            Named::Junk(code) => {
                self.note(code, found, code.message());
                return Ok(Placed::Skipped);
            }
        };
        let is_new = match name {
            MemberName::Metadata => !std::mem::replace(&mut self.report.has_metadata, true),
            MemberName::Database => self.report.database_bytes.replace(found.len_bytes).is_none(),
            MemberName::Document(id) => self.ids.insert(id),
        };
        if !is_new {
            if self.is_strict() {
                return Err(found.error(ErrorKind::Duplicate));
            }
            self.note(layout::Code::NameRepeated, found, layout::Code::NameRepeated.message());
            return Ok(Placed::File(EntryKind::Repeated(name), None));
        }
        let kind = match name {
            MemberName::Document(id) => {
                self.report.documents_count += 1;
                self.report.document_bytes = self.report.document_bytes.saturating_add(found.len_bytes);
                EntryKind::Document(id)
            }
            MemberName::Database => EntryKind::Database,
            _ => EntryKind::Metadata(Metadata::new()),
        };
        Ok(Placed::File(kind, Some(name)))
    }

    /// Reads the current member, which is `.metadata`, into memory, and parses it.
    fn read_metadata(&mut self, found: &Found) -> Result<()> {
        let allowed = self.options.limits.max_metadata_bytes();
        if found.len_bytes > allowed {
            let exceeded = LimitExceeded { name: "max_metadata_bytes", allowed, wanted: found.len_bytes };
            return Err(found.error(ErrorKind::Limit(exceeded)));
        }
        let mut bytes = Vec::new();
        loop {
            let piece = self.tar.payload()?;
            if piece.is_empty() {
                break;
            }
            bytes.extend_from_slice(piece);
            let count = piece.len();
            self.tar.consume(count);
        }
        let kind = match Metadata::parse(&bytes, &self.options.limits) {
            Ok((metadata, diagnostics)) => {
                for diagnostic in &diagnostics {
                    let code = diagnostic.code();
                    self.report.diagnostics.add(code, |_| found.locate(diagnostic.clone()));
                }
                self.metadata = Some(metadata.clone());
                EntryKind::Metadata(metadata)
            }
            Err(error) if self.is_strict() => return Err(found.error(ErrorKind::Metadata(error))),
            Err(error) => {
                self.note(metadata::Code::MetadataUnusable, found, error.to_string());
                EntryKind::UnusableMetadata(error)
            }
        };
        if let Some(current) = &mut self.current {
            current.kind = kind;
            current.crc.update(&bytes);
            current.read_ahead = Some((bytes, 0));
        }
        Ok(())
    }

    pub(super) fn current_kind(&self) -> &EntryKind {
        // An entry is only ever made for a current member.
        static NONE: EntryKind = EntryKind::Database;
        self.current.as_ref().map_or(&NONE, |current| &current.kind)
    }

    pub(super) fn current_len_bytes(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.len_bytes)
    }

    pub(super) fn read_current(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.guarded(|reader| reader.read_member(buffer))
    }

    /// Runs a step; once one has failed, all others repeat its error.
    fn guarded<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        step(self).map_err(|error| self.failed.insert(error).clone())
    }

    fn read_member(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(current) = &mut self.current else { return Ok(0) };
        if let Some((bytes, done)) = &mut current.read_ahead {
            let rest = bytes.get(*done..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
                to.copy_from_slice(from);
            }
            *done += count;
            return Ok(count);
        }
        let count = self.tar.read(buffer)?;
        current.crc.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }

    /// Skips the rest of the current member, and returns the CRC32 of all of it. The observer receives the length read of
    /// an archive with `total_bytes` bytes.
    pub(super) fn skip_current(&mut self, total_bytes: Option<u64>, observer: &mut dyn Observer) -> Result<u32> {
        self.guarded(|reader| {
            let mut reported_bytes = reader.tar.offset_bytes();
            reader.drain_current(|offset_bytes| {
                if offset_bytes.saturating_sub(reported_bytes) >= observe::STEP_BYTES {
                    reported_bytes = offset_bytes;
                    proceed(observer, &Event::bytes(offset_bytes, total_bytes))?;
                }
                Ok(())
            })
        })
    }

    /// Skips the rest of the current member; returns the CRC32 of all of it. `progress` receives the offset in the archive.
    fn drain_current(&mut self, mut progress: impl FnMut(u64) -> Result<()>) -> Result<u32> {
        let Some(current) = &mut self.current else { return Ok(0) };
        loop {
            let piece = self.tar.payload()?;
            if piece.is_empty() {
                break;
            }
            current.crc.update(piece);
            let count = piece.len();
            self.tar.consume(count);
            progress(self.tar.offset_bytes())?;
        }
        let crc32 = current.crc.clone().finalize();
        if let (Some(name), Some(expected)) = (current.name.take(), &mut self.expected) {
            expected.member(name, current.len_bytes, crc32);
        }
        Ok(crc32)
    }

    /// Checks what can only be known at the end.
    fn end(&mut self) -> Result<()> {
        self.report.diagnostics.append(self.tar.diagnostics_mut());
        let is_empty = self.report.database_bytes.is_none() && self.report.documents_count == 0;
        if !self.report.has_metadata {
            if self.is_strict() && (self.report.database_bytes.is_some() || is_empty) {
                return Err(Error::new(ErrorKind::MetadataMissing));
            }
            let describes_nothing = self.report.database_bytes.is_none() && !is_empty;
            let missing = metadata::Code::MetadataMissing;
            let code = if describes_nothing { metadata::Code::MetadataMissingFilesOnly } else { missing };
            self.note_whole(code, "the archive has no .metadata");
        }
        if self.report.database_bytes.is_none() {
            self.note_whole(Code::FilesOnly, "the archive has no db/db.backup: it cannot be restored on its own");
        }
        if let Some(metadata) = &self.metadata {
            let sizes = [
                (metadata::Key::DumpSize, metadata.dump_size_bytes(), self.report.database_bytes.unwrap_or(0)),
                (metadata::Key::FilesSize, metadata.files_size_bytes(), self.report.document_bytes),
            ];
            for (key, declared, actual_bytes) in sizes {
                if let Some(declared_bytes) = declared.filter(|declared| *declared != actual_bytes) {
                    let message = format!(
                        "{} in .metadata is {declared_bytes} bytes, the archive contains {actual_bytes} bytes",
                        key.name()
                    );
                    self.note_whole(metadata::Code::MetadataSizeDiffers, message);
                }
            }
        }
        let plain_bytes = self.tar.offset_bytes();
        if let (Some(witness), Some(expected)) = (self.tar.get_ref().witness(), self.expected.take()) {
            let verdict = witness.verdict(expected, plain_bytes);
            self.report.is_indexed = verdict.map_err(|fault| Error::new(ErrorKind::Index(fault)))?;
        }
        self.report.is_verified = true;
        Ok(())
    }
}

/// What the tar reader says of a member.
struct Found {
    is_directory: bool,
    is_label: bool,
    len_bytes: u64,
    position: u64,
    name: Vec<u8>,
}

impl Found {
    /// Sets location and position of a diagnostic about the member.
    fn locate(&self, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.with_location(layout::escaped(&self.name).to_string()).with_position(self.position)
    }

    #[cold]
    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind).within_name(&self.name).at(self.position)
    }
}
