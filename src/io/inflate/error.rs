//! The ways in which a deflate stream can be damaged: [`InflateError`].

/// A contradiction in a deflate or zlib stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InflateError {
    #[error("the type of a block is not valid")]
    BlockType,
    #[error("the length of a stored block does not match its complement")]
    StoredLength,
    #[error("a block has too many codes")]
    TooManyCodes,
    #[error("the code of the code lengths is not complete")]
    CodeLengths,
    #[error("a code length is repeated too often, or before the first one")]
    Repeat,
    #[error("a block has no end")]
    NoEnd,
    #[error("the code of literals and lengths is not complete")]
    LiteralLengths,
    #[error("the code of distances is not complete")]
    DistanceLengths,
    #[error("a literal or length is not valid")]
    Literal,
    #[error("a distance is not valid")]
    Distance,
    #[error("a distance reaches back too far")]
    TooFar,
    #[error("the zlib header is not valid")]
    ZlibHeader,
    #[error("the stream needs a dictionary")]
    Dictionary,
    #[error("the Adler-32 of the data does not match")]
    Adler32,
}
