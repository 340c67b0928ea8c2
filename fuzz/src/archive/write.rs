//! Writing any contents: the bytes do not depend on threads or on the way in, and come back as they went.

use std::io::{self, Read};

use appsnap::DocumentId;
use appsnap::gzip::Level;
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::report::WriteReport;
use appsnap::snapshot::{Content, DocumentSource, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};
use arbitrary::{Arbitrary, Result, Unstructured};

use super::read::{describe, outcome};

/// The contents of a snapshot.
#[derive(Debug)]
pub struct Contents {
    pub metadata: Metadata,
    pub database: Option<Vec<u8>>,
    /// Ids are unique; in archive order.
    pub documents: Vec<(DocumentId, Vec<u8>)>,
    pub level: u8,
    pub sections: SectionSplit,
}

impl<'a> Arbitrary<'a> for Contents {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let sections = *u.choose(&[SectionSplit::Contents, SectionSplit::Digit, SectionSplit::Byte])?;
        let level = u.int_in_range(1..=9)?;
        // A chunk's length is worth trying, and slow: not often, and once.
        let large = if u.ratio(1_u8, 64)? { Some(u.int_in_range(0..=24_u8)?) } else { None };
        let database = if u.arbitrary()? { Some(payload(u, false)?) } else { None };
        let ascending: bool = u.arbitrary()?;
        let mut documents = Vec::new();
        for number in 0..u.int_in_range(0..=24_u8)? {
            // Two bytes are enough to order ids in every way; the number keeps them apart.
            let [first, second] = <[u8; 2]>::arbitrary(u)?;
            let mut id = [number; 16];
            (id[0], id[1]) = (first, second);
            documents.push((DocumentId::from_bytes(id), payload(u, large == Some(number))?));
        }
        if ascending {
            documents.sort();
        }
        let files = documents.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let metadata = Metadata::new()
            .with_model_version(String::arbitrary(u)?)
            .with_duration(u.arbitrary()?)
            .with_dump_size_bytes(database.as_ref().map_or(0, Vec::len) as u64)
            .with_files_size_bytes(files);
        Ok(Self { metadata, database, documents, level, sections })
    }
}

/// Bytes of one of several lengths around the edges of blocks, or of a chunk, and of one of several kinds.
fn payload(u: &mut Unstructured<'_>, is_large: bool) -> Result<Vec<u8>> {
    let around = if is_large { 1 << 20 } else { *u.choose(&[0_usize, 1, 40, 511, 512, 1024, 5000])? };
    let len = around.saturating_sub(8) + u.int_in_range(0..=16_usize)?;
    let seed: u8 = u.arbitrary()?;
    Ok(match u.int_in_range(0..=2_u8)? {
        0 => vec![seed; len],
        1 => b"A line of some document.\n".iter().copied().cycle().take(len).collect(),
        _ => {
            let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            std::iter::repeat_with(|| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 24) as u8
            })
            .take(len)
            .collect()
        }
    })
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
        index.to_string()
    }
}

impl Contents {
    pub fn options(&self) -> WriteOptions {
        WriteOptions::new().with_level(Level::new(self.level).expect("a level")).with_sections(self.sections)
    }

    /// Writes everything, document by document or in one call.
    pub fn write(&self, options: WriteOptions, pull: bool) -> (Vec<u8>, WriteReport) {
        let mut writer = SnapshotWriter::start(Vec::new(), &self.metadata, &options).expect("memory does not fail");
        if let Some(database) = &self.database {
            writer
                .database(Content::sized(database.len() as u64, database.as_slice()), &mut NoObserver)
                .expect("a database");
        }
        if pull {
            writer.documents(self, &mut NoObserver).expect("documents");
        } else {
            for (id, bytes) in &self.documents {
                writer
                    .document(*id, Content::sized(bytes.len() as u64, bytes.as_slice()), &mut NoObserver)
                    .expect("a document");
            }
        }
        writer.finish().expect("the end")
    }

    fn is_ascending(&self) -> bool {
        self.documents.is_sorted()
    }

    /// The expected contents.
    fn expected(&self) -> Vec<Vec<u8>> {
        let metadata = self.metadata.render();
        let database = self.database.iter().cloned();
        let documents = self.documents.iter().map(|(_, bytes)| bytes.clone());
        std::iter::once(metadata).chain(database).chain(documents).collect()
    }
}

pub fn write_read(data: &[u8]) {
    let Ok(contents) = Contents::arbitrary(&mut Unstructured::new(data)) else { return };
    let (archive, report) = contents.write(contents.options(), false);
    assert_eq!(report.archive_bytes(), archive.len() as u64);
    let two = contents.options().with_parallelism(Parallelism::threads(2));
    assert!(archive == contents.write(two.clone(), false).0, "two threads write other bytes");
    if contents.is_ascending() {
        assert!(archive == contents.write(contents.options(), true).0, "pulled bytes differ from pushed ones");
        assert!(archive == contents.write(two, true).0, "pulled bytes of two threads differ");
    }
    let outcome = outcome(archive.as_slice(), ReadOptions::new());
    assert_eq!(outcome.error, None);
    let found = outcome.entries.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>();
    assert!(found == contents.expected(), "other contents came back");
}

pub fn random_access(data: &[u8]) {
    let Ok(contents) = Contents::arbitrary(&mut Unstructured::new(data)) else { return };
    let (plain, _) = contents.write(contents.options(), false);
    let (archive, report) = contents.write(contents.options().with_index(IndexPlacement::Embedded), false);
    assert!(archive.starts_with(&plain), "the index changed the data before it");
    assert_eq!(report.archive_bytes(), archive.len() as u64);
    assert!(outcome(archive.as_slice(), ReadOptions::new()).is_indexed);
    check(&contents, &SnapshotArchive::open(archive, &ReadOptions::new()).expect("an index"));

    let (archive, report) = contents.write(contents.options().with_index(IndexPlacement::Sidecar), false);
    assert!(archive == plain);
    let mut sidecar = Vec::new();
    report.index().expect("an index").write_to(&mut sidecar).expect("memory does not fail");
    let opened = SnapshotArchive::open_with_sidecar(archive, sidecar, &ReadOptions::new());
    check(&contents, &opened.expect("a sidecar"));
}

/// Whatever way leads to a document, it is the same one.
fn check(contents: &Contents, archive: &SnapshotArchive<Vec<u8>>) {
    assert_eq!(archive.metadata().expect("metadata"), contents.metadata);
    let database = archive.database().map(read_all);
    assert!(database == contents.database, "another database");
    let listed = archive.documents().map(|listed| listed.expect("a row")).collect::<Vec<_>>();
    assert_eq!(listed.len(), contents.documents.len());
    for (listed, (id, bytes)) in listed.iter().zip(&contents.documents) {
        assert_eq!((listed.id(), listed.len_bytes()), (*id, bytes.len() as u64));
        assert_eq!(listed.crc32(), crc32fast::hash(bytes));
        assert!(read_all(archive.document(*id).expect("a lookup").expect("a document")) == *bytes, "other bytes");
    }
    assert!(archive.document(DocumentId::from_bytes([0xff; 16])).expect("a lookup").is_none());
    for parallelism in [Parallelism::INLINE, Parallelism::threads(2)] {
        if let Err(error) = archive.verify(parallelism, &mut NoObserver) {
            panic!("{}", describe(&error));
        }
    }
}

fn read_all(mut file: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("a stored file");
    bytes
}
