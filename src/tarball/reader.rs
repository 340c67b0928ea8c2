//! Reads a tar stream member by member, and refuses everything that two programs could read differently: [`Reader`].

use std::io::BufRead;

use super::chain::Chain;
use super::code::Code;
use super::error::{Error, Fault};
use super::expansion::{Expansion, Piece, ZEROS};
use super::extension::{Extensions, Scope};
use super::framing::padding_bytes;
use super::header::{self, BLOCK_BYTES, Dialect, ParsedHeader, Type};
use super::member::{Member, MemberKind, Unusual};
use super::source::Source;
use super::special::{SparseMap, Special, SpecialKind};
use crate::diagnostic::Diagnostics;
use crate::io::{at_most, copy_prefix, prefix};
use crate::layout::escaped;
use crate::limits::{Budget, Limits};

/// Reads the members of a tar stream in order.
///
/// Everything is verified: headers, numbers, extensions, padding, the end marker and what follows it.
/// [`next_member`](Self::next_member) returns `Ok(None)` only after the whole source was read, so a source that verifies
/// a checksum at its end has done so by then.
///
/// Memory is fixed, apart from one member's extensions, which [`Limits::max_extension_bytes`] bounds.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Reader, end_marker_bytes, file_header, padding_bytes};
///
/// let mut tar = file_header(b".metadata", 2)?.to_vec();
/// tar.extend(b"{}");
/// tar.resize(tar.len() + padding_bytes(2) as usize, 0);
/// tar.resize(tar.len() + end_marker_bytes(tar.len() as u64) as usize, 0);
///
/// let mut reader = Reader::new(tar.as_slice(), &Limits::untrusted());
/// let member = reader.next_member()?.expect("one member");
/// assert_eq!((member.name(), member.len_bytes()), (&b".metadata"[..], 2));
/// let mut payload = [0; 10];
/// assert_eq!(reader.read(&mut payload)?, 2);
/// assert!(reader.next_member()?.is_none());
/// # Ok::<(), appsnap::tarball::Error>(())
/// ```
///
/// # Security
/// Names are raw and untrusted: parse them with [`MemberName::parse`](crate::layout::MemberName::parse), and never join
/// them to a path.
#[derive(Debug)]
pub struct Reader<R> {
    source: Source<R>,
    entries: Budget,
    limits: Limits,
    is_at_end: bool,
    failed: Option<Error>,
    payload_left_bytes: u64,
    padding_left_bytes: u64,
    /// The name of the current member; kept for its capacity.
    name: Vec<u8>,
    /// The payload of one extension; kept for its capacity.
    extension_payload: Vec<u8>,
    extensions: Extensions,
    /// The link target of the current member. Only a tolerant reader has it.
    link_target: Option<Vec<u8>>,
    /// The map of the current member, if it is a sparse file.
    sparse_map: SparseMap,
    /// `true` if sparse files are returned with their holes, although links and devices are refused.
    expands_sparse: bool,
    /// The position in the current member, if it is expanded.
    expansion: Option<Expansion>,
    diagnostics: Diagnostics,
}

/// A member without its name, which is in the reader's buffer.
struct Found {
    kind: MemberKind,
    header_offset_bytes: u64,
    unusual: Unusual,
    special: Option<SpecialKind>,
}

/// A member, or an extension and its size.
enum Next {
    Member(Found),
    Extension(Type, u64),
}

impl<R: BufRead> Reader<R> {
    /// Creates a reader; nothing is read yet.
    ///
    /// The limits that apply are [`max_total_bytes`](Limits::max_total_bytes), [`max_entry_bytes`](Limits::max_entry_bytes),
    /// [`max_entries`](Limits::max_entries), [`max_extension_bytes`](Limits::max_extension_bytes) and
    /// [`max_extensions`](Limits::max_extensions).
    #[must_use]
    pub fn new(source: R, limits: &Limits) -> Self {
        Self {
            source: Source::new(source, Budget::new("max_total_bytes", limits.max_total_bytes())),
            entries: Budget::new("max_entries", limits.max_entries()),
            limits: limits.clone(),
            is_at_end: false,
            failed: None,
            payload_left_bytes: 0,
            padding_left_bytes: 0,
            name: Vec::new(),
            extension_payload: Vec::new(),
            extensions: Extensions::default(),
            link_target: None,
            sparse_map: SparseMap::default(),
            expands_sparse: false,
            expansion: None,
            diagnostics: Diagnostics::bounded(limits),
        }
    }

