//! The records at the end of a zip file: they must close the file, speak of one volume, and say where the directory is.

use super::error::{Corrupt, Error, Result, Unsupported};
use crate::io::ReadAt;

/// Bytes of the end of central directory record without its comment (APPNOTE 4.3.16).
pub(super) const END_BYTES: usize = 22;

/// Bytes of the zip64 end of central directory locator (APPNOTE 4.3.15), and its signature.
const LOCATOR_BYTES: usize = 20;
const LOCATOR_SIGNATURE: u32 = 0x0706_4b50;

/// Bytes of the zip64 end of central directory record up to its extensible part (APPNOTE 4.3.14), and its signature.
const RECORD_BYTES: usize = 56;
const RECORD_SIGNATURE: u32 = 0x0606_4b50;

/// Numbers of volumes that mean one volume: the first, or "see the zip64 record".
const VOLUMES: [u16; 2] = [0, u16::MAX];

/// Holds what the records say against what the reader took them for: the end record at `end_at`, the directory at
/// `directory_at`.
pub(super) fn check(source: &impl ReadAt, end_at: u64, directory_at: u64) -> Result<()> {
    let mut end = [0; END_BYTES];
    read(source, &mut end, end_at)?;
    let end = Fields(&end);
    let is_single = VOLUMES.contains(&end.u16(4)) && VOLUMES.contains(&end.u16(6)) && end.u16(8) == end.u16(10);
    if !is_single {
        return Err(Error::from(Unsupported::Volumes).at(end_at));
    }
    let (declared_at, declared_bytes, behind_at) = match zip64(source, end_at)? {
        Some(zip64) => zip64,
        None => (u64::from(end.u32(16)), u64::from(end.u32(12)), end_at),
    };
    let agrees = declared_at == directory_at && declared_at.checked_add(declared_bytes) == Some(behind_at);
    if agrees { Ok(()) } else { Err(Error::from(Corrupt::EndRecord).at(end_at)) }
}

/// Where the zip64 record says the directory is, how long it is, and where the record itself begins; `None` without one.
fn zip64(source: &impl ReadAt, end_at: u64) -> Result<Option<(u64, u64, u64)>> {
    let Some(locator_at) = end_at.checked_sub(LOCATOR_BYTES as u64) else { return Ok(None) };
    let mut locator = [0; LOCATOR_BYTES];
    read(source, &mut locator, locator_at)?;
    let locator = Fields(&locator);
    if locator.u32(0) != LOCATOR_SIGNATURE {
        return Ok(None);
    }
    if locator.u32(4) != 0 || locator.u32(16) > 1 {
        return Err(Error::from(Unsupported::Volumes).at(locator_at));
    }
    let record_at = locator.u64(8);
    let wrong = || Error::from(Corrupt::EndRecord).at(locator_at);
    // The record ends where the locator begins, so it can be read whole; its length counts from its twelfth byte on.
    let room_bytes = locator_at.checked_sub(record_at).filter(|room| *room >= RECORD_BYTES as u64).ok_or_else(wrong)?;
    let mut record = [0; RECORD_BYTES];
    read(source, &mut record, record_at)?;
    let record = Fields(&record);
    if record.u32(0) != RECORD_SIGNATURE || record.u64(4).checked_add(12) != Some(room_bytes) {
        return Err(wrong());
    }
    if record.u32(16) != 0 || record.u32(20) != 0 || record.u64(24) != record.u64(32) {
        return Err(Error::from(Unsupported::Volumes).at(record_at));
    }
    Ok(Some((record.u64(48), record.u64(40), record_at)))
}

fn read(source: &impl ReadAt, buffer: &mut [u8], at: u64) -> Result<()> {
    source.read_exact_at(buffer, at).map_err(|error| Error::io("reading the end of the zip file", error).at(at))
}

/// Little-endian numbers at fixed places of a record.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}
