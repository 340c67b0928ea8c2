//! Archives made by code, and sources and sinks that behave badly.

use std::io::{self, Read};

use appsnap::DocumentId;
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::report::{ReadReport, WriteReport};
use appsnap::snapshot::{
    Content, DocumentSource, EntryKind, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions,
};

/// Bytes that no compressor shortens.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    std::iter::repeat_with(&mut next).take(len).collect()
}

/// Bytes that every compressor shortens.
pub fn text(seed: u64, len: usize) -> Vec<u8> {
    (0..).flat_map(|line| format!("line {line} of document {seed}\n").into_bytes()).take(len).collect()
}

pub fn id(number: u64) -> DocumentId {
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    DocumentId::from_bytes(((u128::from(high) << 64) | u128::from(number)).to_be_bytes())
}

/// The contents of a snapshot, in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub database: Option<Vec<u8>>,
    /// Ascending by id, as a document source has them.
    pub documents: Vec<(DocumentId, Vec<u8>)>,
}

impl Contents {
    /// `count` documents of many sizes, zero and more than a chunk among them, and a small database.
    pub fn sample(count: u64) -> Self {
        let mut documents: Vec<_> = (0..count)
            .map(|number| {
                let len = [0, 1, 511, 512, 513, 4096, 70_000][(number % 7) as usize] + (number % 13) as usize;
                let len = if number == 5 { (2 << 20) + 77 } else { len };
                (id(number), if number.is_multiple_of(2) { text(number, len) } else { noise(number, len) })
            })
            .collect();
        documents.sort();
        Self { database: Some(noise(99, 30_000)), documents }
    }

    /// A handful of tiny documents, for tests that look at every byte.
    pub fn tiny() -> Self {
        let mut documents: Vec<_> = (0..3).map(|number| (id(number), text(number, 40))).collect();
        documents.sort();
        Self { database: Some(b"a database".to_vec()), documents }
    }

    pub fn metadata(&self) -> Metadata {
        let files: usize = self.documents.iter().map(|(_, bytes)| bytes.len()).sum();
        Metadata::new()
            .with_duration(0)
            .with_model_version("1.0.0.40")
            .with_database_size_bytes(9_730_584)
            .with_dump_size_bytes(self.database.as_ref().map_or(0, Vec::len) as u64)
            .with_files_size_bytes(files as u64)
    }

    /// Writes everything through `document`, one after the other.
    pub fn push(&self, options: WriteOptions) -> (Vec<u8>, WriteReport) {
        let mut writer = SnapshotWriter::start(Vec::new(), &self.metadata(), &options).unwrap();
        if let Some(database) = &self.database {
            writer.database(Content::sized(database.len() as u64, database.as_slice()), &mut NoObserver).unwrap();
        }
        for (id, bytes) in &self.documents {
            writer.document(*id, Content::sized(bytes.len() as u64, bytes.as_slice()), &mut NoObserver).unwrap();
        }
        writer.finish().unwrap()
    }

    /// Writes everything through `documents`.
    pub fn pull(&self, options: WriteOptions) -> (Vec<u8>, WriteReport) {
        let mut writer = SnapshotWriter::start(Vec::new(), &self.metadata(), &options).unwrap();
        if let Some(database) = &self.database {
            writer.database(Content::sized(database.len() as u64, database.as_slice()), &mut NoObserver).unwrap();
        }
        writer.documents(self, &mut NoObserver).unwrap();
        writer.finish().unwrap()
    }

    pub fn archive(&self) -> Vec<u8> {
        self.push(WriteOptions::new()).0
    }
}

impl DocumentSource for Contents {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.documents.len()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        let (id, bytes) = &self.documents[index];
        (*id, bytes.len() as u64)
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        Ok(self.documents[index].1.clone())
    }

    fn origin(&self, index: usize) -> String {
        format!("sample {index}")
    }
}

/// Reads an archive to its verified end.
pub fn read(source: impl Read, options: ReadOptions) -> Result<(Contents, ReadReport), appsnap::snapshot::Error> {
    let mut reader = SnapshotReader::new(source, &options);
    let mut contents = Contents::default();
    while let Some(mut entry) = reader.next_entry()? {
        let mut bytes = Vec::new();
        let kind = match entry.kind() {
            EntryKind::Document(id) => Some(*id),
            EntryKind::Database => None,
            _ => continue,
        };
        entry.read_to_end(&mut bytes).map_err(|error| error.downcast::<appsnap::snapshot::Error>().unwrap())?;
        assert_eq!(bytes.len() as u64, entry.len_bytes());
        match kind {
            Some(id) => contents.documents.push((id, bytes)),
            None => contents.database = Some(bytes),
        }
    }
    assert!(reader.report().is_verified());
    Ok((contents, reader.report().clone()))
}

/// All degrees of parallelism that tests compare.
pub fn parallelisms() -> [Parallelism; 5] {
    [0, 1, 2, 3, 8].map(Parallelism::threads)
}
