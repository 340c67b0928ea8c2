//! The locator of an index for an archive of another program, and its points: [`ForeignLocator`], [`PointRow`].

use sha2::{Digest, Sha256};

use super::format::{
    FIRST_IDS, FOREIGN_DOCUMENTS, FOREIGN_LOCATOR_KIND, Fields, PAGE_FRAME_BYTES, POINTS, begin_page, end_page,
};
use crate::gzip::{AccessPoint, EMPTY_MEMBER_OVERHEAD_BYTES, PointForm};
use crate::io::{ReadAt, read_range};

/// The first and the last bytes of an archive, and a sample at each of its fifths: what binds an index to it.
const ENDS_BYTES: u64 = 4 << 10;
const SAMPLE_BYTES: u64 = 1 << 10;
const SAMPLES: u64 = 4;

/// Bytes of a fingerprint.
const FINGERPRINT_BYTES: usize = 16;

/// The first bytes of a SHA-256 over length, ends and samples of an archive.
pub(super) type Fingerprint = [u8; FINGERPRINT_BYTES];

/// Reads six parts of an archive of this length, at most 12 KiB, and returns their fingerprint.
pub(super) fn fingerprint(source: &impl ReadAt, len_bytes: u64) -> Result<Fingerprint, (std::io::Error, u64)> {
    let mut digest = Sha256::new();
    digest.update(len_bytes.to_le_bytes());
    let between = (1..=SAMPLES).map(|number| ((len_bytes / 5).saturating_mul(number), SAMPLE_BYTES));
    let last = len_bytes.saturating_sub(ENDS_BYTES);
    let mut bytes = Vec::new();
    for (at, count) in [(0, ENDS_BYTES), (last, ENDS_BYTES)].into_iter().chain(between) {
        read_range(source, at, count.min(len_bytes.saturating_sub(at)), &mut bytes)?;
        digest.update(&bytes);
    }
    let digest: [u8; 32] = digest.finalize().into();
    let mut fingerprint = [0; FINGERPRINT_BYTES];
    crate::io::copy_prefix(&digest, &mut fingerprint);
    Ok(fingerprint)
}

/// The header of a member, and the length and CRC32 of its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::snapshot) struct Placed {
    pub(in crate::snapshot) header_offset_bytes: u64,
    pub(in crate::snapshot) len_bytes: u64,
    pub(in crate::snapshot) crc32: u32,
}

/// The last page of an index for an archive of another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) struct ForeignLocator {
    pub(super) is_sorted: bool,
    pub(super) archive_bytes: u64,
    pub(super) tar_bytes: u64,
    pub(super) fingerprint: Fingerprint,
    pub(super) metadata: Option<Placed>,
    pub(super) database: Option<Placed>,
    pub(super) documents_count: u64,
    /// None for an uncompressed archive.
    pub(super) points_count: u64,
    /// The compressed histories of all points, at the beginning of the index.
    pub(super) histories_bytes: u64,
}

const SORTED: u8 = 1;
const HAS_METADATA: u8 = 2;
const HAS_DATABASE: u8 = 4;

/// Bytes of the page: frame, flags, and the fields in their order.
const PAGE_BYTES: usize = PAGE_FRAME_BYTES + 1 + (8 + 8 + FINGERPRINT_BYTES) + 2 * (8 + 8 + 4) + 3 * 8;

/// Bytes of the locator's gzip member.
pub(super) const FOREIGN_LOCATOR_MEMBER_BYTES: usize = EMPTY_MEMBER_OVERHEAD_BYTES + PAGE_BYTES;

impl ForeignLocator {
    /// Returns `true` if the archive is an uncompressed tar file, which needs no points.
    pub(in crate::snapshot) const fn is_uncompressed(&self) -> bool {
        self.points_count == 0
    }

    pub(super) fn render(&self) -> Vec<u8> {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let mut page = Vec::with_capacity(PAGE_BYTES);
        begin_page(FOREIGN_LOCATOR_KIND, &mut page);
        page.push(
            flag(self.is_sorted, SORTED)
                | flag(self.metadata.is_some(), HAS_METADATA)
                | flag(self.database.is_some(), HAS_DATABASE),
        );
        page.extend_from_slice(&self.archive_bytes.to_le_bytes());
        page.extend_from_slice(&self.tar_bytes.to_le_bytes());
        page.extend_from_slice(&self.fingerprint);
        for placed in [self.metadata, self.database].map(Option::unwrap_or_default) {
            page.extend_from_slice(&placed.header_offset_bytes.to_le_bytes());
            page.extend_from_slice(&placed.len_bytes.to_le_bytes());
            page.extend_from_slice(&placed.crc32.to_le_bytes());
        }
        for number in [self.documents_count, self.points_count, self.histories_bytes] {
            page.extend_from_slice(&number.to_le_bytes());
        }
        end_page(&mut page);
        page
    }

