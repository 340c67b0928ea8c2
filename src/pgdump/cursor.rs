//! The primitives of the format (byte, integer, string, offset), read from and written to memory.

use super::corruption::Corruption;
use super::error::{Error, ErrorKind};
use super::toc::DataState;
use super::version::FormatVersion;
use crate::limits::LimitExceeded;

/// What the primitives' shape depends on: the archive's version and the two sizes that its header states.
///
/// ```
/// use appsnap::pgdump::{Dialect, FormatVersion};
///
/// let usual = Dialect::usual(FormatVersion::V1_14);
/// assert_eq!(usual, Dialect::new(FormatVersion::V1_14, 4, 8)?);
/// assert_eq!(usual.with_version(FormatVersion::V1_16)?.version(), FormatVersion::V1_16);
/// assert!(Dialect::new(FormatVersion::V1_14, 9, 8).is_err());
/// # Ok::<(), appsnap::pgdump::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    version: FormatVersion,
    int_bytes: u8,
    offset_bytes: u8,
}

/// Integers wider than this cannot be accumulated; PostgreSQL itself writes 4.
const MAX_INT_BYTES: u8 = 8;
/// Offsets wider than 8 bytes must be zero-padded; 32 is PostgreSQL's own bound for integers. It writes 8, or 4.
const MAX_OFFSET_BYTES: u8 = 32;
/// Sign byte and digits of the widest integer.
pub(crate) const MAX_ENCODED_INT_BYTES: usize = 9;

// `ReadOffset` and `WriteOffset` in pg_backup_archiver.c.
const OFFSET_NOT_SET: u8 = 1;
const OFFSET_SET: u8 = 2;
const OFFSET_NO_DATA: u8 = 3;

impl Dialect {
    /// The dialect of `version` with integers of `int_bytes` and offsets of `offset_bytes`; before 1.7 offsets are
    /// integers and `offset_bytes` is ignored.
    ///
    /// # Errors
    /// [`Corruption::IntSize`] outside 1 to 8, [`Corruption::OffsetSize`] outside 1 to 32.
    pub fn new(version: FormatVersion, int_bytes: u8, offset_bytes: u8) -> Result<Self, Error> {
        Self::checked(version, int_bytes, offset_bytes).map_err(Error::corrupt)
    }

    pub(crate) fn checked(version: FormatVersion, int_bytes: u8, offset_bytes: u8) -> Result<Self, Corruption> {
        let offset_bytes = if version < FormatVersion::V1_7 { int_bytes } else { offset_bytes };
        if !(1..=MAX_INT_BYTES).contains(&int_bytes) {
            return Err(Corruption::IntSize(int_bytes));
        }
        if !(1..=MAX_OFFSET_BYTES).contains(&offset_bytes) {
            return Err(Corruption::OffsetSize(offset_bytes));
        }
        Ok(Self { version, int_bytes, offset_bytes })
    }

    /// The dialect that PostgreSQL writes on every platform of today: integers of 4 bytes, offsets of 8.
    #[must_use]
    pub const fn usual(version: FormatVersion) -> Self {
        let offset_bytes = if version.minor() < FormatVersion::V1_7.minor() { 4 } else { 8 };
        Self { version, int_bytes: 4, offset_bytes }
    }

    /// The archive's version.
    #[must_use]
    pub const fn version(&self) -> FormatVersion {
        self.version
    }

    /// Bytes of an integer's magnitude, 1 to 8.
    #[must_use]
    pub const fn int_bytes(&self) -> u8 {
        self.int_bytes
    }

    /// Bytes of an offset, 1 to 32.
    #[must_use]
    pub const fn offset_bytes(&self) -> u8 {
        self.offset_bytes
    }

    /// The same sizes under another version.
    ///
    /// # Errors
    /// [`ErrorKind::Inexpressible`] when the version has no offset size of its own and the sizes differ.
    pub fn with_version(self, version: FormatVersion) -> Result<Self, Error> {
        if version < FormatVersion::V1_7 && self.offset_bytes != self.int_bytes {
            return Err(inexpressible("offsets of another size than integers", version));
        }
        Ok(Self { version, ..self })
    }

    /// Encoded size of an integer.
    pub(crate) const fn encoded_int_bytes(&self) -> usize {
        let sign = if self.has_sign() { 1 } else { 0 };
        (self.int_bytes as usize).saturating_add(sign)
    }

    const fn has_sign(&self) -> bool {
        self.version.minor() > 0
    }

    pub(crate) fn put_int(&self, value: i32, out: &mut Vec<u8>) -> Result<(), Error> {
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
        let (kept, lost) = digits.split_at_checked(size).unwrap_or((&digits, &[]));
        let fits = if self.has_sign() {
            lost.iter().all(|digit| *digit == 0)
        } else {
            sign_extended(kept) == i64::from(value)
        };
        if !fits {
            return Err(inexpressible("an integer this large in the integer size of the header", self.version));
        }
        out.extend_from_slice(kept);
        Ok(())
    }

