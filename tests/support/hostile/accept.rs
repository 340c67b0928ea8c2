//! Group a, the rest: extensions, contents, ends and gzip framing that say nothing dangerous.

use appsnap::DocumentId;
use flate2::Compression;

use super::extension::{global, long_name, long_name_of, member, pax, pax_raw, record};
use super::gzip::{self, FCOMMENT, FEXTRA, FNAME, FTEXT};
use super::header::{BLOCK, Field, Header};
use super::plan::{DATABASE, DOCUMENT, METADATA, Part, Plan, documents, sample_path};
use super::{Case, accepted, dump};

pub fn cases() -> Vec<Case> {
    let mut cases = extensions();
    cases.extend(contents());
    cases.extend(ends());
    cases.extend(gzips());
    cases
}

fn extensions() -> Vec<Case> {
    let path = sample_path(0);
    let local = |records: &[(&str, &str)]| Plan::sample().extend(DOCUMENT, pax(records));
    let raw = |key: &str, value: &[u8]| Plan::sample().extend(DOCUMENT, pax_raw(&record(key, value)));
    let named = |payload: &[u8]| Plan::sample().extend(DOCUMENT, long_name(payload));
    let in_front = |records: &[(&str, &str)]| Plan::sample().extend(METADATA, global(records));
    let big = "x".repeat(100_000);
    let under_posix = member(Header::ustar("././@LongLink", 48).of_type(b'L'), format!("{path}\0").as_bytes());
    let split = Plan::sample()
        .header(DOCUMENT, |header| header.with(Field::Prefix, b"tree").with(Field::Name, &path[5..]))
        .extend(DOCUMENT, long_name_of(&path));
    let on_folder = Part::bare(Header::gnu("tree/", 0).of_type(b'5')).behind(long_name_of("tree/"));
    let slashless = Part::bare(Header::ustar("tree/", 0).of_type(b'5')).behind(pax(&[("path", "tree")]));
    let chain = |count: usize| (0..count).fold(Plan::sample(), |plan, _| plan.extend(METADATA, global(&[])));
    accepted(vec![
        ("a-pax-empty", local(&[])),
        (
            "a-pax-every-member",
            (0..5).fold(Plan::sample(), |plan, at| plan.extend(at, pax(&[("mtime", "1700000000.123456789")]))),
        ),
        ("a-pax-times", local(&[("mtime", "1700000000.5"), ("atime", "1"), ("ctime", "1700000000.")])),
        ("a-pax-time-negative", local(&[("mtime", "-1.5")])),
        ("a-pax-time-huge", local(&[("mtime", "99999999999999999999999999999999.9")])),
        ("a-pax-owner", local(&[("uid", "4294967294"), ("gid", "0"), ("uname", "app"), ("gname", "app")])),
        ("a-pax-owner-not-utf8", raw("uname", b"\xff\xfe")),
        ("a-pax-comment", local(&[("comment", "made by hand\nin two lines")])),
        (
            "a-pax-vendor-keys",
            local(&[("SCHILY.dev", "16777233"), ("SCHILY.ino", "1"), ("LIBARCHIVE.creationtime", "1.5")]),
        ),
        ("a-pax-binary-attribute", raw("SCHILY.xattr.user.x", b"\0\x01\xff\n\n")),
        ("a-pax-value-with-equals", local(&[("comment", "a=b=c")])),
        ("a-pax-value-empty", local(&[("comment", "")])),
        ("a-pax-value-with-records", local(&[("comment", "x\n30 path=../../etc/passwd\n")])),
        ("a-pax-value-with-size-record", local(&[("comment", "\n9 size=9\n")])),
        ("a-pax-charset", local(&[("hdrcharset", "ISO-IR 10646 2000 UTF-8")])),
        ("a-pax-charset-binary", local(&[("hdrcharset", "BINARY")])),
        ("a-pax-comment-twice", local(&[("comment", "one"), ("comment", "two")])),
        ("a-pax-path-equal", local(&[("path", &path)])),
        ("a-pax-size-equal", local(&[("size", "7")])),
        ("a-pax-size-leading-zeros", local(&[("size", "0000000007")])),
        ("a-pax-path-and-size-equal", local(&[("size", "7"), ("path", &path)])),
        ("a-pax-100-kb", local(&[("comment", &big)])),
        ("a-pax-on-directory", Plan::sample().insert(0, Part::directory("tree/").behind(pax(&[("path", "tree/")])))),
        ("a-pax-on-directory-without-slash", Plan::sample().insert(0, slashless)),
        (
            "a-pax-under-gnu-magic",
            Plan::sample().extend(DOCUMENT, member(Header::gnu("x", 9).of_type(b'x'), b"9 size=7\n")),
        ),
        ("a-global-empty", in_front(&[])),
        ("a-global-comment", in_front(&[("comment", "0123456789abcdef0123456789abcdef01234567")])),
        ("a-global-owner", in_front(&[("uid", "0"), ("gname", "wheel"), ("mtime", "0")])),
        ("a-global-label", in_front(&[("GNU.volume.label", "backup")])),
        ("a-global-in-the-middle", Plan::sample().extend(DOCUMENT + 1, global(&[("comment", "later")]))),
        (
            "a-global-then-local",
            Plan::sample().extend(DOCUMENT, global(&[("uid", "1")])).extend(DOCUMENT, pax(&[("uid", "2")])),
        ),
        ("a-global-then-long-name", Plan::sample().extend(DOCUMENT, global(&[])).extend(DOCUMENT, long_name_of(&path))),
        ("a-global-sixteen", chain(16)),
        ("a-long-name-equal", named(format!("{path}\0").as_bytes())),
        ("a-long-name-without-nul", named(path.as_bytes())),
        ("a-long-name-many-nuls", named(format!("{path}\0\0\0\0\0\0").as_bytes())),
        ("a-long-name-under-posix-magic", Plan::sample().extend(DOCUMENT, under_posix)),
        ("a-long-name-over-prefix", split),
        ("a-long-name-on-directory", Plan::sample().insert(0, on_folder)),
    ])
    .collect()
}