    /// Reads the body of a locator page, which must be bit for bit as [`render`](Self::render) writes it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let mut fields = Fields::new(body);
        let [flags] = fields.take()?;
        if flags & !(SORTED | HAS_METADATA | HAS_DATABASE) != 0 {
            return Err("the locator has unknown flags");
        }
        let archive_bytes = u64::from_le_bytes(fields.take()?);
        let tar_bytes = u64::from_le_bytes(fields.take()?);
        let fingerprint = fields.take()?;
        let mut placed = |flag: u8| {
            let placed = Placed {
                header_offset_bytes: u64::from_le_bytes(fields.take()?),
                len_bytes: u64::from_le_bytes(fields.take()?),
                crc32: u32::from_le_bytes(fields.take()?),
            };
            match flags & flag != 0 {
                true => Ok(Some(placed)),
                false if placed == Placed::default() => Ok(None),
                false => Err("the locator describes a member but declares that there is none"),
            }
        };
        let metadata = placed(HAS_METADATA)?;
        let database = placed(HAS_DATABASE)?;
        let documents_count = u64::from_le_bytes(fields.take()?);
        let points_count = u64::from_le_bytes(fields.take()?);
        let histories_bytes = u64::from_le_bytes(fields.take()?);
        fields.finish()?;
        let is_sorted = flags & SORTED != 0;
        Ok(Self {
            is_sorted,
            archive_bytes,
            tar_bytes,
            fingerprint,
            metadata,
            database,
            documents_count,
            points_count,
            histories_bytes,
        })
    }

    /// Bytes of the whole index; `None` if the counts are impossible.
    pub(super) fn index_bytes(&self) -> Option<u64> {
        let ids = FOREIGN_DOCUMENTS.pages_count(self.documents_count);
        self.histories_bytes
            .checked_add(FOREIGN_DOCUMENTS.table_bytes(self.documents_count)?)?
            .checked_add(FIRST_IDS.table_bytes(ids)?)?
            .checked_add(POINTS.table_bytes(self.points_count)?)?
            .checked_add(FOREIGN_LOCATOR_MEMBER_BYTES as u64)
    }
}

/// A point of a compressed archive, and its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) struct PointRow {
    pub(in crate::snapshot) point: AccessPoint,
    /// Compressed bytes of its history; 0 if it needs none.
    pub(in crate::snapshot) history_bytes: u16,
    /// CRC32 of these bytes.
    pub(in crate::snapshot) history_crc32: u32,
}

impl PointRow {
    pub(super) fn push_to(&self, page: &mut Vec<u8>) {
        page.extend_from_slice(&self.point.compressed_offset_bytes.to_le_bytes());
        page.extend_from_slice(&self.point.uncompressed_offset_bytes.to_le_bytes());
        page.push(self.point.form.code());
        page.extend_from_slice(&self.history_bytes.to_le_bytes());
        page.extend_from_slice(&self.history_crc32.to_le_bytes());
    }

    pub(super) fn parse(row: &[u8]) -> Result<Self, &'static str> {
        let mut fields = Fields::new(row);
        let compressed_offset_bytes = u64::from_le_bytes(fields.take()?);
        let uncompressed_offset_bytes = u64::from_le_bytes(fields.take()?);
        let [code] = fields.take()?;
        let form = PointForm::of_code(code).ok_or("a point has an unknown form")?;
        let history_bytes = u16::from_le_bytes(fields.take()?);
        let history_crc32 = u32::from_le_bytes(fields.take()?);
        fields.finish()?;
        let point = AccessPoint { compressed_offset_bytes, form, uncompressed_offset_bytes };
        Ok(Self { point, history_bytes, history_crc32 })
    }
}

/// The points of an archive, ascending, each with the offset of its history in the index.
#[derive(Debug, Default)]
pub(in crate::snapshot) struct PointTable {
    points: Vec<(PointRow, u64)>,
    histories_end_bytes: u64,
}

impl PointTable {
    /// Appends a point of an archive with these lengths.
    pub(super) fn push(&mut self, row: PointRow, archive_bytes: u64, tar_bytes: u64) -> Result<(), &'static str> {
        let point = row.point;
        let is_in_order = match self.points.last() {
            None => point.form == PointForm::Member && point.uncompressed_offset_bytes == 0,
            Some((last, _)) => {
                point.compressed_offset_bytes > last.point.compressed_offset_bytes
                    && point.uncompressed_offset_bytes > last.point.uncompressed_offset_bytes
            }
        };
        let is_inside = point.compressed_offset_bytes < archive_bytes && point.uncompressed_offset_bytes < tar_bytes;
        if !is_in_order || !is_inside || (point.form == PointForm::Member && row.history_bytes > 0) {
            return Err("its points are not in order");
        }
        self.points.push((row, self.histories_end_bytes));
        self.histories_end_bytes = self.histories_end_bytes.saturating_add(row.history_bytes.into());
        Ok(())
    }

    /// The sum of the lengths of all histories.
    pub(super) const fn histories_bytes(&self) -> u64 {
        self.histories_end_bytes
    }

    /// The number of the last point at or before this offset in the tar stream.
    pub(in crate::snapshot) fn find(&self, uncompressed_offset_bytes: u64) -> Option<usize> {
        let at = |(row, _): &(PointRow, u64)| row.point.uncompressed_offset_bytes <= uncompressed_offset_bytes;
        self.points.partition_point(at).checked_sub(1)
    }

    /// The first point at or after this offset in the tar stream.
    pub(in crate::snapshot) fn after(&self, uncompressed_offset_bytes: u64) -> Option<AccessPoint> {
        let before = |(row, _): &(PointRow, u64)| row.point.uncompressed_offset_bytes < uncompressed_offset_bytes;
        self.points.get(self.points.partition_point(before)).map(|(row, _)| row.point)
    }

    /// A point, and the offset of its history in the index.
    pub(in crate::snapshot) fn get(&self, number: usize) -> Option<(PointRow, u64)> {
        self.points.get(number).copied()
    }
}
