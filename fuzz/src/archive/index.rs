//! Opening any index: it never panics, and either agrees with a sequential read or is refused.

use std::io::Read;
use std::sync::LazyLock;

use appsnap::DocumentId;
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Content, SnapshotArchive, SnapshotWriter, WriteOptions};

use super::read::{options, outcome};
use crate::control;

/// The input is a whole archive, not the pages of an index.
pub const WHOLE: u8 = 1;

/// Bytes of an index member around its page: header and subfield before, final block and trailer after.
const FRONT_BYTES: usize = 16;
const BEHIND_BYTES: usize = 10;

/// A small archive whose index is replaced: the data, and the pages of its true index.
pub struct Base {
    pub data: Vec<u8>,
    /// Without their checksums.
    pub pages: Vec<Vec<u8>>,
}

/// The archives that indexes are tried on: an empty one, one in order, and one out of order.
pub static BASES: LazyLock<Vec<Base>> =
    LazyLock::new(|| vec![base(&[]), base(&[1, 2, 3, 200]), base(&[9, 5, 7, 0xff, 0])]);

fn base(ids: &[u8]) -> Base {
    let metadata = Metadata::new().with_model_version("1.0");
    let options = WriteOptions::new().with_index(IndexPlacement::Sidecar);
    let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &options).expect("memory does not fail");
    writer.database(Content::sized(600, &[7; 600][..]), &mut NoObserver).expect("a database");
    for id in ids {
        let bytes = vec![*id; usize::from(*id) * 100];
        writer
            .document(
                DocumentId::from_bytes([*id; 16]),
                Content::sized(bytes.len() as u64, bytes.as_slice()),
                &mut NoObserver,
            )
            .expect("a document");
    }
    let (data, report) = writer.finish().expect("the end");
    let mut index = Vec::new();
    report.index().expect("an index").write_to(&mut index).expect("memory does not fail");
    let mut pages = Vec::new();
    let mut rest = index.as_slice();
    while !rest.is_empty() {
        let len = usize::from(u16::from_le_bytes([rest[14], rest[15]]));
        pages.push(rest[FRONT_BYTES..FRONT_BYTES + len - 4].to_vec());
        rest = &rest[FRONT_BYTES + len + BEHIND_BYTES..];
    }
    Base { data, pages }
}

/// Pages as an input: each after its length.
pub fn encode(control: u8, pages: &[Vec<u8>]) -> Vec<u8> {
    let mut input = vec![control];
    for page in pages {
        input.extend(u16::try_from(page.len()).expect("a page").to_le_bytes());
        input.extend(page);
    }
    input
}

/// The index that an input describes: each page with the checksum and the member around it that it needs.
fn decode(mut input: &[u8]) -> Vec<u8> {
    let mut index = Vec::new();
    while let Some((len, rest)) = input.split_first_chunk::<2>() {
        let len = usize::from(u16::from_le_bytes(*len)).min(rest.len()).min(15_992);
        let (page, behind) = rest.split_at(len);
        input = behind;
        let field = u16::try_from(len + 4).expect("a bounded page");
        index.extend([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]);
        index.extend((field + 4).to_le_bytes());
        index.extend(b"AS");
        index.extend(field.to_le_bytes());
        index.extend(page);
        index.extend(crc32fast::hash(page).to_le_bytes());
        index.extend([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    index
}

/// A small archive with the index that an input describes.
pub fn with_index(input: &[u8]) -> Vec<u8> {
    let base = &BASES[usize::from(input.first().copied().unwrap_or(0)) % BASES.len()];
    [base.data.as_slice(), &decode(input.get(1..).unwrap_or_default())].concat()
}

pub fn open_index(data: &[u8]) {
    let (control, rest) = control::split(data);
    if control.has(WHOLE) {
        return check(rest.to_vec());
    }
    let base = &BASES[usize::from(data.first().map_or(0, |control| control >> 1)) % BASES.len()];
    let index = decode(rest);
    if let Ok(archive) = SnapshotArchive::open_with_sidecar(base.data.as_slice(), index.as_slice(), &options()) {
        let whole = [base.data.as_slice(), &index].concat();
        let is_sound = outcome(whole.as_slice(), options()).is_indexed;
        assert_eq!(archive.verify(Parallelism::INLINE, &mut NoObserver).is_ok(), is_sound);
    }
    check([base.data.as_slice(), &index].concat());
}

/// Opens an archive and uses all of it, whether or not it is sound.
fn check(bytes: Vec<u8>) {
    let sequential = outcome(bytes.as_slice(), options());
    let Ok(archive) = SnapshotArchive::open(bytes.as_slice(), &options()) else {
        assert!(!sequential.is_indexed, "an index that is sound does not open");
        return;
    };
    let verified = archive.verify(Parallelism::INLINE, &mut NoObserver);
    assert_eq!(verified.is_ok(), sequential.error.is_none() && sequential.is_indexed);
    assert_eq!(archive.verify(Parallelism::threads(2), &mut NoObserver).is_ok(), verified.is_ok());
    let metadata = archive.metadata();
    let database = archive.database().map(|mut file| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes)
    });
    let listed = archive.documents().collect::<Vec<_>>();
    let documents = listed.iter().flatten().take(100).map(|listed| {
        let mut bytes = Vec::new();
        let found = archive.document(listed.id()).map(|file| file.map(|mut file| file.read_to_end(&mut bytes).is_ok()));
        (listed.id().to_string(), found.ok().flatten().unwrap_or(false).then_some(bytes))
    });
    let documents = documents.collect::<Vec<_>>();
    if verified.is_ok() {
        assert!(metadata.is_ok());
        assert!(database.is_none_or(|database| database.is_ok()));
        assert!(listed.iter().all(Result::is_ok));
        for (id, bytes) in documents {
            let (_, expected) = sequential.entries.iter().find(|(name, _)| *name == id).expect("a listed document");
            assert!(bytes.as_ref() == Some(expected), "random access reads something else");
        }
    }
}
