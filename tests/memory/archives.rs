//! Archives: bombs, floods and claims against the stream reader and the index.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::iter;

use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::snapshot::options::Tolerance;
use appsnap::snapshot::report::ReadReport;
use appsnap::snapshot::{Error, ErrorKind, ReadOptions, SnapshotArchive, SnapshotReader};
use appsnap::{DocumentId, Limits, gzip, tarball};

use super::{ID_BYTES, MIB, READING_BYTES, UNORDERED_ID_BYTES, alone, expect_within, made, peak};
use crate::support::hostile::cases;
use crate::support::hostile::extension::{global, long_name, pax_raw, record};
use crate::support::hostile::gzip::{FNAME, Member, member};
use crate::support::hostile::header::{BLOCK, Field, Header, base_256};
use crate::support::hostile::plan::{Part, Plan, path};

/// Reads to the end or to the first error, through one small buffer.
fn read(source: impl Read, options: ReadOptions) -> Result<ReadReport, Error> {
    let mut reader = SnapshotReader::new(source, &options);
    while let Some(mut entry) = reader.next_entry()? {
        io::copy(&mut entry, &mut io::sink()).map_err(|error| error.downcast::<Error>().unwrap())?;
    }
    Ok(reader.report().clone())
}

fn limited(change: impl FnOnce(Limits) -> Limits) -> ReadOptions {
    ReadOptions::new().with_limits(change(Limits::untrusted()))
}