fn contents() -> Vec<Case> {
    let moved = |from: usize, to: usize| {
        let mut plan = Plan::sample();
        let part = plan.parts.remove(from);
        plan.insert(to, part)
    };
    let mut reversed = Plan::sample();
    reversed.parts.reverse();
    let id = |number: u128| DocumentId::from_bytes(number.to_be_bytes());
    let sized = |sizes: &[usize]| {
        let documents = sizes.iter().zip(1..).map(|(len, number)| (id(number), vec![b'x'; *len])).collect::<Vec<_>>();
        Plan::with_documents(&documents)
    };
    let holding = |payload: Vec<u8>| Plan::with_documents(&[(id(0), payload)]);
    let upper = Plan::sample()
        .header(DOCUMENT, |header| header.with(Field::Name, sample_path(0).to_uppercase().replace("TREE", "tree")));
    let hostile = Plan::sample().push(Part::file("../../etc/passwd", "root::0:0")).tar();
    let fake_end = [vec![0; 2 * BLOCK], Plan::sample().tar()].concat();
    let row = |name: &str, plan: Plan, documents: usize| Case::accept(name, plan.gz()).documents(documents);
    vec![
        row("a-metadata-last", moved(METADATA, 4), 3),
        row("a-metadata-in-the-middle", moved(METADATA, 2), 3),
        row("a-database-last", moved(DATABASE, 4), 3),
        row("a-everything-backwards", reversed, 3),
        row("a-database-only", Plan::with_documents(&[]), 0),
        row("a-database-only-with-tree", Plan::with_documents(&[]).push(Part::directory("tree/")), 0),
        row("a-sizes-around-a-block", sized(&[0, 1, 511, 512, 513, 1023, 1024, 1025]), 8),
        row("a-sizes-around-a-record", sized(&[10_239, 10_240, 10_241]), 3),
        row("a-sizes-around-a-mebibyte", sized(&[(1 << 20) - 1, 1 << 20, (1 << 20) + 1]), 3),
        row("a-three-hundred-documents", sized(&[3; 300]), 300),
        row("a-all-empty-documents", sized(&[0; 40]), 40),
        row("a-nil-and-max-uuid", Plan::with_documents(&[(id(0), vec![1]), (id(u128::MAX), vec![2])]), 2),
        row("a-upper-case-uuid-in-upper-case-shards", upper, 3),
        row("a-hostile-tar-as-document", holding(hostile.clone()), 1),
        row("a-hostile-tar-gz-as-document", holding(gzip::member(&hostile)), 1),
        row("a-end-marker-as-document", holding(fake_end), 1),
        row("a-zeros-as-document", holding(vec![0; 4096]), 1),
        row("a-headers-as-document", holding(Part::file(".metadata", "{}").render()), 1),
        row("a-older-dump", Plan::with_dump(&dump::Dump { version: [1, 12, 0], ..Default::default() }.render()), 3),
    ]
}

