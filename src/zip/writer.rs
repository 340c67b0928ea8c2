//! Writing a zip file, one deflated entry after another: [`Writer`].

use std::fmt;
use std::io::{self, Read, Write};

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};
use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};

use super::error::{Error, ErrorKind, Result};
use crate::io::deflate_vec;

/// The number of bytes read and written at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// Writes a zip file to any sink, forward only.
///
/// Every entry is deflated and followed by a data descriptor. No times, owners or modes are written, so the same input
/// gives the same bytes. The directory is kept in memory until [`finish`](Self::finish) writes it: about a hundred bytes
/// per entry. A dropped writer leaves a file without a directory, which no program accepts.
pub(crate) struct Writer<W> {
    inner: ZipArchiveWriter<W>,
    deflater: Deflater,
    failure: Option<Error>,
}

/// The compressor and its buffers. Creating them costs more than compressing a small entry, so they are reused.
struct Deflater {
    compress: Compress,
    uncompressed: Vec<u8>,
    compressed: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Creates a writer; nothing is written yet.
    pub(crate) fn new(sink: W) -> Self {
        let deflater = Deflater {
            compress: Compress::new(Compression::default(), false),
            uncompressed: vec![0; BUFFER_BYTES],
            compressed: Vec::with_capacity(BUFFER_BYTES),
        };
        Self { inner: ZipArchiveWriter::new(sink), deflater, failure: None }
    }

    /// Writes an entry with everything that `contents` yields, and returns its length.
    ///
    /// # Errors
    /// Returns a misuse error for a name that is empty, longer than 65,535 bytes, absolute or a folder's, or has
    /// backslashes, control characters or components like `..`; an I/O error if reading or writing fails. After an I/O
    /// error the file cannot be continued.
    pub(crate) fn entry(&mut self, name: &str, contents: impl Read) -> Result<u64> {
        let in_entry = |error: Error| error.entry(name.as_bytes());
        check_name(name).map_err(|kind| in_entry(kind.into()))?;
        self.check_failure()?;
        write_entry(&mut self.inner, name, contents, &mut self.deflater).map_err(|error| {
            let error = in_entry(error);
            self.failure = Some(error.clone());
            error
        })
    }

    /// Writes the directory and returns the sink.
    ///
    /// # Errors
    /// Returns the error of an entry that failed before, or an I/O error.
    pub(crate) fn finish(self) -> Result<W> {
        self.check_failure()?;
        self.inner.finish().map_err(|error| failed("writing the directory of the zip file", error))
    }

    fn check_failure(&self) -> Result<()> {
        self.failure.clone().map_or(Ok(()), Err)
    }
}

fn failed(action: &'static str, error: rawzip::Error) -> Error {
    Error::rawzip(action, error, ErrorKind::Misuse("the zip format cannot represent this entry"))
}

fn write_entry<W: Write>(
    archive: &mut ZipArchiveWriter<W>,
    name: &str,
    contents: impl Read,
    deflater: &mut Deflater,
) -> Result<u64> {
    let failed = |error| failed("writing a zip entry", error);
    let file = archive.new_file(EntryPath::conformant(name)).compression_method(CompressionMethod::DEFLATE);
    let (mut entry, _) = file.start().map_err(failed)?;
    let (crc32, len_bytes) = deflater.deflate(contents, &mut entry)?;
    entry.finish(DataDescriptorOutput::new(crc32, len_bytes)).map_err(failed)?;
    Ok(len_bytes)
}

impl Deflater {
    /// Compresses `contents` to `sink`; returns their CRC-32 and length.
    fn deflate(&mut self, mut contents: impl Read, sink: &mut impl Write) -> Result<(u32, u64)> {
        self.compress.reset();
        let mut hasher = Hasher::new();
        let mut len_bytes = 0_u64;
        loop {
            let count = match contents.read(&mut self.uncompressed) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("reading the contents of a zip entry", error)),
            };
            let chunk =
                self.uncompressed.get(..count).ok_or(ErrorKind::Misuse("a reader returned too large a count"))?;
            hasher.update(chunk);
            len_bytes = len_bytes.saturating_add(count as u64);
            let flush = if count == 0 { FlushCompress::Finish } else { FlushCompress::None };
            compress(&mut self.compress, chunk, flush, &mut self.compressed, sink)?;
            if count == 0 {
                return Ok((hasher.finalize(), len_bytes));
            }
        }
    }
}

