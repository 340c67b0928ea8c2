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
            Identity::Lz4 => Box::new(pgdump::lz4_frames(source)),
            #[cfg(feature = "zstd")]
            Identity::Zstd => Box::new(pgdump::zstd_frames(source, limits)),
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
        // An exceeded limit is no damage.
        if error.get_ref().is_some_and(|inner| inner.is::<pgdump::Error>()) {
            return error;
        }
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
