//! Group a, headers: every way of writing a header that all tar programs read alike.

use super::header::{Field, Header, base_256};
use super::plan::{DATABASE, DOCUMENT, METADATA, Part, Plan, sample_path};
use super::{Case, accepted};

pub fn cases() -> Vec<Case> {
    let mut cases = magics();
    cases.extend(numbers());
    cases.extend(checksums());
    cases.extend(directories());
    cases.extend(prefixes());
    cases
}

fn magics() -> Vec<Case> {
    let with = |field, bytes: &'static [u8]| Plan::sample().headers(|header| header.with(field, bytes));
    let gnu = |field, bytes: &'static [u8]| Plan::sample().headers(|header| header.into_gnu().with(field, bytes));
    let star = |times: &'static [u8]| {
        let mut prefix = vec![0; 131];
        prefix.extend(times);
        Plan::sample().headers(|header| header.with(Field::Prefix, &prefix).with(Field::Pad, b"\0\0\0\0\0\0\0\0tar\0"))
    };
    // npm tar and commons-compress.
    let unmarked = |times: &'static [u8]| {
        let mut prefix = vec![0; 131];
        prefix.extend(times);
        Plan::sample().headers(|header| header.with(Field::Prefix, &prefix))
    };
    accepted(vec![
        ("a-posix", Plan::sample()),
        ("a-posix-nul-version", with(Field::Magic, b"ustar\0\0\0")),
        ("a-posix-typeflag-nul", with(Field::Type, b"\0")),
        ("a-gnu", Plan::sample().headers(Header::into_gnu)),
        ("a-gnu-octal-times", gnu(Field::Prefix, b"14524770400\x0014524770400\x0000000000000\0")),
        ("a-gnu-octal-times-space-terminated", gnu(Field::Prefix, b"14524770400 14524770400 ")),
        (
            "a-gnu-base-256-times",
            gnu(Field::Prefix, b"\x80\0\0\0\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        ),
        ("a-v7", Plan::sample().headers(Header::into_v7)),
        ("a-v7-typeflag-zero", Plan::sample().headers(|header| header.into_v7().of_type(b'0'))),
        (
            "a-v7-owner-names",
            Plan::sample()
                .headers(|header| header.into_v7().with(Field::UserName, b"root").with(Field::GroupName, b"root")),
        ),
        ("a-star-trailer", star(b"")),
        ("a-star-trailer-with-times", star(b"14524770400 14524770400 ")),
        ("a-star-times-without-trailer", unmarked(b"14524770400\x0014524770400\0")),
        ("a-mixed-dialects", Plan::sample().header(METADATA, Header::into_gnu).header(DOCUMENT, Header::into_v7)),
        ("a-owner-not-utf8", with(Field::UserName, b"\xff\xfe\xfd")),
        ("a-owner-names-full", with(Field::GroupName, &[b'g'; 32])),
        ("a-owner-terminal-escape", with(Field::UserName, b"\x1b[2J")),
    ])
    .collect()
}

fn numbers() -> Vec<Case> {
    let with = |field, bytes: &[u8]| Plan::sample().header(DOCUMENT, |header| header.with(field, bytes));
    accepted(vec![
        ("a-size-leading-spaces", with(Field::Size, b"          7\0")),
        ("a-size-space-terminated", with(Field::Size, b"00000000007 ")),
        ("a-size-nul-and-space", with(Field::Size, b"0000000007\0 ")),
        ("a-size-short", with(Field::Size, b"7")),
        ("a-size-twelve-digits", with(Field::Size, b"000000000007")),
        ("a-size-padded-both-sides", with(Field::Size, b"   7        ")),
        ("a-size-base-256", with(Field::Size, &base_256(0x80, 7, 12))),
        ("a-uid-base-256", with(Field::Uid, &base_256(0x80, 3_000_000_000, 8))),
        ("a-gid-octal-maximum", with(Field::Gid, b"7777777\0")),
        ("a-gid-unterminated", with(Field::Gid, b"77777777")),
        ("a-uid-unset", with(Field::Uid, b"")),
        ("a-mtime-unset", with(Field::Mtime, b"")),
        ("a-mtime-octal-maximum", with(Field::Mtime, b"77777777777\0")),
        ("a-mtime-base-256", with(Field::Mtime, &base_256(0x80, 1 << 62, 12))),
        ("a-mtime-before-1970", with(Field::Mtime, &[0xff; 12])),
        ("a-mtime-long-before-1970", with(Field::Mtime, &base_256(0xff, u128::MAX << 60, 12))),
        ("a-mode-none", with(Field::Mode, b"0000000\0")),
        ("a-mode-everything", with(Field::Mode, b"0000777\0")),
        ("a-mode-with-file-type", with(Field::Mode, b"0100644\0")),
        ("a-mode-space-padded", with(Field::Mode, b"   644 \0")),
        ("a-device-numbers-unset", with(Field::DevMajor, b"")),
        ("a-device-numbers-blank", with(Field::DevMinor, b"        ")),
        ("a-device-numbers-set", with(Field::DevMajor, b"0000010\0")),
    ])
    .collect()
}

fn checksums() -> Vec<Case> {
    let with = |make: fn(u32, i32) -> Vec<u8>| Plan::sample().headers(|header| header.with_checksum(make));
    // The two sums only differ where a byte has its high bit set.
    let signed = Plan::sample().headers(|header| {
        header.with(Field::UserName, b"\xe9\xe8").with_checksum(|_, sum| format!("{sum:06o}\0 ").into_bytes())
    });
    accepted(vec![
        ("a-checksum-signed", signed),
        ("a-checksum-space-padded", with(|sum, _| format!("{sum:6o}\0 ").into_bytes())),
        ("a-checksum-seven-digits", with(|sum, _| format!("{sum:07o}\0").into_bytes())),
        ("a-checksum-eight-digits", with(|sum, _| format!("{sum:08o}").into_bytes())),
        ("a-checksum-two-spaces", with(|sum, _| format!("{sum:06o}  ").into_bytes())),
        ("a-checksum-two-nuls", with(|sum, _| format!("{sum:06o}\0\0").into_bytes())),
    ])
    .collect()
}

fn directories() -> Vec<Case> {
    let folders = ["tree/", "tree/f1/", "tree/f1/12/", "db/"];
    let with = |change: &dyn Fn(Header) -> Header| {
        folders
            .iter()
            .fold(Plan::sample(), |plan, name| plan.insert(0, Part::bare(change(Header::ustar(name, 0).of_type(b'5')))))
    };
    let named = |name: &str| Plan::sample().insert(0, Part::directory(name));
    let dot_slash = Plan::sample().header(METADATA, |header| header.with(Field::Name, b"./.metadata"));
    let dot_slash = dot_slash.header(DATABASE, |header| header.with(Field::Name, b"./db/db.backup"));
    let dot_slash = (0..3).fold(dot_slash, |plan, index| {
        plan.header(DOCUMENT + index, |header| header.with(Field::Name, format!("./{}", sample_path(index))))
    });
    accepted(vec![
        ("a-directories", with(&|header| header)),
        ("a-directories-gnu", with(&Header::into_gnu)),
        ("a-directories-v7", with(&Header::into_v7)),
        ("a-directories-v7-type-zero", with(&|header| header.into_v7().of_type(b'0'))),
        ("a-directories-v7-type-five", with(&|header| header.into_v7().of_type(b'5'))),
        ("a-directories-size-unset", with(&|header| header.with(Field::Size, b""))),
        ("a-directories-mode-755", with(&|header| header.with(Field::Mode, b"0000755\0"))),
        ("a-directory-without-slash", named("tree")),
        ("a-directory-dot", named(".")),
        ("a-directory-dot-slash", named("./")),
        ("a-directory-after-its-files", Plan::sample().push(Part::directory("tree/f1/12/"))),
        ("a-directory-without-files", named("tree/00/00/")),
        ("a-directory-upper-case", named("tree/F1/")),
        ("a-directory-twice", Plan::sample().push(Part::directory("tree/")).push(Part::directory("./tree/"))),
        ("a-dot-slash", dot_slash.clone()),
        ("a-dot-slash-with-top", dot_slash.insert(0, Part::directory("./"))),
    ])
    .collect()
}

fn prefixes() -> Vec<Case> {
    let path = sample_path(0);
    let split = |at: usize| {
        Plan::sample()
            .header(DOCUMENT, |header| header.with(Field::Prefix, &path[..at]).with(Field::Name, &path[at + 1..]))
    };
    let dot = Plan::sample().header(DOCUMENT, |header| header.with(Field::Prefix, b"."));
    let database =
        Plan::sample().header(DATABASE, |header| header.with(Field::Prefix, b"db").with(Field::Name, b"db.backup"));
    accepted(vec![
        ("a-prefix-tree", split(4)),
        ("a-prefix-tree-shard", split(7)),
        ("a-prefix-tree-shards", split(10)),
        ("a-prefix-dot", dot),
        ("a-prefix-db", database),
    ])
    .collect()
}