    /// A number as the decimal text that the format has in some places.
    pub(crate) fn put_decimal(&self, number: u32, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut digits = [b'0'; 10];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = char::from_digit(rest % 10, 10).map_or(b'0', |digit| u8::try_from(digit).unwrap_or(b'0'));
            rest /= 10;
        }
        let leading = digits.iter().take(9).take_while(|digit| **digit == b'0').count();
        self.put_str(digits.get(leading..), out)
    }

    pub(crate) fn put_str(&self, text: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(text) = text else { return self.put_int(-1, out) };
        let len = i32::try_from(text.len()).map_err(|_| inexpressible("a string of 2 GiB", self.version))?;
        self.put_int(len, out)?;
        out.extend_from_slice(text);
        Ok(())
    }

    pub(crate) fn put_offset(&self, state: DataState, out: &mut Vec<u8>) -> Result<(), Error> {
        let too_far = || inexpressible("an offset this large in the offset size of the header", self.version);
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
        let (kept, lost) = digits.split_at_checked(size).unwrap_or((&digits, &[]));
        if lost.iter().any(|digit| *digit != 0) {
            return Err(too_far());
        }
        out.extend_from_slice(kept);
        out.extend(std::iter::repeat_n(0, size.saturating_sub(kept.len())));
        Ok(())
    }
}

fn sign_extended(digits: &[u8]) -> i64 {
    let fill = if digits.last().is_some_and(|top| top & 0x80 != 0) { 0xff } else { 0 };
    let mut wide = [fill; 8];
    for (to, from) in wide.iter_mut().zip(digits) {
        *to = *from;
    }
    i64::from_le_bytes(wide)
}

#[cold]
pub(crate) fn inexpressible(what: &'static str, version: FormatVersion) -> Error {
    Error::new(ErrorKind::Inexpressible { what, version })
}

/// Why a kernel stopped.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The bytes at hand end first; with more of them it may go on.
    Incomplete,
    /// More bytes will not help.
    Because(ErrorKind),
}

impl From<Corruption> for Fault {
    fn from(what: Corruption) -> Self {
        Self::Because(ErrorKind::Corrupt(what))
    }
}

impl From<LimitExceeded> for Fault {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::Because(ErrorKind::Limit(exceeded))
    }
}

/// Reads primitives from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Fault::Incomplete)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let (byte, rest) = self.rest.split_first().ok_or(Fault::Incomplete)?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    pub(crate) fn int(&mut self, dialect: &Dialect) -> Result<i32, Fault> {
        // What every dump of today has; tables of contents are made of little else.
        if dialect.int_bytes == 4
            && dialect.has_sign()
            && let Some(([sign @ (0 | 1), digits @ ..], rest)) = self.rest.split_first_chunk::<5>()
            && let Ok(magnitude) = i32::try_from(u32::from_le_bytes(*digits))
        {
            self.rest = rest;
            return Ok(if *sign == 1 { magnitude.wrapping_neg() } else { magnitude });
        }
        self.odd_int(dialect)
    }

    fn odd_int(&mut self, dialect: &Dialect) -> Result<i32, Fault> {
        if !dialect.has_sign() {
            let digits = self.take(usize::from(dialect.int_bytes))?;
            return i32::try_from(sign_extended(digits)).map_err(|_| Corruption::IntTooLarge.into());
        }
        let negative = match self.byte()? {
            0 => false,
            1 => true,
            other => return Err(Corruption::SignByte(other).into()),
        };
        let digits = self.take(usize::from(dialect.int_bytes))?;
        let mut wide = [0; 8];
        for (to, from) in wide.iter_mut().zip(digits) {
            *to = *from;
        }
        let magnitude = i64::try_from(u64::from_le_bytes(wide)).map_err(|_| Corruption::IntTooLarge)?;
        let value = if negative { magnitude.checked_neg() } else { Some(magnitude) };
        value.and_then(|value| i32::try_from(value).ok()).ok_or_else(|| Corruption::IntTooLarge.into())
    }

    pub(crate) fn str(&mut self, dialect: &Dialect, max_bytes: u64) -> Result<Option<&'a [u8]>, Fault> {
        // To PostgreSQL every negative length is NULL, but it writes -1 alone: anything else is damage, or a trick.
        let declared = self.int(dialect)?;
        if declared == -1 {
            return Ok(None);
        }
        let len = usize::try_from(declared).map_err(|_| Corruption::StringLength(declared))?;
        let wanted = u64::try_from(len).unwrap_or(u64::MAX);
        if wanted > max_bytes {
            return Err(LimitExceeded { name: "max_string_bytes", allowed: max_bytes, wanted }.into());
        }
        self.take(len).map(Some)
    }

    pub(crate) fn offset(&mut self, dialect: &Dialect) -> Result<DataState, Fault> {
        if dialect.version < FormatVersion::V1_7 {
            return Ok(match u64::try_from(self.int(dialect)?) {
                Err(_) => DataState::NotSet,
                Ok(0) => DataState::NoData,
                Ok(position) => DataState::Set(position),
            });
        }
        let flag = self.byte()?;
        let digits = self.take(usize::from(dialect.offset_bytes))?;
        let mut wide = [0; 8];
        for (to, from) in wide.iter_mut().zip(digits) {
            *to = *from;
        }
        if digits.iter().skip(wide.len()).any(|digit| *digit != 0) {
            return Err(Corruption::OffsetTooLarge.into());
        }
        match flag {
            OFFSET_NOT_SET => Ok(DataState::NotSet),
            OFFSET_SET => Ok(DataState::Set(u64::from_le_bytes(wide))),
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
        assert!(matches!(fault, Fault::Because(ErrorKind::Corrupt(Corruption::SignByte(2)))));
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
        assert!(matches!(fault, Fault::Because(ErrorKind::Limit(_))));
    }

    #[test]
    fn padding_of_wide_offsets_must_be_zero() {
        let dialect = Dialect::new(FormatVersion::V1_14, 4, 9).unwrap();
        assert!(Cursor::new(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 0]).offset(&dialect).is_ok());
        assert!(Cursor::new(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 1]).offset(&dialect).is_err());
    }
}
