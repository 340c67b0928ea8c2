//! One entry of a zip file as the central directory describes it: [`Entry`].

use rawzip::extra_fields::ExtraFieldId;
use rawzip::{CompressionMethod, EntryFlags, ZipArchiveEntryWayfinder, ZipFileHeaderRecord};

use super::error::{Error, ErrorKind, Result};

/// Bytes of a local file header without its name and extra field (APPNOTE 4.3.7).
const LOCAL_HEADER_BYTES: u64 = 30;

/// The Info-ZIP Unicode Path extra field (APPNOTE 4.6.9): a version byte and a CRC-32 before the name.
const UNICODE_PATH: u16 = 0x7075;
const UNICODE_PATH_PREFIX_BYTES: usize = 5;

/// The file type bits of a Unix mode, and their values for files, folders and links (POSIX `st_mode`).
const MODE_TYPE: u32 = 0o170_000;
const MODE_FILE: u32 = 0o100_000;
const MODE_FOLDER: u32 = 0o040_000;
const MODE_LINK: u32 = 0o120_000;

/// The compression method of an entry. All others are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Uncompressed (method 0).
    Stored,
    /// Compressed with deflate (method 8).
    Deflate,
}

/// The type of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileType {
    File,
    Folder,
    /// A symbolic link. Only a tolerant archive returns it.
    Link,
    /// A device, a pipe or a socket. Only a tolerant archive returns it.
    Special,
}

/// One entry, as the central directory describes it.
///
/// The numbers are declarations: they are verified when the entry is [read](super::Archive::read) to its end.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    record: ZipFileHeaderRecord<'a>,
    method: Method,
    file_type: FileType,
}

/// The location of an entry's contents, which can be kept, and read later from any thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocatedEntry {
    pub(crate) offset_bytes: u64,
    pub(crate) compressed_bytes: u64,
    pub(crate) uncompressed_bytes: u64,
    pub(crate) crc32: u32,
    pub(crate) method: Method,
}

impl<'a> Entry<'a> {
    /// Checks one record of the central directory. Links and special files are errors unless `is_tolerant` is set.
    pub(super) fn new(record: ZipFileHeaderRecord<'a>, is_tolerant: bool) -> Result<Self> {
        Self::checked(&record, is_tolerant)
            .map_err(|kind| Error::new(kind).entry(record.file_path().as_bytes()).at(record.central_directory_offset()))
            .map(|(method, file_type)| Self { record, method, file_type })
    }

    fn checked(record: &ZipFileHeaderRecord<'_>, is_tolerant: bool) -> Result<(Method, FileType), ErrorKind> {
        if is_encrypted(record.flags()) {
            return Err(ErrorKind::Encrypted);
        }
        let method = match record.compression_method() {
            CompressionMethod::STORE => Method::Stored,
            CompressionMethod::DEFLATE => Method::Deflate,
            other => return Err(ErrorKind::UnsupportedMethod(other.as_u16())),
        };
        // Extractors apply the upper half as a Unix mode whatever system the archive claims to come from.
        let special = match (record.external_attributes() >> 16) & MODE_TYPE {
            0 | MODE_FILE | MODE_FOLDER => None,
            MODE_LINK => Some(FileType::Link),
            _ => Some(FileType::Special),
        };
        if special.is_some() && !is_tolerant {
            return Err(ErrorKind::SpecialFile);
        }
        if method == Method::Stored && record.compressed_size_hint() != record.uncompressed_size_hint() {
            return Err(ErrorKind::Disagreement("length"));
        }
        let is_folder = record.file_path().as_bytes().ends_with(b"/");
        if is_folder && record.uncompressed_size_hint() != 0 {
            return Err(ErrorKind::FolderWithContents);
        }
        check_extra_fields(record)?;
        Ok((method, special.unwrap_or(if is_folder { FileType::Folder } else { FileType::File })))
    }

    /// Returns the name, exactly as stored.
    ///
    /// # Security
    /// The archive chooses these bytes: they may be an absolute path, contain `..` or control characters, and be in any
    /// encoding. Parse them into a type; never join them to a path.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.record.file_path().as_bytes()
    }

    /// Returns `true` if the entry is a folder: its name ends in a slash and it has no contents.
    #[must_use]
    pub const fn is_folder(&self) -> bool {
        matches!(self.file_type, FileType::Folder)
    }

    pub(crate) const fn file_type(&self) -> FileType {
        self.file_type
    }

    /// Returns the declared uncompressed length of the contents.
    #[must_use]
    pub fn uncompressed_bytes(&self) -> u64 {
        self.record.uncompressed_size_hint()
    }

    /// Returns the declared compressed length of the contents.
    #[must_use]
    pub fn compressed_bytes(&self) -> u64 {
        self.record.compressed_size_hint()
    }

    /// Returns the declared CRC-32 of the uncompressed contents.
    #[must_use]
    pub fn crc32(&self) -> u32 {
        self.record.crc32()
    }

    /// Returns the offset of the entry's local header in the zip file.
    #[must_use]
    pub fn header_offset_bytes(&self) -> u64 {
        self.record.local_header_offset()
    }

    pub(super) fn record(&self) -> &ZipFileHeaderRecord<'a> {
        &self.record
    }

    pub(super) fn wayfinder(&self) -> ZipArchiveEntryWayfinder {
        self.record.wayfinder()
    }

    /// The entry with its contents at `offset_bytes`.
    pub(super) fn located_at(&self, offset_bytes: u64) -> LocatedEntry {
        LocatedEntry {
            offset_bytes,
            compressed_bytes: self.compressed_bytes(),
            uncompressed_bytes: self.uncompressed_bytes(),
            crc32: self.crc32(),
            method: self.method,
        }
    }

    /// The first byte that can belong to another entry: after the header, the name and the contents. The extra field of
    /// the local header and a data descriptor come on top.
    pub(super) fn min_end(&self) -> Option<u64> {
        self.header_offset_bytes()
            .checked_add(LOCAL_HEADER_BYTES)?
            .checked_add(u64::try_from(self.name().len()).ok()?)?
            .checked_add(self.compressed_bytes())
    }
}

/// Returns `true` if one of the three flags for encrypted contents or masked headers is set (APPNOTE 4.4.4, bits 0, 6, 13).
pub(super) fn is_encrypted(flags: EntryFlags) -> bool {
    flags.bits() & (1 | 1 << 6 | 1 << 13) != 0
}

fn check_extra_fields(record: &ZipFileHeaderRecord<'_>) -> Result<(), ErrorKind> {
    let name = record.file_path().as_bytes();
    let mut has_zip64 = false;
    for (id, data) in record.extra_fields() {
        if id == ExtraFieldId::ZIP64 {
            if has_zip64 {
                return Err(ErrorKind::DuplicateZip64);
            }
            has_zip64 = true;
        } else if id.as_u16() == UNICODE_PATH {
            // The field exists for names beyond ASCII. An ASCII name has no honest use for a second, different one.
            let second = data.split_at_checked(UNICODE_PATH_PREFIX_BYTES).map_or(&[][..], |(_, second)| second);
            if name.is_ascii() && second != name {
                return Err(ErrorKind::SecondName);
            }
        }
    }
    Ok(())
}
