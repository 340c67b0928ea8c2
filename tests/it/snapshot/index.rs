//! Random access through the index, and false indexes.

use std::io::{self, Read};

use appsnap::DocumentId;
use appsnap::io::{Parallelism, ReadAt};
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{Content, ErrorKind, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};

use crate::support::archives::{Contents, id, parallelisms, read, text};

fn open(archive: Vec<u8>) -> Result<SnapshotArchive<Vec<u8>>, appsnap::snapshot::Error> {
    SnapshotArchive::open(archive, &ReadOptions::new())
}

fn content(mut file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn everything_is_found_without_reading_the_rest() {
    let contents = Contents::sample(2000);
    for sections in [SectionSplit::Contents, SectionSplit::Digit] {
        let options = WriteOptions::new().with_index(IndexPlacement::Embedded).with_sections(sections);
        let (bytes, report) = contents.push(options);
        assert!(report.index().unwrap().len_bytes() < 28 * 2000 + 4096);
        let archive = open(bytes).unwrap();
        assert_eq!(archive.metadata().unwrap(), contents.metadata());
        assert_eq!(content(archive.database().unwrap()).unwrap(), *contents.database.as_ref().unwrap());
        let listed: Vec<_> = archive.documents().map(Result::unwrap).collect();
        assert_eq!(listed.len(), 2000);
        for ((id, bytes), listed) in contents.documents.iter().zip(listed) {
            assert_eq!((listed.id(), listed.len_bytes()), (*id, bytes.len() as u64));
            assert_eq!(listed.crc32(), crc32fast::hash(bytes));
            let file = archive.document(*id).unwrap().unwrap();
            assert_eq!(file.len_bytes(), bytes.len() as u64);
            assert!(content(file).unwrap() == *bytes, "{id}");
        }
        assert!(archive.document(id(5_000_000)).unwrap().is_none());
        for parallelism in parallelisms() {
            assert!(archive.verify(parallelism, &mut NoObserver).unwrap().is_indexed());
        }
    }
}

#[test]
fn removing_the_index_leaves_the_plain_archive() {
    let contents = Contents::sample(30);
    let (plain, _) = contents.push(WriteOptions::new());
    let (indexed, report) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    assert!(indexed[..plain.len()] == plain);
    assert_eq!((indexed.len() - plain.len()) as u64, report.index().unwrap().len_bytes());
    let error = open(plain).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoIndex));
}

#[test]
fn unsorted_archive_is_found_through_a_permutation() {
    let contents = Contents::sample(1000);
    let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
    let mut writer = SnapshotWriter::start(Vec::new(), &contents.metadata(), &options).unwrap();
    writer.database(Content::sized(30_000, contents.database.as_deref().unwrap()), &mut NoObserver).unwrap();
    for (id, bytes) in contents.documents.iter().rev() {
        writer.document(*id, Content::sized(bytes.len() as u64, bytes.as_slice()), &mut NoObserver).unwrap();
    }
    let (bytes, _) = writer.finish().unwrap();
    assert!(read(bytes.as_slice(), ReadOptions::new()).unwrap().1.is_indexed());
    let archive = open(bytes).unwrap();
    for (id, bytes) in &contents.documents {
        assert!(content(archive.document(*id).unwrap().unwrap()).unwrap() == *bytes);
    }
    assert!(archive.document(id(5_000_000)).unwrap().is_none());
}

#[test]
fn sidecar_serves_its_own_archive_and_no_other() {
    let contents = Contents::sample(100);
    let (bytes, report) = contents.push(WriteOptions::new().with_index(IndexPlacement::Sidecar));
    assert!(bytes == contents.archive());
    let mut sidecar = Vec::new();
    report.index().unwrap().write_to(&mut sidecar).unwrap();
    let open = |bytes: Vec<u8>| SnapshotArchive::open_with_sidecar(bytes, sidecar.as_slice(), &ReadOptions::new());
    let archive = open(bytes).unwrap();
    assert!(archive.verify(Parallelism::INLINE, &mut NoObserver).unwrap().is_indexed());
    let (wanted, expected) = &contents.documents[50];
    assert!(content(archive.document(*wanted).unwrap().unwrap()).unwrap() == *expected);

    let mut other = contents;
    other.documents[3].1[0] ^= 1;
    let error = open(other.archive()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Index(_)), "{error}");
}

/// Counts reads and the bytes they ask for.
struct Counted<'a>(&'a [u8], std::sync::Mutex<(usize, usize)>);

impl ReadAt for Counted<'_> {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let mut counts = self.1.lock().unwrap();
        counts.0 += 1;
        counts.1 += buffer.len();
        self.0.read_at(buffer, offset_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        self.0.len_bytes()
    }
}

