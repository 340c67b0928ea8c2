//! Group g: the gzip layer, damaged or abused (RFC 1952, RFC 1951).

use super::Case;
use super::gzip::{self, FCOMMENT, FEXTRA, FHCRC, FNAME, Member};
use super::plan::Plan;

pub fn cases() -> Vec<Case> {
    let mut cases = not_gzip();
    cases.extend(cut());
    cases.extend(heads());
    cases.extend(bodies());
    cases.extend(behind());
    cases
}

fn reject<const N: usize>(reason: &'static str, rows: [(&str, Vec<u8>); N]) -> impl Iterator<Item = Case> {
    rows.into_iter().map(move |(name, bytes)| Case::reject(name, reason, bytes))
}

fn sample() -> Member {
    Member::of(&Plan::sample().tar())
}

fn not_gzip() -> Vec<Case> {
    let then_tar = |magic: &[u8]| [magic, &Plan::sample().tar()].concat();
    reject(
        "not-gzip",
        [
            ("g-text", b"This is not an archive. It only has its name.\n".to_vec()),
            ("g-zstd", then_tar(b"\x28\xb5\x2f\xfd")),
            ("g-xz", then_tar(b"\xfd7zXZ\0")),
            ("g-bzip2", then_tar(b"BZh9")),
            ("g-lz4", then_tar(b"\x04\x22\x4d\x18")),
            ("g-zip", then_tar(b"PK\x03\x04")),
            ("g-empty-file", Vec::new()),
            ("g-one-byte", b"\x1f".to_vec()),
            ("g-bare-dump", super::dump::small()),
            ("g-html", b"<!DOCTYPE html><html><body>504 Gateway Timeout</body></html>".to_vec()),
        ],
    )
    .chain(reject(
        "tar-checksum",
        [("g-zlib", then_tar(b"\x78\x9c")), ("g-compress", then_tar(b"\x1f\x9d")), ("g-pack", then_tar(b"\x1f\x8a"))],
    ))
    .collect()
}

