//! The primitives of the format (byte, integer, string, offset), read from memory and written to it.

use super::corruption::Corruption;
use super::data_state::DataState;
use super::error::{Error, ErrorKind};
use super::identity::Identity;
use super::version::FormatVersion;
use crate::limits::LimitExceeded;

/// The archive's version and the two sizes in its header, which determine how primitives are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    version: FormatVersion,
    int_bytes: u8,
    offset_bytes: u8,
    /// `true` if entries name the file of their data instead of its offset, as in every `toc.dat`.
    names_files: bool,
}

/// Integers wider than this cannot be accumulated; PostgreSQL itself writes 4 bytes.
const MAX_INT_BYTES: u8 = 8;
/// Offsets wider than 8 bytes must be padded with zeros; 32 is PostgreSQL's own bound for integers. It writes 8, or 4.
const MAX_OFFSET_BYTES: u8 = 32;
/// A sign byte and the digits of the widest integer.
pub(super) const MAX_ENCODED_INT_BYTES: usize = 9;

// `ReadOffset` and `WriteOffset` in pg_backup_archiver.c.
const OFFSET_NOT_SET: u8 = 1;
const OFFSET_SET: u8 = 2;
const OFFSET_NO_DATA: u8 = 3;

impl Dialect {
    /// Creates the dialect of `version` with integers of `int_bytes` and offsets of `offset_bytes`. Before 1.7 offsets
    /// are integers, and `offset_bytes` is ignored.
    pub(super) fn new(version: FormatVersion, int_bytes: u8, offset_bytes: u8) -> Result<Self, Corruption> {
        let offset_bytes = if version < FormatVersion::V1_7 { int_bytes } else { offset_bytes };
        if !(1..=MAX_INT_BYTES).contains(&int_bytes) {
            return Err(Corruption::IntSize(int_bytes));
        }
        if !(1..=MAX_OFFSET_BYTES).contains(&offset_bytes) {
            return Err(Corruption::OffsetSize(offset_bytes));
        }
        Ok(Self { version, int_bytes, offset_bytes, names_files: false })
    }

    /// Creates the dialect that PostgreSQL writes on all current platforms: integers of 4 bytes, offsets of 8.
    pub(super) const fn usual(version: FormatVersion) -> Self {
        let offset_bytes = if version.minor() < FormatVersion::V1_7.minor() { 4 } else { 8 };
        Self { version, int_bytes: 4, offset_bytes, names_files: false }
    }

    pub(super) const fn version(&self) -> FormatVersion {
        self.version
    }

    /// Returns `true` if entries name the file of their data instead of its offset.
    pub(super) const fn names_files(&self) -> bool {
        self.names_files
    }

    /// Returns the dialect of a `toc.dat`, whose entries name files.
    pub(super) const fn with_file_names(self) -> Self {
        Self { names_files: true, ..self }
    }

    /// Returns the length of an integer's magnitude, 1 to 8.
    pub(super) const fn int_bytes(&self) -> u8 {
        self.int_bytes
    }

    /// Returns the length of an offset, 1 to 32.
    pub(super) const fn offset_bytes(&self) -> u8 {
        self.offset_bytes
    }

    /// Returns the same sizes under another version, or an error if that version has no offset size of its own and the
    /// sizes differ.
    pub(super) fn with_version(self, version: FormatVersion) -> Result<Self, Error> {
        if version < FormatVersion::V1_7 && self.offset_bytes != self.int_bytes {
            return Err(inexpressible("an offset size that differs from the integer size", version));
        }
        Ok(Self { version, ..self })
    }

    /// Returns the length of an encoded integer.
    pub(super) const fn encoded_int_bytes(&self) -> usize {
        let sign = if self.has_sign() { 1 } else { 0 };
        (self.int_bytes as usize).saturating_add(sign)
    }

    const fn has_sign(&self) -> bool {
        self.version.minor() > 0
    }

