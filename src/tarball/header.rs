//! One header block read strictly: checksum, dialect, numbers, type and name.

use tar::{GnuHeader, Header, OldHeader, UstarHeader};

use super::code::Code;
use super::error::Fault;
use super::member::Unusual;
use super::special::Segment;

/// Bytes of a tar block (POSIX.1-2017, pax, "ustar Interchange Format").
pub(crate) const BLOCK_BYTES: usize = 512;
/// One tar block.
pub(crate) type Block = [u8; BLOCK_BYTES];

/// Set-user-id, set-group-id and sticky: the bits of a mode that are not safe to take from untrusted sources.
const SPECIAL_MODE_BITS: u64 = 0o7000;
/// The last four bytes of the headers that star writes (star(5)).
const STAR_TRAILER: &[u8] = b"tar\0";
/// Bytes of the prefix that star leaves; its two times of 12 bytes fill the rest of the area (star(5)).
const STAR_PREFIX_BYTES: usize = 131;
/// Octal digits of a time as every GNU writer prints it (GNU tar, `TIME_TO_CHARS`).
const TIME_DIGITS: usize = 11;
/// First byte of a positive base-256 number, and of a negative one (GNU tar manual, "Basic Tar Format").
const BASE_256: u8 = 0x80;
const BASE_256_NEGATIVE: u8 = 0xff;

/// The bytes of one entry in the map of an old GNU sparse header.
const GNU_ENTRY_BYTES: usize = 24;
/// The bytes of all entries in an extension block of an old GNU sparse header; the next byte tells if another block follows.
const GNU_ENTRIES_BYTES: usize = 504;
const _: () = assert!(GNU_ENTRIES_BYTES < BLOCK_BYTES && GNU_ENTRIES_BYTES.is_multiple_of(GNU_ENTRY_BYTES));

/// The type in a header.
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
    // Only for a tolerant reader:
    LongLink,
    HardLink,
    Symlink,
    /// A device or a FIFO.
    Device,
    /// An old GNU sparse file.
    Sparse,
}

/// The dialect of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Posix,
    /// The magic of POSIX without a version: some programs read any such member as a file, whatever its type.
    Unversioned,
    Gnu,
    /// No magic: the format of 1979.
    V7,
}

/// A parsed header; its name is in the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParsedHeader {
    pub(crate) type_: Type,
    pub(crate) dialect: Dialect,
    /// `None` if the field is all NUL.
    pub(crate) size_bytes: Option<u64>,
    /// The name fills its field, so it may be cut off.
    pub(crate) is_name_full: bool,
    pub(crate) unusual: Unusual,
}

/// Returns `true` if all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) == 0
}

/// Parses a header block that is not all zeros; its name replaces the contents of `name`, even if something else in the
/// header is wrong. With a `link` buffer, links, devices and sparse files are accepted, and it receives the link target.
pub(crate) fn parse(block: &Block, name: &mut Vec<u8>, link: Option<&mut Vec<u8>>) -> Result<ParsedHeader, Fault> {
    let header = Header::from_byte_slice(block);
    let old = header.as_old();
    name.clear();
    check_sum(block, old)?;
    // From here on an error can give the name, although without its prefix.
    let (own_name, rest) = until_nul(&old.name);
    name.extend_from_slice(own_name);
    let dialect = dialect(block)?;
    let mut unusual = Unusual::default();
    let size_bytes = numbers(old, &mut unusual)?;
    let type_ = type_of(old, link.is_some(), &mut unusual)?;
    name.clear();
    device_numbers(block)?;
    match dialect {
        Dialect::V7 => v7_area(block, &mut unusual)?,
        Dialect::Unversioned => {}
        Dialect::Posix => header.as_ustar().map_or(Ok(()), |ustar| posix_area(ustar, name, &mut unusual))?,
        Dialect::Gnu => header.as_gnu().map_or(Ok(()), |gnu| gnu_area(gnu, type_, &mut unusual))?,
    }
    if type_ == Type::Sparse && dialect != Dialect::Gnu {
        return Err(Fault::sparse());
    }
    unusual.ignored_field |= !is_zero(rest);
    match (type_, link) {
        (Type::HardLink | Type::Symlink, Some(link)) => {
            link.clear();
            link.extend_from_slice(until_nul(&old.linkname).0);
        }
        // A link name has no meaning for the other types.
        _ => unusual.ignored_field |= !is_zero(&old.linkname),
    }
    name.extend_from_slice(own_name);
    // Some writers put a NUL even after a name that they had to cut.
    let is_name_full = own_name.len() >= old.name.len().saturating_sub(1);
    Ok(ParsedHeader { type_, dialect, size_bytes, is_name_full, unusual })
}

