//! Parts of a plan: packed by any worker, joined to the archive that one writer makes, and refused if they are not all of
//! one plan.

use std::io::Cursor;
use std::ops::Range;

use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::prepare::{Database, PrepareOptions, Prepared};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::join::{Join, S3_PIECE_BYTES, Shard, Shards};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{Error, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};

use crate::support::app::DUMP;
use crate::support::archives::{Contents, id, noise, parallelisms, read};

type Part = (String, SnapshotArchive<Vec<u8>>);

fn prepared(contents: &Contents) -> Prepared<Cursor<Vec<u8>>, &Contents> {
    let options = PrepareOptions::new().with_model_version("1.0.0.40");
    let database =
        contents.database.clone().map(|dump| Database::open(Cursor::new(dump), &options, &mut NoObserver).unwrap());
    Prepared::new(database, Some(contents), &options).unwrap()
}

fn whole(contents: &Contents, options: &WriteOptions) -> Vec<u8> {
    prepared(contents).write(Vec::new(), options, &mut NoObserver).unwrap().0
}

fn shard(contents: &Contents, number: u32, count: u32, options: &WriteOptions) -> Vec<u8> {
    let shard = Shard::new(number, count).unwrap();
    prepared(contents).write_shard(shard, Vec::new(), options, &mut NoObserver).unwrap().0
}

fn shards(contents: &Contents, count: u32, options: &WriteOptions) -> Vec<Vec<u8>> {
    (1..=count).map(|number| shard(contents, number, count, options)).collect()
}

fn opened(parts: &[Vec<u8>]) -> Vec<Part> {
    let open = |part: &Vec<u8>| SnapshotArchive::open(part.clone(), &ReadOptions::new()).unwrap();
    parts.iter().enumerate().map(|(at, part)| (format!("file {at}"), open(part))).collect()
}

fn joined(parts: &[Vec<u8>], index: IndexPlacement) -> Result<Vec<u8>, Error> {
    let shards = Shards::collect(opened(parts))?;
    let joined = shards.join(&shards.metadata()?, index)?;
    let archive = joined.write_verified(Vec::new(), Parallelism::threads(2), &mut NoObserver)?;
    assert_eq!(joined.len_bytes(), archive.len() as u64);
    assert!(joined.write_to(Vec::new(), &mut NoObserver)? == archive);
    assert!(read_at_odd_offsets(&joined) == archive);
    Ok(archive)
}

