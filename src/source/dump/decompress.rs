//! Decompresses the file around a dump: [`Decompressed`].

use std::fmt;
use std::io::{self, BufReader, Read};

use crate::error::{Category, Error};
use crate::gzip;
use crate::limits::Limits;
use crate::pgdump::{self, ErrorKind, Identity};

const BUFFER_BYTES: usize = 64 << 10;

/// The content of a file that is compressed as a whole.
pub(super) struct Decompressed {
    decoder: Box<dyn Read + Send>,
    algorithm: &'static str,
}

#[cfg(not(all(feature = "lz4", feature = "zstd")))]
fn unavailable(identity: Identity) -> Error {
    pgdump::Error::new(ErrorKind::CompressionUnavailable { algorithm: identity.name() }).into()
}

impl Decompressed {
    /// Decompresses `source`, which begins as `identity` says. Returns `None` for what is not compressed in a known way.
    pub(super) fn new(
        identity: Identity,
        source: Box<dyn Read + Send>,
        limits: &Limits,
    ) -> Result<Option<Self>, Error> {
        let source = BufReader::with_capacity(BUFFER_BYTES, source);
        let decoder: Box<dyn Read + Send> = match identity {
            Identity::Gzip => Box::new(gzip::Reader::new(source, limits)),
            #[cfg(feature = "lz4")]
            Identity::Lz4 => Box::new(lz4::Frames::new(source)),
            #[cfg(feature = "zstd")]
            Identity::Zstd => Box::new(zstd::Frames::new(source, limits)),
            #[cfg(not(feature = "lz4"))]
            Identity::Lz4 => return Err(unavailable(identity)),
            #[cfg(not(feature = "zstd"))]
            Identity::Zstd => return Err(unavailable(identity)),
            _ => return Ok(None),
        };
        Ok(Some(Self { decoder, algorithm: identity.name() }))
    }

    /// Turns the error of a decoder into one about the dump, because damage there is damage of the dump.
    fn explain(&self, error: io::Error) -> io::Error {
        let of_gzip = error.get_ref().and_then(|inner| inner.downcast_ref::<gzip::Error>());
        let category = match of_gzip {
            Some(error) => error.category(),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Category::Truncated,
            // Decoders report damage with errors of their own, and pass those of the system on.
            None if error.get_ref().is_some() => Category::BadInput,
            None => Category::Io,
        };
        let kind = match category {
            Category::Truncated => ErrorKind::Truncated { what: "the compressed file" },
            Category::BadInput => {
                ErrorKind::Corrupt(format!("the {} file around it cannot be decompressed", self.algorithm).into())
            }
            _ => return error,
        };
        pgdump::Error::new(kind).because(error).into()
    }
}

/// Decompresses the beginning of a file, at most `most_bytes`, as far as `head` allows.
pub(crate) fn decompressed_head(identity: Identity, head: &[u8], most_bytes: u64) -> Vec<u8> {
    let mut content = Vec::new();
    if let Ok(Some(decompressed)) =
        Decompressed::new(identity, Box::new(io::Cursor::new(head.to_vec())), &Limits::untrusted())
    {
        // The head ends in the middle of the data, so an error is expected; the bytes before it count.
        let _ = decompressed.take(most_bytes).read_to_end(&mut content);
    }
    content
}

impl Read for Decompressed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(out).map_err(|error| self.explain(error))
    }
}

impl fmt::Debug for Decompressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressed").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(feature = "lz4")]
mod lz4 {
    //! All frames of an LZ4 file, whose last one must be complete.

    use std::io::{self, Read};

    use lz4_flex::frame::FrameDecoder;

    pub(super) struct Frames<R: Read> {
        decoder: FrameDecoder<Followed<R>>,
    }

    impl<R: Read> Frames<R> {
        pub(super) fn new(source: R) -> Self {
            let source =
                Followed { inner: source, next: Next::Magic, field: Vec::new(), skip_bytes: 0, checksums: (0, 0) };
            Self { decoder: FrameDecoder::new(source) }
        }
    }