fn cut() -> Vec<Case> {
    let whole = sample().render();
    let named = sample().with_fields(FNAME, b"snapshot.tar\0").render();
    let extra = sample().with_fields(FEXTRA, b"\xff\xffonly this").render();
    let tail = whole.len();
    let stream = |keep: usize| whole[..keep].to_vec();
    let second = |keep: usize| {
        [gzip::member(&Plan::sample().tar()[..1000]), gzip::member(&Plan::sample().tar()[1000..])[..keep].to_vec()]
            .concat()
    };
    let mut cases = reject(
        "gzip-truncated",
        [
            ("g-magic-only", stream(2)),
            ("g-head-cut", stream(5)),
            ("g-head-only", stream(10)),
            ("g-name-cut", named[..15].to_vec()),
            ("g-extra-longer-than-the-file", extra[..30].to_vec()),
            ("g-deflate-cut-early", stream(40)),
            ("g-deflate-cut-late", stream(tail - 12)),
            ("g-trailer-missing", stream(tail - 8)),
            ("g-trailer-half", stream(tail - 4)),
            ("g-trailer-one-byte-short", stream(tail - 1)),
            ("g-second-member-head-cut", second(6)),
            ("g-second-member-cut", second(60)),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend(reject("tar-truncated", [("g-last-member-missing", second(0))]));
    cases
}

fn heads() -> Vec<Case> {
    let flags = |bits: u8| sample().with_fields(bits, b"").render();
    let method = |method: u8| {
        let mut member = sample();
        member.head[2] = method;
        member.render()
    };
    let long = |flag: u8| sample().with_fields(flag, [vec![b'n'; 1 << 20], vec![0]].concat()).render();
    let both = [&60_000_u16.to_le_bytes()[..], &[0; 60_000], &[b'n'; 10_000], &[0]].concat();
    let second = |member: Vec<u8>| [gzip::member(b""), member].concat();
    reject(
        "gzip-header",
        [
            ("g-reserved-flag-5", flags(0x20)),
            ("g-reserved-flag-6", flags(0x40)),
            ("g-reserved-flag-7", flags(0x80)),
            ("g-method-0", method(0)),
            ("g-method-7", method(7)),
            ("g-method-9", method(9)),
            ("g-header-crc-wrong", sample().with_header_crc(1).render()),
            ("g-header-crc-wrong-over-fields", sample().with_fields(FNAME, b"a\0").with_header_crc(0x8000).render()),
            ("g-name-1-mib", long(FNAME)),
            ("g-comment-1-mib", long(FCOMMENT)),
            ("g-extra-and-name-over-64-kib", sample().with_fields(FEXTRA | FNAME, both).render()),
            ("g-second-member-reserved-flag", second(flags(0x20))),
            ("g-second-member-method", second(method(1))),
            ("g-second-member-name-1-mib", second(long(FNAME))),
        ],
    )
    .chain(reject(
        "gzip-truncated",
        [(
            "g-name-without-end",
            [&sample().render()[..3], &[FNAME | FHCRC, 0, 0, 0, 0, 0, 3], &[b'n'; 500][..]].concat(),
        )],
    ))
    .collect()
}

fn bodies() -> Vec<Case> {
    let tar = Plan::sample().tar();
    let with = |stream: Vec<u8>| Member::deflated(&tar, stream).render();
    let bent = |change: fn(&mut Member)| {
        let mut member = sample();
        change(&mut member);
        member.render()
    };
    // A stored block whose length and its complement disagree; a fixed block that begins with a match.
    let stored = [&[1, 5, 0, 5, 0][..], b"hello"].concat();
    reject(
        "gzip-deflate",
        [
            ("g-block-type-3", with(vec![0x07, 0, 0, 0])),
            ("g-stored-length-mismatch", with(stored)),
            ("g-distance-before-the-start", with(vec![0x03, 0x02, 0, 0, 0])),
            ("g-random-deflate", with((0..200_u8).map(|byte| byte.wrapping_mul(167) | 0x06).collect())),
        ],
    )
    .chain(reject(
        "gzip-crc",
        [
            ("g-crc-off-by-one", bent(|member| member.crc32 ^= 1)),
            ("g-crc-zero", bent(|member| member.crc32 = 0)),
            ("g-isize-off-by-one", bent(|member| member.isize += 1)),
            ("g-isize-zero", bent(|member| member.isize = 0)),
            ("g-trailer-swapped", bent(|member| (member.crc32, member.isize) = (member.isize, member.crc32))),
            ("g-first-member-crc", [bent(|member| member.crc32 ^= 1 << 31), gzip::member(b"")].concat()),
            ("g-empty-member-crc", [gzip::Member { crc32: 1, ..Member::of(b"") }.render(), sample().render()].concat()),
            (
                "g-last-empty-member-crc",
                [sample().render(), gzip::Member { isize: 1, ..Member::of(b"") }.render()].concat(),
            ),
        ],
    ))
    .collect()
}

fn behind() -> Vec<Case> {
    let then = |bytes: &[u8]| [&sample().render()[..], bytes].concat();
    reject(
        "gzip-trailing-data",
        [
            ("g-garbage-trailing", then(b"garbage")),
            ("g-one-byte-trailing", then(b"\x01")),
            ("g-zeros-then-garbage", then(b"\0\0\0\0\0\0\0\0garbage")),
            ("g-zeros-then-a-member", then(&[&[0; 512][..], &gzip::member(b"")].concat())),
            ("g-half-a-magic-trailing", then(b"\x1f\0")),
            ("g-tar-trailing", then(&Plan::sample().tar())),
        ],
    )
    .chain(reject(
        "tar-trailing-data",
        [
            ("g-second-snapshot-trailing", then(&sample().render())),
            ("g-member-with-text-trailing", then(&gzip::member(b"text"))),
        ],
    ))
    .chain(reject("tar-checksum", [("g-compressed-twice", gzip::member(&sample().render()))]))
    .collect()
}