#[test]
fn opening_costs_one_read_and_a_document_two() {
    let documents = (0..50_000).map(|number| (id(number), text(number, 100))).collect();
    let mut contents = Contents { database: None, documents };
    contents.documents.sort();
    let (bytes, _) = contents.pull(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let source = Counted(&bytes, std::sync::Mutex::new((0, 0)));
    let archive = SnapshotArchive::open(&source, &ReadOptions::new()).unwrap();
    assert_eq!(*source.1.lock().unwrap(), (1, 64 << 10));
    let (wanted, expected) = &contents.documents[40_000];
    assert!(content(archive.document(*wanted).unwrap().unwrap()).unwrap() == *expected);
    let (reads, read_bytes) = *source.1.lock().unwrap();
    assert_eq!(reads, 3);
    assert!(read_bytes < (64 << 10) + 16_100 + (1 << 20), "{read_bytes}");
}

/// The pages of an index as (start of payload, length) in the archive.
fn pages(archive: &[u8], start: usize) -> Vec<(usize, usize)> {
    let mut pages = Vec::new();
    let mut at = start;
    while at < archive.len() {
        let len = usize::from(u16::from_le_bytes([archive[at + 14], archive[at + 15]]));
        pages.push((at + 16, len));
        at += 16 + len + 10;
    }
    pages
}

/// Changes bytes of a page and makes its checksum fit again.
fn forge(archive: &mut [u8], (start, len): (usize, usize), change: impl FnOnce(&mut [u8])) {
    let page = &mut archive[start..start + len];
    change(&mut page[..len - 4]);
    let crc32 = crc32fast::hash(&page[..len - 4]);
    page[len - 4..].copy_from_slice(&crc32.to_le_bytes());
}

#[test]
fn lying_index_is_an_error_wherever_it_lies() {
    let contents = Contents::sample(5);
    let plain_len = contents.archive().len();
    let (honest, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let all = pages(&honest, plain_len);
    assert_eq!(all.len(), 4);
    let is_noticed = |archive: Vec<u8>, what: &str| {
        // Reading from front to back compares all of it.
        let error = read(archive.as_slice(), ReadOptions::new()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Index(_)), "{what}: {error}");
        // Random access either refuses or gives the right bytes.
        if let Ok(archive) = open(archive) {
            for (id, bytes) in &contents.documents {
                if let Ok(Some(file)) = archive.document(*id)
                    && let Ok(read) = content(file)
                {
                    assert!(read == *bytes, "{what}: {id}");
                }
            }
            assert!(archive.verify(Parallelism::INLINE, &mut NoObserver).is_err(), "{what}: verify passed it");
        }
    };
    // Every byte of every page, its checksum made right again.
    for page in &all {
        for at in 0..page.1 - 4 {
            let mut archive = honest.clone();
            forge(&mut archive, *page, |page| page[at] = page[at].wrapping_add(1));
            is_noticed(archive, &format!("page at {}, byte {at}", page.0));
        }
    }
    // Counts beyond the file.
    for field in 0..2 {
        let mut archive = honest.clone();
        forge(&mut archive, all[3], |page| {
            let end = page.len();
            page[end - 16 + field * 8..end - 8 + field * 8].copy_from_slice(&u64::MAX.to_le_bytes());
        });
        assert!(matches!(open(archive).unwrap_err().kind(), ErrorKind::Index(_)));
    }
    // A page missing, and a page twice.
    let (start, len) = all[0];
    let member = start - 16..start + len + 10;
    let mut archive = honest.clone();
    archive.drain(member.clone());
    is_noticed(archive, "page missing");
    let mut archive = honest.clone();
    let copy = honest[member.clone()].to_vec();
    archive.splice(member.start..member.start, copy);
    is_noticed(archive, "page twice");
}

#[test]
fn index_that_leads_into_a_document_is_found_by_verify() {
    // A document that is itself a tar stream holds a header with another document's name: the one thing that no bounded
    // read can tell from the truth.
    let victim = id(2);
    let mut documents = vec![(id(1), Vec::new()), (victim, text(2, 600)), (id(3), text(3, 10))];
    documents.sort();
    let victim_at = documents.iter().position(|(id, _)| *id == victim).unwrap();
    let carrier_at = (victim_at + 2) % 3;
    let carrier = documents[carrier_at].0;
    let forged = text(66, 600);
    let name = appsnap::layout::MemberName::Document(victim).to_string();
    let mut fake = appsnap::tarball::file_header(name.as_bytes(), 600).unwrap().to_vec();
    fake.extend_from_slice(&forged);
    documents[carrier_at].1 = fake;
    let contents = Contents { database: None, documents };
    let plain_len = contents.archive().len();
    let (mut archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));

    // The liar moves the rows so that the victim's header is looked for inside the carrier.
    let rows = pages(&archive, plain_len)[0];
    let real_offset = |wanted: DocumentId| {
        let mut offset = 512 + contents.metadata().render().len().next_multiple_of(512);
        for (id, bytes) in &contents.documents {
            if *id == wanted {
                return offset;
            }
            offset += 512 + bytes.len().next_multiple_of(512);
        }
        unreachable!()
    };
    let target = real_offset(carrier) + 512;
    let shift = target as i64 - real_offset(victim) as i64;
    forge(&mut archive, rows, |page| {
        let base = u64::from_le_bytes(page[4..12].try_into().unwrap());
        page[4..12].copy_from_slice(&base.wrapping_add_signed(shift).to_le_bytes());
        let row = 12 + victim_at * 26;
        page[row + 22..row + 26].copy_from_slice(&crc32fast::hash(&forged).to_le_bytes());
    });
    let opened = open(archive.clone()).unwrap();
    assert!(content(opened.document(victim).unwrap().unwrap()).unwrap() == forged, "the false index no longer works");
    assert!(matches!(opened.verify(Parallelism::threads(2), &mut NoObserver).unwrap_err().kind(), ErrorKind::Index(_)));
    assert!(opened.documents().any(|listed| listed.is_err()), "listing sees that the offsets do not add up");
    assert!(matches!(read(archive.as_slice(), ReadOptions::new()).unwrap_err().kind(), ErrorKind::Index(_)));
}