    pub(super) fn put_int(&self, value: i32, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.int_bytes == 4 && self.has_sign() {
            let [a, b, c, d] = value.unsigned_abs().to_le_bytes();
            out.extend_from_slice(&[u8::from(value < 0), a, b, c, d]);
            return Ok(());
        }
        let size = usize::from(self.int_bytes);
        let digits = if self.has_sign() {
            out.push(u8::from(value < 0));
            u64::from(value.unsigned_abs())
        } else {
            // The first version wrote two's complement.
            i64::from(value).cast_unsigned()
        };
        let digits = digits.to_le_bytes();
        let (kept, lost) = digits.split_at(size.min(digits.len()));
        let fits =
            if self.has_sign() { lost.iter().all(|digit| *digit == 0) } else { signed(kept) == i64::from(value) };
        if !fits {
            return Err(inexpressible("an integer that does not fit the integer size in the header", self.version));
        }
        out.extend_from_slice(kept);
        Ok(())
    }

    /// Appends a number as the decimal text that the format has in some fields.
    pub(super) fn put_decimal(&self, number: u32, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut digits = [b'0'; 10];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            let [value, ..] = (rest % 10).to_le_bytes();
            *digit |= value;
            rest /= 10;
        }
        let leading = digits.iter().take(9).take_while(|digit| **digit == b'0').count();
        let (_, digits) = digits.split_at(leading);
        self.put_str(Some(digits), out)
    }

    pub(super) fn put_str(&self, text: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(text) = text else { return self.put_int(-1, out) };
        let len = i32::try_from(text.len()).map_err(|_| inexpressible("a string of 2 GiB or more", self.version))?;
        self.put_int(len, out)?;
        out.extend_from_slice(text);
        Ok(())
    }

    pub(super) fn put_offset(&self, state: DataState, out: &mut Vec<u8>) -> Result<(), Error> {
        let too_far = || inexpressible("an offset that does not fit the offset size in the header", self.version);
        if self.version < FormatVersion::V1_7 {
            let position = match state {
                DataState::NotSet => -1,
                DataState::NoData => 0,
                DataState::Set(0) => return Err(too_far()),
                DataState::Set(position) => i32::try_from(position).map_err(|_| too_far())?,
            };
            return self.put_int(position, out);
        }
        let (flag, position) = match state {
            DataState::NotSet => (OFFSET_NOT_SET, 0),
            DataState::Set(position) => (OFFSET_SET, position),
            DataState::NoData => (OFFSET_NO_DATA, 0),
        };
        out.push(flag);
        let digits = position.to_le_bytes();
        let size = usize::from(self.offset_bytes);
        let (kept, lost) = digits.split_at(size.min(digits.len()));
        if lost.iter().any(|digit| *digit != 0) {
            return Err(too_far());
        }
        out.extend_from_slice(kept);
        out.extend(std::iter::repeat_n(0, size.saturating_sub(kept.len())));
        Ok(())
    }
}

/// Returns the value of at most 8 little-endian digits.
fn unsigned(digits: &[u8]) -> u64 {
    digits.iter().rev().fold(0, |value, digit| (value << 8) | u64::from(*digit))
}

/// Returns the value of at most 8 little-endian digits in two's complement.
fn signed(digits: &[u8]) -> i64 {
    let is_negative = digits.last().is_some_and(|top| top & 0x80 != 0);
    let sign = if is_negative { u64::MAX } else { 0 };
    digits.iter().rev().fold(sign, |value, digit| (value << 8) | u64::from(*digit)).cast_signed()
}

#[cold]
pub(super) fn inexpressible(what: &'static str, version: FormatVersion) -> Error {
    Error::new(ErrorKind::Inexpressible { what, version })
}

/// The reason why a slice parser stopped. It is plain data, because every primitive may return one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The slice ends too early; with more bytes the parser may succeed.
    Incomplete,
    /// The bytes are wrong, and more of them do not help.
    Because(Reason),
}

