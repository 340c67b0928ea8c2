//! Finds the file of a stream by its name, with or without the suffix of a compression: [`Found`].

use std::fmt;
use std::io::{self, Read};

use super::file_name::FileName;
use super::files::DumpFiles;
use crate::io::{Cursor, ReadAt};
use crate::limits::Limits;
#[cfg(feature = "lz4")]
use crate::pgdump::compression::lz4_frames;
#[cfg(feature = "zstd")]
use crate::pgdump::compression::zstd_frames;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::header::Compression;

/// The compression of one file, which its suffix states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    None,
    Gzip,
    Lz4,
    Zstd,
}

/// A file with its name.
#[derive(Debug)]
pub(super) struct Found<F> {
    pub(super) file: F,
    pub(super) len_bytes: u64,
    pub(super) wrapping: Wrapping,
}

impl Wrapping {
    /// In the order in which pg_restore looks for files (`InitDiscoverCompressFileHandle` in compress_io.c).
    const ALL: [Self; 4] = [Self::None, Self::Gzip, Self::Lz4, Self::Zstd];

    const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Lz4 => ".lz4",
            Self::Zstd => ".zst",
        }
    }

    pub(super) const fn compression(self) -> Compression {
        match self {
            Self::None => Compression::None,
            Self::Gzip => Compression::GZIP,
            Self::Lz4 => Compression::Lz4,
            Self::Zstd => Compression::Zstd,
        }
    }
}

/// A name with the suffix of its compression.
#[derive(Clone, Copy)]
pub(super) struct FullName(pub(super) FileName, pub(super) Wrapping);

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0, self.1.suffix())
    }
}

/// Finds the file with this name, compressed or not. Returns `None` if there is none.
pub(super) fn find<S: DumpFiles>(files: &S, name: FileName) -> Result<Option<Found<S::File>>, Error> {
    let mut found: Option<Found<S::File>> = None;
    for wrapping in Wrapping::ALL {
        let Some(file) = open(files, name, wrapping)? else { continue };
        if let Some(first) = &found {
            let (one, other) = (FullName(name, first.wrapping), FullName(name, wrapping));
            return Err(damaged(format!("both {one} and {other} exist: remove the one that does not belong to it")));
        }
        found = Some(file);
    }
    Ok(found)
}

/// Opens the file with this name and compression. Returns `None` if there is none.
pub(super) fn open<S: DumpFiles>(
    files: &S,
    name: FileName,
    wrapping: Wrapping,
) -> Result<Option<Found<S::File>>, Error> {
    let full_name = FullName(name, wrapping);
    let failed = |error| Error::io("opening a file of the dump", error).within(full_name.to_string());
    let Some(file) = files.open(&full_name.to_string()).map_err(failed)? else { return Ok(None) };
    let len_bytes = file.len_bytes().map_err(failed)?;
    Ok(Some(Found { file, len_bytes, wrapping }))
}

impl<F: ReadAt> Found<F> {
    /// Returns a reader of the uncompressed content, for the files that are not streams of the dump.
    pub(super) fn content(&self, limits: &Limits) -> Result<Box<dyn Read + '_>, Error> {
        // Only Zstandard has a window to limit.
        let _ = limits;
        let stored = io::BufReader::new(Cursor::new(&self.file));
        match self.wrapping {
            Wrapping::None => Ok(Box::new(Cursor::new(&self.file))),
            Wrapping::Gzip => Ok(Box::new(flate2::bufread::MultiGzDecoder::new(stored))),
            #[cfg(feature = "lz4")]
            Wrapping::Lz4 => Ok(Box::new(lz4_frames(stored))),
            #[cfg(feature = "zstd")]
            Wrapping::Zstd => Ok(Box::new(zstd_frames(stored, limits))),
            #[cfg(not(all(feature = "lz4", feature = "zstd")))]
            other => Err(Error::new(ErrorKind::CompressionUnavailable { algorithm: other.compression().name() })),
        }
    }
}

/// Returns the error for a dump whose files contradict each other.
#[cold]
pub(super) fn damaged(what: String) -> Error {
    Error::new(ErrorKind::Corrupt(what.into()))
}
