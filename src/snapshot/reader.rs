//! Reads a snapshot from beginning to end: [`SnapshotReader`].

use std::borrow::Cow;
use std::io::{Cursor, Read};

use super::code::Code;
use super::entry::{Current, Entry, EntryKind, MemberStream};
use super::error::{Error, ErrorKind, Result};
use super::ids::IdSet;
use super::index::{self, IndexVerifier};
use super::options::{ReadOptions, Tolerance};
use super::report::ReadReport;
use super::tar_source::TarSource;
use crate::diagnostic::{self, Diagnostic};
use crate::layout::{self, MemberName, Named};
use crate::limits::LimitExceeded;
use crate::metadata::{self, Metadata};
use crate::tarball::{self, MemberKind};

/// A streaming reader for snapshots, `.tar.gz` or `.tar`, which it distinguishes by their content.
///
/// Entries are lent: each has to be dropped before the next is read. [`next_entry`](Self::next_entry) returns `Ok(None)`
/// only after everything has been verified: both zero blocks, CRC32 and length of every gzip member, the end of the input
/// and, if there is one, the whole index.
///
/// # Security
/// Made for untrusted uploads. Memory is fixed, apart from 16 to 40 bytes a document for the duplicate check;
/// [`Limits`](crate::Limits) bound everything else.
///
/// ```
/// use std::fs::File;
/// use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
///
/// let archive = File::open("examples/data/quickstart.tar.gz")?;
/// let mut reader = SnapshotReader::new(archive, &ReadOptions::new());
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
    stream: MemberStream<R>,
    current: Option<Current>,
    options: ReadOptions,
    ids: IdSet,
    metadata: Option<Metadata>,
    report: ReadReport,
    is_ended: bool,
}

/// A member's typed name, as far as the reader's tolerance allows.
enum Placed {
    File(EntryKind, Option<MemberName>),
    Skipped,
}

impl<R: Read> SnapshotReader<R> {
    /// Creates a reader. Nothing is read yet.
    pub fn new(source: R, options: &ReadOptions) -> Self {
        let (expected, verifier) = index::pair();
        let limits = options.limits.clone();
        let source = TarSource::new(source, &limits, verifier);
        let tar = match options.expands_sparse {
            true => tarball::Reader::expanding(source, &limits),
            false => tarball::Reader::new(source, &limits),
        };
        Self {
            stream: MemberStream { tar, expected: Some(expected), failed: None },
            current: None,
            options: options.clone(),
            ids: IdSet::default(),
            metadata: None,
            report: ReadReport::new(&limits),
            is_ended: false,
        }
    }

    /// Reads the next entry. Returns `Ok(None)` once everything is read and verified.
    ///
    /// # Errors
    /// Returns an error if the source fails, the data is damaged or truncated, the format does not allow it, or a limit is
    /// exceeded. Later calls return the same error again.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_, R>>> {
        self.stream.check()?;
        let next = self.advance().map_err(|error| self.stream.fail(error))?;
        Ok(next.map(|next| Entry { stream: &mut self.stream, current: self.current.insert(next) }))
    }

    /// Advances to the next entry; `None` once everything is read and verified.
    fn advance(&mut self) -> Result<Option<Current>> {
        if self.is_ended {
            return Ok(None);
        }
        if let Some(mut current) = self.current.take() {
            self.stream.drain(&mut current, |_| Ok(()))?;
        }
        loop {
            let Some(member) = self.stream.tar.next_member()? else {
                self.end()?;
                self.is_ended = true;
                return Ok(None);
            };
            let found = Found {
                is_directory: member.kind() == MemberKind::Directory,
                is_label: member.kind() == MemberKind::Label,
                len_bytes: member.len_bytes(),
                position: member.header_offset_bytes(),
                payload_offset_bytes: member.payload_offset_bytes(),
                name: member.name().to_vec(),
            };
            self.report.diagnostics.append(self.stream.tar.diagnostics_mut());
            if let Placed::File(kind, name) = self.place(&found)? {
                let crc = crc32fast::Hasher::new();
                let Found { len_bytes, payload_offset_bytes, .. } = found;
                let mut next = Current { kind, name, len_bytes, crc, payload_offset_bytes, read_ahead: None };
                if matches!(name, Some(MemberName::Metadata)) {
                    self.read_metadata(&found, &mut next)?;
                }
                return Ok(Some(next));
            }
        }
    }

    /// Sets the index of the data that follows: its pages, and CRC32, length and compressed end of the data member.
    pub(super) fn expect_index(
        &mut self,
        data: (u32, u64),
        data_end_bytes: u64,
        feed: impl FnOnce(&mut IndexVerifier) -> Result<()>,
    ) -> Result<()> {
        let verifier =
            self.stream.tar.get_mut().verifier_mut().ok_or_else(|| Error::misuse("reading has already begun"))?;
        verifier.data(data, data_end_bytes);
        feed(verifier)
    }

    /// Returns the number of uncompressed bytes read so far.
    #[must_use]
    pub const fn offset_bytes(&self) -> u64 {
        self.stream.tar.offset_bytes()
    }

    /// Returns the limits that bound what is read.
    pub(crate) const fn limits(&self) -> &crate::limits::Limits {
        &self.options.limits
    }

    /// Returns a summary of what has been read so far.
    #[must_use]
    pub const fn report(&self) -> &ReadReport {
        &self.report
    }

    /// Returns the metadata, once it was read: usually as the first entry.
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
                self.report.documents_count = self.report.documents_count.saturating_add(1);
                self.report.document_bytes = self.report.document_bytes.saturating_add(found.len_bytes);
                EntryKind::Document(id)
            }
            MemberName::Database => EntryKind::Database,
            _ => EntryKind::Metadata(Metadata::new()),
        };
        Ok(Placed::File(kind, Some(name)))
    }

    /// Reads the current member, which is `.metadata`, into memory, and parses it.
    fn read_metadata(&mut self, found: &Found, current: &mut Current) -> Result<()> {
        let allowed = self.options.limits.max_metadata_bytes();
        if found.len_bytes > allowed {
            let exceeded = LimitExceeded { name: "max_metadata_bytes", allowed, wanted: found.len_bytes };
            return Err(found.error(ErrorKind::Limit(exceeded)));
        }
        let mut bytes = Vec::new();
        self.stream.payload(|piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        current.kind = match Metadata::parse(&bytes, &self.options.limits) {
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
        current.crc.update(&bytes);
        current.read_ahead = Some(Cursor::new(bytes));
        Ok(())
    }

    /// Checks everything that depends on the whole archive.
    fn end(&mut self) -> Result<()> {
        self.report.diagnostics.append(self.stream.tar.diagnostics_mut());
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
        let tar_bytes = self.stream.tar.offset_bytes();
        if let (Some(verifier), Some(expected)) = (self.stream.tar.get_ref().verifier(), self.stream.expected.take()) {
            let verdict = verifier.verdict(expected, tar_bytes);
            self.report.is_indexed = verdict.map_err(|fault| Error::new(ErrorKind::Index(fault)))?;
        }
        self.report.is_verified = true;
        Ok(())
    }
}

/// A member, as the tar reader describes it.
struct Found {
    is_directory: bool,
    is_label: bool,
    len_bytes: u64,
    position: u64,
    payload_offset_bytes: u64,
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