    impl<R: Read> Read for Frames<R> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.decoder.read(out)?;
            // The decoder takes the end of the source before a block for that of a frame.
            if count == 0 && !out.is_empty() && !self.decoder.get_ref().is_between_frames() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(count)
        }
    }

    /// A source whose frames are followed by their structure (LZ4 frame format 1.6.1).
    struct Followed<R> {
        inner: R,
        next: Next,
        /// The bytes of the next field so far.
        field: Vec<u8>,
        /// The number of bytes before the next field.
        skip_bytes: u64,
        /// The length of the checksums of a block and of a frame.
        checksums: (u64, u64),
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Next {
        /// The four bytes that begin a frame, or the end of the file.
        Magic,
        /// Two bytes with the properties of a frame.
        Descriptor,
        /// The length of a block, or the end mark.
        Block,
        /// The length of a frame that is skipped.
        Skippable,
        /// A frame of another kind, which is not followed.
        Unknown,
    }

    impl<R> Followed<R> {
        fn is_between_frames(&self) -> bool {
            let is_magic = self.next == Next::Magic && self.field.is_empty() && self.skip_bytes == 0;
            is_magic || self.next == Next::Unknown
        }

        fn follow(&mut self, mut bytes: &[u8]) {
            while !bytes.is_empty() && self.next != Next::Unknown {
                let skipped = crate::io::at_most(bytes.len(), self.skip_bytes);
                self.skip_bytes = self.skip_bytes.saturating_sub(skipped as u64);
                bytes = bytes.split_at(skipped).1;
                let field_bytes = if self.next == Next::Descriptor { 2_usize } else { 4 };
                let count = bytes.len().min(field_bytes.saturating_sub(self.field.len()));
                let (field, rest) = bytes.split_at(count);
                self.field.extend_from_slice(field);
                bytes = rest;
                if self.field.len() == field_bytes {
                    self.advance();
                    self.field.clear();
                }
            }
        }

        fn advance(&mut self) {
            let number = self.field.iter().rev().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
            let is_set = |bit: u32| u64::from((number >> bit) & 1);
            (self.next, self.skip_bytes) = match (self.next, number) {
                (Next::Magic, 0x184d_2204) => (Next::Descriptor, 0),
                (Next::Magic, 0x184d_2a50..=0x184d_2a5f) => (Next::Skippable, 0),
                (Next::Descriptor, _) => {
                    self.checksums = (is_set(4).saturating_mul(4), is_set(2).saturating_mul(4));
                    // The length of the content, the number of a dictionary, and the checksum of the header.
                    let others = is_set(3).saturating_mul(8).saturating_add(is_set(0).saturating_mul(4));
                    (Next::Block, others.saturating_add(1))
                }
                (Next::Block, 0) => (Next::Magic, self.checksums.1),
                (Next::Block, length) => {
                    (Next::Block, u64::from(length & 0x7fff_ffff).saturating_add(self.checksums.0))
                }
                (Next::Skippable, length) => (Next::Magic, u64::from(length)),
                (Next::Magic | Next::Unknown, _) => (Next::Unknown, 0),
            };
        }
    }

    impl<R: Read> Read for Followed<R> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.inner.read(out)?;
            self.follow(out.split_at(count.min(out.len())).0);
            Ok(count)
        }
    }
}

#[cfg(feature = "zstd")]
mod zstd {
    //! All frames of a Zstandard file (RFC 8878), one after the other.

    use std::io::{self, BufRead, Read};

    use super::Limits;
    use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
    use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

    pub(super) struct Frames<R> {
        source: R,
        decoder: FrameDecoder,
        is_in_frame: bool,
    }

    impl<R: BufRead> Frames<R> {
        pub(super) fn new(source: R, limits: &Limits) -> Self {
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(limits.max_window_bytes());
            Self { source, decoder, is_in_frame: false }
        }

        /// Starts the next frame. Returns `false` at the end of the file.
        fn start(&mut self) -> io::Result<bool> {
            while !self.source.fill_buf()?.is_empty() {
                match self.decoder.reset(&mut self.source) {
                    Ok(()) => {
                        self.is_in_frame = true;
                        return Ok(true);
                    }
                    Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                        length, ..
                    })) => {
                        let skipped = io::copy(&mut (&mut self.source).take(u64::from(length)), &mut io::sink())?;
                        if skipped < u64::from(length) {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                    }
                    Err(error) => return Err(io::Error::other(error)),
                }
            }
            Ok(false)
        }
    }

    impl<R: BufRead> Read for Frames<R> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if out.is_empty() {
                return Ok(0);
            }
            loop {
                if !self.is_in_frame && !self.start()? {
                    return Ok(0);
                }
                if self.decoder.can_collect() > 0 {
                    return self.decoder.read(out);
                }
                if self.decoder.is_finished() {
                    let stated = self.decoder.get_checksum_from_data();
                    if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
                        return Err(io::Error::other("the checksum of a frame does not match"));
                    }
                    self.is_in_frame = false;
                } else {
                    self.decoder
                        .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                        .map_err(io::Error::other)?;
                }
            }
        }
    }
}
