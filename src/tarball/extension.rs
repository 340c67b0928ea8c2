//! The extensions before a member: pax records, framed by their length, and GNU long names.

use super::code::Code;
use super::error::Fault;
use super::header::{ParsedHeader, Type};
use super::special::SparseRecords;
use crate::io::decimal;
use crate::layout::escaped;

/// The first size that eleven octal digits cannot hold.
const OCTAL_OVERFLOW_BYTES: u64 = 1 << 33;
/// The size in a header that cannot hold the real one: nothing, or the maximum.
const OCTAL_MAX_BYTES: u64 = OCTAL_OVERFLOW_BYTES.saturating_sub(1);

/// The kind of extension of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pax,
    LongName,
}

/// The members that a pax header applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Local,
    Global,
}

/// The contents of the extensions of one member.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    kind: Option<Kind>,
    /// The path in the extension; empty if there is none, because an empty path is refused.
    path: Vec<u8>,
    size_bytes: Option<u64>,
    has_link_target: bool,
    /// The link target in the extension.
    link_target: Vec<u8>,
    has_long_link: bool,
    sparse: SparseRecords,
    /// Links and sparse files are accepted.
    is_tolerant: bool,
}

impl Extensions {
    /// Creates extensions that accept those of links and sparse files.
    pub(crate) fn tolerant() -> Self {
        Self { is_tolerant: true, ..Self::default() }
    }

    /// Returns `true` if an extension is not followed by its member yet.
    pub(crate) const fn is_pending(&self) -> bool {
        self.kind.is_some() || self.has_long_link
    }

    /// Clears everything: extensions apply to one member.
    pub(crate) fn clear(&mut self) {
        self.kind = None;
        self.path.clear();
        self.size_bytes = None;
        self.has_link_target = false;
        self.link_target.clear();
        self.has_long_link = false;
        self.sparse.clear();
    }

    /// Begins a pax header for the next member.
    pub(crate) fn begin_pax(&mut self) -> Result<(), Fault> {
        self.begin(Kind::Pax, "the pax header")
    }

    /// Begins a GNU long name for the next member.
    pub(crate) fn begin_long_name(&mut self) -> Result<(), Fault> {
        self.begin(Kind::LongName, "the long name")
    }

    fn begin(&mut self, kind: Kind, what: &'static str) -> Result<(), Fault> {
        match self.kind {
            None if !self.has_long_link || kind == Kind::LongName => {
                self.kind = Some(kind);
                Ok(())
            }
            Some(before) if before == kind => Err(duplicate(what)),
            _ => Err(Fault::refused(Code::ExtensionMixed, "a pax header and a GNU long name apply to one member")),
        }
    }

    /// Takes the payload of a GNU long link: the link target of the next member, which may also have a long name.
    pub(crate) fn long_link(&mut self, payload: &[u8]) -> Result<(), Fault> {
        if self.has_long_link || self.kind == Some(Kind::Pax) {
            return Err(duplicate("the link target"));
        }
        self.has_long_link = true;
        self.has_link_target = true;
        self.link_target.extend_from_slice(terminated(payload)?);
        Ok(())
    }

    /// Takes the payload of a GNU long name: the name, ended by NULs or by the payload's end.
    pub(crate) fn long_name(&mut self, payload: &[u8]) -> Result<(), Fault> {
        self.path.extend_from_slice(terminated(payload)?);
        Ok(())
    }

    /// Takes the payload of a pax header.
    pub(crate) fn pax(&mut self, scope: Scope, payload: &[u8]) -> Result<(), Fault> {
        let mut rest = payload;
        while !rest.is_empty() {
            let (record, after) = Record::split(rest).map_err(Fault::malformed)?;
            self.take(scope, &record)?;
            rest = after;
        }
        Ok(())
    }

