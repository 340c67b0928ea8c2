//! The ways in which a dump contradicts its format: [`Corruption`].

use thiserror::Error;

/// What is damaged, in the order in which a reader meets it.
///
/// `pg_restore -l` sees only what concerns header and entries, and not all of that.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{Corruption, ErrorKind, inspect};
///
/// let mut dump = std::fs::read("examples/data/quickstart.dump")?;
/// dump.push(b'\n');
/// let error = inspect(dump.as_slice(), &Limits::untrusted()).unwrap_err();
/// assert_eq!(error.kind(), &ErrorKind::Corrupt(Corruption::TrailingBytes));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Corruption {
    /// The header states an integer size outside 1 to 8.
    #[error("integers of {0} bytes; 1 to 8 are possible")]
    IntSize(u8),
    /// The header states an offset size outside 1 to 32.
    #[error("offsets of {0} bytes; 1 to 32 are possible")]
    OffsetSize(u8),
    /// The header states a compression algorithm that does not exist.
    #[error("compression algorithm {0} is unknown")]
    CompressionAlgorithm(u8),
    /// The header states a zlib level outside -1 to 9; PostgreSQL 13 refuses the data of such a dump.
    #[error("compression level {0}; -1 to 9 are possible")]
    CompressionLevel(i32),
    /// The byte in front of an integer is neither 0 nor 1: typically the work of a transfer in text mode.
    #[error("sign byte {0} in front of an integer; was the file transferred in text mode?")]
    SignByte(u8),
    /// An integer does not fit 32 bits.
    #[error("an integer of more than 32 bits")]
    IntTooLarge,
    /// The count of entries is zero or negative.
    #[error("a table of contents with {0} entries")]
    EntryCount(i32),
    /// A dump id is zero or negative.
    #[error("dump id {0} is out of range")]
    EntryId(i32),
    /// Two entries have the same dump id.
    #[error("dump id {0} occurs twice in the table of contents")]
    DuplicateId(u32),
    /// The mark that tells entries with data is neither 0 nor 1.
    #[error("the data mark of an entry is {0}; 0 and 1 are possible")]
    DataMark(i32),
    /// A string that must be there is NULL.
    #[error("an entry without {0}")]
    MissingText(&'static str),
    /// A catalog id or dependency is not a decimal number of 32 bits.
    #[error("{0} is not a decimal number")]
    NotANumber(&'static str),
    /// A section number outside 1 to 4.
    #[error("section {0}; 1 to 4 are possible")]
    Section(i32),
    /// The kind of a relation is not one byte.
    #[error("relation kind {0} is not a letter")]
    RelationKind(i32),
    /// The mark for tables with OIDs is neither `true` nor `false`.
    #[error("the mark for tables with OIDs is neither true nor false")]
    OidsMark,
    /// The flag of an offset is not 1, 2 or 3.
    #[error("offset flag {0}; 1 to 3 are possible")]
    OffsetFlag(u8),
    /// An offset does not fit 64 bits.
    #[error("an offset of more than 64 bits")]
    OffsetTooLarge,
    /// The data mark says yes and the offset says no, or the other way round: the data would be lost without a word.
    #[error("the data mark and the offset of an entry disagree")]
    DataMarkDisagrees,
    /// A data block of a type other than 1 (table data) and 3 (large objects).
    #[error("data block of type {0}; 1 and 3 are possible")]
    BlockType(u8),
    /// A data block whose id no entry has.
    #[error("data block with id {0}, which no entry has")]
    UnknownBlock(i32),
    /// A data block for an entry that has none.
    #[error("data block for entry {0}, which states that it has no data")]
    UnexpectedBlock(u32),
    /// A second data block for the same entry.
    #[error("second data block for entry {0}")]
    DuplicateBlock(u32),
    /// A block of large objects for an entry of another kind, or the other way round.
    #[error("the data block of entry {0} has the type of another kind of entry")]
    BlockKind(u32),
    /// An entry with data has no block.
    #[error("the data of entry {0} are missing")]
    MissingBlock(u32),
    /// A block does not begin where its entry says.
    #[error("the data of entry {id} begin at byte {actual}, the table of contents says {stored}")]
    #[non_exhaustive]
    Position {
        /// Dump id of the entry.
        id: u32,
        /// What its offset says.
        stored: u64,
        /// Where the block begins.
        actual: u64,
    },
    /// A string with a negative length other than -1, which means NULL.
    #[error("a string of {0} bytes")]
    StringLength(i32),
    /// A negative chunk length.
    #[error("a chunk of {0} bytes")]
    ChunkLength(i32),
    /// The compressed data cannot be decoded, or fail their checksum.
    #[error("{0} data cannot be decoded")]
    Undecodable(&'static str),
    /// The compressed data are not complete when their stream ends.
    #[error("{0} data end early")]
    StreamTruncated(&'static str),
    /// Bytes follow the compressed data within their stream.
    #[error("bytes follow the end of the {0} data")]
    StreamSurplus(&'static str),
    /// The statement before COPY data is not a COPY statement.
    #[error("the COPY statement of entry {0} is not a COPY statement")]
    CopyStatement(u32),
    /// COPY data do not end in `\.` on a line of its own.
    #[error("COPY data do not end in their terminator")]
    CopyTerminator,
    /// Rows follow the terminator of COPY data; a server would read them as SQL.
    #[error("COPY data go on behind their terminator")]
    CopySurplus,
    /// A row has another number of fields than the COPY statement has columns.
    #[error("row {row} has {found} fields, its table has {wanted} columns")]
    #[non_exhaustive]
    RowWidth {
        /// The row, counted from 1.
        row: u64,
        /// Columns that the statement lists.
        wanted: usize,
        /// Fields that the row has.
        found: usize,
    },
    /// The entry `ENCODING` does not name an encoding of PostgreSQL.
    #[error("the entry ENCODING names no encoding that PostgreSQL knows")]
    ClientEncoding,
    /// The entry `STDSTRINGS` is neither on nor off.
    #[error("the entry STDSTRINGS is neither on nor off")]
    StandardStrings,
    /// An entry that creates a group of large objects does not list their OIDs, or lists one twice.
    #[error("entry {0} does not list large objects, each once")]
    LargeObjectList(u32),
    /// An entry has data that is of a kind without.
    #[error("entry {0} has data and is of a kind that has none")]
    UnexpectedData(u32),
    /// The byte behind the last block is not the end of the file.
    #[error("bytes follow the last data block")]
    TrailingBytes,
}
