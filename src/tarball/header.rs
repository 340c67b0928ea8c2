//! One header block read strictly: checksum, dialect, numbers, type and name.

use tar::{GnuHeader, Header, OldHeader, UstarHeader};

use super::error::{Ambiguity, Damage, ExtensionFault, Fault, TypeFault};
use super::member::Unusual;

/// Bytes of a tar block (POSIX.1-2017, pax, "ustar Interchange Format").
pub(crate) const BLOCK_BYTES: usize = 512;
/// One tar block.
pub(crate) type Block = [u8; BLOCK_BYTES];

/// Set-user-id, set-group-id and sticky: the bits of a mode that nobody should take from a stranger.
const SPECIAL_MODE_BITS: u64 = 0o7000;
/// What star puts into the last four bytes of its headers (star(5)).
const STAR_TRAILER: &[u8] = b"tar\0";
/// Bytes of the prefix that star leaves; its two times of 12 bytes fill the rest of the area (star(5)).
const STAR_PREFIX_BYTES: usize = 131;
/// Octal digits of a time as every GNU writer prints it (GNU tar, `TIME_TO_CHARS`).
const TIME_DIGITS: usize = 11;
/// First byte of a positive base-256 number, and of a negative one (GNU tar manual, "Basic Tar Format").
const BASE_256: u8 = 0x80;
const BASE_256_NEGATIVE: u8 = 0xff;

/// What a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// A regular file; a directory if its name says so.
    File,
    Directory,
    /// A volume label: a name and nothing else.
    Label,
    PaxLocal,
    PaxGlobal,
    LongName,
}

/// Whose header it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Posix,
    /// The magic of POSIX and no version: some programs take what it stands on for a file, whatever its type.
    Unversioned,
    Gnu,
    /// No magic: the format of 1979.
    V7,
}

/// A header, understood; the name went into the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParsedHeader {
    pub(crate) type_: Type,
    pub(crate) dialect: Dialect,
    /// `None` when the field is all NUL.
    pub(crate) size_bytes: Option<u64>,
    /// The name field has no room left, so the name may be cut off.
    pub(crate) is_name_full: bool,
    pub(crate) unusual: Unusual,
}

/// Whether a block is nothing but zeros.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) == 0
}

/// Reads a header block that is not all zeros; its name replaces what is in `name`, also when something else in the
/// header is at fault.
pub(crate) fn parse(block: &Block, name: &mut Vec<u8>) -> Result<ParsedHeader, Fault> {
    let header = Header::from_byte_slice(block);
    let old = header.as_old();
    name.clear();
    check_sum(block, old)?;
    // From here on a fault can be reported with the name, if not with its prefix.
    let (own_name, behind) = until_nul(&old.name);
    name.extend_from_slice(own_name);
    let dialect = dialect(header)?;
    let mut unusual = Unusual::default();
    let size_bytes = numbers(old, &mut unusual)?;
    let type_ = type_of(old, &mut unusual)?;
    name.clear();
    device_numbers(block)?;
    match dialect {
        Dialect::V7 => v7_area(old, &mut unusual)?,
        Dialect::Unversioned => {}
        Dialect::Posix => header.as_ustar().map_or(Ok(()), |ustar| posix_area(ustar, name, &mut unusual))?,
        Dialect::Gnu => header.as_gnu().map_or(Ok(()), |gnu| gnu_area(gnu, &mut unusual))?,
    }
    unusual.ignored_field |= !is_zero(behind);
    // A link name means nothing on any type that is accepted.
    unusual.ignored_field |= !is_zero(&old.linkname);
    name.extend_from_slice(own_name);
    // Some writers put a NUL even behind a name that they had to cut.
    let is_name_full = own_name.len() >= old.name.len().saturating_sub(1);
    Ok(ParsedHeader { type_, dialect, size_bytes, is_name_full, unusual })
}

/// The sum over the block with its checksum field taken as spaces; old writers summed signed bytes.
fn check_sum(block: &Block, old: &OldHeader) -> Result<(), Fault> {
    let is_octal = old.cksum.first().is_some_and(|&byte| byte < BASE_256);
    let stated = number(&old.cksum).ok().flatten().filter(|_| is_octal);
    let sum_of = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let spaces = u32::from(b' ').saturating_mul(8);
    let unsigned = sum_of(block).saturating_sub(sum_of(&old.cksum)).saturating_add(spaces);
    if stated == Some(u64::from(unsigned)) {
        return Ok(());
    }
    // As signed bytes, those from 128 on count 256 less. A negative sum has no octal form.
    let high_of = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte >> 7)).sum::<u32>();
    let high = high_of(block).saturating_sub(high_of(&old.cksum));
    let signed = unsigned.checked_sub(high.saturating_mul(256));
    match signed {
        Some(signed) if stated == Some(u64::from(signed)) => Ok(()),
        _ => Err(Fault::Damaged(Damage::Checksum)),
    }
}

