//! The position of the compressed data in a gzip file (RFC 1952).

use super::read_exact::read_exact;
use crate::io::{ReadAt, at_most};
use crate::limits::{Budget, Limits};
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

const GZIP: &str = "gzip";
/// CRC32 and length (RFC 1952, section 2.3.1).
pub(super) const TRAILER_BYTES: usize = 8;
/// Enough for every header that pg_dump and gzip write.
const FIRST_BYTES: usize = 512;

// Flags (RFC 1952, section 2.3.1).
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Returns the start and end of the compressed data of the member at `start` in a file of `len_bytes`, if it is the last one.
pub(super) fn data_range(file: &impl ReadAt, start: u64, len_bytes: u64, limits: &Limits) -> Result<(u64, u64), Error> {
    let member_bytes = len_bytes.saturating_sub(start);
    let mut wanted = FIRST_BYTES;
    let header_bytes = loop {
        let mut first = vec![0; at_most(wanted, member_bytes)];
        read_exact(file, &mut first, start)?;
        match header_bytes(&first)? {
            Some(header_bytes) => break start.saturating_add(header_bytes as u64),
            None if first.len() as u64 == member_bytes => return Err(Corruption::StreamTruncated(GZIP).into()),
            None => {
                let budget = Budget::new("max_gzip_header_bytes", limits.max_gzip_header_bytes());
                budget.check((wanted as u64).saturating_add(1))?;
                wanted = wanted.saturating_mul(2);
            }
        }
    };
    let end = len_bytes.checked_sub(TRAILER_BYTES as u64).filter(|end| *end > header_bytes);
    match end {
        Some(end) => Ok((header_bytes, end)),
        None => Err(Corruption::StreamTruncated(GZIP).into()),
    }
}

/// Returns `true` if the bytes begin with the header of a member as compressors write it.
pub(super) const fn is_header(bytes: &[u8]) -> bool {
    // Any time; extra flags for the fastest and the best compression; a known system (RFC 1952, section 2.3.1).
    matches!(bytes, [0x1f, 0x8b, 8, flags, _, _, _, _, 0 | 2 | 4, 0..=13 | 255, ..] if *flags & RESERVED == 0)
}

/// Returns the length of the header at the start of `bytes`, or `None` if it continues after them.
pub(super) fn header_bytes(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let Some((fixed, mut rest)) = bytes.split_first_chunk::<10>() else { return Ok(None) };
    let [0x1f, 0x8b, 8, flags, ..] = *fixed else { return Err(Corruption::Undecodable(GZIP).into()) };
    if flags & RESERVED != 0 {
        return Err(Corruption::Undecodable(GZIP).into());
    }
    if flags & EXTRA != 0 {
        let Some(([low, high], after)) = rest.split_first_chunk::<2>() else { return Ok(None) };
        let Some((_, after)) = after.split_at_checked(usize::from(u16::from_le_bytes([*low, *high]))) else {
            return Ok(None);
        };
        rest = after;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let Some(end) = rest.iter().position(|byte| *byte == 0) else { return Ok(None) };
            rest = rest.split_at(end).1.split_first().map_or(&[][..], |(_, after)| after);
        }
    }
    if flags & HEADER_CRC != 0 {
        let Some((_, after)) = rest.split_at_checked(2) else { return Ok(None) };
        rest = after;
    }
    Ok(Some(bytes.len().saturating_sub(rest.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_optional_field_is_skipped() {
        let fixed = |flags: u8| [&[0x1f, 0x8b, 8, flags][..], &[0; 6]].concat();
        for (flags, fields, len) in [
            (0, &b""[..], 10),
            (NAME, b"3.dat\0", 16),
            (EXTRA | COMMENT, b"\x02\0ab\0", 15),
            (EXTRA | NAME | COMMENT | HEADER_CRC, b"\x01\0xn\0c\0hh", 19),
        ] {
            let header = [fixed(flags), fields.to_vec()].concat();
            assert_eq!(header_bytes(&[header.clone(), b"data".to_vec()].concat()).unwrap(), Some(len));
            assert_eq!(header_bytes(&header).unwrap(), Some(len));
            assert_eq!(header_bytes(&header[..len - 1]).unwrap(), None);
        }
        assert!(header_bytes(&fixed(0x80)).is_err());
        assert!(header_bytes(b"PGDMP\x01\x0e\0\x04\x08\x01").is_err());
    }

    #[test]
    fn data_has_a_trailer_after_it() {
        let limits = Limits::untrusted();
        let file = [&[0x1f, 0x8b, 8, 0][..], &[0; 6], b"\x03\0", &[0; 8]].concat();
        assert_eq!(data_range(&file, 0, 20, &limits).unwrap(), (10, 12));
        assert!(data_range(&file[..18].to_vec(), 0, 18, &limits).is_err());
        let endless = [&[0x1f, 0x8b, 8, NAME][..], &[b'x'; 1 << 20]].concat();
        assert!(data_range(&endless, 0, endless.len() as u64, &limits).unwrap_err().is_limit());
    }
}