    fn take(&mut self, scope: Scope, record: &Record<'_>) -> Result<(), Fault> {
        if is_sparse(record.key) {
            let is_accepted = self.is_tolerant && scope == Scope::Local;
            return if is_accepted { self.sparse.take(record.key, record.value) } else { Err(Fault::sparse()) };
        }
        if record.key.starts_with(b"GNU.dumpdir") {
            return Err(Fault::unsupported(b'D'));
        }
        // A label is a text; the other keys of this family continue a member from another volume.
        if record.key.starts_with(b"GNU.volume.") && record.key != b"GNU.volume.label" {
            return Err(Fault::unsupported(b'M'));
        }
        match (record.key, scope) {
            (b"path", Scope::Global) => Err(global("a path")),
            (b"size", Scope::Global) => Err(global("a size")),
            (b"linkpath", Scope::Global) => Err(global("a link target")),
            (b"path", Scope::Local) => self.take_path(record.value),
            (b"size", Scope::Local) => self.take_size(record.value),
            (b"linkpath", Scope::Local) => {
                if self.has_link_target && self.is_tolerant {
                    return Err(duplicate("the link target"));
                }
                self.has_link_target = true;
                self.link_target.extend_from_slice(record.value);
                Ok(())
            }
            // A value in no character set at all makes Python stop.
            (b"hdrcharset", _) if std::str::from_utf8(record.value).is_err() => {
                Err(Fault::malformed("the character set is not text"))
            }
            (b"uid", _) if decimal::<u64>(record.value).is_none() => Err(not_decimal("uid")),
            (b"gid", _) if decimal::<u64>(record.value).is_none() => Err(not_decimal("gid")),
            (b"mtime", _) if !is_time(record.value) => Err(not_decimal("mtime")),
            (b"atime", _) if !is_time(record.value) => Err(not_decimal("atime")),
            (b"ctime", _) if !is_time(record.value) => Err(not_decimal("ctime")),
            _ => Ok(()),
        }
    }

    fn take_path(&mut self, value: &[u8]) -> Result<(), Fault> {
        if !self.path.is_empty() {
            return Err(duplicate("the path"));
        }
        if value.is_empty() {
            return Err(Fault::malformed("the path is empty"));
        }
        if value.contains(&0) {
            return Err(Fault::malformed("a NUL byte in the path"));
        }
        self.path.extend_from_slice(value);
        Ok(())
    }

    fn take_size(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.size_bytes.is_some() {
            return Err(duplicate("the size"));
        }
        let size_bytes = decimal(value).filter(|size| i64::try_from(*size).is_ok());
        self.size_bytes = Some(size_bytes.ok_or_else(|| not_decimal("size"))?);
        Ok(())
    }

    /// Completes the name of the member whose header has `header_name`.
    ///
    /// An extension may repeat the header's name, or complete one that did not fit into the header; anything else is
    /// two names for one member. A trailing slash makes no difference if the header's type is a directory; otherwise
    /// some programs would read the file as a directory.
    pub(crate) fn complete_name(&self, header_name: &mut Vec<u8>, header: &ParsedHeader) -> Result<(), Fault> {
        let is_link = matches!(header.type_, Type::HardLink | Type::Symlink);
        if self.has_link_target && !is_link {
            return Err(Fault::link_target());
        }
        let is_same = match header.type_ {
            Type::Directory => without_slash(&self.path) == without_slash(header_name),
            _ => self.path == *header_name,
        };
        if self.path.is_empty() || is_same {
            return Ok(());
        }
        if header.is_name_full && self.path.starts_with(header_name) {
            header_name.clone_from(&self.path);
            return Ok(());
        }
        Err(Fault::refused(
            Code::ExtensionPathConflict,
            format!("the header names the member {}, its extension {}", escaped(header_name), escaped(&self.path)),
        ))
    }

    /// Completes the target of a link whose header has `header_target`, by the rule for names.
    pub(crate) fn complete_link(&self, header_target: &mut Vec<u8>) -> Result<(), Fault> {
        /// The length of the field in the header, less the NUL that some writers add.
        const FULL_BYTES: usize = 99;
        if self.link_target.is_empty() || self.link_target == *header_target {
            return Ok(());
        }
        if header_target.len() >= FULL_BYTES && self.link_target.starts_with(header_target) {
            header_target.clone_from(&self.link_target);
            return Ok(());
        }
        Err(Fault::refused(
            Code::ExtensionPathConflict,
            format!("the header links to {}, its extension to {}", escaped(header_target), escaped(&self.link_target)),
        ))
    }

    /// Completes a sparse file in pax format 1.0: sets its real name, and returns its length; `None` for other members.
    pub(crate) fn complete_sparse(&self, name: &mut Vec<u8>) -> Result<Option<u64>, Fault> {
        let file_bytes = self.sparse.file_bytes()?;
        if file_bytes.is_some() {
            name.clone_from(&self.sparse.name);
        }
        Ok(file_bytes)
    }

