//! One entry of a zip file as the central directory describes it, and the [`Place`] where its contents lie.

use rawzip::extra_fields::ExtraFieldId;
use rawzip::{CompressionMethod, EntryFlags, ZipArchiveEntryWayfinder, ZipFileHeaderRecord};

use super::error::{Corrupt, Error, Result, Unsupported};

/// Bytes of a local file header without its name and extra field (APPNOTE 4.3.7).
pub(super) const LOCAL_HEADER_BYTES: u64 = 30;

/// The Info-ZIP Unicode Path extra field (APPNOTE 4.6.9).
const UNICODE_PATH: u16 = 0x7075;

/// The bits of a Unix mode that tell what kind of file an entry is, and those of files and folders (POSIX `st_mode`).
const MODE_KIND: u32 = 0o170_000;
const MODE_FILE: u32 = 0o100_000;
const MODE_FOLDER: u32 = 0o040_000;

/// Whether an entry is a file or a folder. Everything else that zip files can hold is refused.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// let mut buffer = zip::Buffer::new();
/// let mut entries = archive.entries(&mut buffer);
/// assert_eq!(entries.next_entry()?.map(|entry| entry.kind()), Some(zip::Kind::File));
/// # Ok::<(), zip::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A file, which may be empty.
    File,
    /// A folder: the name ends in a slash and there are no contents.
    Folder,
}

/// How the contents of an entry are stored.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// let mut buffer = zip::Buffer::new();
/// let mut entries = archive.entries(&mut buffer);
/// assert_eq!(entries.next_entry()?.map(|entry| entry.packing()), Some(zip::Packing::Deflate));
/// # Ok::<(), zip::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Packing {
    /// As they are (method 0).
    Stored,
    /// Deflated (method 8).
    Deflate,
}

/// One entry, as the central directory describes it.
///
/// The numbers are declarations: they hold once [`Archive::locate`](super::Archive::locate) and a full read have passed.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// let mut buffer = zip::Buffer::new();
/// let mut entries = archive.entries(&mut buffer);
/// let entry = entries.next_entry()?.expect("there is one");
/// assert_eq!((entry.name(), entry.plain_bytes(), entry.crc32()), (&b"hello.txt"[..], 5, 0x3610_a686));
/// # Ok::<(), zip::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    record: ZipFileHeaderRecord<'a>,
    packing: Packing,
    kind: Kind,
}

/// Where an entry's contents lie: a value to keep and read from later, in any order and from several threads.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// use std::io::Read as _;
///
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// let mut buffer = zip::Buffer::new();
/// let mut entries = archive.entries(&mut buffer);
/// let mut places = Vec::new();
/// while let Some(entry) = entries.next_entry()? {
///     places.push(archive.locate(&entry)?);
/// }
/// // Later, and on any thread:
/// let mut text = String::new();
/// archive.read(&places[0]).read_to_string(&mut text)?;
/// assert_eq!((text.as_str(), places[0].plain_bytes()), ("hello", 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(super) offset_bytes: u64,
    pub(super) packed_bytes: u64,
    pub(super) plain_bytes: u64,
    pub(super) crc32: u32,
    pub(super) packing: Packing,
}

