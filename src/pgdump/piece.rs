//! The pieces that a data area is made of, and how they are written.

use super::cursor::{Dialect, inexpressible};
use super::error::Error;
use super::version::FormatVersion;

// `BLK_DATA` and `BLK_BLOBS` in pg_backup_custom.c; 2 was never used.
pub(super) const BLOCK_DATA: u8 = 1;
pub(super) const BLOCK_BLOBS: u8 = 3;

/// What a data block holds.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{BlockKind, Blocks, Piece};
///
/// let mut dump = Blocks::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let (mut tables_count, mut object_blocks_count) = (0, 0);
/// while let Some(piece) = dump.next_piece()? {
///     match piece {
///         Piece::Block { kind: BlockKind::Data, .. } => tables_count += 1,
///         Piece::Block { kind: BlockKind::Blobs, .. } => object_blocks_count += 1,
///         _ => {}
///     }
/// }
/// assert_eq!((tables_count, object_blocks_count), (12, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockKind {
    /// The data of one table: one stream.
    Data,
    /// Large objects: any number of streams, each behind its OID.
    Blobs,
}

/// One piece of the data area. Encoded one after the other, the pieces are the data area.
///
/// A whole dump put together by hand, and read back:
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{
///     BlockKind, Compression, DataState, Entry, FormatVersion, Header, Piece, encode_toc, inspect,
/// };
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
/// encode_toc([data], &header.dialect, &mut dump)?;
/// let pieces = [
///     Piece::block(BlockKind::Data, 7),
///     Piece::chunk(rows.len() as u32),
///     Piece::Bytes(rows),
///     Piece::StreamEnd,
///     Piece::BlockEnd(BlockKind::Data),
/// ];
/// for piece in pieces {
///     piece.encode(&header.dialect, &mut dump)?;
/// }
/// assert_eq!(inspect(dump.as_slice(), &Limits::untrusted())?.rows_count(), 1);
/// # Ok::<(), appsnap::pgdump::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece<'a> {
    /// A block begins.
    #[non_exhaustive]
    Block {
        /// What the block holds.
        kind: BlockKind,
        /// The dump id of its entry.
        id: u32,
        /// Position of its first byte.
        position: u64,
    },
    /// A large object begins; its stream follows.
    #[non_exhaustive]
    Object {
        /// Its OID, never 0.
        oid: u32,
    },
    /// A chunk begins; as many bytes follow.
    #[non_exhaustive]
    Chunk {
        /// Its length, never 0.
        len_bytes: u32,
    },
    /// Bytes of a chunk, as they are stored: compressed, or plain. Never empty.
    Bytes(&'a [u8]),
    /// The stream is complete.
    StreamEnd,
    /// The block is complete.
    BlockEnd(BlockKind),
}

impl Piece<'_> {
    /// A block's beginning; where it stood before does not matter to [`encode`](Self::encode).
    #[must_use]
    pub const fn block(kind: BlockKind, id: u32) -> Self {
        Self::Block { kind, id, position: 0 }
    }

    /// A large object's beginning.
    #[must_use]
    pub const fn object(oid: u32) -> Self {
        Self::Object { oid }
    }

    /// A chunk's beginning.
    #[must_use]
    pub const fn chunk(len_bytes: u32) -> Self {
        Self::Chunk { len_bytes }
    }

    /// Appends the piece to `out`.
    ///
    /// # Errors
    /// [`ErrorKind::Inexpressible`](super::ErrorKind::Inexpressible) for numbers that do not fit the integer size, for ids and lengths above 2147483647,
    /// and for large objects before 1.3.
    pub fn encode(&self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        let version = dialect.version();
        let positive =
            |number: u32| i32::try_from(number).map_err(|_| inexpressible("a number above 2147483647", version));
        match *self {
            Self::Block { kind, id, .. } => {
                if version >= FormatVersion::V1_3 {
                    out.push(match kind {
                        BlockKind::Data => BLOCK_DATA,
                        BlockKind::Blobs => BLOCK_BLOBS,
                    });
                } else if kind == BlockKind::Blobs {
                    return Err(inexpressible("large objects", version));
                }
                dialect.put_int(positive(id)?, out)
            }
            // OIDs above 2^31 are written as the negative integer with the same bits.
            Self::Object { oid } => dialect.put_int(oid.cast_signed(), out),
            Self::Chunk { len_bytes } => dialect.put_int(positive(len_bytes)?, out),
            Self::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            Self::StreamEnd | Self::BlockEnd(BlockKind::Blobs) => dialect.put_int(0, out),
            Self::BlockEnd(BlockKind::Data) => Ok(()),
        }
    }
}
