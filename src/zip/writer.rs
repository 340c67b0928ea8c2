//! Writing a zip file, one deflated entry after another: [`Writer`].

use std::fmt;
use std::io::{self, Read, Write};

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};
use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};

use super::error::{Error, ErrorKind, Result};

/// How much is copied at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// Writes a zip file to any sink, forward only.
///
/// Entries are deflated and followed by a data descriptor; no times, owners or modes are written, so the same input gives
/// the same bytes. The directory is held in memory until [`finish`](Self::finish) writes it: about a hundred bytes an
/// entry. Dropping the writer leaves a file without a directory, which no program takes for a whole one.
///
/// ```
/// use appsnap::zip;
///
/// let mut writer = zip::Writer::new(Vec::new());
/// assert_eq!(writer.entry("a/hello.txt", &b"hello"[..])?, 5);
/// assert!(matches!(writer.entry("../hello.txt", &b""[..]).unwrap_err().kind(), zip::ErrorKind::Misuse(_)));
/// let bytes = writer.finish()?;
/// assert!(bytes.starts_with(b"PK"));
/// # Ok::<(), zip::Error>(())
/// ```
pub struct Writer<W> {
    inner: Option<ZipArchiveWriter<W>>,
    deflater: Deflater,
    entries_count: u64,
}

/// The compressor and its buffers, kept from entry to entry: making them costs more than a small entry does.
struct Deflater {
    compress: Compress,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A writer onto `sink`; nothing is written yet.
    #[must_use]
    pub fn new(sink: W) -> Self {
        let deflater = Deflater {
            compress: Compress::new(Compression::default(), false),
            plain: vec![0; BUFFER_BYTES],
            packed: Vec::with_capacity(BUFFER_BYTES),
        };
        Self { inner: Some(ZipArchiveWriter::new(sink)), deflater, entries_count: 0 }
    }

    /// How many entries have been written.
    #[must_use]
    pub const fn entries_count(&self) -> u64 {
        self.entries_count
    }

    /// Writes one entry with all that `contents` yields, and returns how much that was.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse) for a name that is empty, longer than 65,535 bytes, absolute, a folder's, or has
    /// backslashes, control characters or components like `..`; [`Io`](ErrorKind::Io) when reading or writing fails. After
    /// an I/O error the file cannot be continued.
    pub fn entry(&mut self, name: &str, contents: impl Read) -> Result<u64> {
        check_name(name)?;
        let broken = || Error::new(ErrorKind::Misuse("an earlier entry of this zip file failed; write it anew"));
        // Taken for the time of the write and put back only when all went well.
        let mut inner = self.inner.take().ok_or_else(broken)?;
        let written =
            write_entry(&mut inner, name, contents, &mut self.deflater).map_err(|error| error.of(name.as_bytes()))?;
        self.inner = Some(inner);
        self.entries_count = self.entries_count.saturating_add(1);
        Ok(written)
    }

    /// Writes the directory and returns the sink.
    ///
    /// # Errors
    /// [`Io`](ErrorKind::Io); [`Misuse`](ErrorKind::Misuse) after a failed entry.
    pub fn finish(self) -> Result<W> {
        let broken = || Error::new(ErrorKind::Misuse("an entry of this zip file failed, so it cannot be finished"));
        self.inner.ok_or_else(broken)?.finish().map_err(|error| writing("writing the directory of the zip file", error))
    }
}

fn writing(action: &'static str, error: rawzip::Error) -> Error {
    Error::from_library(action, error, ErrorKind::Misuse("the zip format cannot hold this entry"))
}

fn write_entry<W: Write>(
    archive: &mut ZipArchiveWriter<W>,
    name: &str,
    contents: impl Read,
    deflater: &mut Deflater,
) -> Result<u64> {
    let action = "writing a zip entry";
    let (mut entry, _) = archive
        .new_file(EntryPath::conformant(name))
        .compression_method(CompressionMethod::DEFLATE)
        .start()
        .map_err(|error| writing(action, error))?;
    let (crc32, plain_bytes) = deflater.deflate(contents, &mut entry)?;
    entry.finish(DataDescriptorOutput::new(crc32, plain_bytes)).map_err(|error| writing(action, error))?;
    Ok(plain_bytes)
}

impl Deflater {
    /// Deflates all of `contents` to `sink`; returns its CRC-32 and length.
    fn deflate(&mut self, mut contents: impl Read, sink: &mut impl Write) -> Result<(u32, u64)> {
        self.compress.reset();
        let mut hasher = Hasher::new();
        let mut plain_bytes = 0_u64;
        loop {
            let count = match contents.read(&mut self.plain) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("reading the contents of a zip entry", error)),
            };
            let chunk = self.plain.get(..count).unwrap_or_default();
            hasher.update(chunk);
            plain_bytes = plain_bytes.saturating_add(count as u64);
            let flush = if count == 0 { FlushCompress::Finish } else { FlushCompress::None };
            pump(&mut self.compress, chunk, flush, &mut self.packed, sink)?;
            if count == 0 {
                return Ok((hasher.finalize(), plain_bytes));
            }
        }
    }
}

/// Feeds `chunk` to the compressor, and the sink with what comes out.
fn pump(
    compress: &mut Compress,
    mut chunk: &[u8],
    flush: FlushCompress,
    packed: &mut Vec<u8>,
    sink: &mut impl Write,
) -> Result<()> {
    let action = "writing a zip entry";
    loop {
        packed.clear();
        let before = compress.total_in();
        let status = compress
            .compress_vec(chunk, packed, flush)
            .map_err(|error| Error::io("compressing a zip entry", error.into()))?;
        let taken = usize::try_from(compress.total_in().saturating_sub(before)).unwrap_or(usize::MAX);
        chunk = chunk.get(taken..).unwrap_or_default();
        sink.write_all(packed).map_err(|error| Error::io(action, error))?;
        let is_done = match flush {
            FlushCompress::Finish => status == Status::StreamEnd,
            // A full buffer may hold something back still.
            _ => chunk.is_empty() && packed.len() < packed.capacity(),
        };
        if is_done {
            return Ok(());
        }
    }
}

/// Names that some program would read as something else are not written.
fn check_name(name: &str) -> Result<()> {
    let refuse = |why| Err(Error::new(ErrorKind::Misuse(why)).of(name.as_bytes()));
    if name.is_empty() || name.len() > usize::from(u16::MAX) {
        return refuse("a zip entry's name has 1 to 65,535 bytes");
    }
    if name.contains(|c: char| c == '\\' || c == ':' || c.is_control()) {
        return refuse("a zip entry's name has no backslashes, colons or control characters");
    }
    if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return refuse("a zip entry's name is relative, without empty components, `.` or `..`");
    }
    Ok(())
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("entries_count", &self.entries_count).finish_non_exhaustive()
    }
}
