//! Points of a gzip file at which decompression can begin: [`AccessPoint`].

/// Most bytes that a deflate stream refers back to (RFC 1951, section 2).
pub(super) const HISTORY_BYTES: usize = 32 << 10;

/// The kind of point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointForm {
    /// A block with dynamic codes that begins at this bit of the byte, 0 to 7.
    Dynamic { bit: u8 },
    /// The length of a stored block, after its header's bits.
    Stored,
    /// The deflate data of a member, after its header.
    Member,
}

impl PointForm {
    const STORED: u8 = 8;
    const MEMBER: u8 = 9;

    /// Returns the form as a byte.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Dynamic { bit } => bit,
            Self::Stored => Self::STORED,
            Self::Member => Self::MEMBER,
        }
    }

    /// Returns the form that a byte means.
    pub(crate) const fn of_code(code: u8) -> Option<Self> {
        match code {
            0..=7 => Some(Self::Dynamic { bit: code }),
            Self::STORED => Some(Self::Stored),
            Self::MEMBER => Some(Self::Member),
            _ => None,
        }
    }
}

/// A point at which decompression can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccessPoint {
    /// Offset of the first compressed byte that is needed.
    pub(crate) compressed_offset_bytes: u64,
    pub(crate) form: PointForm,
    /// Offset of the first byte that is decompressed from there.
    pub(crate) uncompressed_offset_bytes: u64,
}