fn dialect(header: &Header) -> Result<Dialect, Fault> {
    // The magic's place is the same in every dialect; the POSIX view names it without checking it.
    let block = header.as_bytes();
    let magic = block.get(257..265).unwrap_or_default();
    let prefix = block.get(345..500).unwrap_or_default();
    match magic {
        b"ustar\x0000" => Ok(Dialect::Posix),
        b"ustar\0\0\0" if is_zero(prefix) => Ok(Dialect::Unversioned),
        b"ustar  \0" => Ok(Dialect::Gnu),
        [0, 0, 0, 0, 0, 0, 0, 0] => Ok(Dialect::V7),
        _ => Err(Fault::Ambiguous(Ambiguity::Magic)),
    }
}

/// Checks the numbers that every dialect has, and returns the size.
fn numbers(old: &OldHeader, unusual: &mut Unusual) -> Result<Option<u64>, Fault> {
    let mode = number(&old.mode).map_err(|()| not_a_number("mode"))?;
    unusual.mode_bits |= mode.unwrap_or(0) & SPECIAL_MODE_BITS != 0;
    number(&old.uid).map_err(|()| not_a_number("owner id"))?;
    number(&old.gid).map_err(|()| not_a_number("group id"))?;
    time(&old.mtime).map_err(|()| not_a_number("modification time"))?;
    number(&old.size).map_err(|()| not_a_number("size"))
}

fn type_of(old: &OldHeader, unusual: &mut Unusual) -> Result<Type, Fault> {
    let [flag] = old.linkflag;
    let fault = match flag {
        0 | b'0' => return Ok(Type::File),
        b'7' => {
            unusual.contiguous_file = true;
            return Ok(Type::File);
        }
        b'5' => return Ok(Type::Directory),
        b'V' => return Ok(Type::Label),
        b'x' => return Ok(Type::PaxLocal),
        b'g' => return Ok(Type::PaxGlobal),
        b'L' => return Ok(Type::LongName),
        b'K' => return Err(Fault::Extension(ExtensionFault::LinkTarget)),
        b'1' | b'2' => TypeFault::Link,
        b'3' | b'4' | b'6' => TypeFault::Device,
        b'S' => TypeFault::Sparse,
        other => TypeFault::Unsupported(other),
    };
    Err(Fault::Type(fault))
}

/// Without a magic nothing behind the link name has a meaning. GNU tar leaves the owners' names there all the same;
/// text where other dialects have a prefix is a trap.
fn v7_area(old: &OldHeader, unusual: &mut Unusual) -> Result<(), Fault> {
    // Offsets within the area, which begins at 257: the prefix of other dialects lies at 345..500 of the block.
    let prefix = old.pad.get(88..243).unwrap_or_default();
    let behind = old.pad.get(243..).unwrap_or_default();
    unusual.ignored_field |= !is_zero(behind);
    if is_zero(prefix) { Ok(()) } else { Err(Fault::Ambiguous(Ambiguity::Prefix)) }
}

fn posix_area(ustar: &UstarHeader, name: &mut Vec<u8>, unusual: &mut Unusual) -> Result<(), Fault> {
    owner_names(&ustar.uname, &ustar.gname, unusual);
    if is_zero(&ustar.prefix) && is_zero(&ustar.pad) {
        return Ok(());
    }
    let prefix = if ustar.pad.ends_with(STAR_TRAILER) {
        // Two times share the area: the prefix has to end before them, or programs would disagree about its end.
        let (prefix, times) = ustar.prefix.split_at_checked(STAR_PREFIX_BYTES).unwrap_or_default();
        let (atime, ctime) = times.split_at_checked(12).unwrap_or_default();
        let is_star = prefix.last() == Some(&0) && [atime, ctime].iter().all(|field| time(field).is_ok());
        if !is_star {
            return Err(Fault::Ambiguous(Ambiguity::Prefix));
        }
        prefix
    } else {
        unusual.ignored_field |= !is_zero(&ustar.pad);
        &ustar.prefix
    };
    let (prefix, behind) = until_nul(prefix);
    unusual.ignored_field |= !is_zero(behind);
    if !prefix.is_empty() {
        name.extend_from_slice(prefix);
        name.push(b'/');
    }
    Ok(())
}

