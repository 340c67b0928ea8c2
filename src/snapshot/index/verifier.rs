//! Compares the index that follows an archive with the archive itself while both go by, in constant memory.

use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

use super::builder::{Builder, PageSink, Summary};
use super::format::{self, CHUNKS, DOCUMENTS, FIRST_IDS, IDENTITY, LOCATOR_KIND, Locator};
use crate::gzip::{AROUND_CHUNKS_BYTES, ChunkRow, MemberSink, subfield};

/// A digest of pages in their order. Its key is random, so nobody can make two indexes that have the same.
#[derive(Debug)]
pub(in crate::snapshot) struct Digest(DefaultHasher);

impl PageSink for Digest {
    fn page(&mut self, page: &[u8]) {
        self.0.write(page);
        self.0.write_usize(page.len());
    }
}

/// What is seen of the index, page by page, behind the data.
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
    packed_bytes: u64,
    plain_bytes: u64,
    crc: crc32fast::Hasher,
}

/// A builder for what the index should be, and a verifier for what it is.
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
    /// Takes the next page of an index that is read on its own, ahead of the data.
    pub(in crate::snapshot) fn page(&mut self, page: &[u8]) {
        if let Err(fault) = self.take(page) {
            self.fault.get_or_insert(fault);
        }
    }

    /// Takes note of the data member: its CRC32, its length, and where it ends.
    pub(in crate::snapshot) fn data(&mut self, (crc32, plain_bytes): (u32, u64), end_bytes: u64) {
        self.data = Some((crc32, plain_bytes));
        self.begins_at = Some(end_bytes);
    }

    fn take(&mut self, page: &[u8]) -> Result<(), &'static str> {
        if self.locator.is_some() {
            return Err("it goes on behind its locator");
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

    /// Whether there was an index, and all of it agreed with the members that `expected` has seen.
    ///
    /// # Errors
    /// What is wrong, when anything of an index was there but it is not the one of this archive.
    pub(in crate::snapshot) fn verdict(
        &self,
        mut expected: Builder<Digest>,
        plain_bytes: u64,
    ) -> Result<bool, &'static str> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let Some(begins_at) = self.begins_at else { return Ok(false) };
        let Some(locator) = &self.locator else { return Err("it is not complete") };
        let Summary { is_sorted, metadata, database, documents_count } = expected.close();
        if expected.sink().0.finish() != self.digest.0.finish() {
            return Err("it lists other documents than the archive holds");
        }
        let chunks = &self.chunks;
        let chunk_crc32 = chunks.crc.clone().finalize();
        let truth = Locator {
            is_sorted,
            data_bytes: begins_at,
            plain_bytes,
            crc32: chunk_crc32,
            metadata,
            database,
            documents_count,
            chunks_count: chunks.count,
        };
        if *locator != truth {
            return Err("its locator does not describe the archive");
        }
        if self.data != Some((chunk_crc32, chunks.plain_bytes))
            || chunks.plain_bytes != plain_bytes
            || chunks.packed_bytes.checked_add(AROUND_CHUNKS_BYTES) != Some(begins_at)
        {
            return Err("its chunk table does not describe the archive");
        }
        Ok(true)
    }
}

impl ChunkSums {
    fn add(&mut self, row: &ChunkRow) {
        let plain = u64::from(row.uncompressed_len_bytes);
        self.count += 1;
        self.packed_bytes = self.packed_bytes.saturating_add(u64::from(row.compressed_len_bytes));
        self.plain_bytes = self.plain_bytes.saturating_add(plain);
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
