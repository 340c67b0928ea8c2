//! Raw tar headers: any bytes in any field, and a checksum that fits them unless a case wants otherwise.

/// Bytes of a tar block.
pub const BLOCK: usize = 512;

/// A field of a header, by its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Name,
    Mode,
    Uid,
    Gid,
    Size,
    Mtime,
    Checksum,
    Type,
    LinkName,
    Magic,
    UserName,
    GroupName,
    DevMajor,
    DevMinor,
    Prefix,
    Pad,
}

impl Field {
    /// Offset and length.
    pub const fn place(self) -> (usize, usize) {
        match self {
            Self::Name => (0, 100),
            Self::Mode => (100, 8),
            Self::Uid => (108, 8),
            Self::Gid => (116, 8),
            Self::Size => (124, 12),
            Self::Mtime => (136, 12),
            Self::Checksum => (148, 8),
            Self::Type => (156, 1),
            Self::LinkName => (157, 100),
            Self::Magic => (257, 8),
            Self::UserName => (265, 32),
            Self::GroupName => (297, 32),
            Self::DevMajor => (329, 8),
            Self::DevMinor => (337, 8),
            Self::Prefix => (345, 155),
            Self::Pad => (500, 12),
        }
    }
}

/// A header whose checksum is made when it is rendered.
#[derive(Clone)]
pub struct Header {
    block: [u8; BLOCK],
    checksum: Checksum,
}

/// The content of the checksum field.
#[derive(Clone)]
enum Checksum {
    /// Six digits, NUL, space.
    Fitting,
    /// Whatever the function makes of the unsigned and the signed sum.
    Made(fn(u32, i32) -> Vec<u8>),
}

impl Header {
    /// A POSIX header of a regular file.
    pub fn ustar(name: impl AsRef<[u8]>, len_bytes: u64) -> Self {
        Self { block: [0; BLOCK], checksum: Checksum::Fitting }
            .with(Field::Name, name)
            .with(Field::Mode, b"0000644\0")
            .with(Field::Uid, b"0000000\0")
            .with(Field::Gid, b"0000000\0")
            .with(Field::Size, format!("{len_bytes:011o}\0"))
            .with(Field::Mtime, b"14524770400\0")
            .with(Field::Type, b"0")
            .with(Field::Magic, b"ustar\x0000")
            .with(Field::DevMajor, b"0000000\0")
            .with(Field::DevMinor, b"0000000\0")
    }

    /// A GNU header of a regular file.
    pub fn gnu(name: impl AsRef<[u8]>, len_bytes: u64) -> Self {
        Self::ustar(name, len_bytes).into_gnu()
    }

    /// A header of a regular file as it was before there was a magic.
    pub fn v7(name: impl AsRef<[u8]>, len_bytes: u64) -> Self {
        Self::ustar(name, len_bytes).into_v7()
    }

    /// The same under GNU's magic.
    pub fn into_gnu(self) -> Self {
        self.with(Field::Magic, b"ustar  \0")
    }

    /// The same without a magic.
    pub fn into_v7(self) -> Self {
        self.with(Field::Magic, b"").with(Field::DevMajor, b"").with(Field::DevMinor, b"").with(Field::Type, b"\0")
    }

    /// Replaces a field; what the bytes leave free becomes NUL.
    pub fn with(mut self, field: Field, bytes: impl AsRef<[u8]>) -> Self {
        let (at, len) = field.place();
        let bytes = bytes.as_ref();
        assert!(bytes.len() <= len, "{field:?} has {len} bytes, not {}", bytes.len());
        self.block[at..at + len].fill(0);
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Sets the type.
    pub fn of_type(self, flag: u8) -> Self {
        self.with(Field::Type, [flag])
    }

    /// Sets the checksum field to what `make` makes of the unsigned and the signed sum.
    pub fn with_checksum(mut self, make: fn(u32, i32) -> Vec<u8>) -> Self {
        self.checksum = Checksum::Made(make);
        self
    }

    /// The block, sealed.
    pub fn render(&self) -> [u8; BLOCK] {
        let mut block = self.block;
        let (at, len) = Field::Checksum.place();
        block[at..at + len].fill(b' ');
        let unsigned = block.iter().map(|&byte| u32::from(byte)).sum::<u32>();
        let signed = block.iter().map(|&byte| i32::from(byte.cast_signed())).sum::<i32>();
        let field = match self.checksum {
            Checksum::Fitting => format!("{unsigned:06o}\0 ").into_bytes(),
            Checksum::Made(make) => make(unsigned, signed),
        };
        block[at..at + len].fill(0);
        block[at..at + field.len()].copy_from_slice(&field);
        block
    }
}

/// A base-256 number that fills a field of `len` bytes, after the given first byte.
pub fn base_256(first: u8, value: u128, len: usize) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let mut field = vec![0; len];
    let count = (len - 1).min(bytes.len());
    field[len - count..].copy_from_slice(&bytes[bytes.len() - count..]);
    field[0] = first;
    field
}