    /// Creates a reader that returns sparse files with their holes as zeros, which count against the limit on the total, and
    /// reports them. It is for archives that are written again.
    pub(crate) fn expanding(source: R, limits: &Limits) -> Self {
        Self { expands_sparse: true, ..Self::tolerant(source, limits) }
    }

    /// Creates a reader that accepts links, devices and sparse files, and returns them as [`Special`] members.
    pub(crate) fn tolerant(source: R, limits: &Limits) -> Self {
        Self { extensions: Extensions::tolerant(), link_target: Some(Vec::new()), ..Self::new(source, limits) }
    }

    /// Reads the next member, and skips what is left of the current one.
    ///
    /// Returns `Ok(None)` if the end marker was found, only zeros followed it, and the source is at its end.
    ///
    /// # Errors
    /// Returns an error with the position of the member at fault. Later calls return the same error again.
    pub fn next_member(&mut self) -> Result<Option<Member<'_>>, Error> {
        self.repeat_failure()?;
        if self.is_at_end {
            return Ok(None);
        }
        let found = self.advance().map_err(|error| self.fail(error))?;
        self.is_at_end = found.is_none();
        if let Some(found) = &found {
            self.note(found);
        }
        Ok(found.map(|found| Member {
            name: &self.name,
            kind: found.kind,
            len_bytes: self.expansion.as_ref().map_or(self.payload_left_bytes, |_| self.sparse_map.file_bytes),
            header_offset_bytes: found.header_offset_bytes,
            payload_offset_bytes: self.source.offset_bytes(),
            special: found.special.map(|special| match special {
                SpecialKind::HardLink => Special::HardLink(self.link_target.as_deref().unwrap_or(&[])),
                SpecialKind::Symlink => Special::Symlink,
                SpecialKind::Device => Special::Device,
                SpecialKind::Sparse => Special::Sparse(&self.sparse_map),
            }),
        }))
    }

    /// Reads from the current member's payload into `buffer`; 0 at its end, or for an empty buffer.
    ///
    /// # Errors
    /// Returns the errors of [`next_member`](Self::next_member).
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let chunk = self.payload()?;
        let count = copy_prefix(chunk, buffer);
        self.consume(count);
        Ok(count)
    }

    /// Returns the next piece of the current member's payload from the source's buffer; empty at the payload's end.
    ///
    /// Call [`consume`](Self::consume) after it. This does not copy.
    ///
    /// # Errors
    /// Returns the errors of [`next_member`](Self::next_member).
    pub fn payload(&mut self) -> Result<&[u8], Error> {
        self.repeat_failure()?;
        let left = match self.expansion.as_mut().map(Expansion::piece) {
            Some(Piece::Hole(count_bytes)) => return Ok(prefix(&ZEROS, count_bytes)),
            Some(Piece::Stored(count_bytes)) => count_bytes.min(self.payload_left_bytes),
            None => self.payload_left_bytes,
        };
        if left == 0 {
            return Ok(&[]);
        }
        match self.source.expect("inside a member") {
            Ok(chunk) => Ok(prefix(chunk, left)),
            Err(error) => Err(self.failed.insert(error.within_name(&self.name)).clone()),
        }
    }

    /// Consumes `count` bytes of what [`payload`](Self::payload) returned, at most the rest of the payload.
    pub fn consume(&mut self, count: usize) {
        let mut count = count;
        if let Some(expansion) = &mut self.expansion {
            match expansion.piece() {
                Piece::Hole(count_bytes) => return expansion.advance(count_bytes.min(count as u64)),
                Piece::Stored(count_bytes) => {
                    count = at_most(count, count_bytes.min(self.payload_left_bytes));
                    expansion.advance(count as u64);
                }
            }
        }
        let taken = self.source.take(at_most(count, self.payload_left_bytes));
        self.payload_left_bytes = self.payload_left_bytes.saturating_sub(taken);
    }

    /// Returns the number of uncompressed bytes taken from the source so far.
    #[must_use]
    pub const fn offset_bytes(&self) -> u64 {
        self.source.offset_bytes()
    }

    /// Returns the rest of the current member's payload, in bytes.
    #[must_use]
    pub const fn payload_left_bytes(&self) -> u64 {
        self.payload_left_bytes
    }

    /// Returns unusual properties of everything read so far: every program reads them alike, but a careful writer avoids
    /// them.
    #[must_use]
    pub const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Returns the diagnostics, to be moved to another list.
    pub(crate) const fn diagnostics_mut(&mut self) -> &mut Diagnostics {
        &mut self.diagnostics
    }

    /// Returns the source.
    #[must_use]
    pub const fn get_ref(&self) -> &R {
        self.source.get_ref()
    }

    /// Returns the source, for settings that do not move it.
    pub(crate) const fn get_mut(&mut self) -> &mut R {
        self.source.get_mut()
    }

    /// Returns the source at its current position.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.source.into_inner()
    }

    /// Repeats the error at which the reader stopped.
    fn repeat_failure(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    #[cold]
    fn fail(&mut self, error: Error) -> Error {
        self.failed.insert(error).clone()
    }

    fn advance(&mut self) -> Result<Option<Found>, Error> {
        self.skip_rest()?;
        self.expansion = None;
        self.extensions.clear();
        let mut chain = Chain::new(&self.limits);
        loop {
            let at = self.source.offset_bytes();
            let fail = |fault| Error::new(fault).at(at);
            let mut block = [0; BLOCK_BYTES];
            if !self.source.block(&mut block, "inside a header")? {
                return Err(fail(Fault::truncated("where a member or the end marker must begin")));
            }
            if block.first() == Some(&0) && header::is_zero(&block) {
                // Some programs fail if nothing follows a global header, so none may be the last.
                if chain.is_begun() {
                    return Err(fail(dangling()));
                }
                self.finish(at)?;
                return Ok(None);
            }
            let parsed = header::parse(&block, &mut self.name, self.link_target.as_mut());
            let found = parsed.and_then(|parsed| match parsed.type_ {
                Type::PaxLocal | Type::PaxGlobal | Type::LongName | Type::LongLink => {
                    chain.link(&parsed).map(|size_bytes| Next::Extension(parsed.type_, size_bytes))
                }
                _ => self.found(&parsed, at).map(Next::Member),
            });
            match found.map_err(|fault| fail(fault).within_name(&self.name))? {
                Next::Member(mut found) => {
                    if found.special == Some(SpecialKind::Sparse) {
                        self.sparse_map
                            .read(&mut self.source, &block, &mut self.payload_left_bytes, &self.limits)
                            .map_err(|error| error.at(at).within_name(&self.name))?;
                        if self.expands_sparse {
                            self.expand(at)?;
                            found.special = None;
                        }
                    }
                    return Ok(Some(found));
                }
                Next::Extension(type_, size_bytes) => {
                    self.extension_payload.clear();
                    self.source.append(size_bytes, "inside an extension header", &mut self.extension_payload)?;
                    self.source.skip(padding_bytes(size_bytes), "inside an extension header")?;
                    self.take_extension(type_).map_err(|fault| fail(fault).within_name(&self.name))?;
                }
            }
        }
    }

    /// Begins to return a sparse file, whose header is at `at`, with its holes.
    fn expand(&mut self, at: u64) -> Result<(), Error> {
        let holes_bytes = self.sparse_map.file_bytes.saturating_sub(self.payload_left_bytes);
        self.source.spend(holes_bytes)?;
        self.expansion = Some(Expansion::new(&self.sparse_map));
        self.diagnostics.add(Code::TypeSparse, |diagnostic| {
            diagnostic
                .with_location(escaped(&self.name).to_string())
                .with_position(at)
                .with_message("the member is a sparse file, and is read with its holes as zeros")
        });
        Ok(())
    }

    /// Combines a header with its extensions.
    fn found(&mut self, parsed: &ParsedHeader, header_offset_bytes: u64) -> Result<Found, Fault> {
        self.entries.spend(1)?;
        let mut unusual = parsed.unusual;
        if parsed.type_ == Type::Label {
            return match parsed.size_bytes {
                _ if self.extensions.is_pending() => Err(dangling()),
                None | Some(0) => Ok(Found { kind: MemberKind::Label, header_offset_bytes, unusual, special: None }),
                Some(_) => Err(with_payload()),
            };
        }
        self.extensions.complete_name(&mut self.name, parsed)?;
        let size_bytes = self.extensions.complete_size(parsed.size_bytes)?;
        if let Some(special) = self.link_or_device(parsed, size_bytes)? {
            if self.expands_sparse {
                return Err(if special == SpecialKind::Device { header::device() } else { header::link() });
            }
            return Ok(Found { kind: MemberKind::File, header_offset_bytes, unusual, special: Some(special) });
        }
        let special = self.sparse_file(parsed)?;
        let is_slashed = self.name.ends_with(b"/");
        let kind = if parsed.type_ == Type::Directory || is_slashed { MemberKind::Directory } else { MemberKind::File };
        let len_bytes = match (kind, size_bytes) {
            (MemberKind::Directory, None) if parsed.type_ == Type::Directory => 0,
            (_, None) => return Err(header::unset_size()),
            (MemberKind::Directory, Some(0)) => 0,
            (MemberKind::Directory, Some(_)) => return Err(with_payload()),
            (_, Some(size)) => size,
        };
        // The format of 1979 had no type for directories: there a slash is the only mark.
        unusual.slashed_file = is_slashed && parsed.type_ == Type::File && parsed.dialect != Dialect::V7;
        Budget::new("max_entry_bytes", self.limits.max_entry_bytes()).spend(len_bytes)?;
        self.source.total().check(len_bytes)?;
        self.payload_left_bytes = len_bytes;
        self.padding_left_bytes = padding_bytes(len_bytes);
        Ok(Found { kind, header_offset_bytes, unusual, special })
    }

    /// Recognises links and devices, which have no payload.
    fn link_or_device(&mut self, parsed: &ParsedHeader, size_bytes: Option<u64>) -> Result<Option<SpecialKind>, Fault> {
        let special = match parsed.type_ {
            Type::HardLink => SpecialKind::HardLink,
            Type::Symlink => SpecialKind::Symlink,
            Type::Device => SpecialKind::Device,
            _ => return Ok(None),
        };
        if let Some(target) = self.link_target.as_mut().filter(|_| special != SpecialKind::Device) {
            self.extensions.complete_link(target)?;
        }
        match size_bytes {
            None | Some(0) => Ok(Some(special)),
            Some(_) => Err(with_payload()),
        }
    }

    /// Recognises sparse files, and completes their names.
    fn sparse_file(&mut self, parsed: &ParsedHeader) -> Result<Option<SpecialKind>, Fault> {
        self.sparse_map = SparseMap::default();
        match (self.extensions.complete_sparse(&mut self.name)?, parsed.type_) {
            (None, Type::Sparse) => Ok(Some(SpecialKind::Sparse)),
            (None, _) => Ok(None),
            (Some(file_bytes), Type::File) => {
                self.sparse_map.file_bytes = file_bytes;
                Ok(Some(SpecialKind::Sparse))
            }
            (Some(_), _) => Err(Fault::sparse()),
        }
    }

    /// Reports what is unusual about a header.
    fn note(&mut self, found: &Found) {
        for (code, message) in found.unusual.messages() {
            self.diagnostics.add(code, |diagnostic| {
                diagnostic
                    .with_location(escaped(&self.name).to_string())
                    .with_position(found.header_offset_bytes)
                    .with_message(message)
            });
        }
    }

    fn take_extension(&mut self, type_: Type) -> Result<(), Fault> {
        let payload = &self.extension_payload;
        match type_ {
            Type::PaxGlobal => self.extensions.pax(Scope::Global, payload),
            Type::PaxLocal => {
                self.extensions.begin_pax()?;
                self.extensions.pax(Scope::Local, payload)
            }
            Type::LongLink => self.extensions.long_link(payload),
            _ => {
                self.extensions.begin_long_name()?;
                Ok(self.extensions.long_name(payload)?)
            }
        }
    }

    /// Skips the rest of the current member.
    fn skip_rest(&mut self) -> Result<(), Error> {
        let (payload, padding) = (self.payload_left_bytes, self.padding_left_bytes);
        (self.payload_left_bytes, self.padding_left_bytes) = (0, 0);
        let skipped = self.source.skip(payload, "inside a member");
        let skipped = skipped.and_then(|()| self.source.skip(padding, "inside the padding of a member"));
        skipped.map_err(|error| error.within_name(&self.name))
    }

    /// Verifies everything after the first zero block, which is at `at`.
    fn finish(&mut self, at: u64) -> Result<(), Error> {
        let mut block = [0; BLOCK_BYTES];
        if !self.source.block(&mut block, "inside the end marker")? {
            self.diagnostics.add(Code::ShortEndMarker, |found| {
                found.with_position(at).with_message("the archive ends with one zero block instead of two")
            });
            return Ok(());
        }
        if !header::is_zero(&block) {
            return Err(Error::new(Fault::refused(
                Code::TarStrayZeroBlock,
                "a single block of zeros is between members",
            ))
            .at(at));
        }
        self.source.drain_zeros()
    }
}

#[cold]
fn dangling() -> Fault {
    Fault::refused(Code::ExtensionDangling, "an extension is not followed by its member")
}

#[cold]
fn with_payload() -> Fault {
    Fault::refused(Code::TypeWithPayload, "the member states a size although its type has no payload")
}