fn read_at_odd_offsets(joined: &Join<'_, Vec<u8>>) -> Vec<u8> {
    use appsnap::io::ReadAt;
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 77_777];
    loop {
        let count = joined.read_at(&mut buffer, bytes.len() as u64).unwrap();
        if count == 0 {
            return bytes;
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
}

/// Documents with a real dump.
fn sample(count: u64) -> Contents {
    Contents { database: Some(DUMP.to_vec()), ..Contents::sample(count) }
}

#[test]
fn shards_join_to_the_archive_of_one_writer() {
    let contents = sample(60);
    for (sections, counts) in [
        (SectionSplit::Contents, (1..=16).collect::<Vec<_>>()),
        (SectionSplit::Digit, vec![2, 5, 16]),
        (SectionSplit::Byte, vec![3]),
    ] {
        let options = WriteOptions::new().with_sections(sections);
        let [plain, indexed] = [IndexPlacement::Omitted, IndexPlacement::Embedded]
            .map(|index| (index, whole(&contents, &options.clone().with_index(index))));
        for count in counts {
            let parts = shards(&contents, count, &options);
            for (index, expected) in [&plain, &indexed] {
                assert!(joined(&parts, *index).unwrap() == *expected, "{count} shards, {sections:?}, {index:?}");
            }
        }
    }
}

#[test]
fn more_shards_than_documents_join_as_well() {
    for documents in [0, 1, 2, 3] {
        let contents = sample(documents);
        let expected = whole(&contents, &WriteOptions::new());
        for count in [1, 2, 7] {
            let parts = shards(&contents, count, &WriteOptions::new());
            assert!(joined(&parts, IndexPlacement::Omitted).unwrap() == expected, "{count} shards of {documents}");
        }
    }
    // Nothing but a database.
    let options = PrepareOptions::new();
    let prepared = || {
        let database = Database::open(Cursor::new(DUMP), &options, &mut NoObserver).unwrap();
        Prepared::new(Some(database), None::<()>, &options).unwrap()
    };
    let part = |number| {
        let shard = Shard::new(number, 2).unwrap();
        prepared().write_shard(shard, Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap().0
    };
    let expected = prepared().write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap().0;
    assert!(joined(&[part(1), part(2)], IndexPlacement::Omitted).unwrap() == expected);
}

#[test]
fn seams_fall_anywhere_in_a_chunk() {
    let mut random = fastrand::Rng::with_seed(19);
    for round in 0..12 {
        // Around the length of a chunk with its header, so that seams are before, at and after its end.
        let near = |random: &mut fastrand::Rng| (1 << 20) - 512 * random.usize(0..6) + random.usize(0..3);
        let mut documents: Vec<_> = (0..random.u64(1..12))
            .map(|number| {
                let len = match random.u8(0..3) {
                    0 => near(&mut random),
                    1 => random.usize(0..2000),
                    _ => random.usize(0..1_500_000),
                };
                (id(number), noise(number, len))
            })
            .collect();
        documents.sort();
        let contents = Contents { database: None, documents };
        let count = random.u32(1..9);
        let expected = whole(&contents, &WriteOptions::new());
        let parts = shards(&contents, count, &WriteOptions::new());
        assert!(joined(&parts, IndexPlacement::Omitted).unwrap() == expected, "round {round}, {count} shards");
    }
}

#[test]
fn shard_is_an_archive_and_the_same_again_with_any_number_of_threads() {
    let contents = sample(60);
    let mut documents = 0;
    for number in 1..=3 {
        let once = shard(&contents, number, 3, &WriteOptions::new());
        for parallelism in parallelisms() {
            let options = WriteOptions::new().with_parallelism(parallelism);
            assert!(shard(&contents, number, 3, &options) == once, "{parallelism:?}");
        }
        let (of_shard, _) = read(once.as_slice(), ReadOptions::new()).unwrap();
        assert_eq!(of_shard.database.is_some(), number == 1);
        assert!(contents.documents[documents..].starts_with(&of_shard.documents));
        documents += of_shard.documents.len();
        let archive = SnapshotArchive::open(once, &ReadOptions::new()).unwrap();
        archive.verify(Parallelism::INLINE, &mut NoObserver).unwrap();
        let names = |options: &WriteOptions| {
            prepared(&contents).shard_file_name(Shard::new(number, 3).unwrap(), options).unwrap()
        };
        assert_eq!(names(&WriteOptions::new()), names(&WriteOptions::new().with_parallelism(Parallelism::threads(4))));
    }
    assert_eq!(documents, 60);
}

#[test]
fn parts_are_taken_in_any_order_and_several_times() {
    let contents = sample(50);
    let mut parts = shards(&contents, 5, &WriteOptions::new());
    let expected = whole(&contents, &WriteOptions::new());
    parts.rotate_left(2);
    parts.swap(0, 3);
    parts.push(parts[1].clone());
    parts.push(parts[1].clone());
    assert!(joined(&parts, IndexPlacement::Omitted).unwrap() == expected);
}

#[test]
fn metadata_may_be_replaced() {
    let contents = sample(20);
    let shards = Shards::collect(opened(&shards(&contents, 2, &WriteOptions::new()))).unwrap();
    let metadata = shards.metadata().unwrap().with_model_version("9.9").with_duration(7);
    let joined = shards.join(&metadata, IndexPlacement::Embedded).unwrap();
    let archive = joined.write_to(Vec::new(), &mut NoObserver).unwrap();
    let archive = SnapshotArchive::open(archive, &ReadOptions::new()).unwrap();
    assert_eq!(archive.metadata().unwrap(), metadata);
    let wrong = shards.join(&metadata.with_files_size_bytes(1), IndexPlacement::Omitted).unwrap_err();
    assert!(wrong.to_string().contains("filesSize"), "{wrong}");
}

fn refused(parts: &[Vec<u8>]) -> String {
    let error = joined(parts, IndexPlacement::Omitted).unwrap_err();
    assert!(error.is_bad_input(), "{error:?}");
    error.to_string()
}

#[test]
fn shards_of_different_plans_are_refused() {
    let contents = sample(30);
    let parts = shards(&contents, 3, &WriteOptions::new());
    let with = |other: Vec<u8>| refused(&[parts[0].clone(), other, parts[2].clone()]);

    let mut more = contents.clone();
    more.documents[29].1.push(0);
    let error = with(shard(&more, 2, 3, &WriteOptions::new()));
    assert!(error.contains("file 1") && error.contains("another plan than file 0"), "{error}");
    more = contents.clone();
    more.documents.pop();
    let error = with(shard(&more, 2, 3, &WriteOptions::new()));
    assert!(error.contains("30 and 29 documents"), "{error}");
    let error = with(shard(&contents, 2, 4, &WriteOptions::new()));
    assert!(error.contains("3 and 4 shards"), "{error}");
    let level = appsnap::gzip::Level::new(9).unwrap();
    let error = with(shard(&contents, 2, 3, &WriteOptions::new().with_level(level)));
    assert!(error.contains("levels"), "{error}");
    more = contents.clone();
    more.database = None;
    let error = with(shard(&more, 2, 3, &WriteOptions::new()));
    assert!(error.contains("databases"), "{error}");
}

#[test]
fn missing_shards_are_named() {
    let parts = shards(&sample(30), 30, &WriteOptions::new());
    let error = refused(&parts[1..]);
    assert!(error.contains("shard 1 of 30 missing"), "{error}");
    let error = refused(&[&parts[..4], &parts[6..29]].concat());
    assert!(error.contains("shards 5, 6, 30 of 30 missing"), "{error}");
    let error = refused(&parts[29..]);
    assert!(error.contains("1, 2, 3, ") && error.contains(", ... of 30 missing"), "{error}");
    assert!(refused(&[]).contains("no shards"));
    let archive = Contents::sample(3).push(WriteOptions::new().with_index(IndexPlacement::Embedded)).0;
    let error = refused(&[archive]);
    assert!(error.contains("file 0") && error.contains("not a shard"), "{error}");
}

/// Writes an archive of some documents with this `.metadata`: a shard as a forger makes it.
fn forged(contents: &Contents, documents: Range<usize>, metadata: &Metadata) -> Vec<u8> {
    let options = WriteOptions::new().with_index(IndexPlacement::Embedded).without_size_check();
    let mut writer = SnapshotWriter::start(Vec::new(), metadata, &options).unwrap();
    let documents = contents.documents[documents].to_vec();
    writer.documents(&Contents { database: None, documents }, &mut NoObserver).unwrap();
    writer.finish().unwrap().0
}

/// The `.metadata` of a shard, changed as text.
fn changed(shard: &[u8], from: &str, to: &str) -> Metadata {
    let metadata = SnapshotArchive::open(shard, &ReadOptions::new()).unwrap().metadata().unwrap();
    let text = String::from_utf8(metadata.render()).unwrap();
    assert!(from.is_empty() || text.contains(from), "{from} in {text}");
    let text = if from.is_empty() { text } else { text.replace(from, to) };
    Metadata::parse(text.as_bytes(), &appsnap::Limits::untrusted()).unwrap().0
}

#[test]
fn forged_shards_are_refused() {
    let contents = Contents { database: None, ..sample(12) };
    let parts = shards(&contents, 2, &WriteOptions::new());
    let first = SnapshotArchive::open(parts[0].as_slice(), &ReadOptions::new()).unwrap().documents_count() as usize;
    let with = |part: Vec<u8>| refused(&[part, parts[1].clone()]);

    // What the forger changes besides is right: the unchanged contents join.
    let same = forged(&contents, 0..first, &changed(&parts[0], "", ""));
    assert!(
        joined(&[same, parts[1].clone()], IndexPlacement::Omitted).unwrap() == whole(&contents, &WriteOptions::new())
    );

    // Values that are no values.
    for (from, to) in [
        ("\"number\":1", "\"number\":0"),
        ("\"number\":1", "\"number\":3"),
        ("\"number\":1", "\"number\":-1"),
        ("\"number\":1", "\"number\":4294967297"),
        ("\"from\":0", "\"from\":11"),
        ("\"from\":0", "\"from\":\"0\""),
        ("\"shards\":2", "\"shards\":4000000000"),
        ("\"documents\":12", "\"documents\":1"),
        ("\"name\":\"", "\"name\":\"x"),
        ("\"plan\":{", "\"plan\":[],\"plans\":{"),
    ] {
        let error = with(forged(&contents, 0..first, &changed(&parts[0], from, to)));
        assert!(error.contains("file 0") && error.contains("damaged"), "{to}: {error}");
    }
    // The name of the plan is kept, and everything else about the plan changed.
    let lie = |from: &str, to: &str| with(forged(&contents, 0..first, &changed(&parts[0], from, to)));
    let backend = if cfg!(feature = "zlib-rs") { "zlib-rs" } else { "miniz_oxide" };
    let error = lie(backend, "\\u001b[2J");
    assert!(error.contains("compresses differently") && !error.contains('\u{1b}'), "{error}");
    assert!(lie("\"modelVersion\":\"1.0.0.40\"", "\"modelVersion\":\"6.6.6\"").contains("not those of the plan"));
    assert!(lie("\"database\":null", "\"database\":\"00\"").contains("not those of the plan"));
    assert!(lie("\"sections\":\"contents\"", "\"sections\":\"other\"").contains("compresses differently"));
    let until = format!("\"until\":{first}");
    assert!(lie(&until, "\"until\":12").contains("but it has"));

    // Documents of another shard, too few, other lengths, or swapped.
    let stated = changed(&parts[0], "", "");
    let one_more = changed(&parts[0], &until, &format!("\"until\":{}", first + 1));
    assert!(with(forged(&contents, 0..first + 1, &one_more)).contains("overlaps"));
    let one_less = changed(&parts[0], &until, &format!("\"until\":{}", first - 1));
    assert!(with(forged(&contents, 0..first - 1, &one_less)).contains("gap"));
    let error = with(forged(&contents, 1..first + 1, &stated));
    assert!(error.contains("ascend"), "{error}");
    let mut other = contents.clone();
    other.documents[0].0 = id(999_999);
    other.documents[..first].sort();
    let error = with(forged(&other, 0..first, &stated));
    assert!(error.contains("not those of the plan") || error.contains("ascend"), "{error}");
    let mut other = contents.clone();
    let (left, right) = other.documents.split_at_mut(1);
    // The sum of the lengths is the same.
    let len = right[0].1.len();
    right[0].1 = left[0].1.clone();
    left[0].1 = vec![7; len];
    let error = with(forged(&other, 0..first, &stated));
    assert!(error.contains("not those of the plan") || error.contains("do not end"), "{error}");
}

#[test]
fn damage_to_any_byte_of_a_shard_is_found() {
    let mut documents: Vec<_> = (0..4).map(|number| (id(number), noise(number, 700_000))).collect();
    documents.sort();
    let contents = Contents { database: None, documents };
    let parts = shards(&contents, 2, &WriteOptions::new());
    let expected = whole(&contents, &WriteOptions::new());
    let mut random = fastrand::Rng::with_seed(7);
    let mut found = 0;
    for round in 0..100 {
        let mut damaged = parts.clone();
        let part = &mut damaged[round % 2];
        let at = if random.bool() { random.usize(0..part.len()) } else { part.len() - 1 - random.usize(0..2000) };
        part[at] ^= 1 << random.u8(0..8);
        let open = |part: &Vec<u8>| SnapshotArchive::open(part.clone(), &ReadOptions::new());
        let Ok(opened) = damaged.iter().map(|part| Ok((String::new(), open(part)?))).collect::<Result<Vec<_>, Error>>()
        else {
            found += 1;
            continue;
        };
        let joined = || -> Result<Vec<u8>, Error> {
            let shards = Shards::collect(opened)?;
            let joined = shards.join(&shards.metadata()?, IndexPlacement::Omitted)?;
            joined.write_verified(Vec::new(), Parallelism::INLINE, &mut NoObserver)
        };
        match joined() {
            // Bytes that the join leaves out, such as the end of a shard, and bits of a deflate stream that do not matter.
            Ok(archive) => {
                let is_right = || read(archive.as_slice(), ReadOptions::new()).unwrap().0 == contents;
                assert!(archive == expected || is_right(), "bit of byte {at}");
            }
            Err(error) => {
                assert!(error.is_bad_input(), "{error}");
                found += 1;
            }
        }
    }
    assert!(found > 70, "{found}");
}

#[test]
fn duplicate_with_other_bytes_is_refused() {
    let mut documents = vec![(id(1), noise(1, 5000)), (id(2), noise(2, 5000))];
    documents.sort();
    let contents = Contents { database: None, documents };
    let mut parts = shards(&contents, 2, &WriteOptions::new());
    let mut other = parts[1].clone();
    // A byte of a document.
    other[2000] ^= 1;
    parts.push(other);
    let error = refused(&parts);
    assert!(error.contains("other bytes") && error.contains("file 2") && error.contains("file 1"), "{error}");
}

#[test]
fn store_puts_shards_together_from_ranges() {
    let mut documents: Vec<_> = (0..70).map(|number| (id(number), noise(number, 900_000))).collect();
    documents.sort();
    let contents = Contents { database: None, documents };
    let parts = shards(&contents, 3, &WriteOptions::new());
    let expected = whole(&contents, &WriteOptions::new().with_index(IndexPlacement::Embedded));
    let shards = Shards::collect(opened(&parts)).unwrap();
    let joined = shards.join(&shards.metadata().unwrap(), IndexPlacement::Embedded).unwrap();
    let (mut archive, mut uploaded) = (Vec::new(), 0);
    for piece in joined.pieces(S3_PIECE_BYTES).unwrap() {
        let range = piece.output_bytes().clone();
        match piece.source() {
            Some((part, from)) => {
                archive.extend_from_slice(&parts[*part][from.start as usize..from.end as usize]);
            }
            None => {
                uploaded += range.end - range.start;
                archive.extend_from_slice(&expected[range.start as usize..range.end as usize]);
            }
        }
    }
    assert!(archive == expected);
    // The beginning, two seams and the end, each at least of the smallest length that a store accepts.
    assert!(uploaded < 4 * 2 * S3_PIECE_BYTES.start(), "{uploaded}");
}