/// The reason why bytes are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    NotAnArchive(Identity),
    UnsupportedVersion { major: u8, minor: u8 },
    Corrupt(Corruption),
    Limit(LimitExceeded),
}

impl From<Reason> for Error {
    #[cold]
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::NotAnArchive(identity) => Self::new(ErrorKind::NotAnArchive { identity }),
            Reason::UnsupportedVersion { major, minor } => Self::new(ErrorKind::UnsupportedVersion { major, minor }),
            Reason::Corrupt(what) => what.into(),
            Reason::Limit(exceeded) => exceeded.into(),
        }
    }
}

impl From<Corruption> for Fault {
    fn from(what: Corruption) -> Self {
        Self::Because(Reason::Corrupt(what))
    }
}

impl From<LimitExceeded> for Fault {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::Because(Reason::Limit(exceeded))
    }
}

/// Reads primitives from the start of a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the bytes that have not been read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Fault::Incomplete)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        let (byte, rest) = self.rest.split_first().ok_or(Fault::Incomplete)?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    pub(super) fn int(&mut self, dialect: &Dialect) -> Result<i32, Fault> {
        // All current dumps have this form, and tables of contents consist of little else.
        if dialect.int_bytes == 4
            && dialect.has_sign()
            && let Some(([sign @ (0 | 1), digits @ ..], rest)) = self.rest.split_first_chunk::<5>()
            && let Ok(magnitude) = i32::try_from(u32::from_le_bytes(*digits))
        {
            self.rest = rest;
            return Ok(if *sign == 1 { magnitude.wrapping_neg() } else { magnitude });
        }
        self.int_of_any_size(dialect)
    }

    fn int_of_any_size(&mut self, dialect: &Dialect) -> Result<i32, Fault> {
        if !dialect.has_sign() {
            let digits = self.take(usize::from(dialect.int_bytes))?;
            return i32::try_from(signed(digits)).map_err(|_| Corruption::IntTooLarge.into());
        }
        let negative = match self.byte()? {
            0 => false,
            1 => true,
            other => return Err(Corruption::SignByte(other).into()),
        };
        let digits = self.take(usize::from(dialect.int_bytes))?;
        let magnitude = i64::try_from(unsigned(digits)).map_err(|_| Corruption::IntTooLarge)?;
        let value = if negative { magnitude.checked_neg() } else { Some(magnitude) };
        value.and_then(|value| i32::try_from(value).ok()).ok_or_else(|| Corruption::IntTooLarge.into())
    }

    pub(super) fn str(&mut self, dialect: &Dialect, max_bytes: u64) -> Result<Option<&'a [u8]>, Fault> {
        // PostgreSQL reads every negative length as NULL but writes only -1: anything else is damage, or an attack.
        let declared = self.int(dialect)?;
        if declared == -1 {
            return Ok(None);
        }
        let len = u32::try_from(declared).map_err(|_| Corruption::StringLength(declared))?;
        let wanted = u64::from(len);
        if wanted > max_bytes {
            // Text where a length is expected makes a number of which the last byte is a character: 512 MiB and more.
            if matches!(len.to_le_bytes(), [.., b' '..=b'~']) {
                return Err(Corruption::TextAsLength(len).into());
            }
            return Err(LimitExceeded { name: "max_string_bytes", allowed: max_bytes, wanted }.into());
        }
        self.take(len as usize).map(Some)
    }

    pub(super) fn offset(&mut self, dialect: &Dialect) -> Result<DataState, Fault> {
        if dialect.version < FormatVersion::V1_7 {
            return Ok(match u64::try_from(self.int(dialect)?) {
                Err(_) => DataState::NotSet,
                Ok(0) => DataState::NoData,
                Ok(position) => DataState::Set(position),
            });
        }
        let flag = self.byte()?;
        let digits = self.take(usize::from(dialect.offset_bytes))?;
        let (value, padding) = digits.split_at(digits.len().min(size_of::<u64>()));
        if padding.iter().any(|digit| *digit != 0) {
            return Err(Corruption::OffsetTooLarge.into());
        }
        match flag {
            OFFSET_NOT_SET => Ok(DataState::NotSet),
            OFFSET_SET => Ok(DataState::Set(unsigned(value))),
            OFFSET_NO_DATA => Ok(DataState::NoData),
            other => Err(Corruption::OffsetFlag(other).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialects() -> impl Iterator<Item = Dialect> {
        FormatVersion::ALL.iter().flat_map(|version| {
            (1..=8).flat_map(|int| [1, 4, 8, 16].map(|offset| Dialect::new(*version, int, offset).unwrap()))
        })
    }

    #[test]
    fn every_integer_that_can_be_written_reads_back() {
        for dialect in dialects() {
            let mut written_count = 0;
            for value in [0, 1, -1, 127, -128, 255, 40_000, i32::MAX, i32::MIN, i32::MIN + 1] {
                let mut bytes = Vec::new();
                if dialect.put_int(value, &mut bytes).is_ok() {
                    let mut cursor = Cursor::new(&bytes);
                    assert_eq!(cursor.int(&dialect).unwrap(), value, "{dialect:?}");
                    assert!(cursor.rest().is_empty());
                    assert_eq!(bytes.len(), dialect.encoded_int_bytes());
                    written_count += 1;
                }
            }
            assert!(written_count >= if dialect.int_bytes() >= 4 { 10 } else { 4 }, "{dialect:?}");
        }
    }

    #[test]
    fn every_state_that_can_be_written_reads_back() {
        for dialect in dialects() {
            for state in [DataState::NotSet, DataState::NoData, DataState::Set(1), DataState::Set(0x1_0000_0000)] {
                let mut bytes = Vec::new();
                if dialect.put_offset(state, &mut bytes).is_ok() {
                    assert_eq!(Cursor::new(&bytes).offset(&dialect).unwrap(), state, "{dialect:?}");
                }
            }
        }
    }

    #[test]
    fn sign_bytes_other_than_0_and_1_are_damage() {
        let dialect = Dialect::usual(FormatVersion::V1_14);
        let fault = Cursor::new(&[2, 1, 0, 0, 0]).int(&dialect).unwrap_err();
        assert_eq!(fault, Corruption::SignByte(2).into());
    }

    #[test]
    fn wide_integers_must_fit_32_bits() {
        let dialect = Dialect::new(FormatVersion::V1_14, 8, 8).unwrap();
        assert_eq!(Cursor::new(&[0, 5, 0, 0, 0, 0, 0, 0, 0]).int(&dialect).unwrap(), 5);
        assert!(Cursor::new(&[0, 5, 0, 0, 0, 1, 0, 0, 0]).int(&dialect).is_err());
        assert!(Cursor::new(&[1, 0, 0, 0, 0, 0, 0, 0, 0x80]).int(&dialect).is_err());
    }

    #[test]
    fn only_the_length_that_writers_use_is_null() {
        let dialect = Dialect::usual(FormatVersion::V1_14);
        assert_eq!(Cursor::new(&[1, 1, 0, 0, 0]).str(&dialect, 10).unwrap(), None);
        assert!(Cursor::new(&[1, 2, 0, 0, 0]).str(&dialect, 10).is_err());
    }

    #[test]
    fn a_string_is_refused_by_its_declared_length() {
        let dialect = Dialect::usual(FormatVersion::V1_14);
        let fault = Cursor::new(&[0, 0xff, 0xff, 0xff, 0x7f]).str(&dialect, 10).unwrap_err();
        assert!(matches!(fault, Fault::Because(Reason::Limit(_))));
    }

    #[test]
    fn padding_of_wide_offsets_must_be_zero() {
        let dialect = Dialect::new(FormatVersion::V1_14, 4, 9).unwrap();
        assert!(Cursor::new(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 0]).offset(&dialect).is_ok());
        assert!(Cursor::new(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 1]).offset(&dialect).is_err());
    }
}
