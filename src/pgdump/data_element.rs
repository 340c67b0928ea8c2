//! The elements that a data area consists of, and their encoding: [`DataElement`].

use super::error::Error;
use super::header::Header;
use super::primitives::{Dialect, inexpressible};
use super::version::FormatVersion;

// `BLK_DATA` and `BLK_BLOBS` in pg_backup_custom.c; 2 has never been used.
pub(super) const BLOCK_DATA: u8 = 1;
pub(super) const BLOCK_BLOBS: u8 = 3;

/// Chunks of this size have few headers and still fit a processor's cache. Readers accept chunks of any size.
const CHUNK_BYTES: usize = 32 << 10;

/// Returns the length of the chunks that this crate writes.
pub(super) fn chunk_bytes(dialect: &Dialect) -> usize {
    match dialect.int_bytes() {
        1 => usize::from(i8::MAX.unsigned_abs()),
        2 => usize::from(i16::MAX.unsigned_abs()),
        _ => CHUNK_BYTES,
    }
}

/// One element of the data area. A data area consists of blocks, a block of streams, a stream of chunks.
///
/// A whole dump can be assembled from a header, entries and elements:
///
/// ```
/// use appsnap::{Limits, observe::NoObserver, pgdump};
/// use appsnap::pgdump::{FormatVersion, raw::{Compression, DataElement, Header}, toc::{self, DataState, Entry}};
///
/// let mut header = Header::new(FormatVersion::V1_14);
/// header.compression = Compression::None;
/// let mut data = Entry::new(7, b"TABLE DATA", b"customer");
/// data.copy_statement = Some(b"COPY public.customer (id, name) FROM stdin;\n");
/// data.data = DataState::NotSet;
/// let rows = b"1\tAda\n\\.\n\n\n";
///
/// let mut dump = Vec::new();
/// header.encode(&mut dump)?;
/// toc::encode([data], &header, &mut dump)?;
/// for element in [
///     DataElement::TableData { id: 7 },
///     DataElement::Chunk { len_bytes: rows.len() as u32 },
///     DataElement::Bytes(rows),
///     DataElement::StreamEnd,
///     DataElement::TableDataEnd,
/// ] {
///     element.encode(&header, &mut dump)?;
/// }
/// assert_eq!(pgdump::inspect(dump.as_slice(), &Limits::untrusted(), &mut NoObserver)?.rows_count(), 1);
/// # Ok::<(), pgdump::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataElement<'a> {
    /// The start of a block with the data of one table: one stream.
    TableData {
        /// The dump id of the block's entry.
        id: u32,
    },
    /// The start of a block with large objects.
    LargeObjects {
        /// The dump id of the block's entry.
        id: u32,
    },
    /// The start of a large object, followed by its stream.
    LargeObject {
        /// The OID of the large object, never 0.
        oid: u32,
    },
    /// The start of a chunk.
    Chunk {
        /// The length of the chunk, never 0.
        len_bytes: u32,
    },
    /// Bytes of a chunk in stored form, never empty.
    Bytes(&'a [u8]),
    /// The end of a stream.
    StreamEnd,
    /// The end of a block with the data of one table.
    TableDataEnd,
    /// The end of a block with large objects.
    LargeObjectsEnd,
}

impl DataElement<'_> {
    /// Appends the element to `out`, in the form that `header` determines.
    ///
    /// # Errors
    /// Returns an error if a number does not fit the integer size in the header, if an id or length is above
    /// 2,147,483,647, and for large objects before 1.3.
    pub fn encode(&self, header: &Header, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write(&header.dialect, out)
    }

    /// Appends the element to `out`.
    pub(super) fn write(&self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        let version = dialect.version();
        let positive =
            |number: u32| i32::try_from(number).map_err(|_| inexpressible("a number above 2147483647", version));
        match *self {
            Self::TableData { id } => {
                if version >= FormatVersion::V1_3 {
                    out.push(BLOCK_DATA);
                }
                dialect.put_int(positive(id)?, out)
            }
            Self::LargeObjects { id } => {
                if version < FormatVersion::V1_3 {
                    return Err(inexpressible("large objects", version));
                }
                out.push(BLOCK_BLOBS);
                dialect.put_int(positive(id)?, out)
            }
            // OIDs of 2^31 and above are written as the negative integer with the same bits.
            Self::LargeObject { oid } => dialect.put_int(oid.cast_signed(), out),
            Self::Chunk { len_bytes } => dialect.put_int(positive(len_bytes)?, out),
            Self::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            Self::StreamEnd | Self::LargeObjectsEnd => dialect.put_int(0, out),
            Self::TableDataEnd => Ok(()),
        }
    }
}