    /// Returns the size of the member whose header has `header_bytes`.
    ///
    /// A pax size only counts where the header's eleven octal digits could not hold it.
    pub(crate) fn complete_size(&self, header_bytes: Option<u64>) -> Result<Option<u64>, Fault> {
        let Some(pax_bytes) = self.size_bytes else { return Ok(header_bytes) };
        let is_too_large_for_header = pax_bytes >= OCTAL_OVERFLOW_BYTES;
        match header_bytes {
            Some(size) if size == pax_bytes => Ok(Some(size)),
            None | Some(0 | OCTAL_MAX_BYTES) if is_too_large_for_header => Ok(Some(pax_bytes)),
            other => {
                let header = other.map_or_else(|| "no size".to_owned(), |bytes| format!("{bytes} bytes"));
                let message = format!("the header states {header}, its pax header {pax_bytes} bytes");
                Err(Fault::refused(Code::ExtensionSizeConflict, message))
            }
        }
    }
}

/// Returns the text of a GNU long name or long link, which NULs may end.
fn terminated(payload: &[u8]) -> Result<&[u8], Fault> {
    let end = payload.iter().position(|&byte| byte == 0).unwrap_or(payload.len());
    let (name, rest) = payload.split_at(end);
    if name.is_empty() {
        return Err(Fault::malformed("the long name is empty"));
    }
    if rest.iter().any(|&byte| byte != 0) {
        return Err(Fault::malformed("text follows the NUL of the long name"));
    }
    Ok(name)
}

/// One pax record: `<length> <key>=<value>\n`, where the length counts all of it (POSIX.1-2017, pax Extended Header).
#[derive(Debug, PartialEq, Eq)]
struct Record<'a> {
    key: &'a [u8],
    value: &'a [u8],
}

impl<'a> Record<'a> {
    /// Splits the first record off; only its stated length says where it ends.
    fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), &'static str> {
        let space = bytes.iter().position(|&byte| byte == b' ').ok_or("a record without a length")?;
        let (digits, _) = bytes.split_at_checked(space).ok_or("a record without a length")?;
        if digits.first() == Some(&b'0') {
            return Err("a record's length is not a plain decimal number");
        }
        let len_bytes = decimal::<u64>(digits).ok_or("a record's length is not a plain decimal number")?;
        let len = usize::try_from(len_bytes).map_err(|_| "a record is longer than its header")?;
        let (record, rest) = bytes.split_at_checked(len).ok_or("a record is longer than its header")?;
        let body = record.get(space.saturating_add(1)..).ok_or("a record is shorter than its own length")?;
        let body = body.strip_suffix(b"\n").ok_or("a record does not end in a line feed")?;
        let equals = body.iter().position(|&byte| byte == b'=').ok_or("a record without a key")?;
        let (key, value) = body.split_at_checked(equals).ok_or("a record without a key")?;
        let value = value.strip_prefix(b"=").ok_or("a record without a key")?;
        if key.is_empty() {
            return Err("a record with an empty key");
        }
        // GNU tar skips all blanks after the length: to it, ` path` is `path`.
        if matches!(key, [b' ' | b'\t', ..]) {
            return Err("a record's key begins with a blank");
        }
        if key.contains(&0) || std::str::from_utf8(key).is_err() {
            return Err("a record's key is not text");
        }
        Ok((Self { key, value }, rest))
    }
}

/// Keys that rename or resize a member as a sparse file: GNU tar, star, Solaris.
fn is_sparse(key: &[u8]) -> bool {
    key.starts_with(b"GNU.sparse.") || matches!(key, b"SCHILY.realsize" | b"SUN.holesdata")
}

/// Returns `true` for a pax time: an optional minus, digits, an optional fraction. The size does not matter, because
/// times are not used.
fn is_time(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut parts = text.split(|&byte| byte == b'.');
    let is_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let has_whole = parts.next().is_some_and(|whole| !whole.is_empty() && is_digits(whole));
    has_whole && parts.next().is_none_or(is_digits) && parts.next().is_none()
}

fn without_slash(name: &[u8]) -> &[u8] {
    name.strip_suffix(b"/").unwrap_or(name)
}

#[cold]
fn duplicate(what: &'static str) -> Fault {
    Fault::refused(Code::ExtensionDuplicate, format!("an extension states {what} twice"))
}

#[cold]
fn global(what: &'static str) -> Fault {
    Fault::refused(Code::ExtensionGlobal, format!("a global header states {what}"))
}

#[cold]
fn not_decimal(key: &'static str) -> Fault {
    Fault::refused(Code::ExtensionNumber, format!("the {key} in a pax header is not a plain decimal number"))
}
