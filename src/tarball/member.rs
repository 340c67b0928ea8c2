//! What the reader hands out: a [`Member`], its kind, and the oddities of its header.

/// A member of the archive, lent by the reader until it goes on.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Oddity, Reader};
///
/// let mut header = tar::Header::new_ustar();
/// header.set_path("db/db.backup")?;
/// header.set_mode(0o4644);
/// header.set_size(0);
/// header.set_cksum();
/// let mut reader = Reader::new(&header.as_bytes()[..], &Limits::untrusted());
/// let member = reader.next_member()?.expect("one member");
/// assert_eq!((member.name(), member.payload_offset_bytes()), (&b"db/db.backup"[..], 512));
/// assert!(member.oddities().contains(Oddity::ModeBits));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: MemberKind,
    pub(super) len_bytes: u64,
    pub(super) header_offset_bytes: u64,
    pub(super) payload_offset_bytes: u64,
    pub(super) oddities: Oddities,
}

/// What a member is.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{MemberKind, Reader};
///
/// let mut header = tar::Header::new_ustar();
/// header.set_entry_type(tar::EntryType::Directory);
/// header.set_path("tree/")?;
/// header.set_size(0);
/// header.set_cksum();
/// let mut reader = Reader::new(&header.as_bytes()[..], &Limits::untrusted());
/// assert_eq!(reader.next_member()?.map(|member| member.kind()), Some(MemberKind::Directory));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberKind {
    /// A regular file, with a payload that may be empty.
    File,
    /// A directory, without a payload.
    Directory,
    /// A volume label (GNU `tar -V`): its name is a text for people, there is no payload. To be skipped with a warning.
    Label,
}

/// Something that a careful writer does not do, but that every program reads alike.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{MemberKind, Oddity, Reader};
///
/// // Old programs mark a folder by its slash alone.
/// let mut header = tar::Header::new_ustar();
/// header.set_path("tree/")?;
/// header.set_size(0);
/// header.set_cksum();
/// let mut reader = Reader::new(&header.as_bytes()[..], &Limits::untrusted());
/// let member = reader.next_member()?.expect("one member");
/// assert_eq!(member.kind(), MemberKind::Directory);
/// assert!(member.oddities().contains(Oddity::SlashedFile));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Oddity {
    /// The mode holds set-user-id, set-group-id or sticky bits. Modes are never applied.
    ModeBits,
    /// The type is `7`, "contiguous file"; POSIX says to take it for a regular one.
    ContiguousFile,
    /// An empty regular file whose name ends in a slash, under a magic: read as the directory it was meant to be.
    SlashedFile,
    /// Bytes stand behind the NUL of a name, or in a field that has no meaning for the member. They are ignored.
    IgnoredField,
    /// The end marker is one zero block instead of two.
    ShortEndMarker,
}

impl Oddity {
    const ALL: [Self; 5] =
        [Self::ModeBits, Self::ContiguousFile, Self::SlashedFile, Self::IgnoredField, Self::ShortEndMarker];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of [`Oddity`].
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Oddity, Reader, end_marker_bytes};
///
/// // One zero block where two should stand.
/// let mut reader = Reader::new(&[0; 512][..], &Limits::untrusted());
/// assert!(reader.next_member()?.is_none());
/// assert!(reader.end_oddities().iter().eq([Oddity::ShortEndMarker]));
///
/// let whole = vec![0; end_marker_bytes(0) as usize];
/// let mut reader = Reader::new(whole.as_slice(), &Limits::untrusted());
/// assert!(reader.next_member()?.is_none());
/// assert!(reader.end_oddities().is_empty());
/// # Ok::<(), appsnap::tarball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities(u8);

impl Oddities {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `oddity` is among them.
    #[must_use]
    pub const fn contains(self, oddity: Oddity) -> bool {
        self.0 & oddity.bit() != 0
    }

    /// Each of them, once.
    pub fn iter(self) -> impl Iterator<Item = Oddity> {
        Oddity::ALL.into_iter().filter(move |oddity| self.contains(*oddity))
    }

    pub(super) const fn add(&mut self, oddity: Oddity) {
        self.0 |= oddity.bit();
    }

    pub(super) const fn add_if(&mut self, oddity: Oddity, is_there: bool) {
        if is_there {
            self.add(oddity);
        }
    }
}

impl<'a> Member<'a> {
    /// The member's full name, raw: not yet known to be UTF-8, and anything but safe.
    #[must_use]
    pub const fn name(&self) -> &'a [u8] {
        self.name
    }

    /// What the member is.
    #[must_use]
    pub const fn kind(&self) -> MemberKind {
        self.kind
    }

    /// Length of the payload.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Where the member's own header block begins, in plain bytes from the start of the stream. Extension members
    /// stand in front of it.
    #[must_use]
    pub const fn header_offset_bytes(&self) -> u64 {
        self.header_offset_bytes
    }

    /// Where the payload begins, in plain bytes from the start of the stream.
    #[must_use]
    pub const fn payload_offset_bytes(&self) -> u64 {
        self.payload_offset_bytes
    }

    /// What is unusual about the header.
    #[must_use]
    pub const fn oddities(&self) -> Oddities {
        self.oddities
    }
}
