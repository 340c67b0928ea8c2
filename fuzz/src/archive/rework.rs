//! Archives made of archives: what repacking, taking apart, indexing and joining make of anything verifies, and holds
//! what the original held.

use appsnap::io::Parallelism;
use appsnap::layout;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::prepare::{Database, PrepareOptions, Prepared};
use appsnap::snapshot::index::{IndexPlacement, make_index};
use appsnap::snapshot::join::{Join, Shard, Shards, shard};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions, repack};
use arbitrary::{Arbitrary, Unstructured};

use super::index::with_index;
use super::read::{options, outcome};
use super::write::Contents;
use crate::compression::gzip;
use crate::control;
use crate::tape::seal;

/// The rest is an archive of any bytes; otherwise, choices from which two parts are made and joined.
pub const ARCHIVE: u8 = 1;
/// In those bytes, write right checksums where headers may be, and compress.
pub const SEAL: u8 = 2;
/// Of those bytes: they are the index of a small archive.
pub const INDEX: u8 = 4;
/// SectionSplit that are asked for are [`SectionSplit::Digit`].
pub const DIGIT: u8 = 8;

/// Kind and content of every entry but the metadata, which counts what a part leaves out.
type Entries = Vec<(String, Vec<u8>)>;

fn entries(archive: &[u8]) -> Option<Entries> {
    let outcome = outcome(archive, options());
    let is_left = |(kind, _): &(String, Vec<u8>)| !kind.starts_with("Metadata") && !kind.starts_with("Junk");
    outcome.error.is_none().then(|| outcome.entries.into_iter().filter(is_left).collect())
}

fn is_database((kind, _): &(String, Vec<u8>)) -> bool {
    kind == "Database"
}

/// The canonical order: the database first.
fn in_order(mut entries: Entries) -> Entries {
    entries.sort_by_key(|entry| !is_database(entry));
    entries
}

pub fn rework(data: &[u8]) {
    let (control, rest) = control::split(data);
    let sections = if control.has(DIGIT) { SectionSplit::Digit } else { SectionSplit::Contents };
    if control.has(ARCHIVE) {
        let archive = if control.has(INDEX) {
            with_index(rest)
        } else if control.has(SEAL) {
            let mut tar = rest.to_vec();
            seal(&mut tar);
            gzip(&tar)
        } else {
            rest.to_vec()
        };
        repacked(&archive, sections);
        indexed(&archive, sections);
        taken_apart(&archive, sections);
    } else {
        let mut choices = Unstructured::new(rest);
        let Ok(contents) = Contents::arbitrary(&mut choices) else { return };
        joined(&contents);
        sharded(&contents, &mut choices);
    }
}

fn repacked(archive: &[u8], sections: SectionSplit) {
    let before = entries(archive);
    let write = WriteOptions::new().with_sections(sections).with_index(IndexPlacement::Embedded);
    for selection in [layout::Contents::Full, layout::Contents::FilesOnly, layout::Contents::DatabaseOnly] {
        let open = || Ok(SnapshotReader::new(archive, &options()));
        let result = repack(open, Vec::new(), &write.clone().with_contents(selection), &mut NoObserver);
        // A snapshot may lack its metadata or repeat what a writer refuses to; only success promises something.
        let Ok((packed, report)) = result else { continue };
        assert_eq!(report.archive_bytes(), packed.len() as u64);
        let expected = before.clone().expect("what was repacked can be read");
        let expected = in_order(expected).into_iter().filter(|entry| match selection {
            layout::Contents::FilesOnly => !is_database(entry),
            layout::Contents::DatabaseOnly => is_database(entry),
            _ => true,
        });
        assert!(entries(&packed) == Some(expected.collect()), "repacking changed the contents");
    }
}

/// An index made afterwards is one that verifies.
fn indexed(archive: &[u8], sections: SectionSplit) {
    let Ok(index) = make_index(&archive, sections, &options(), &mut NoObserver) else { return };
    let mut indexed = archive.to_vec();
    index.write_to(&mut indexed).expect("memory does not fail");
    assert!(outcome(indexed.as_slice(), options()).is_indexed);
    let opened = SnapshotArchive::open(indexed, &options()).expect("the index that was made");
    assert!(opened.verify(Parallelism::INLINE, &mut NoObserver).is_ok());
}

