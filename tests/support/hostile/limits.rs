//! Group l: bombs and floods, each against the limit that stops it.

use appsnap::DocumentId;
use flate2::Compression;

use super::Case;
use super::extension::{global, pax};
use super::gzip;
use super::header::{BLOCK, Header};
use super::plan::{DATABASE, DOCUMENT, Part, Plan};

const MIB: usize = 1 << 20;

pub fn cases() -> Vec<Case> {
    let mut cases = bombs();
    cases.extend(floods());
    cases.extend(within());
    cases
}

/// A zero-filled document of this length.
fn zeros(len: usize) -> Plan {
    Plan::with_documents(&[(DocumentId::from_bytes([1; 16]), vec![0; len])])
}

fn total(name: &str, bytes: Vec<u8>) -> Case {
    Case::reject(name, "limit-size", bytes).limits(|limits| limits.with_max_total_bytes(MIB as u64))
}

fn bombs() -> Vec<Case> {
    let entry = |name: &str, plan: Plan| {
        Case::reject(name, "limit-size", plan.gz()).limits(|limits| limits.with_max_entry_bytes(100_000))
    };
    let mut dump = Plan::sample();
    dump.parts[DATABASE] = Part::file("db/db.backup", vec![0; 2 * MIB]);
    let metadata = |len: usize| {
        Case::reject(format!("l-metadata-of-{len}"), "limit-metadata", Plan::with_metadata(vec![b' '; len]).gz())
    };
    let members = |plain: &[u8]| gzip::members(plain, 100_000);
    let best = |plain: &[u8]| gzip::Member::deflated(plain, gzip::deflate(plain, Compression::best())).render();
    vec![
        total("l-document-bomb", zeros(4 * MIB).gz()),
        total("l-document-bomb-best-compression", best(&zeros(4 * MIB).tar())),
        total("l-document-bomb-in-members", members(&zeros(4 * MIB).tar())),
        total("l-document-bomb-bare-tar", zeros(4 * MIB).tar()),
        total("l-dump-bomb", dump.gz()),
        total("l-appledouble-bomb", Plan::sample().push(Part::file("._x", vec![0; 2 * MIB])).gz()),
        total("l-bomb-after-the-end", Plan::sample().ending(vec![0; 4 * MIB]).gz()),
        total("l-bomb-in-a-second-member", [Plan::sample().gz(), gzip::member(&vec![0; 4 * MIB])].concat()),
        total("l-many-small-documents", Plan::with_documents(&small(1100)).gz()),
        entry("l-document-over-the-entry-limit", zeros(100_001)),
        entry("l-appledouble-over-the-entry-limit", Plan::sample().push(Part::file("._x", vec![7; 100_001]))),
        metadata(MIB + 1),
        metadata(4 * MIB),
    ]
}

fn small(count: u128) -> Vec<(DocumentId, Vec<u8>)> {
    (0..count).map(|number| (DocumentId::from_bytes((number << 96 | number).to_be_bytes()), vec![b'x'; 3])).collect()
}

fn floods() -> Vec<Case> {
    let flood = |name: &str, part: Part| {
        let mut plan = Plan::sample();
        plan.parts.extend(std::iter::repeat_n(part, 1100));
        Case::reject(name, "limit-entries", plan.gz()).limits(|limits| limits.with_max_entries(1000))
    };
    let documents = Plan::with_documents(&small(1100));
    vec![
        flood("l-flood-of-directories", Part::directory("tree/")),
        flood("l-flood-of-appledouble", Part::file("._x", "")),
        flood("l-flood-of-ds-store", Part::file(".DS_Store", "x")),
        flood("l-flood-of-labels", Part::bare(Header::gnu("label", 0).of_type(b'V'))),
        flood("l-flood-of-slashed-files", Part::bare(Header::ustar("tree/", 0))),
        flood("l-flood-of-directories-after-pax", Part::directory("tree/").behind(pax(&[("mtime", "1")]))),
        Case::reject("l-flood-of-documents", "limit-entries", documents.gz())
            .limits(|limits| limits.with_max_entries(1000)),
        Case::reject("l-flood-of-globals", "limit-ext", {
            (0..40).fold(Plan::sample(), |plan, _| plan.extend(DOCUMENT, global(&[("comment", "x")]))).gz()
        }),
    ]
}

/// Cases that must still pass: the limits are bounds, not shapes.
fn within() -> Vec<Case> {
    let exact = Plan::sample().tar();
    let empty = gzip::member(b"");
    let many = [vec![empty.clone(); 20_000].concat(), Plan::sample().gz(), vec![empty; 1000].concat()].concat();
    let padded = |len: usize| {
        let json = super::plan::metadata(super::dump::small().len(), 798);
        Plan::with_metadata(format!("{json}{}", " ".repeat(len - json.len()))).gz()
    };
    let bytes = exact.len() as u64;
    vec![
        Case::accept("l-exactly-the-total", gzip::member(&exact)).limits(|limits| limits.with_max_total_bytes(bytes)),
        Case::reject("l-one-byte-over-the-total", "limit-size", gzip::member(&exact))
            .limits(|limits| limits.with_max_total_bytes(bytes - 1)),
        Case::accept("l-exactly-the-entries", Plan::sample().gz()).limits(|limits| limits.with_max_entries(5)),
        Case::reject("l-one-entry-over", "limit-entries", Plan::sample().gz())
            .limits(|limits| limits.with_max_entries(4)),
        Case::accept("l-metadata-of-exactly-1-mib", padded(MIB)),
        Case::accept("l-twenty-thousand-empty-gzip-members", many),
        Case::accept("l-ratio-of-a-thousand", zeros(4 * MIB).gz()).documents(1),
        Case::accept("l-zeros-after-the-end", Plan::sample().ending(vec![0; 2 * MIB + BLOCK + 1]).gz()),
    ]
}