fn ends() -> Vec<Case> {
    let ending = |len: usize| Plan::sample().ending(vec![0; len]);
    let record = Plan::sample().ending(vec![]).tar().len().next_multiple_of(10_240);
    let full = ending(record - Plan::sample().ending(vec![]).tar().len());
    accepted(vec![
        ("a-end-three-blocks", ending(3 * BLOCK)),
        ("a-end-full-record", full),
        ("a-end-and-one-zero", ending(2 * BLOCK + 1)),
        ("a-end-and-half-a-block", ending(2 * BLOCK + 256)),
        ("a-end-and-511-zeros", ending(3 * BLOCK - 1)),
        ("a-end-and-a-mebibyte-of-zeros", ending(1 << 20)),
    ])
    .collect()
}

fn gzips() -> Vec<Case> {
    let tar = Plan::sample().tar();
    let plain = || gzip::Member::of(&tar);
    let deflated = |stream: Vec<u8>| gzip::Member::deflated(&tar, stream).render();
    let headed = |flags: u8, fields: &[u8]| plain().with_fields(flags, fields).render();
    let headed_oddly = |head: [u8; 10]| gzip::Member { head, ..plain() }.render();
    let padded = |zeros: usize| [plain().render(), vec![0; zeros]].concat();
    let empty = gzip::member(b"");
    let first = tar.len() / 3;
    let rows = [
        ("a-bare-tar", tar.clone()),
        ("a-bare-tar-gnu", Plan::sample().headers(Header::into_gnu).tar()),
        ("a-bare-tar-v7", Plan::sample().headers(Header::into_v7).tar()),
        ("a-gzip-level-1", deflated(gzip::deflate(&tar, Compression::fast()))),
        ("a-gzip-level-9", deflated(gzip::deflate(&tar, Compression::best()))),
        ("a-gzip-level-0", deflated(gzip::deflate(&tar, Compression::none()))),
        ("a-gzip-stored-1-byte-blocks", deflated(gzip::stored(&tar, 1))),
        ("a-gzip-stored-512-byte-blocks", deflated(gzip::stored(&tar, 512))),
        ("a-gzip-stored-60-kb-blocks", deflated(gzip::stored(&tar, 60_000))),
        ("a-gzip-name", headed(FNAME, b"snapshot.tar\0")),
        ("a-gzip-name-not-utf8", headed(FNAME, b"\xff\x1b[2J\0")),
        ("a-gzip-empty-name", headed(FNAME, b"\0")),
        ("a-gzip-comment", headed(FCOMMENT, b"a comment\nof two lines\0")),
        ("a-gzip-extra", headed(FEXTRA, b"\x08\0AB\x04\0data")),
        ("a-gzip-extra-empty", headed(FEXTRA, b"\0\0")),
        ("a-gzip-extra-unstructured", headed(FEXTRA, b"\x03\0abc")),
        ("a-gzip-extra-16-kb", headed(FEXTRA, &[&16_000_u16.to_le_bytes()[..], &[7; 16_000]].concat())),
        ("a-gzip-text-flag", headed(FTEXT, b"")),
        ("a-gzip-header-crc", plain().with_header_crc(0).render()),
        (
            "a-gzip-all-fields",
            plain().with_fields(FEXTRA | FNAME | FCOMMENT, b"\x02\0ab.tar\0note\0").with_header_crc(0).render(),
        ),
        ("a-gzip-time-and-system", headed_oddly([0x1f, 0x8b, 8, 0, 0xff, 0xff, 0xff, 0x7f, 2, 3])),
        ("a-gzip-two-members", gzip::members(&tar, first)),
        ("a-gzip-member-per-block", gzip::members(&tar, BLOCK)),
        ("a-gzip-members-across-headers", gzip::members(&tar, 700)),
        ("a-gzip-member-per-7-bytes", gzip::members(&tar, 7)),
        ("a-gzip-empty-member-first", [empty.clone(), plain().render()].concat()),
        ("a-gzip-empty-member-last", [plain().render(), empty.clone()].concat()),
        (
            "a-gzip-empty-members-between",
            [gzip::member(&tar[..first]), empty.clone(), empty, gzip::member(&tar[first..])].concat(),
        ),
        ("a-gzip-one-zero-trailing", padded(1)),
        ("a-gzip-512-zeros-trailing", padded(512)),
        ("a-gzip-record-of-zeros-trailing", padded(10_240)),
    ];
    rows.into_iter().map(|(name, bytes)| Case::accept(name, bytes)).chain([documents_split()]).collect()
}

/// Each document's payload is split between two gzip members.
fn documents_split() -> Case {
    let payload = documents().swap_remove(2).1;
    let tar = Plan::sample().tar();
    let at = tar.windows(payload.len()).position(|window| window == payload).unwrap() + payload.len() / 2;
    Case::accept("a-gzip-member-ends-in-a-payload", [gzip::member(&tar[..at]), gzip::member(&tar[at..])].concat())
}