/// Compares the sum over the block, with spaces for the checksum field; old writers summed signed bytes.
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
        _ => Err(Fault::refused(Code::TarHeaderDamaged, "a header has the wrong checksum")),
    }
}

fn dialect(block: &Block) -> Result<Dialect, Fault> {
    match part::<257, 265>(block) {
        b"ustar\x0000" => Ok(Dialect::Posix),
        b"ustar\0\0\0" if is_zero(part::<345, 500>(block)) => Ok(Dialect::Unversioned),
        b"ustar  \0" => Ok(Dialect::Gnu),
        [0, 0, 0, 0, 0, 0, 0, 0] => Ok(Dialect::V7),
        _ => Err(Fault::refused(Code::TarDialect, "the magic in the header is of no known dialect")),
    }
}

/// Checks the numbers that every dialect has, and returns the size.
fn numbers(old: &OldHeader, unusual: &mut Unusual) -> Result<Option<u64>, Fault> {
    let mode = number(&old.mode).map_err(|()| Fault::not_a_number("mode"))?;
    unusual.mode_bits |= mode.unwrap_or(0) & SPECIAL_MODE_BITS != 0;
    number(&old.uid).map_err(|()| Fault::not_a_number("owner id"))?;
    number(&old.gid).map_err(|()| Fault::not_a_number("group id"))?;
    time(&old.mtime).map_err(|()| Fault::not_a_number("modification time"))?;
    number(&old.size).map_err(|()| Fault::not_a_number("size"))
}

fn type_of(old: &OldHeader, is_tolerant: bool, unusual: &mut Unusual) -> Result<Type, Fault> {
    let [flag] = old.linkflag;
    match flag {
        b'K' if is_tolerant => Ok(Type::LongLink),
        b'1' if is_tolerant => Ok(Type::HardLink),
        b'2' if is_tolerant => Ok(Type::Symlink),
        b'3' | b'4' | b'6' if is_tolerant => Ok(Type::Device),
        b'S' if is_tolerant => Ok(Type::Sparse),
        0 | b'0' => Ok(Type::File),
        b'7' => {
            unusual.contiguous_file = true;
            Ok(Type::File)
        }
        b'5' => Ok(Type::Directory),
        b'V' => Ok(Type::Label),
        b'x' => Ok(Type::PaxLocal),
        b'g' => Ok(Type::PaxGlobal),
        b'L' => Ok(Type::LongName),
        b'K' => Err(Fault::link_target()),
        b'1' | b'2' => Err(link()),
        b'3' | b'4' | b'6' => Err(device()),
        b'S' => Err(Fault::sparse()),
        other => Err(Fault::unsupported(other)),
    }
}

/// Without a magic, nothing after the link name has a meaning. GNU tar leaves the owners' names there; text where other
/// dialects have a prefix is a trap.
fn v7_area(block: &Block, unusual: &mut Unusual) -> Result<(), Fault> {
    unusual.ignored_field |= !is_zero(part::<500, BLOCK_BYTES>(block));
    if is_zero(part::<345, 500>(block)) { Ok(()) } else { Err(prefix_conflict()) }
}

fn posix_area(ustar: &UstarHeader, name: &mut Vec<u8>, unusual: &mut Unusual) -> Result<(), Fault> {
    owner_names(&ustar.uname, &ustar.gname, unusual);
    if is_zero(&ustar.prefix) && is_zero(&ustar.pad) {
        return Ok(());
    }
    // Two times share the area: the prefix has to end before them, or programs would disagree about its end.
    let (star_prefix, times) = ustar.prefix.split_at(STAR_PREFIX_BYTES);
    let (atime, ctime) = times.split_at(times.len() / 2);
    let is_star = star_prefix.last() == Some(&0) && [atime, ctime].iter().all(|field| time(field).is_ok());
    let prefix = match (ustar.pad.ends_with(STAR_TRAILER), is_star) {
        (true, false) => return Err(prefix_conflict()),
        (true, true) => star_prefix,
        // npm tar and commons-compress write the times without star's mark.
        (false, true) if is_zero(&ustar.pad) => star_prefix,
        (false, _) => {
            unusual.ignored_field |= !is_zero(&ustar.pad);
            &ustar.prefix
        }
    };
    let (prefix, rest) = until_nul(prefix);
    unusual.ignored_field |= !is_zero(rest);
    if !prefix.is_empty() {
        name.extend_from_slice(prefix);
        name.push(b'/');
    }
    Ok(())
}