/// The limit that an error names.
fn limit(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Limit(exceeded) => exceeded.name,
        ErrorKind::Tar(error) => match error.kind() {
            tarball::ErrorKind::Limit(exceeded) => exceeded.name,
            other => panic!("{other:?}"),
        },
        ErrorKind::Gzip(error) => match error.kind() {
            gzip::ErrorKind::Limit(exceeded) => exceeded.name,
            other => panic!("{other:?}"),
        },
        ErrorKind::Metadata(error) => match error.kind() {
            appsnap::metadata::ErrorKind::Limit(exceeded) => exceeded.name,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Reads something that must stop at `name`.
fn hits(name: &'static str, source: impl Read, options: ReadOptions) {
    let (result, bytes) = peak(|| read(source, options));
    assert_eq!(limit(&result.unwrap_err()), name);
    expect_within(name, bytes, 4 * MIB);
}

/// A member of zeros, compressed without ever being whole in memory.
fn zero_bomb(front: &[u8], zeros: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(front).unwrap();
    io::copy(&mut io::repeat(0).take(zeros as u64), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

fn document(number: u128) -> DocumentId {
    DocumentId::from_bytes((number << 100 | number).to_be_bytes())
}

/// Empty documents; the whole archive but its metadata and its end.
fn documents(count: u128) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(|number| Header::ustar(path(&document(number)), 0).render().to_vec())
}

fn files_only(members: impl Iterator<Item = Vec<u8>>) -> impl Iterator<Item = Vec<u8>> {
    members.chain(iter::once(vec![0; 2 * BLOCK]))
}

#[test]
fn every_limit_on_archives_is_hit_within_little_memory() {
    let _alone = alone();
    let mut bomb = Part::file("db/db.backup", "").header;
    bomb = bomb.with(Field::Size, format!("{:011o}\0", 16 * MIB));
    let packed = zero_bomb(&bomb.render(), 16 * MIB);
    hits("max_total_bytes", packed.as_slice(), limited(|limits| limits.with_max_total_bytes(MIB as u64)));
    hits("max_entry_bytes", packed.as_slice(), limited(|limits| limits.with_max_entry_bytes(MIB as u64)));
    let packed = zero_bomb(&Plan::sample().tar(), 16 * MIB);
    hits("max_total_bytes", packed.as_slice(), limited(|limits| limits.with_max_total_bytes(MIB as u64)));

    let flood = made(iter::repeat_with(|| Part::directory("tree/").render()));
    hits("max_entries", flood, limited(|limits| limits.with_max_entries(50_000)));

    let metadata = Header::ustar(".metadata", 16 * MIB as u64).render();
    hits("max_metadata_bytes", zero_bomb(&metadata, 16 * MIB).as_slice(), ReadOptions::new());

    for size in [2 * MIB as u64, 1 << 40, i64::MAX as u64] {
        for flag in [b'x', b'g', b'L'] {
            let claim = Header::gnu("x", 0).of_type(flag).with(Field::Size, base_256(0x80, size.into(), 12)).render();
            hits("max_extension_bytes", zero_bomb(&claim, 16 * MIB).as_slice(), ReadOptions::new());
        }
    }
    let chain = made(iter::repeat_with(|| global(&[("comment", "again")])));
    hits("max_extensions", chain, ReadOptions::new());

    let head = Member::of(b"").with_fields(FNAME, b"").render();
    let endless = (&head[..10]).chain(io::repeat(b'n').take(16 * MIB as u64));
    hits("max_gzip_header_bytes", endless, ReadOptions::new());
}

/// Findings are a report's memory: as many kept as the limit says, all counted.
#[test]
fn findings_are_kept_up_to_their_limit_and_counted_beyond() {
    let _alone = alone();
    let junk = |number: usize| {
        // Everything unusual that a member can have at once, under a name that grows fourfold when it is escaped.
        let name = format!("tree/._{}{number:06}", "\u{7f}".replace('\u{7f}', "ü").repeat(40));
        let header = Header::ustar(name, 0).with(Field::Mode, b"0006755\0").of_type(b'7');
        header.with(Field::LinkName, b"x").render().to_vec()
    };
    let label =
        |number: usize| Header::gnu(format!("{}{number:06}", "ü".repeat(45)), 0).of_type(b'V').render().to_vec();
    let members = (0..13_000).flat_map(|number| [junk(number), label(number)]);
    let source = made(files_only(documents(1).chain(members)));
    let (report, bytes) = peak(|| read(source, ReadOptions::new()).unwrap());
    assert!(report.diagnostics().count() >= 65_000, "{}", report.diagnostics().count());
    assert!(report.diagnostics().as_slice().len() >= 5000, "{}", report.diagnostics().as_slice().len());
    expect_within("findings", bytes, READING_BYTES);

    // Names of an honest length leave room for as many as the limit says.
    let junk_of = |number: usize| Header::ustar(format!("tree/0d/3e/._{number:036}"), 0).render().to_vec();
    let source = made(files_only(documents(1).chain((0..10_500).map(junk_of))));
    let report = read(source, ReadOptions::new()).unwrap();
    let kept = report.diagnostics().iter().filter(|found| found.code().name() == "appledouble-skipped").count();
    assert_eq!(kept, 10_000);

    let members = (0..1000).map(junk);
    let source = made(files_only(documents(1).chain(members)));
    let report = read(source, limited(|limits| limits.with_max_findings_per_code(10))).unwrap();
    assert!(
        report.diagnostics().count() >= 4000 && report.diagnostics().as_slice().len() <= 70,
        "{}",
        report.diagnostics().as_slice().len()
    );
}

#[test]
fn the_whole_hostile_corpus_reads_within_its_bound() {
    let _alone = alone();
    let mut most = (0, "");
    for case in cases() {
        for tolerance in [Tolerance::Strict, Tolerance::Salvage] {
            let options = ReadOptions::new().with_limits(case.limits.clone()).with_tolerance(tolerance);
            let (_, bytes) = peak(|| drop(read(case.bytes.as_slice(), options)));
            most = most.max((bytes, case.name.as_str()));
        }
    }
    expect_within(&format!("the corpus at its worst, {}", most.1), most.0, READING_BYTES);
}

#[test]
fn floods_read_within_the_bound() {
    let _alone = alone();
    let empty = member(b"");
    let members = made(iter::repeat_n(empty, 20_000).chain(iter::once(Plan::sample().gz())));
    let (result, bytes) = peak(|| read(members, ReadOptions::new()));
    assert!(result.is_ok());
    expect_within("20,000 empty gzip members", bytes, READING_BYTES);

    const COUNT: u128 = 60_000;
    let (report, bytes) = peak(|| read(made(files_only(documents(COUNT))), ReadOptions::new()).unwrap());
    assert_eq!(u128::from(report.documents_count()), COUNT);
    expect_within("60,000 documents in order", bytes, READING_BYTES + COUNT as usize * ID_BYTES);

    let shuffled = (0..COUNT).map(|number| document(number * 7919 % COUNT));
    let shuffled = shuffled.map(|id| Header::ustar(path(&id), 0).render().to_vec());
    let (report, bytes) = peak(|| read(made(files_only(shuffled)), ReadOptions::new()).unwrap());
    assert_eq!(u128::from(report.documents_count()), COUNT);
    expect_within("60,000 documents out of order", bytes, READING_BYTES + COUNT as usize * UNORDERED_ID_BYTES);

    // One extension of a full MiB before every member.
    let body = record("comment", vec![b'c'; MIB - 20]);
    let large =
        (0..40).flat_map(|number| [pax_raw(&body), Header::ustar(path(&document(number)), 0).render().to_vec()]);
    let (result, bytes) = peak(|| read(made(files_only(large)), ReadOptions::new()));
    assert!(result.is_ok(), "{result:?}");
    expect_within("40 extensions of 1 MiB", bytes, READING_BYTES);

    let name = long_name(&vec![b'n'; MIB - BLOCK]);
    let member = Header::gnu("n".repeat(100), 0).render().to_vec();
    let salvage = ReadOptions::new().with_tolerance(Tolerance::Salvage);
    let named = (0..40).flat_map(|_| [name.clone(), member.clone()]);
    let (result, bytes) = peak(|| read(made(files_only(documents(1).chain(named))), salvage));
    assert!(result.is_ok(), "{result:?}");
    expect_within("40 names of 1 MiB", bytes, READING_BYTES);
}

/// `.metadata` is parsed in memory: a MiB of text must not become many MiB of values.
#[test]
fn metadata_of_a_mebibyte_parses_within_the_bound() {
    let _alone = alone();
    let mut keys = String::from("{\"a\":0");
    for number in 0.. {
        if keys.len() > MIB - 20 {
            break;
        }
        write!(keys, ",\"{number:x}\":0").unwrap();
    }
    keys.push('}');
    let repeated = |unit: &str, front: &str, behind: &str| {
        let count = (MIB - front.len() - behind.len() - 2) / unit.len();
        format!("{front}{}0{behind}", unit.repeat(count))
    };
    let texts = [
        ("many keys", keys),
        ("many equal keys", format!("{}\"\":0}}", "{").replace("\"\":0", &["\"\":0"; 150_000].join(","))),
        ("a long array", repeated("0,", "{\"a\":[", "]}")),
        ("many arrays", repeated("[],", "{\"a\":[", "]}")),
        ("deep arrays", repeated("[[[[[[[[]]]]]]]],", "{\"a\":[[[", "]]]}")),
        ("a long text", repeated("\\u0001", "{\"modelVersion\":\"", "\"}")),
    ];
    for (what, text) in texts {
        assert!(text.len() <= MIB && text.len() > MIB / 2, "{what}: {}", text.len());
        let archive = Plan::with_metadata(text).gz();
        for tolerance in [Tolerance::Strict, Tolerance::Salvage] {
            let options = ReadOptions::new().with_tolerance(tolerance);
            let (_, bytes) = peak(|| drop(read(archive.as_slice(), options)));
            expect_within(what, bytes, READING_BYTES);
        }
    }
}

/// An index is untrusted, too: its claims do not decide allocations.
#[test]
fn opening_and_verifying_an_index_allocates_for_what_is_there() {
    let _alone = alone();
    let (archive, _) = crate::support::archives::Contents::sample(300)
        .push(appsnap::snapshot::WriteOptions::new().with_index(appsnap::snapshot::index::IndexPlacement::Embedded));
    let (opened, bytes) = peak(|| SnapshotArchive::open(archive.as_slice(), &ReadOptions::new()).unwrap());
    expect_within("opening an index", bytes, MIB);
    let (result, bytes) = peak(|| opened.verify(Parallelism::INLINE, &mut NoObserver));
    assert!(result.is_ok());
    expect_within("verifying an archive", bytes, READING_BYTES);
    let (_, bytes) = peak(|| {
        for listed in opened.documents() {
            let mut file = opened.document(listed.unwrap().id()).unwrap().unwrap();
            io::copy(&mut file, &mut io::sink()).unwrap();
        }
    });
    expect_within("fetching documents one by one", bytes, READING_BYTES);
}
