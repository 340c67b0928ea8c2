//! The records at the end of a zip file: they must close the file, describe one volume and locate the directory.

use super::error::{Error, ErrorKind, Result};
use crate::io::ReadAt;

/// Bytes of the end of central directory record without its comment (APPNOTE 4.3.16).
pub(super) const END_RECORD_BYTES: usize = 22;

/// Bytes of the zip64 end of central directory locator (APPNOTE 4.3.15), and its signature.
const LOCATOR_BYTES: usize = 20;
const LOCATOR_SIGNATURE: u32 = 0x0706_4b50;

/// Bytes of the zip64 end of central directory record without its extensible part (APPNOTE 4.3.14), and its signature.
const ZIP64_RECORD_BYTES: usize = 56;
const ZIP64_RECORD_SIGNATURE: u32 = 0x0606_4b50;

/// Volume numbers that mean a single volume: the first, or "see the zip64 record".
const SINGLE_VOLUME: [u16; 2] = [0, u16::MAX];

/// The position of the central directory as the end records declare it.
struct Declared {
    directory_at: u64,
    directory_bytes: u64,
    /// The position of the record that follows the directory.
    record_at: u64,
}

/// Compares the end record at `end_at` with the directory that was found at `directory_at`.
pub(super) fn check(source: &impl ReadAt, end_at: u64, directory_at: u64) -> Result<()> {
    let mut end = [0; END_RECORD_BYTES];
    read(source, &mut end, end_at)?;
    let mut end = Fields(&end);
    let _signature = end.u32()?;
    let volumes = [end.u16()?, end.u16()?];
    let (entries_here, entries_in_all) = (end.u16()?, end.u16()?);
    let (directory_bytes, declared_at) = (end.u32()?, end.u32()?);
    if !volumes.iter().all(|volume| SINGLE_VOLUME.contains(volume)) || entries_here != entries_in_all {
        return Err(Error::new(ErrorKind::MultipleVolumes).at(end_at));
    }
    let declared = zip64(source, end_at)?.unwrap_or(Declared {
        directory_at: declared_at.into(),
        directory_bytes: directory_bytes.into(),
        record_at: end_at,
    });
    let agrees = declared.directory_at == directory_at
        && declared.directory_at.checked_add(declared.directory_bytes) == Some(declared.record_at);
    if agrees { Ok(()) } else { Err(Error::new(ErrorKind::EndRecord).at(end_at)) }
}

/// The position of the directory according to the zip64 records; `None` without them.
fn zip64(source: &impl ReadAt, end_at: u64) -> Result<Option<Declared>> {
    let Some(locator_at) = end_at.checked_sub(LOCATOR_BYTES as u64) else { return Ok(None) };
    let mut locator = [0; LOCATOR_BYTES];
    read(source, &mut locator, locator_at)?;
    let mut locator = Fields(&locator);
    if locator.u32()? != LOCATOR_SIGNATURE {
        return Ok(None);
    }
    let (record_volume, record_at, volumes_count) = (locator.u32()?, locator.u64()?, locator.u32()?);
    if record_volume != 0 || volumes_count > 1 {
        return Err(Error::new(ErrorKind::MultipleVolumes).at(locator_at));
    }
    let wrong = || Error::new(ErrorKind::EndRecord).at(locator_at);
    // The record ends where the locator begins, so all of it can be read.
    let available_bytes =
        locator_at.checked_sub(record_at).filter(|bytes| *bytes >= ZIP64_RECORD_BYTES as u64).ok_or_else(wrong)?;
    let mut record = [0; ZIP64_RECORD_BYTES];
    read(source, &mut record, record_at)?;
    let mut record = Fields(&record);
    let (signature, following_bytes) = (record.u32()?, record.u64()?);
    // The declared length does not count the signature and itself: 12 bytes.
    if signature != ZIP64_RECORD_SIGNATURE || following_bytes.checked_add(12) != Some(available_bytes) {
        return Err(wrong());
    }
    let _versions = record.u32()?;
    let volumes = [record.u32()?, record.u32()?];
    let (entries_here, entries_in_all) = (record.u64()?, record.u64()?);
    let (directory_bytes, directory_at) = (record.u64()?, record.u64()?);
    if volumes != [0, 0] || entries_here != entries_in_all {
        return Err(Error::new(ErrorKind::MultipleVolumes).at(record_at));
    }
    Ok(Some(Declared { directory_at, directory_bytes, record_at }))
}

fn read(source: &impl ReadAt, buffer: &mut [u8], at: u64) -> Result<()> {
    source.read_exact_at(buffer, at).map_err(|error| Error::io("reading the end of the zip file", error).at(at))
}

/// The little-endian numbers of a record, one after another.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn next<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk().ok_or_else(|| Error::new(ErrorKind::EndRecord))?;
        self.0 = rest;
        Ok(*field)
    }

    fn u16(&mut self) -> Result<u16> {
        self.next().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32> {
        self.next().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.next().map(u64::from_le_bytes)
    }
}