/// A part that was copied out, and the archive joined of itself alone, hold what the archive holds.
fn taken_apart(archive: &[u8], sections: SectionSplit) {
    let Ok(opened) = SnapshotArchive::open(archive, &options()) else { return };
    let before = entries(archive);
    for selection in [layout::Contents::FilesOnly, layout::Contents::DatabaseOnly] {
        let write = WriteOptions::new().with_contents(selection).with_index(IndexPlacement::Embedded);
        let result = opened.write_part(Vec::new(), &write, &mut NoObserver);
        let Ok((part, _)) = result else { continue };
        let wanted = |entry: &(String, Vec<u8>)| is_database(entry) == (selection == layout::Contents::DatabaseOnly);
        let expected = before.clone().expect("what was taken apart can be read").into_iter().filter(wanted);
        assert!(entries(&part) == Some(expected.collect()), "a part holds something else");
    }
    let is_sound = opened.verify(Parallelism::INLINE, &mut NoObserver).is_ok();
    let parts = [opened];
    let write = WriteOptions::new().with_sections(sections).without_size_check();
    let Ok(joined) = Join::plan(&Metadata::new(), &parts, &write) else { return };
    let Ok(whole) = joined.write_to(Vec::new(), &mut NoObserver) else { return };
    assert_eq!(joined.len_bytes(), whole.len() as u64);
    assert!(!is_sound || entries(&whole) == before, "joining changed the contents");
}

/// Shards make what one writer makes, or are refused: damaged ones, too.
fn sharded(contents: &Contents, choices: &mut Unstructured) {
    if !contents.documents.is_sorted() {
        return;
    }
    let options = contents.options();
    let prepared =
        || Prepared::new(None::<Database<&[u8]>>, Some(contents), &PrepareOptions::new()).expect("documents");
    let (whole, _) = prepared().write(Vec::new(), &options, &mut NoObserver).expect("memory does not fail");
    let count = u32::from(contents.level) + 1;
    let write = |number| {
        let shard = Shard::new(number, count).expect("a number that is possible");
        prepared().write_shard(shard, Vec::new(), &options, &mut NoObserver).expect("memory does not fail").0
    };
    let mut parts = (1..=count).map(write).collect::<Vec<_>>();
    let index = IndexPlacement::Omitted;
    assert!(join_shards(&parts, index).is_ok_and(|archive| archive == whole), "other bytes");
    let (Ok(number), Ok(at), Ok(bit)) =
        (choices.choose_index(parts.len()), u64::arbitrary(choices), u8::arbitrary(choices))
    else {
        return;
    };
    let part = &mut parts[number];
    let len = part.len() as u64;
    part[(at % len) as usize] ^= 1 << (bit % 8);
    if let Ok(archive) = join_shards(&parts, index) {
        // Some bits of a deflate stream do not matter, such as those between a block and the next byte.
        assert!(archive == whole || entries(&archive) == entries(&whole), "damage that is not noticed");
    }
}

fn join_shards(parts: &[Vec<u8>], index: IndexPlacement) -> Result<Vec<u8>, appsnap::snapshot::Error> {
    let open = |part: &Vec<u8>| Ok((String::new(), SnapshotArchive::open(part.clone(), &options())?));
    let shards = Shards::collect(parts.iter().map(open).collect::<Result<_, appsnap::snapshot::Error>>()?)?;
    let joined = shards.join(&shards.metadata()?, index)?;
    joined.write_verified(Vec::new(), Parallelism::INLINE, &mut NoObserver)
}

/// Two workers make what one makes.
fn joined(contents: &Contents) {
    if !contents.documents.is_sorted() {
        return;
    }
    let options = contents.options().with_sections(SectionSplit::Digit).with_index(IndexPlacement::Embedded);
    let options = options.without_size_check();
    let (whole, _) = contents.write(options.clone(), true);
    let border = contents.level;
    let parts = [0..=border, border + 1..=15].map(|digits| {
        let is_first = *digits.start() == 0;
        let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options).expect("memory does not fail");
        if let Some(database) = contents.database.as_ref().filter(|_| is_first) {
            let content = appsnap::snapshot::Content::sized(database.len() as u64, database.as_slice());
            writer.database(content, &mut NoObserver).expect("a database");
        }
        writer.documents(&shard(contents, digits), &mut NoObserver).expect("documents");
        let (part, _) = writer.finish().expect("the end");
        SnapshotArchive::open(part, &super::read::options()).expect("an index")
    });
    let joined = Join::plan(&contents.metadata, &parts, &options).expect("parts of one archive");
    assert!(joined.write_to(Vec::new(), &mut NoObserver).expect("memory does not fail") == whole, "other bytes");
}