impl<'a> Entry<'a> {
    /// Looks over one record of the central directory.
    pub(super) fn new(record: ZipFileHeaderRecord<'a>) -> Result<Self> {
        let refuse = |error: Error| Err(error.of(record.file_path().as_bytes()).at(record.central_directory_offset()));
        let flags = record.flags();
        if is_encrypted(flags) {
            return refuse(Unsupported::Encryption.into());
        }
        let packing = match record.compression_method() {
            CompressionMethod::STORE => Packing::Stored,
            CompressionMethod::DEFLATE => Packing::Deflate,
            other => return refuse(Unsupported::Method(other.as_u16()).into()),
        };
        // The upper half is a Unix mode whoever made the archive: extractors honour it without asking for the creator.
        let mode = (record.external_attributes() >> 16) & MODE_KIND;
        if mode != 0 && mode != MODE_FILE && mode != MODE_FOLDER {
            return refuse(Unsupported::SpecialFile.into());
        }
        if packing == Packing::Stored && record.compressed_size_hint() != record.uncompressed_size_hint() {
            return refuse(Corrupt::Disagreement("length").into());
        }
        let is_folder = record.file_path().as_bytes().ends_with(b"/");
        if is_folder && record.uncompressed_size_hint() != 0 {
            return refuse(Corrupt::FolderWithContents.into());
        }
        if let Err(error) = look_over_extra_fields(&record) {
            return refuse(error);
        }
        let kind = if is_folder { Kind::Folder } else { Kind::File };
        Ok(Self { record, packing, kind })
    }

    /// The name, exactly as stored.
    ///
    /// # Security
    /// These bytes are the archive's: absolute, with `..`, with control characters, in any encoding. Parse them into a type;
    /// never join them to a path.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.record.file_path().as_bytes()
    }

    /// Whether it is a file or a folder.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How the contents are stored.
    #[must_use]
    pub const fn packing(&self) -> Packing {
        self.packing
    }

    /// The declared length of the contents.
    #[must_use]
    pub fn plain_bytes(&self) -> u64 {
        self.record.uncompressed_size_hint()
    }

    /// The declared length of the contents as stored.
    #[must_use]
    pub fn packed_bytes(&self) -> u64 {
        self.record.compressed_size_hint()
    }

    /// The declared CRC-32 of the contents.
    #[must_use]
    pub fn crc32(&self) -> u32 {
        self.record.crc32()
    }

    /// Where the entry's own header begins.
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

    /// The least that the entry can cover: header, name and contents; the header's extra field and a descriptor come on top.
    pub(super) fn least_end(&self) -> Option<u64> {
        self.header_offset_bytes()
            .checked_add(LOCAL_HEADER_BYTES)?
            .checked_add(u64::try_from(self.name().len()).ok()?)?
            .checked_add(self.packed_bytes())
    }
}

impl Place {
    /// Where the stored contents begin in the zip file.
    #[must_use]
    pub const fn offset_bytes(&self) -> u64 {
        self.offset_bytes
    }

    /// How long the stored contents are.
    #[must_use]
    pub const fn packed_bytes(&self) -> u64 {
        self.packed_bytes
    }

    /// How long the contents are.
    #[must_use]
    pub const fn plain_bytes(&self) -> u64 {
        self.plain_bytes
    }

    /// The CRC-32 of the contents.
    #[must_use]
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }

    /// How the contents are stored.
    #[must_use]
    pub const fn packing(&self) -> Packing {
        self.packing
    }
}

/// Any of the three ways in which an entry or its header can be made unreadable (APPNOTE 4.4.4, bits 0, 6 and 13).
pub(super) fn is_encrypted(flags: EntryFlags) -> bool {
    flags.bits() & (1 | 1 << 6 | 1 << 13) != 0
}

fn look_over_extra_fields(record: &ZipFileHeaderRecord<'_>) -> Result<()> {
    let name = record.file_path().as_bytes();
    let mut zip64_count = 0_u32;
    for (id, data) in record.extra_fields() {
        if id == ExtraFieldId::ZIP64 {
            zip64_count = zip64_count.saturating_add(1);
        } else if id.as_u16() == UNICODE_PATH {
            // One byte of version and four of CRC-32 stand in front of the name. A name beyond ASCII is what the field
            // is for; for a plain one, a second and different name has no honest reason.
            let second = data.get(5..).unwrap_or_default();
            if name.is_ascii() && second != name {
                return Err(Unsupported::SecondName.into());
            }
        }
    }
    if zip64_count > 1 { Err(Corrupt::DuplicateExtra.into()) } else { Ok(()) }
}
