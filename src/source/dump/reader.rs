//! A dump in any form as the bytes of a dump in custom format: [`DumpReader`].

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::decompress::Decompressed;
use super::options::DumpOptions;
use super::section::Section;
use super::tar::{DumpTar, TarMembers};
use crate::error::{Category, Error};
use crate::io::{ReadAt, Spool, SpoolError, read_full, read_full_at};
use crate::limits::Budget;
use crate::pgdump::forms::{DumpFiles, JoinedDump};
use crate::pgdump::{self, ErrorKind, Identity};

/// A dump in any form, read as the bytes of a dump in custom format.
///
/// [`Read`] returns the dump. [`Seek`] works if [`is_seekable`](Self::is_seekable) says so. A custom dump is passed on as
/// it is; nothing of it is verified here, which [`pgdump::Dump`] does.
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, observe::NoObserver};
/// use appsnap::pgdump::{FormatVersion, transcode::Transcoder};
/// use appsnap::source::dump::{DumpOptions, DumpReader};
///
/// let folder = DumpReader::open("tests/data/pgdump/pg17-directory", &DumpOptions::new())?;
/// assert_eq!((folder.form(), folder.is_seekable()), ("directory", true));
/// let mut custom = Vec::new();
/// let limits = Limits::untrusted();
/// Transcoder::to(FormatVersion::V1_14).convert(folder, &mut custom, &limits, &mut NoObserver)?;
/// # Ok::<(), appsnap::Error>(())
/// ```
///
/// # Security
/// Suitable for untrusted input: [`JoinedDump`] says how folders and tar files are read. Compressed dumps are decompressed
/// as they are read; a temporary file has at most [`Limits::max_entry_bytes`](crate::Limits::max_entry_bytes).
pub struct DumpReader {
    source: Source,
    form: &'static str,
}

enum Source {
    File(Section),
    Joined(Box<JoinedDump<Files>>),
    Stream(Box<dyn Read + Send>),
}

/// The files of a dump in a folder or in a tar file: one type, so that there is one reader for both.
enum Files {
    Folder(PathBuf),
    Tar(DumpTar),
}

impl DumpFiles for Files {
    type File = Section;

    fn open(&self, name: &str) -> io::Result<Option<Section>> {
        match self {
            Self::Folder(path) => path.open(name)?.map(Section::whole).transpose(),
            Self::Tar(tar) => tar.open(name),
        }
    }
}

/// A dump in a tar file in a compressed file is as deep as honest input goes.
const MAX_DEPTH: u8 = 3;

