//! The extensions in front of one member: pax records, framed by their length, and GNU long names.

use super::error::{ExtensionFault, Fault, TypeFault};
use super::header::{ParsedHeader, Type};
use crate::io::decimal;

/// The first size that eleven octal digits cannot hold.
const OCTAL_OVERFLOW_BYTES: u64 = 1 << 33;
/// What a header says when it cannot hold the size: nothing, or as much as it can.
const OCTAL_MAX_BYTES: u64 = OCTAL_OVERFLOW_BYTES.saturating_sub(1);

/// Which extension a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pax,
    LongName,
}

/// Where a pax header applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Local,
    Global,
}

/// What the extensions say about the member that follows them.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    kind: Option<Kind>,
    /// The path of the extension; empty when it states none, because an empty path is refused.
    path: Vec<u8>,
    size_bytes: Option<u64>,
    has_link_target: bool,
}

impl Extensions {
    /// Whether an extension waits for its member.
    pub(crate) const fn is_pending(&self) -> bool {
        self.kind.is_some()
    }

    /// Forgets everything: nothing reaches beyond one member.
    pub(crate) fn clear(&mut self) {
        self.kind = None;
        self.path.clear();
        self.size_bytes = None;
        self.has_link_target = false;
    }

    /// Announces a pax header for the next member.
    pub(crate) fn begin_pax(&mut self) -> Result<(), ExtensionFault> {
        self.begin(Kind::Pax, "the pax header")
    }

    /// Announces a GNU long name for the next member.
    pub(crate) fn begin_long_name(&mut self) -> Result<(), ExtensionFault> {
        self.begin(Kind::LongName, "the long name")
    }

    fn begin(&mut self, kind: Kind, what: &'static str) -> Result<(), ExtensionFault> {
        match self.kind {
            None => {
                self.kind = Some(kind);
                Ok(())
            }
            Some(before) if before == kind => Err(ExtensionFault::Duplicate(what)),
            Some(_) => Err(ExtensionFault::Mixed),
        }
    }

    /// Takes the payload of a GNU long name: the name, ended by NULs or by the payload's end.
    pub(crate) fn long_name(&mut self, payload: &[u8]) -> Result<(), ExtensionFault> {
        let end = payload.iter().position(|&byte| byte == 0).unwrap_or(payload.len());
        let (name, behind) = payload.split_at_checked(end).unwrap_or_default();
        if name.is_empty() {
            return Err(ExtensionFault::Malformed("the long name is empty"));
        }
        if behind.iter().any(|&byte| byte != 0) {
            return Err(ExtensionFault::Malformed("text behind the NUL of the long name"));
        }
        self.path.extend_from_slice(name);
        Ok(())
    }

    /// Takes the payload of a pax header.
    pub(crate) fn pax(&mut self, scope: Scope, payload: &[u8]) -> Result<(), Fault> {
        let mut rest = payload;
        while !rest.is_empty() {
            let (record, behind) = Record::split(rest).map_err(malformed)?;
            self.take(scope, &record)?;
            rest = behind;
        }
        Ok(())
    }

    fn take(&mut self, scope: Scope, record: &Record<'_>) -> Result<(), Fault> {
        if is_sparse(record.key) {
            return Err(Fault::Type(TypeFault::Sparse));
        }
        if record.key.starts_with(b"GNU.dumpdir") {
            return Err(Fault::Type(TypeFault::Unsupported(b'D')));
        }
        // A label is a text; the other keys of this family continue a member from another volume.
        if record.key.starts_with(b"GNU.volume.") && record.key != b"GNU.volume.label" {
            return Err(Fault::Type(TypeFault::Unsupported(b'M')));
        }
        let fault = match (record.key, scope) {
            (b"path", Scope::Global) => Some(ExtensionFault::Global("a path")),
            (b"size", Scope::Global) => Some(ExtensionFault::Global("a size")),
            (b"linkpath", Scope::Global) => Some(ExtensionFault::Global("a link target")),
            (b"path", Scope::Local) => self.take_path(record.value),
            (b"size", Scope::Local) => self.take_size(record.value),
            (b"linkpath", Scope::Local) => {
                self.has_link_target = true;
                None
            }
            // What no value of it could be stops Python.
            (b"hdrcharset", _) if std::str::from_utf8(record.value).is_err() => {
                Some(ExtensionFault::Malformed("the character set is not text"))
            }
            (b"uid", _) => decimal::<u64>(record.value).is_none().then_some(ExtensionFault::Number("uid")),
            (b"gid", _) => decimal::<u64>(record.value).is_none().then_some(ExtensionFault::Number("gid")),
            (b"mtime", _) => (!is_time(record.value)).then_some(ExtensionFault::Number("mtime")),
            (b"atime", _) => (!is_time(record.value)).then_some(ExtensionFault::Number("atime")),
            (b"ctime", _) => (!is_time(record.value)).then_some(ExtensionFault::Number("ctime")),
            _ => None,
        };
        fault.map_or(Ok(()), |fault| Err(Fault::Extension(fault)))
    }