/// Compresses `chunk` and writes what the compressor returns, by way of `buffer`.
fn compress(
    compress: &mut Compress,
    mut chunk: &[u8],
    flush: FlushCompress,
    buffer: &mut Vec<u8>,
    sink: &mut impl Write,
) -> Result<()> {
    loop {
        buffer.clear();
        let step = deflate_vec(compress, chunk, buffer, flush);
        let status = step.status.map_err(|error| Error::io("compressing a zip entry", error.into()))?;
        chunk = chunk.get(step.used..).ok_or(ErrorKind::Internal("deflate used too many bytes"))?;
        sink.write_all(buffer).map_err(|error| Error::io("writing a zip entry", error))?;
        let is_done = match flush {
            FlushCompress::Finish => status == Status::StreamEnd,
            // With a full buffer, the compressor may have more to return.
            _ => chunk.is_empty() && buffer.len() < buffer.capacity(),
        };
        if is_done {
            return Ok(());
        }
    }
}

/// Refuses names that programs interpret differently.
fn check_name(name: &str) -> Result<(), ErrorKind> {
    if name.is_empty() || name.len() > usize::from(u16::MAX) {
        return Err(ErrorKind::Misuse("the name must have 1 to 65,535 bytes"));
    }
    if name.contains(|c: char| c == '\\' || c == ':' || c.is_control()) {
        return Err(ErrorKind::Misuse("the name must not contain backslashes, colons or control characters"));
    }
    if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Err(ErrorKind::Misuse("the name must be relative, without empty components, `.` or `..`"));
    }
    Ok(())
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("failure", &self.failure).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Archive;
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn the_same_input_gives_the_same_zip() {
        let write = || {
            let mut writer = Writer::new(Vec::new());
            writer.entry("a/b.json", &b"{}"[..]).unwrap();
            writer.finish().unwrap()
        };
        assert_eq!(write(), write());
    }

    #[test]
    fn after_a_failed_entry_the_first_error_is_repeated() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let mut writer = Writer::new(Vec::new());
        let error = writer.entry("a", Broken).unwrap_err();
        assert_eq!(error.to_string(), "zip entry \"a\": reading the contents of a zip entry failed");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is gone");
        for again in [writer.entry("b", &b""[..]).unwrap_err(), writer.finish().unwrap_err()] {
            assert_eq!(again.to_string(), error.to_string());
        }
    }

    #[test]
    fn names_that_programs_read_differently_are_not_written() {
        for name in ["", "/etc/passwd", "../x", "a//b", "a/./b", "a\\b", "c:x", "a\nb", "folder/"] {
            let error = Writer::new(Vec::new()).entry(name, &b""[..]).unwrap_err();
            assert!(error.is_misuse(), "{name:?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..32 {
            let files: Vec<Vec<u8>> =
                (0..random.usize(..8)).map(|_| (0..random.usize(..2000)).map(|_| random.u8(..)).collect()).collect();
            let mut writer = Writer::new(Vec::new());
            for (index, contents) in files.iter().enumerate() {
                writer.entry(&format!("folder/{index}"), contents.as_slice()).unwrap();
            }
            let bytes = writer.finish().unwrap();
            let archive = Archive::open(&bytes, &Limits::untrusted()).unwrap();
            let mut buffer = Vec::new();
            let mut entries = archive.entries(&mut buffer);
            let mut read = Vec::new();
            while let Some(entry) = entries.next_entry().unwrap() {
                let mut contents = Vec::new();
                archive.read(&entry).unwrap().read_to_end(&mut contents).unwrap();
                read.push(contents);
            }
            assert_eq!(read, files);
        }
    }
}
