//! Group e: streams that end too early, too late or twice.

use super::extension::{long_name_of, pax};
use super::header::{BLOCK, Header};
use super::plan::{DATABASE, Part, Plan, documents, sample_path};
use super::{Case, gzip, rejected};

pub fn cases() -> Vec<Case> {
    let mut cases = cut();
    cases.extend(behind());
    cases.extend(strays());
    cases
}

fn cut() -> Vec<Case> {
    let tar = Plan::sample().tar();
    let database_at = Plan { parts: Plan::sample().parts[..DATABASE].to_vec(), end: Vec::new() }.tar().len();
    let last = documents().swap_remove(2).1.len();
    let members = tar.len() - 2 * BLOCK;
    let padding = last.next_multiple_of(BLOCK) - last;
    let row = |name: &str, keep: usize| {
        let bytes = tar[..keep].to_vec();
        [
            Case::reject(format!("e-{name}"), "tar-truncated", gzip::member(&bytes)),
            Case::reject(format!("e-{name}-bare-tar"), "tar-truncated", bytes),
        ]
    };
    let pending = |extension: Vec<u8>| gzip::member(&[&tar[..members], &extension[..]].concat());
    let mut cases = [
        row("no-end-marker", members),
        row("cut-after-the-metadata", database_at),
        row("cut-in-a-header", database_at + 77),
        row("cut-one-byte-before-a-payload", database_at + BLOCK - 1),
        row("cut-after-a-header", database_at + BLOCK),
        row("cut-in-a-payload", database_at + BLOCK + 100),
        row("cut-before-the-padding", members - padding),
        row("cut-in-the-padding", members - 1),
        row("cut-in-the-first-zero-block", members + 100),
        row("cut-in-the-second-zero-block", members + BLOCK + 100),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>();
    cases.push(Case::reject("e-cut-after-a-pax-header", "tar-truncated", pending(pax(&[("uid", "1")]))));
    cases.push(Case::reject(
        "e-cut-in-a-pax-header",
        "tar-truncated",
        pending(pax(&[("uid", "1")])[..BLOCK + 3].to_vec()),
    ));
    cases.push(Case::reject("e-cut-after-a-long-name", "tar-truncated", pending(long_name_of(&sample_path(0)))));
    cases.push(Case::reject("e-nothing-in-gzip", "tar-truncated", gzip::member(b"")));
    cases.push(Case::reject(
        "e-header-of-one-block-of-nothing",
        "tar-truncated",
        gzip::member(&Header::ustar(".metadata", 111).render()),
    ));
    cases.push(Case::reject("e-only-one-zero-block", "metadata-missing", gzip::member(&[0; BLOCK])));
    cases.push(Case::reject("e-only-the-end-marker", "metadata-missing", gzip::member(&[0; 2 * BLOCK])));
    cases
}

fn behind() -> Vec<Case> {
    let then = |bytes: &[u8]| Plan::sample().ending([&[0; 2 * BLOCK][..], bytes].concat());
    let far = |zeros: usize, byte: u8| then(&[vec![0; zeros], vec![byte]].concat());
    let evil = Part::file("../../etc/passwd", "x").render();
    rejected(
        "tar-trailing-data",
        vec![
            ("e-members-trailing", then(&[evil, vec![0; 2 * BLOCK]].concat())),
            ("e-second-archive-trailing", then(&Plan::sample().tar())),
            ("e-header-trailing", then(&Part::file("tree/x", "").render())),
            ("e-text-trailing", then(b"text")),
            ("e-one-byte-trailing", far(0, 1)),
            ("e-one-byte-far-trailing", far(100_000, 0xff)),
            ("e-one-byte-at-a-record's-end", far(10_240 - 2 * BLOCK - 1, b'\n')),
            ("e-one-bit-after-many-zeros", far(1 << 20, 0x80)),
        ],
    )
    .collect()
}

fn strays() -> Vec<Case> {
    let stray = |at: usize| Plan::sample().extend(at, [0; BLOCK]);
    rejected(
        "tar-trailing-data",
        vec![
            ("e-zero-block-first", stray(0)),
            ("e-zero-block-between", stray(2)),
            ("e-zero-block-before-the-last", stray(4)),
            ("e-zero-block-then-text", Plan::sample().ending([&[0; BLOCK][..], &[b'x'; BLOCK]].concat())),
            (
                "e-zero-block-then-almost-zeros",
                Plan::sample().ending({
                    let mut end = vec![0; 2 * BLOCK];
                    end[2 * BLOCK - 1] = 1;
                    end
                }),
            ),
        ],
    )
    .chain(rejected("tar-trailing-data", vec![("e-two-zero-blocks-between", Plan::sample().extend(2, [0; 2 * BLOCK]))]))
    .collect()
}