    fn take_path(&mut self, value: &[u8]) -> Option<ExtensionFault> {
        if !self.path.is_empty() {
            return Some(ExtensionFault::Duplicate("the path"));
        }
        if value.is_empty() {
            return Some(ExtensionFault::Malformed("the path is empty"));
        }
        if value.contains(&0) {
            return Some(ExtensionFault::Malformed("a NUL byte in the path"));
        }
        self.path.extend_from_slice(value);
        None
    }

    fn take_size(&mut self, value: &[u8]) -> Option<ExtensionFault> {
        if self.size_bytes.is_some() {
            return Some(ExtensionFault::Duplicate("the size"));
        }
        self.size_bytes = decimal::<u64>(value).filter(|size| i64::try_from(*size).is_ok());
        self.size_bytes.is_none().then_some(ExtensionFault::Number("size"))
    }

    /// The name of the member whose header says `header_name`.
    ///
    /// An extension may repeat the header's name, or complete one that the header had to cut off; anything else is
    /// two names for one member. A slash at the end is no difference where the header's type says that it is a
    /// directory; elsewhere it makes one out of a file, for some programs.
    pub(crate) fn complete_name(&self, header_name: &mut Vec<u8>, header: &ParsedHeader) -> Result<(), ExtensionFault> {
        if self.has_link_target {
            return Err(ExtensionFault::LinkTarget);
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
        let kept = |name: &[u8]| name.iter().copied().take(ExtensionFault::NAME_BYTES).collect::<Vec<_>>();
        Err(ExtensionFault::Path { header: kept(header_name), extension: kept(&self.path) })
    }

    /// The size of the member whose header says `header_bytes`.
    ///
    /// A pax size only counts where the header's eleven octal digits could not hold it.
    pub(crate) fn complete_size(&self, header_bytes: Option<u64>) -> Result<Option<u64>, ExtensionFault> {
        let Some(pax_bytes) = self.size_bytes else { return Ok(header_bytes) };
        let is_too_large_for_header = pax_bytes >= OCTAL_OVERFLOW_BYTES;
        match header_bytes {
            Some(size) if size == pax_bytes => Ok(Some(size)),
            None | Some(0 | OCTAL_MAX_BYTES) if is_too_large_for_header => Ok(Some(pax_bytes)),
            other => Err(ExtensionFault::Size { header_bytes: other.unwrap_or(0), pax_bytes }),
        }
    }
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
        let (record, behind) = bytes.split_at_checked(len).ok_or("a record is longer than its header")?;
        let body = record.get(space.saturating_add(1)..).ok_or("a record is shorter than its own length")?;
        let body = body.strip_suffix(b"\n").ok_or("a record does not end in a line feed")?;
        let equals = body.iter().position(|&byte| byte == b'=').ok_or("a record without a key")?;
        let (key, value) = body.split_at_checked(equals).ok_or("a record without a key")?;
        let value = value.strip_prefix(b"=").ok_or("a record without a key")?;
        if key.is_empty() {
            return Err("a record with an empty key");
        }
        // GNU tar passes over all blanks behind the length: to it, ` path` is `path`.
        if matches!(key, [b' ' | b'\t', ..]) {
            return Err("a record's key begins with a blank");
        }
        if key.contains(&0) || std::str::from_utf8(key).is_err() {
            return Err("a record's key is not text");
        }
        Ok((Self { key, value }, behind))
    }
}

/// Keys that rename or resize a member as a sparse file: GNU tar, star, Solaris.
fn is_sparse(key: &[u8]) -> bool {
    key.starts_with(b"GNU.sparse.") || matches!(key, b"SCHILY.realsize" | b"SUN.holesdata")
}

/// A pax time: an optional minus, digits, an optional fraction; of any size, for nobody looks at it.
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

const fn malformed(what: &'static str) -> Fault {
    Fault::Extension(ExtensionFault::Malformed(what))
}
