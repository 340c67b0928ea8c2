//! Group h: header blocks that are none, or that two programs read differently.

use super::extension::member;
use super::header::{BLOCK, Field, Header};
use super::plan::{DATABASE, DOCUMENT, METADATA, Plan};
use super::{Case, gzip, rejected};

pub fn cases() -> Vec<Case> {
    let mut cases = checksums();
    cases.extend(dialects());
    cases.extend(carriers());
    cases
}

fn checksums() -> Vec<Case> {
    let with = |make: fn(u32, i32) -> Vec<u8>| Plan::sample().header(DOCUMENT, |header| header.with_checksum(make));
    let shifted = |bytes: Vec<u8>| {
        Case::reject(format!("h-shifted-by-{}", bytes.len()), "tar-checksum", {
            gzip::member(&[bytes, Plan::sample().tar()].concat())
        })
    };
    let noise = (0..BLOCK).map(|at| u8::try_from(at * 131 % 251).unwrap() | 1).collect::<Vec<_>>();
    let mut cases = rejected(
        "tar-checksum",
        vec![
            ("h-checksum-one-too-high", with(|sum, _| format!("{:06o}\0 ", sum + 1).into_bytes())),
            ("h-checksum-one-too-low", with(|sum, _| format!("{:06o}\0 ", sum - 1).into_bytes())),
            ("h-checksum-with-its-own-field", with(|sum, _| format!("{:06o}\0 ", sum + 100).into_bytes())),
            ("h-checksum-zero", with(|_, _| b"000000\0 ".to_vec())),
            ("h-checksum-unset", with(|_, _| Vec::new())),
            ("h-checksum-blank", with(|_, _| b"        ".to_vec())),
            ("h-checksum-letters", with(|_, _| b"abcdef\0 ".to_vec())),
            ("h-checksum-hex", with(|sum, _| format!("{sum:06x}\0 ").into_bytes())),
            ("h-checksum-decimal", with(|sum, _| format!("{sum:06}\0 ").into_bytes())),
            ("h-checksum-signed-text", with(|sum, _| format!("+{sum:06o}\0").into_bytes())),
            ("h-checksum-base-256", with(|sum, _| [&[0x80, 0, 0, 0][..], &sum.to_be_bytes()].concat())),
            ("h-checksum-after-nul", with(|sum, _| format!("\0{sum:06o} ").into_bytes())),
            ("h-random-block", Plan::sample().extend(DATABASE, &noise)),
            ("h-text-block", Plan::sample().extend(DOCUMENT, &"Proceed to checkout. ".repeat(30).as_bytes()[..BLOCK])),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend([1, 256, 511].map(|len| shifted(vec![b'x'; len])));
    cases
}

fn dialects() -> Vec<Case> {
    let magic = |bytes: &'static [u8]| Plan::sample().header(METADATA, |header| header.with(Field::Magic, bytes));
    let gnu = |prefix: Vec<u8>| {
        Plan::sample()
            .header(DATABASE, |header| header.into_gnu().with(Field::Name, b"db.backup").with(Field::Prefix, prefix))
    };
    let at = |offset: usize, byte: u8| {
        let mut prefix = vec![0; 155];
        prefix[offset] = byte;
        Plan::sample().header(DATABASE, |header| header.into_gnu().with(Field::Prefix, &prefix))
    };
    let star = |prefix: Vec<u8>| {
        Plan::sample().header(DATABASE, |header| {
            header
                .with(Field::Name, b"db.backup")
                .with(Field::Prefix, prefix)
                .with(Field::Pad, b"\0\0\0\0\0\0\0\0tar\0")
        })
    };
    let v7 = Plan::sample()
        .header(DATABASE, |header| header.into_v7().with(Field::Name, b"db.backup").with(Field::Prefix, b"db"));
    let nul_version = Plan::sample().header(DATABASE, |header| {
        header.with(Field::Magic, b"ustar").with(Field::Name, b"db.backup").with(Field::Prefix, b"db")
    });
    rejected(
        "tar-ambiguous",
        vec![
            ("h-magic-unknown", magic(b"tarball\0")),
            ("h-magic-upper-case", magic(b"USTAR\x0000")),
            ("h-magic-version-1", magic(b"ustar\x0001")),
            ("h-magic-version-blank", magic(b"ustar\0  ")),
            ("h-magic-half-gnu", magic(b"ustar  0")),
            ("h-magic-one-space", magic(b"ustar \0\0")),
            ("h-magic-no-nul", magic(b"ustar000")),
            ("h-magic-one-byte", magic(b"\0\0\0\0\0\0\x000")),
            ("h-prefix-under-gnu", gnu(b"db".to_vec())),
            ("h-prefix-under-gnu-of-digits", gnu(b"12".to_vec())),
            ("h-prefix-under-gnu-traversal", gnu(b"../..".to_vec())),
            ("h-prefix-under-gnu-eleven-digits-then-text", gnu(b"14524770400\0db".to_vec())),
            ("h-prefix-under-gnu-after-a-sign", gnu(b"\xff/../evil".to_vec())),
            ("h-gnu-sparse-table-on-a-file", at(45, b'7')),
            ("h-gnu-extended-flag-on-a-file", at(137, 1)),
            ("h-gnu-real-size-on-a-file", at(140, b'7')),
            ("h-prefix-under-v7", v7),
            ("h-prefix-under-nul-version", nul_version),
            ("h-star-prefix-over-times", star(vec![b'd'; 155])),
            ("h-star-times-of-text", star([&b"db"[..], &[0; 129], b"not a time"].concat())),
        ],
    )
    .collect()
}

fn carriers() -> Vec<Case> {
    let name = format!("{}\0", super::plan::sample_path(0));
    let before = |header: Header, payload: &[u8]| Plan::sample().extend(DOCUMENT, member(header, payload));
    // The crate tar takes such a header for a file's.
    let without_version = Header::ustar("x", 9).of_type(b'x').with(Field::Magic, b"ustar\0\0\0");
    rejected(
        "ext-carrier",
        vec![
            ("h-pax-without-a-version", before(without_version, b"9 size=7\n")),
            ("h-long-name-on-v7", before(Header::v7("././@LongLink", 48).of_type(b'L'), name.as_bytes())),
            ("h-pax-on-v7", before(Header::v7("x", 9).of_type(b'x'), b"9 size=7\n")),
            ("h-global-on-v7", before(Header::v7("g", 0).of_type(b'g'), b"")),
        ],
    )
    .collect()
}