impl DumpReader {
    /// Opens the dump at `path`: the folder of a dump in directory format, or a file, detected from its content. A FIFO is
    /// read as [`from_reader`](Self::from_reader) does.
    ///
    /// # Errors
    /// Returns an error if there is no dump at `path`, if its files are damaged or exceed the limits, or if a temporary file
    /// is needed and cannot be created.
    pub fn open(path: impl AsRef<Path>, options: &DumpOptions) -> Result<Self, Error> {
        let path = path.as_ref();
        let failed = |error| Error::io("opening the dump", error);
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Self::joined(Files::Folder(path.to_path_buf()), options, "directory");
        }
        let file = File::open(path).map_err(failed)?;
        if !metadata.is_file() {
            return Self::from_reader(file, options);
        }
        Self::from_file(file, options)
    }

    /// Reads the dump in `reader`, which need not be seekable.
    ///
    /// A dump in tar format is spooled to a temporary file.
    ///
    /// # Errors
    /// Returns an error in the cases of [`open`](Self::open), or if the reader fails.
    pub fn from_reader(reader: impl Read + Send + 'static, options: &DumpOptions) -> Result<Self, Error> {
        Self::of_stream(Box::new(reader), options, "custom", MAX_DEPTH)
    }

    /// Reads the dump in `file` from its start, detected from its content.
    ///
    /// # Errors
    /// Returns an error in the cases of [`open`](Self::open).
    pub fn from_file(file: File, options: &DumpOptions) -> Result<Self, Error> {
        let section = Section::whole(file).map_err(|error| Error::io("opening the dump", error))?;
        Self::of_section(section, options, MAX_DEPTH)
    }

    fn of_section(section: Section, options: &DumpOptions, depth: u8) -> Result<Self, Error> {
        let mut head = vec![0; Identity::SAMPLE_BYTES];
        let count = read_full_at(&section, &mut head, 0).map_err(|error| Error::io("reading the dump", error))?;
        head.truncate(count);
        let identity = Identity::of(&head);
        match identity {
            Identity::Custom { .. } => return Ok(Self { source: Source::File(section), form: "custom" }),
            Identity::Tar | Identity::Unknown if is_tar(&head) => return Self::of_tar(section, options, depth),
            _ => {}
        }
        match decompressed(identity, Box::new(section), options, depth)? {
            Some(stream) => Self::of_stream(Box::new(stream), options, form_of(identity), depth.saturating_sub(1)),
            None => Err(not_a_dump(identity)),
        }
    }

    fn of_stream(
        mut stream: Box<dyn Read + Send>,
        options: &DumpOptions,
        form: &'static str,
        depth: u8,
    ) -> Result<Self, Error> {
        let mut head = vec![0; Identity::SAMPLE_BYTES];
        let count = read_full(&mut stream, &mut head)?;
        head.truncate(count);
        let identity = Identity::of(&head);
        let is_tar = is_tar(&head);
        let stream = io::Cursor::new(head).chain(stream);
        match identity {
            Identity::Custom { .. } => return Ok(Self { source: Source::Stream(Box::new(stream)), form }),
            Identity::Tar | Identity::Unknown if is_tar => {
                return Self::of_tar(Section::whole(spooled(stream, options)?)?, options, depth);
            }
            _ => {}
        }
        match decompressed(identity, Box::new(stream), options, depth)? {
            Some(stream) => Self::of_stream(Box::new(stream), options, form_of(identity), depth.saturating_sub(1)),
            None => Err(not_a_dump(identity)),
        }
    }

    fn of_tar(section: Section, options: &DumpOptions, depth: u8) -> Result<Self, Error> {
        let members = match TarMembers::read(section, &options.limits)?.into_dump() {
            Ok(files) => {
                return Self::joined(Files::Tar(files), options, "tar");
            }
            Err(members) => members,
        };
        match members.only_file() {
            Some(member) if depth > 0 => Self::of_section(member, options, depth.saturating_sub(1)),
            _ => Err(not_a_dump(Identity::Unknown)),
        }
    }

    fn joined(files: Files, options: &DumpOptions, form: &'static str) -> Result<Self, Error> {
        let joined = JoinedDump::open(files, &options.limits)?.with_parallelism(options.parallelism);
        Ok(Self { source: Source::Joined(Box::new(joined)), form })
    }

    /// Returns the form of the dump: `custom`, `directory`, `tar`, or for a compressed custom dump `gzip`, `lz4` or `zstd`.
    #[must_use]
    pub const fn form(&self) -> &'static str {
        self.form
    }

    /// Returns `true` if the dump can be read again after seeking to its start.
    #[must_use]
    pub const fn is_seekable(&self) -> bool {
        !matches!(self.source, Source::Stream(_))
    }

    /// Returns the length of the dump in custom format, in bytes, if it is known before it has been read.
    #[must_use]
    pub fn len_bytes(&self) -> Option<u64> {
        match &self.source {
            Source::File(section) => section.len_bytes().ok(),
            Source::Joined(joined) => Some(joined.len_bytes()),
            Source::Stream(_) => None,
        }
    }

    /// Returns a seekable reader: this one if it is, or else one of a temporary file.
    ///
    /// # Errors
    /// Returns an error if a temporary file is needed and the options have no [spool
    /// directory](DumpOptions::with_spool_dir), or if it cannot be written.
    pub fn into_seekable(self, options: &DumpOptions) -> Result<Self, Error> {
        if self.is_seekable() {
            return Ok(self);
        }
        let form = self.form;
        let section = Section::whole(spooled(self, options)?)?;
        Ok(Self { source: Source::File(section), form })
    }
}

/// Returns `true` if the bytes begin with the header of a tar archive.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

fn decompressed(
    identity: Identity,
    source: Box<dyn Read + Send>,
    options: &DumpOptions,
    depth: u8,
) -> Result<Option<Decompressed>, Error> {
    if depth == 0 {
        return Ok(None);
    }
    Decompressed::new(identity, source, &options.limits)
}

const fn form_of(identity: Identity) -> &'static str {
    identity.name()
}

fn spooled(mut source: impl Read, options: &DumpOptions) -> Result<File, Error> {
    let folder = options.spool_dir.as_deref().ok_or_else(|| {
        Error::of(
            Category::Misuse,
            "the dump cannot be read at random and needs temporary space: set a spool directory, or decompress it first",
        )
    })?;
    let budget = Budget::new("max_entry_bytes", options.limits.max_entry_bytes());
    match Spool::all_of(&mut source, folder, budget) {
        Ok((file, _)) => Ok(file),
        Err(SpoolError::Limit(exceeded)) => Err(exceeded.into()),
        Err(SpoolError::Read(error)) => {
            Err(Error::carried_by(error).unwrap_or_else(|error| Error::io("spooling the dump", error)))
        }
        Err(SpoolError::Write(error)) => Err(Error::io("spooling the dump", error)),
    }
}

#[cold]
fn not_a_dump(identity: Identity) -> Error {
    pgdump::Error::new(ErrorKind::NotAnArchive { identity }).into()
}

impl Read for DumpReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::File(section) => section.read(out),
            Source::Joined(joined) => joined.read(out),
            Source::Stream(stream) => stream.read(out),
        }
    }
}

impl Seek for DumpReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.source {
            Source::File(section) => section.seek(to),
            Source::Joined(joined) => joined.seek(to),
            Source::Stream(_) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "a compressed dump cannot be read at random"))
            }
        }
    }
}

impl fmt::Debug for DumpReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DumpReader").field("form", &self.form).finish_non_exhaustive()
    }
}
