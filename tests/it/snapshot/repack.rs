//! Repacked, taken apart, indexed afterwards: always what a direct write would have been.

use appsnap::io::Parallelism;
use appsnap::layout;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::{IndexPlacement, make_index};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{
    Content, ErrorKind, ReadOptions, SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions, repack,
};

use crate::support::archives::{Contents, id, noise, read, text};

/// The result of writing a part directly.
fn direct(contents: &Contents, metadata: &Metadata, selection: layout::Contents, options: WriteOptions) -> Vec<u8> {
    let options = options.without_size_check();
    let mut writer = SnapshotWriter::start(Vec::new(), metadata, &options).unwrap();
    if let Some(database) = contents.database.as_ref().filter(|_| selection.has_database()) {
        writer.database(Content::sized(database.len() as u64, database.as_slice()), &mut NoObserver).unwrap();
    }
    if selection.has_documents() {
        writer.documents(contents, &mut NoObserver).unwrap();
    }
    writer.finish().unwrap().0
}

fn metadata(contents: &Contents, selection: layout::Contents) -> Metadata {
    match selection {
        layout::Contents::DatabaseOnly => contents.metadata().with_files_size_bytes(0),
        layout::Contents::FilesOnly => contents.metadata().with_dump_size_bytes(0),
        _ => contents.metadata(),
    }
}

#[test]
fn repacked_and_taken_apart_equal_a_direct_write() {
    let contents = Contents::sample(150);
    for sections in [SectionSplit::Contents, SectionSplit::Digit] {
        let options = || WriteOptions::new().with_sections(sections).with_index(IndexPlacement::Embedded);
        let (archive, _) = contents.push(options());
        let open = SnapshotArchive::open(archive.as_slice(), &ReadOptions::new()).unwrap();
        for selection in [layout::Contents::Full, layout::Contents::DatabaseOnly, layout::Contents::FilesOnly] {
            let expected = direct(&contents, &metadata(&contents, selection), selection, options());
            let source = || Ok(SnapshotReader::new(archive.as_slice(), &ReadOptions::new()));
            let options = options().with_contents(selection).with_parallelism(Parallelism::threads(2));
            let (repacked, _) = repack(source, Vec::new(), &options, &mut NoObserver).unwrap();
            assert!(repacked == expected, "repack {selection:?}");
            let (part, report) = open.write_part(Vec::new(), &options, &mut NoObserver).unwrap();
            assert!(part == expected, "take apart {selection:?}");
            assert_eq!(report.archive_bytes(), part.len() as u64);
            read(part.as_slice(), ReadOptions::new()).unwrap();
        }
    }
}

#[test]
fn archive_in_foreign_order_is_repacked_into_the_writers() {
    let contents = Contents::sample(9);
    let mut tar = Vec::new();
    let mut add = |name: &str, bytes: &[u8]| {
        tar.extend_from_slice(&appsnap::tarball::file_header(name.as_bytes(), bytes.len() as u64).unwrap());
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    };
    for (id, bytes) in &contents.documents {
        let id = id.to_string();
        add(&format!("tree/{}/{}/{id}", &id[..2], &id[2..4]), bytes);
    }
    add("db/db.backup", contents.database.as_deref().unwrap());
    add(".metadata", &contents.metadata().render());
    tar.resize(tar.len() + 1024, 0);
    let source = || Ok(SnapshotReader::new(tar.as_slice(), &ReadOptions::new()));
    let (repacked, _) = repack(source, Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
    assert!(repacked == contents.archive());
}

#[test]
fn index_made_afterwards_is_the_one_made_while_writing() {
    let mut marks = Contents::sample(60);
    // Contents that end in what looks like the end of a chunk, just where chunks end.
    let mark = [0, 0, 0xff, 0xff];
    for (len, seed) in [((1 << 20) - 512, 3), ((1 << 20) - 513, 4), ((1 << 20) - 514, 5), (3 << 20, 6)] {
        let mut bytes = noise(seed, len);
        bytes[len - 4..].copy_from_slice(&mark);
        marks.documents.push((id(seed + 1000), bytes));
        let mut bytes = noise(seed, len);
        bytes[len - 6..len - 2].copy_from_slice(&mark);
        marks.documents.push((id(seed + 2000), bytes));
    }
    marks.documents.push((id(9000), [text(1, 2_000_000), mark.repeat(300_000)].concat()));
    marks.documents.sort();
    marks.database = Some(mark.repeat(1 << 19));
    for contents in [Contents::tiny(), marks, Contents::default()] {
        for sections in [SectionSplit::Contents, SectionSplit::Digit, SectionSplit::Byte] {
            let options = || WriteOptions::new().with_sections(sections);
            let (plain, _) = contents.push(options());
            let (indexed, _) = contents.push(options().with_index(IndexPlacement::Embedded));
            let index = make_index(&plain, sections, &ReadOptions::new(), &mut NoObserver);
            let Ok(index) = index else {
                // An archive that holds nothing but .metadata is none that a strict reader takes.
                assert!(contents == Contents::default());
                continue;
            };
            let mut made = plain;
            index.write_to(&mut made).unwrap();
            assert!(made == indexed, "{sections:?}");
        }
    }
}

#[test]
fn archive_of_another_writer_gets_no_index() {
    let archive = Contents::tiny().archive();
    let mut plain = Vec::new();
    std::io::copy(&mut flate2::read::MultiGzDecoder::new(archive.as_slice()), &mut plain).unwrap();
    let mut foreign = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut foreign, &plain).unwrap();
    let foreign = foreign.finish().unwrap();
    let error = make_index(&foreign, SectionSplit::Contents, &ReadOptions::new(), &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
}