/// GNU headers have times and sparse tables where POSIX has the prefix.
fn gnu_area(gnu: &GnuHeader, unusual: &mut Unusual) -> Result<(), Fault> {
    owner_names(&gnu.uname, &gnu.gname, unusual);
    let is_time = |field: &[u8; 12]| match field {
        [0 | BASE_256, ..] => time(field).is_ok(),
        // A negative number of 64 bits, its sign extended; behind the first byte alone there could be a text.
        [BASE_256_NEGATIVE, 0xff, 0xff, 0xff, 0x80..=0xff, ..] => true,
        // A short number could as well be a prefix, such as `12`.
        digits => {
            digits.get(..TIME_DIGITS).is_some_and(|digits| digits.iter().all(|b| matches!(b, b'0'..=b'7' | b' ')))
                && time(digits).is_ok()
        }
    };
    let are_times = is_time(&gnu.atime) && is_time(&gnu.ctime) && is_time(&gnu.offset);
    let is_plain = is_zero(&gnu.longnames)
        && is_zero(&gnu.unused)
        && gnu.sparse.iter().all(|part| is_zero(&part.offset) && is_zero(&part.numbytes))
        && is_zero(&gnu.isextended)
        && is_zero(&gnu.realsize);
    unusual.ignored_field |= !is_zero(&gnu.pad);
    if are_times && is_plain { Ok(()) } else { Err(Fault::Ambiguous(Ambiguity::Prefix)) }
}

/// Checks the place of the device numbers whatever the dialect: where something else than a number stands there, Python
/// takes the archive to end before the header, and asks for no magic.
fn device_numbers(block: &Block) -> Result<(), Fault> {
    for place in [329..337, 337..345] {
        let field = block.get(place).unwrap_or_default();
        // They mean nothing for the types that are accepted, and some writers leave them blank.
        if !field.iter().all(|&byte| byte == b' ' || byte == 0) {
            number(field).map_err(|()| not_a_number("device number"))?;
        }
    }
    Ok(())
}

fn owner_names(user: &[u8; 32], group: &[u8; 32], unusual: &mut Unusual) {
    unusual.ignored_field |= [user, group].iter().any(|field| !is_zero(until_nul(*field).1));
}

/// Splits a text field at its NUL: the text, and what follows it.
fn until_nul(field: &[u8]) -> (&[u8], &[u8]) {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    field.split_at_checked(end).unwrap_or_default()
}

/// A number field: spaces, octal digits, then spaces or NULs; or base-256 below 2^63. All NUL is no number.
fn number(field: &[u8]) -> Result<Option<u64>, ()> {
    match field {
        [BASE_256, digits @ ..] => base_256(digits).map(Some),
        [0, rest @ ..] => {
            if is_zero(rest) {
                Ok(None)
            } else {
                Err(())
            }
        }
        _ => octal(field).map(Some),
    }
}

/// A time field: as [`number`], and also a negative base-256 value, for files older than 1970.
fn time(field: &[u8]) -> Result<(), ()> {
    match field {
        [BASE_256_NEGATIVE, ..] => Ok(()),
        _ => number(field).map(drop),
    }
}

fn octal(field: &[u8]) -> Result<u64, ()> {
    let mut digits = field.iter().skip_while(|&&byte| byte == b' ');
    let mut value = 0_u64;
    let mut count = 0_u32;
    for byte in digits.by_ref() {
        match byte {
            b'0'..=b'7' => {
                value = value.checked_mul(8).and_then(|value| value.checked_add(u64::from(byte & 7))).ok_or(())?;
                count = count.saturating_add(1);
            }
            b' ' | 0 => break,
            _ => return Err(()),
        }
    }
    let is_rest_blank = digits.all(|&byte| byte == b' ' || byte == 0);
    if count > 0 && is_rest_blank { Ok(value) } else { Err(()) }
}

fn base_256(digits: &[u8]) -> Result<u64, ()> {
    let value = digits.iter().try_fold(0_u64, |value, &digit| {
        value.checked_mul(256).and_then(|value| value.checked_add(u64::from(digit))).ok_or(())
    })?;
    if i64::try_from(value).is_ok() { Ok(value) } else { Err(()) }
}

const fn not_a_number(field: &'static str) -> Fault {
    Fault::Ambiguous(Ambiguity::Number { field })
}
