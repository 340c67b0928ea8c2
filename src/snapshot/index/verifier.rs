//! Compares the index of an archive with the archive while both are read, in constant memory.

use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

use super::builder::{Builder, PageSink, Summary};
use super::format::{self, CHUNKS, DOCUMENTS, FIRST_IDS, IDENTITY, LOCATOR_KIND, Locator};
use crate::gzip::{AROUND_CHUNKS_BYTES, ChunkRow, MemberSink, subfield};

/// A digest of pages in their order. Its key is random, so an author of archives cannot create two indexes with the
/// same digest.
#[derive(Debug)]
pub(in crate::snapshot) struct Digest(DefaultHasher);

impl PageSink for Digest {
    fn page(&mut self, page: &[u8]) {
        self.0.write(page);
        self.0.write_usize(page.len());
    }
}

/// The facts about an index, collected page by page.
#[derive(Debug)]
pub(in crate::snapshot) struct IndexVerifier {
    digest: Digest,
    begins_at: Option<u64>,
    chunks: ChunkSums,
    locator: Option<Locator>,
    /// CRC32 and length of the first member, the data.
    data: Option<(u32, u64)>,
    fault: Option<&'static str>,
}

/// Sums over the chunk table.
#[derive(Debug, Default)]
struct ChunkSums {
    count: u64,
    compressed_bytes: u64,
    tar_bytes: u64,
    crc: crc32fast::Hasher,
}

/// Creates a builder for the expected index, and a verifier for the actual one.
pub(in crate::snapshot) fn pair() -> (Builder<Digest>, IndexVerifier) {
    let key = RandomState::new();
    let digest = || Digest(key.build_hasher());
    let verifier = IndexVerifier {
        digest: digest(),
        begins_at: None,
        chunks: ChunkSums::default(),
        locator: None,
        data: None,
        fault: None,
    };
    (Builder::to(digest()), verifier)
}

impl IndexVerifier {
    /// Adds the next page of an index that is read separately, before the data.
    pub(in crate::snapshot) fn page(&mut self, page: &[u8]) {
        if let Err(fault) = self.take(page) {
            self.fault.get_or_insert(fault);
        }
    }

    /// Sets the facts about the data member: its CRC32, its uncompressed length, and its end.
    pub(in crate::snapshot) fn data(&mut self, (crc32, tar_bytes): (u32, u64), end_bytes: u64) {
        self.data = Some((crc32, tar_bytes));
        self.begins_at = Some(end_bytes);
    }

    fn take(&mut self, page: &[u8]) -> Result<(), &'static str> {
        if self.locator.is_some() {
            return Err("data follows its locator");
        }
        let (kind, body) = format::open_page(page)?;
        if kind == CHUNKS.kind {
            let (_, rows) = format::table_body(CHUNKS, body)?;
            for row in rows.chunks_exact(CHUNKS.row_bytes) {
                self.chunks.add(&super::parse_chunk_row(row)?);
            }
        } else if kind == LOCATOR_KIND {
            self.locator = Some(Locator::parse(body)?);
        } else if kind == DOCUMENTS.kind || kind == FIRST_IDS.kind {
            self.digest.page(page);
        } else {
            return Err("it has a page of an unknown kind");
        }
        Ok(())
    }

    /// Returns `true` if there was an index, and all of it agrees with the members that were passed to `expected`.
    ///
    /// # Errors
    /// Returns an error if there was an index or a part of one that does not describe this archive.
    pub(in crate::snapshot) fn verdict(
        &self,
        mut expected: Builder<Digest>,
        tar_bytes: u64,
    ) -> Result<bool, &'static str> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let Some(begins_at) = self.begins_at else { return Ok(false) };
        let Some(locator) = &self.locator else { return Err("it is not complete") };
        let Summary { is_sorted, metadata, database, documents_count } = expected.close();
        if expected.sink().0.finish() != self.digest.0.finish() {
            return Err("it lists other documents than the archive contains");
        }
        let chunks = &self.chunks;
        let chunk_crc32 = chunks.crc.clone().finalize();
        let truth = Locator {
            is_sorted,
            data_bytes: begins_at,
            tar_bytes,
            crc32: chunk_crc32,
            metadata,
            database,
            documents_count,
            chunks_count: chunks.count,
        };
        if *locator != truth {
            return Err("its locator does not describe the archive");
        }
        if self.data != Some((chunk_crc32, chunks.tar_bytes))
            || chunks.tar_bytes != tar_bytes
            || chunks.compressed_bytes.checked_add(AROUND_CHUNKS_BYTES) != Some(begins_at)
        {
            return Err("its chunk table does not describe the archive");
        }
        Ok(true)
    }
}

impl ChunkSums {
    fn add(&mut self, row: &ChunkRow) {
        let plain = u64::from(row.uncompressed_len_bytes);
        self.count = self.count.saturating_add(1);
        self.compressed_bytes = self.compressed_bytes.saturating_add(u64::from(row.compressed_len_bytes));
        self.tar_bytes = self.tar_bytes.saturating_add(plain);
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(row.crc32, plain));
    }
}

impl MemberSink for IndexVerifier {
    fn extra(&mut self, field: &[u8], position: u64) {
        if let Some(page) = subfield(field, IDENTITY) {
            self.begins_at.get_or_insert(position);
            self.page(page);
        }
    }

    fn end(&mut self, crc32: u32, uncompressed_len_bytes: u64) {
        self.data.get_or_insert((crc32, uncompressed_len_bytes));
    }
}