/// GNU headers have times and sparse tables where POSIX has the prefix.
fn gnu_area(gnu: &GnuHeader, type_: Type, unusual: &mut Unusual) -> Result<(), Fault> {
    owner_names(&gnu.uname, &gnu.gname, unusual);
    let is_time = |field: &[u8; 12]| match field {
        [0 | BASE_256, ..] => time(field).is_ok(),
        // A negative number of 64 bits, sign-extended; after the first byte alone there could be text.
        [BASE_256_NEGATIVE, 0xff, 0xff, 0xff, 0x80..=0xff, ..] => true,
        // A short number could as well be a prefix, such as `12`.
        digits => {
            digits.iter().take(TIME_DIGITS).all(|byte| matches!(byte, b'0'..=b'7' | b' ')) && time(digits).is_ok()
        }
    };
    let are_times = is_time(&gnu.atime) && is_time(&gnu.ctime) && is_time(&gnu.offset);
    let has_no_map = || {
        gnu.sparse.iter().all(|part| is_zero(&part.offset) && is_zero(&part.numbytes))
            && is_zero(&gnu.isextended)
            && is_zero(&gnu.realsize)
    };
    let is_plain = is_zero(&gnu.longnames) && is_zero(&gnu.unused) && (type_ == Type::Sparse || has_no_map());
    unusual.ignored_field |= !is_zero(&gnu.pad);
    if are_times && is_plain { Ok(()) } else { Err(prefix_conflict()) }
}

/// Returns `true` for the header of an old GNU sparse file, whose map is in the header.
pub(crate) fn is_old_sparse(block: &Block) -> bool {
    part::<156, 157>(block) == b"S"
}

/// Parses the map in the header of an old GNU sparse file: its segments, the length of the file, and whether an extension
/// block follows.
pub(crate) fn sparse_header(block: &Block) -> Result<(Vec<Segment>, u64, bool), Fault> {
    let file_bytes = number(part::<483, 495>(block)).ok().flatten().ok_or_else(Fault::sparse)?;
    let [is_extended] = *part::<482, 483>(block) else { return Err(Fault::sparse()) };
    Ok((segments(part::<386, 482>(block))?, file_bytes, is_extended != 0))
}

/// Parses an extension block of an old GNU sparse file.
pub(crate) fn sparse_extension(block: &Block) -> Result<(Vec<Segment>, bool), Fault> {
    let entries = part::<0, GNU_ENTRIES_BYTES>(block);
    let (is_extended, rest) = part::<GNU_ENTRIES_BYTES, BLOCK_BYTES>(block).split_first().ok_or_else(Fault::sparse)?;
    if is_zero(rest) { Ok((segments(entries)?, *is_extended != 0)) } else { Err(Fault::sparse()) }
}

/// Parses entries of offset and length, up to the first one that is all NUL.
fn segments(entries: &[u8]) -> Result<Vec<Segment>, Fault> {
    let mut segments = Vec::new();
    let mut entries = entries.chunks_exact(GNU_ENTRY_BYTES);
    for entry in entries.by_ref().take_while(|entry| !is_zero(entry)) {
        let (offset, len) = entry.split_at(entry.len() / 2);
        let number = |field| number(field).ok().flatten().ok_or_else(Fault::sparse);
        segments.push(Segment { offset_bytes: number(offset)?, len_bytes: number(len)? });
    }
    if entries.all(is_zero) { Ok(segments) } else { Err(Fault::sparse()) }
}

/// Checks the device numbers in every dialect: if there is something else than a number, Python takes the archive to end
/// before the header, whatever the magic.
fn device_numbers(block: &Block) -> Result<(), Fault> {
    for field in [part::<329, 337>(block), part::<337, 345>(block)] {
        // They have no meaning for the accepted types, and some writers leave them blank.
        if !field.iter().all(|&byte| byte == b' ' || byte == 0) {
            number(field).map_err(|()| Fault::not_a_number("device number"))?;
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
    field.split_at(end)
}

/// Returns bytes `FROM..UNTIL` of a block.
fn part<const FROM: usize, const UNTIL: usize>(block: &Block) -> &[u8] {
    const { assert!(FROM <= UNTIL && UNTIL <= BLOCK_BYTES, "the part is inside the block") };
    block.split_at(UNTIL).0.split_at(FROM).1
}

/// Parses a number field: spaces, octal digits, then spaces or NULs; or base-256 below 2^63. All NUL means no number.
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

/// Checks a time field: as [`number`], and also a negative base-256 value, for files older than 1970.
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

/// The fault of a header whose size field is blank.
#[cold]
pub(super) fn unset_size() -> Fault {
    Fault::not_a_number("size")
}

/// The fault of a link.
#[cold]
pub(super) fn link() -> Fault {
    Fault::refused(
        Code::TypeLink,
        "the member is a link: create the archive with `tar --dereference --hard-dereference`",
    )
}

/// The fault of a device.
#[cold]
pub(super) fn device() -> Fault {
    Fault::refused(Code::TypeDevice, "the member is a device or a FIFO")
}

#[cold]
fn prefix_conflict() -> Fault {
    Fault::refused(Code::TarDialect, "the header has text where its dialect has no prefix of the name")
}
