//! Local headers and data descriptors, which must repeat the central directory.

use rawzip::extra_fields::ExtraFieldId;
use rawzip::{ZipArchive, ZipLocalFileHeader};

use super::entry::{Entry, LocatedEntry, is_encrypted};
use super::error::{Error, ErrorKind, Result};
use super::rawzip_reader::RawzipReader;
use crate::io::ReadAt;

/// The signature of a data descriptor (APPNOTE 4.3.9.3), which is optional.
const DESCRIPTOR_SIGNATURE: &[u8] = b"PK\x07\x08";

/// The longest data descriptor: signature, CRC-32 and two lengths of eight bytes (APPNOTE 4.3.9).
const MAX_DESCRIPTOR_BYTES: usize = 24;

/// Locates the contents of `entry`, whose neighbour (the next entry or the directory) begins at `limit`.
pub(super) fn locate<R: ReadAt>(
    archive: &ZipArchive<RawzipReader<R>>,
    entry: &Entry<'_>,
    limit: u64,
) -> Result<LocatedEntry> {
    let failed = |error| Error::rawzip("reading the header of a zip entry", error, ErrorKind::LocalHeader);
    let found = archive.get_entry(entry.wayfinder()).map_err(failed)?;
    let (start, end) = found.compressed_data_range();
    if end > limit {
        return Err(ErrorKind::Overlap.into());
    }
    // At most 128 KiB, since the lengths of the name and the extra field have 16 bits each.
    let variable_bytes = start.saturating_sub(entry.header_offset_bytes());
    let mut buffer = vec![0; usize::try_from(variable_bytes).map_err(|_| ErrorKind::LocalHeader)?];
    compare(&found.local_header(&mut buffer).map_err(failed)?, entry)?;
    check_descriptor(archive, entry, end, limit)?;
    Ok(entry.located_at(start))
}

fn compare(header: &ZipLocalFileHeader<'_>, entry: &Entry<'_>) -> Result<()> {
    let record = entry.record();
    if header.file_path().as_bytes() != entry.name() {
        return Err(ErrorKind::Disagreement("name").into());
    }
    if is_encrypted(header.flags()) {
        return Err(ErrorKind::Encrypted.into());
    }
    if header.compression_method() != record.compression_method() {
        return Err(ErrorKind::Disagreement("compression method").into());
    }
    if header.flags().has_data_descriptor() != record.flags().has_data_descriptor() {
        return Err(ErrorKind::Disagreement("data descriptor").into());
    }
    if header.extra_fields().filter(|(id, _)| *id == ExtraFieldId::ZIP64).count() > 1 {
        return Err(ErrorKind::DuplicateZip64.into());
    }
    // With a descriptor, the header may leave the numbers at zero; where it fills them in, they must be right.
    let may_be_zero = header.flags().has_data_descriptor();
    let agrees = |local: u64, central: u64| local == central || (may_be_zero && local == 0);
    if !agrees(header.uncompressed_size_hint(), entry.uncompressed_bytes())
        || !agrees(header.compressed_size_hint(), entry.compressed_bytes())
    {
        return Err(ErrorKind::Disagreement("length").into());
    }
    if !agrees(header.crc32().into(), entry.crc32().into()) {
        return Err(ErrorKind::Disagreement("CRC-32").into());
    }
    Ok(())
}

/// Checks the bytes between the contents, which end at `end`, and the neighbour at `limit`: a descriptor or none.
fn check_descriptor<R: ReadAt>(
    archive: &ZipArchive<RawzipReader<R>>,
    entry: &Entry<'_>,
    end: u64,
    limit: u64,
) -> Result<()> {
    let gap_bytes = limit.saturating_sub(end);
    if !entry.record().flags().has_data_descriptor() {
        let stray = Error::new(ErrorKind::StrayBytes { extra_bytes: gap_bytes }).at(end);
        return if gap_bytes == 0 { Ok(()) } else { Err(stray) };
    }
    let mut buffer = [0; MAX_DESCRIPTOR_BYTES];
    let gap =
        usize::try_from(gap_bytes).ok().and_then(|length| buffer.get_mut(..length)).ok_or(ErrorKind::Descriptor)?;
    archive.get_ref().0.read_exact_at(gap, end).map_err(|error| Error::io("reading a data descriptor", error))?;
    let gap = &*gap;
    let is = |expected: Vec<u8>| gap == expected || gap.strip_prefix(DESCRIPTOR_SIGNATURE) == Some(&expected);
    let (crc32, compressed, uncompressed) = (entry.crc32(), entry.compressed_bytes(), entry.uncompressed_bytes());
    let wide = [&crc32.to_le_bytes()[..], &compressed.to_le_bytes(), &uncompressed.to_le_bytes()].concat();
    let is_narrow = match (u32::try_from(compressed), u32::try_from(uncompressed)) {
        (Ok(compressed), Ok(uncompressed)) => is([crc32, compressed, uncompressed].map(u32::to_le_bytes).concat()),
        _ => false,
    };
    if is(wide) || is_narrow { Ok(()) } else { Err(ErrorKind::Descriptor.into()) }
}
