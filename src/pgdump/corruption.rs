//! The ways in which a dump contradicts its format: [`Corruption`].

use thiserror::Error;

/// A contradiction in a dump, in the order in which a reader may find them.
///
/// `pg_restore -l` finds only those of the header and the entries, and not all of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Corruption {
    /// The integer size in the header is not 1 to 8.
    #[error("the integer size is {0} bytes: it must be 1 to 8")]
    IntSize(u8),
    /// The offset size in the header is not 1 to 32.
    #[error("the offset size is {0} bytes: it must be 1 to 32")]
    OffsetSize(u8),
    /// The compression algorithm in the header does not exist.
    #[error("compression algorithm {0} is unknown")]
    CompressionAlgorithm(u8),
    /// The zlib level in the header is not -1 to 9. PostgreSQL 13 refuses the data of such a dump.
    #[error("compression level {0} is out of range: it must be -1 to 9")]
    CompressionLevel(i32),
    /// The sign byte of an integer is neither 0 nor 1, typically because of a transfer in text mode.
    #[error(
        "the sign byte of an integer is {0}: it must be 0 or 1; was text of another program written into the file (2>&1), or was it transferred in \
         text mode?"
    )]
    SignByte(u8),
    /// An integer does not fit 32 bits.
    #[error("an integer has more than 32 bits")]
    IntTooLarge,
    /// The number of entries is zero or negative.
    #[error("the table of contents states {0} entries")]
    EntryCount(i32),
    /// A dump id is zero or negative.
    #[error("dump id {0} is out of range")]
    EntryId(i32),
    /// Two entries have the same dump id.
    #[error("two entries have the dump id {0}")]
    DuplicateId(u32),
    /// The data mark of an entry is neither 0 nor 1.
    #[error("the data mark of an entry is {0}: it must be 0 or 1")]
    DataMark(i32),
    /// A required text is NULL.
    #[error("an entry has no {0}")]
    MissingText(&'static str),
    /// A catalog id or dependency is not a decimal number of 32 bits.
    #[error("{0} is not a decimal number")]
    NotANumber(&'static str),
    /// The section of an entry is not 1 to 4.
    #[error("the section of an entry is {0}: it must be 1 to 4")]
    Section(i32),
    /// The relation kind of an entry is not one byte.
    #[error("relation kind {0} is not a letter")]
    RelationKind(i32),
    /// The mark of tables with OIDs is neither `true` nor `false`.
    #[error("the mark of tables with OIDs is neither true nor false")]
    OidsMark,
    /// The flag of an offset is not 1, 2 or 3.
    #[error("the flag of an offset is {0}: it must be 1 to 3")]
    OffsetFlag(u8),
    /// An offset does not fit 64 bits.
    #[error("an offset has more than 64 bits")]
    OffsetTooLarge,
    /// The data mark and the offset contradict each other, so pg_restore would silently lose the data.
    #[error("the data mark and the offset of an entry contradict each other")]
    DataMarkDisagrees,
    /// The type of a data block is neither 1 (table data) nor 3 (large objects).
    #[error("a data block has type {0}: it must be 1 or 3")]
    BlockType(u8),
    /// No entry has the id of a data block.
    #[error("a data block has id {0}, which no entry has")]
    UnknownBlock(i32),
    /// The entry of a data block states that it has none.
    #[error("a data block has id {0}, whose entry states that it has no data")]
    UnexpectedBlock(u32),
    /// An entry has a second data block.
    #[error("entry {0} has a second data block")]
    DuplicateBlock(u32),
    /// A block of large objects belongs to an entry of another kind, or the reverse.
    #[error("the data block of entry {0} has the type of another kind of entry")]
    BlockKind(u32),
    /// An entry with data has no block.
    #[error("the data of entry {0} is missing")]
    MissingBlock(u32),
    /// A block does not begin at the position that its entry states.
    #[error("the data of entry {id} begins at byte {actual}, but the table of contents states byte {stored}")]
    Position { id: u32, stored: u64, actual: u64 },
    /// The length of a string is negative and not -1, which means NULL.
    #[error("the length of a string is {0} bytes")]
    StringLength(i32),
    /// The length of a chunk is negative.
    #[error("the length of a chunk is {0} bytes")]
    ChunkLength(i32),
    /// Compressed data cannot be decoded, or does not match its checksum.
    #[error("the {0} data cannot be decoded")]
    Undecodable(&'static str),
    /// Compressed data is not complete at the end of its stream.
    #[error("the {0} data ends too early")]
    StreamTruncated(&'static str),
    /// Bytes follow the compressed data within its stream.
    #[error("bytes follow the end of the {0} data")]
    StreamSurplus(&'static str),
    /// The statement of COPY data is not a COPY statement.
    #[error("the COPY statement of entry {0} is not a COPY statement")]
    CopyStatement(u32),
    /// COPY data does not end in `\.` on a line of its own.
    #[error("the COPY data does not end in its terminator")]
    CopyTerminator,
    /// Rows follow the terminator of COPY data; a server would read them as SQL.
    #[error("the COPY data continues after its terminator")]
    CopySurplus,
    /// The number of fields of a row, counted from 1, is not the number of columns in the COPY statement.
    #[error("row {row} has {found} fields, but its table has {wanted} columns")]
    RowWidth { row: u64, wanted: usize, found: usize },
    /// The entry `ENCODING` does not name an encoding of PostgreSQL.
    #[error("the entry ENCODING names no encoding of PostgreSQL")]
    ClientEncoding,
    /// The entry `STDSTRINGS` is neither on nor off.
    #[error("the entry STDSTRINGS is neither on nor off")]
    StandardStrings,
    /// An entry that creates a group of large objects does not list their OIDs, or lists one twice.
    #[error("entry {0} does not list large objects, each once")]
    LargeObjectList(u32),
    /// An entry has data although its kind has none.
    #[error("entry {0} has data, but entries of its kind have none")]
    UnexpectedData(u32),
    /// Bytes follow the last block.
    #[error(
        "bytes follow the last data block: the first {0} bytes are a whole dump, head -c {0} FILE > DUMP takes it out"
    )]
    TrailingBytes(u64),
    /// Another dump follows the last block.
    #[error(
        "another dump follows the last data block: the first {0} bytes are a whole dump, head -c {0} FILE > DUMP takes it \
         out"
    )]
    TrailingDump(u64),
    /// Text is where the length of a string is expected.
    #[error(
        "text is where the length of a string is expected ({0} bytes): the messages of a program were written into the \
         dump (2>&1), dump again with pg_dump -f"
    )]
    TextAsLength(u32),
}
