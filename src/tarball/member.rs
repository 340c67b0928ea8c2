//! The members of an archive: [`Member`], and what is unusual about a header.

use super::code::Code;
use super::special::Special;

/// A member of an archive, borrowed from the reader until the next one is read.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Code, Reader};
///
/// let mut header = tar::Header::new_ustar();
/// header.set_path("db/db.backup")?;
/// header.set_mode(0o4644);
/// header.set_size(0);
/// header.set_cksum();
/// let mut reader = Reader::new(&header.as_bytes()[..], &Limits::untrusted());
/// let member = reader.next_member()?.expect("one member");
/// assert_eq!((member.name(), member.payload_offset_bytes()), (&b"db/db.backup"[..], 512));
/// assert!(reader.diagnostics().first().is_some_and(|diagnostic| diagnostic.is(Code::ModeBitsIgnored)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: MemberKind,
    pub(super) len_bytes: u64,
    pub(super) header_offset_bytes: u64,
    pub(super) payload_offset_bytes: u64,
    pub(super) special: Option<Special<'a>>,
}

/// The kind of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberKind {
    /// A regular file, with a payload that may be empty.
    File,
    /// A directory, without a payload.
    Directory,
    /// A volume label (GNU `tar -V`), without a payload. Its name is text for people; skip it with a warning.
    Label,
}

/// Unusual properties of a header: a careful writer avoids them, but every program reads them alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unusual {
    /// The mode has set-user-id, set-group-id or sticky bits. Modes are never applied.
    pub(super) mode_bits: bool,
    /// The type is `7`, "contiguous file", which POSIX says to treat as a regular file.
    pub(super) contiguous_file: bool,
    /// An empty regular file whose name ends with a slash, under a magic: read as the directory it was meant to be.
    pub(super) slashed_file: bool,
    /// Bytes after the NUL of a name, or in a field that has no meaning for the member. They are ignored.
    pub(super) ignored_field: bool,
}

impl Unusual {
    /// Returns code and message of everything that is so.
    pub(super) fn messages(self) -> impl Iterator<Item = (Code, &'static str)> {
        let slashed = "an empty file whose name ends with a slash is read as a directory";
        [
            (self.mode_bits, Code::ModeBitsIgnored, "set-id or sticky bits are ignored"),
            (self.contiguous_file, Code::TypeTreatedAsFile, "a contiguous file is read as a file"),
            (self.slashed_file, Code::TypeTreatedAsDirectory, slashed),
            (self.ignored_field, Code::IgnoredFieldMalformed, "bytes after the end of a name are ignored"),
        ]
        .into_iter()
        .filter_map(|(is_so, code, message)| is_so.then_some((code, message)))
    }
}

impl<'a> Member<'a> {
    /// Returns the member's full name: raw, not necessarily UTF-8, and untrusted.
    #[must_use]
    pub const fn name(&self) -> &'a [u8] {
        self.name
    }

    /// Returns the kind of the member.
    #[must_use]
    pub const fn kind(&self) -> MemberKind {
        self.kind
    }

    /// Returns what is special about the member of a tolerant reader.
    pub(crate) const fn special(&self) -> Option<Special<'a>> {
        self.special
    }

    /// Returns the length of the payload.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Returns the offset of the member's own header block in the uncompressed stream. Its extension members are before
    /// it.
    #[must_use]
    pub const fn header_offset_bytes(&self) -> u64 {
        self.header_offset_bytes
    }

    /// Returns the offset of the payload in the uncompressed stream.
    #[must_use]
    pub const fn payload_offset_bytes(&self) -> u64 {
        self.payload_offset_bytes
    }
}
