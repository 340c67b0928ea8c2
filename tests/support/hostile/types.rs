//! Group t: members of types that a snapshot cannot hold, and payloads where none can be.

use super::header::{Field, Header, base_256};
use super::plan::{DATABASE, DOCUMENT, Part, Plan, sample_path};
use super::{Case, rejected};

pub fn cases() -> Vec<Case> {
    let mut cases = links();
    cases.extend(devices());
    cases.extend(unsupported());
    cases.extend(payloads());
    cases.extend(kinds());
    cases
}

fn link(flag: u8, name: &str, target: &str) -> Part {
    Part::bare(Header::ustar(name, 0).of_type(flag).with(Field::LinkName, target))
}

fn links() -> Vec<Case> {
    let first = |part: Part| Plan::sample().insert(0, part);
    let path = sample_path(0);
    let over_document = Plan::sample().without(DOCUMENT).insert(DOCUMENT, link(b'2', &path, "/etc/passwd"));
    let with_payload =
        Part::new(Header::ustar("tree", 512).of_type(b'2').with(Field::LinkName, "/tmp"), vec![b'x'; 512]);
    rejected(
        "type-link",
        vec![
            ("t-symlink-for-db", first(link(b'2', "db", "/tmp"))),
            ("t-symlink-for-tree", first(link(b'2', "tree", "../../.."))),
            ("t-symlink-document", over_document),
            ("t-symlink-metadata", first(link(b'2', ".metadata", "/etc/passwd"))),
            ("t-symlink-then-directory", first(link(b'2', "tree", "/")).insert(1, Part::directory("tree/"))),
            ("t-symlink-to-itself", first(link(b'2', "tree", "tree"))),
            ("t-symlink-without-target", first(link(b'2', "tree", ""))),
            ("t-symlink-harmless", first(link(b'2', "db", "."))),
            ("t-symlink-with-payload", first(with_payload)),
            ("t-symlink-gnu", first(Part::bare(Header::gnu("db", 0).of_type(b'2').with(Field::LinkName, "/tmp")))),
            ("t-symlink-v7", first(Part::bare(Header::v7("db", 0).of_type(b'2').with(Field::LinkName, "/tmp")))),
            ("t-hard-link-outside", first(link(b'1', ".metadata", "/etc/shadow"))),
            ("t-hard-link-to-a-document", Plan::sample().push(link(b'1', &path.replace("/f1/", "/f2/"), &path))),
            ("t-hard-link-to-itself", Plan::sample().push(link(b'1', &path, &path))),
            (
                "t-hard-link-v7",
                Plan::sample()
                    .push(Part::bare(Header::v7("db/db.backup", 0).of_type(b'1').with(Field::LinkName, ".metadata"))),
            ),
        ],
    )
    .collect()
}

fn devices() -> Vec<Case> {
    let of = |flag: u8| Plan::sample().push(Part::bare(Header::ustar("tree/null", 0).of_type(flag)));
    rejected(
        "type-device",
        vec![
            ("t-character-device", of(b'3')),
            ("t-block-device", of(b'4')),
            ("t-fifo", of(b'6')),
            ("t-fifo-for-the-database", Plan::sample().header(DATABASE, |header| header.of_type(b'6'))),
            (
                "t-device-with-payload",
                Plan::sample().push(Part::new(Header::ustar("tree/null", 9).of_type(b'3'), vec![b'x'; 9])),
            ),
        ],
    )
    .collect()
}

fn unsupported() -> Vec<Case> {
    let of = |flag: u8| Plan::sample().header(DOCUMENT, |header| header.of_type(flag)).gz();
    let gnu = |flag: u8| Plan::sample().header(DOCUMENT, |header| header.into_gnu().of_type(flag)).gz();
    let row = |what: &str, reason, bytes| Case::reject(format!("t-type-{what}"), reason, bytes);
    let mut cases = vec![
        row("multi-volume", "type-unsupported", gnu(b'M')),
        row("dump-directory", "type-unsupported", gnu(b'D')),
        row("old-long-names", "type-unsupported", gnu(b'N')),
        row("solaris-acl", "type-unsupported", of(b'A')),
        row("solaris-extension", "type-unsupported", of(b'X')),
        row("inode-only", "type-unsupported", of(b'I')),
        row("sparse", "type-sparse", gnu(b'S')),
        row("sparse-under-posix", "type-sparse", of(b'S')),
    ];
    for flag in [b'8', b'9', b'a', b'Z', b'z', b' ', b'-', 0x01, 0x7f, 0x80, 0xff] {
        cases.push(row(&format!("{flag:02x}"), "type-unsupported", of(flag)));
    }
    cases
}

fn payloads() -> Vec<Case> {
    let with = |header: Header, len: usize| Plan::sample().insert(0, Part::new(header, vec![0; len]));
    let slashed = |header: fn(&'static str, u64) -> Header| with(header("tree/", 100), 100);
    // The payload of a directory that hides a member from programs that skip it.
    let hidden = Part::new(Header::ustar("tree/", 512).of_type(b'5'), Part::directory("x").render());
    let huge = Header::ustar("tree/", 0).of_type(b'5').with(Field::Size, base_256(0x80, 1 << 60, 12));
    rejected(
        "type-payload",
        vec![
            ("t-directory-with-payload", with(Header::ustar("tree/", 100).of_type(b'5'), 100)),
            ("t-directory-with-payload-gnu", with(Header::gnu("tree/", 100).of_type(b'5'), 100)),
            ("t-directory-with-payload-v7", with(Header::v7("tree/", 100).of_type(b'5'), 100)),
            ("t-directory-with-size-only", with(Header::ustar("tree/", 512).of_type(b'5'), 0)),
            ("t-directory-hides-a-member", Plan::sample().insert(0, hidden)),
            ("t-directory-of-1-eib", with(huge, 0)),
            ("t-label-with-payload", with(Header::gnu("label", 1024).of_type(b'V'), 1024)),
            ("t-label-with-size-only", with(Header::gnu("label", 512).of_type(b'V'), 0)),
            ("t-slashed-file-with-payload", slashed(Header::ustar)),
            ("t-slashed-file-with-payload-gnu", slashed(Header::gnu)),
            ("t-slashed-file-with-payload-v7", slashed(Header::v7)),
            ("t-slashed-contiguous-with-payload", with(Header::ustar("tree/", 100).of_type(b'7'), 100)),
        ],
    )
    .collect()
}

fn kinds() -> Vec<Case> {
    let path = sample_path(0);
    rejected(
        "path-layout",
        vec![
            ("t-file-named-tree", Plan::sample().push(Part::file("tree", "x"))),
            ("t-file-named-db", Plan::sample().push(Part::file("db", ""))),
            ("t-file-named-shard", Plan::sample().push(Part::file("tree/f1", "x"))),
            ("t-directory-named-metadata", Plan::sample().insert(0, Part::directory(".metadata/"))),
            ("t-directory-named-database", Plan::sample().insert(0, Part::directory("db/db.backup"))),
            ("t-directory-named-document", Plan::sample().insert(0, Part::directory(&path))),
            ("t-slashed-document", Plan::sample().insert(0, Part::file(format!("{path}/"), ""))),
            ("t-directory-named-appledouble", Plan::sample().insert(0, Part::directory("._x/"))),
        ],
    )
    .collect()
}
