//! The second opinion: the header in front of an entry and the descriptor behind it must repeat the central directory.

use rawzip::extra_fields::ExtraFieldId;
use rawzip::{ZipArchive, ZipLocalFileHeader};

use super::entry::{Entry, Place, is_encrypted};
use super::error::{Corrupt, Error, Result, Unsupported};
use super::seam::Seam;
use crate::io::ReadAt;

/// A data descriptor's signature (APPNOTE 4.3.9.3); writers may leave it out.
const DESCRIPTOR_SIGNATURE: [u8; 4] = *b"PK\x07\x08";

/// The longest data descriptor: signature, CRC-32 and two sizes of eight bytes (APPNOTE 4.3.9).
const MAX_DESCRIPTOR_BYTES: usize = 24;

/// Finds the contents of `entry`, whose neighbour (the next entry or the directory) begins at `limit`.
pub(super) fn locate<R: ReadAt>(archive: &ZipArchive<Seam<R>>, entry: &Entry<'_>, limit: u64) -> Result<Place> {
    let action = "reading the header of a zip entry";
    let found = archive
        .get_entry(entry.wayfinder())
        .map_err(|error| Error::from_library(action, error, Corrupt::LocalHeader.into()))?;
    let (offset_bytes, end) = found.compressed_data_range();
    if end > limit {
        return Err(Corrupt::Overlap.into());
    }
    // At most 128 KiB, since both lengths have 16 bits; and no more than lies in front of the contents.
    let variable_bytes = offset_bytes.saturating_sub(entry.header_offset_bytes());
    let mut buffer = vec![0; usize::try_from(variable_bytes).map_err(|_| Corrupt::LocalHeader)?];
    let header = found
        .local_header(&mut buffer)
        .map_err(|error| Error::from_library(action, error, Corrupt::LocalHeader.into()))?;
    compare(&header, entry)?;
    check_descriptor(archive, entry, end, limit)?;
    Ok(Place {
        offset_bytes,
        packed_bytes: entry.packed_bytes(),
        plain_bytes: entry.plain_bytes(),
        crc32: entry.crc32(),
        packing: entry.packing(),
    })
}

fn compare(header: &ZipLocalFileHeader<'_>, entry: &Entry<'_>) -> Result<()> {
    let record = entry.record();
    if header.file_path().as_bytes() != entry.name() {
        return Err(Corrupt::Disagreement("name").into());
    }
    if is_encrypted(header.flags()) {
        return Err(Unsupported::Encryption.into());
    }
    if header.compression_method() != record.compression_method() {
        return Err(Corrupt::Disagreement("compression method").into());
    }
    if header.flags().has_data_descriptor() != record.flags().has_data_descriptor() {
        return Err(Corrupt::Disagreement("data descriptor").into());
    }
    if header.extra_fields().filter(|(id, _)| *id == ExtraFieldId::ZIP64).count() > 1 {
        return Err(Corrupt::DuplicateExtra.into());
    }
    // With a descriptor the header may leave the numbers open, as zeros; where it fills them in, they must be right.
    let open = header.flags().has_data_descriptor();
    let agrees = |says: u64, is: u64| says == is || (open && says == 0);
    if !agrees(header.uncompressed_size_hint(), entry.plain_bytes())
        || !agrees(header.compressed_size_hint(), entry.packed_bytes())
    {
        return Err(Corrupt::Disagreement("length").into());
    }
    if !agrees(header.crc32().into(), entry.crc32().into()) {
        return Err(Corrupt::Disagreement("CRC-32").into());
    }
    Ok(())
}

/// What lies between the contents and the neighbour must be exactly the descriptor, or nothing where none is announced.
fn check_descriptor<R: ReadAt>(archive: &ZipArchive<Seam<R>>, entry: &Entry<'_>, end: u64, limit: u64) -> Result<()> {
    let gap_bytes = limit.saturating_sub(end);
    if !entry.record().flags().has_data_descriptor() {
        let stray = Error::from(Corrupt::StrayBytes { extra_bytes: gap_bytes }).at(end);
        return if gap_bytes == 0 { Ok(()) } else { Err(stray) };
    }
    let mut buffer = [0; MAX_DESCRIPTOR_BYTES];
    let gap = usize::try_from(gap_bytes).ok().and_then(|length| buffer.get_mut(..length)).ok_or(Corrupt::Descriptor)?;
    archive.get_ref().0.read_exact_at(gap, end).map_err(|error| Error::io("reading a data descriptor", error))?;
    let expected = |wide: bool| {
        let mut bytes = entry.crc32().to_le_bytes().to_vec();
        for length in [entry.packed_bytes(), entry.plain_bytes()] {
            let length = length.to_le_bytes();
            bytes.extend_from_slice(if wide { &length } else { length.get(..4).unwrap_or_default() });
        }
        bytes
    };
    let fits_narrow = entry.packed_bytes().max(entry.plain_bytes()) <= u32::MAX.into();
    let bare = gap.strip_prefix(&DESCRIPTOR_SIGNATURE).unwrap_or_default();
    let matches = |wide: bool| *gap == expected(wide) || *bare == expected(wide);
    if matches(true) || (fits_narrow && matches(false)) { Ok(()) } else { Err(Corrupt::Descriptor.into()) }
}
