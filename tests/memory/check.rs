//! The memory of a check: 32 bytes a row that knows a file, and 24 a document besides that of the reader.

use std::fmt::Write as _;
use std::io::Cursor;

use appsnap::check::{CheckOptions, Profile, check};
use appsnap::observe::NoObserver;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;

use super::{ID_BYTES, MIB, UNORDERED_ID_BYTES, alone, expect_within, peak};
use crate::support::dumps::DumpBuilder;
use crate::support::hostile::gzip::member;
use crate::support::hostile::plan::{Part, path};
use appsnap::DocumentId;

const COUNT: usize = 30_000;
const ROW_BYTES: usize = 32;
const DOCUMENT_BYTES: usize = 24;
/// Buffers, pages that are not full, and the report itself.
const FIXED_BYTES: usize = 4 * MIB;

fn id(number: usize) -> DocumentId {
    DocumentId::from_bytes(((number as u128) << 96 | number as u128).to_be_bytes())
}

/// A number below [`COUNT`] for each, in no order.
fn shuffled(number: usize) -> usize {
    number * 7919 % COUNT
}

fn dump() -> Vec<u8> {
    let mut rows = String::new();
    for number in 0..COUNT {
        writeln!(rows, "{number}\t{}\tt\tf\t0", id(shuffled(number))).unwrap();
    }
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("system$filedocument", "id, __uuid__, hascontents, deleteafterdownload, size", rows.as_bytes());
    builder.build()
}

#[test]
fn rows_and_documents_take_what_their_records_take() {
    let _alone = alone();
    let dump = dump();
    for (what, in_order, id_bytes) in [("ascending", true, ID_BYTES), ("in no order", false, UNORDERED_ID_BYTES)] {
        let mut tar = Part::file(".metadata", "{}").render();
        tar.extend(Part::file("db/db.backup", dump.as_slice()).render());
        let numbers = (0..COUNT).map(|number| if in_order { number } else { shuffled(number) });
        numbers.for_each(|number| tar.extend(Part::file(path(&id(number)), "").render()));
        tar.resize(tar.len() + 1024, 0);
        let archive = member(&tar);
        drop(tar);
        let (report, bytes) =
            peak(|| check(Cursor::new(&archive), &Profile::format(), &CheckOptions::new(), &mut NoObserver).unwrap());
        let files = report.contents().files.unwrap();
        assert_eq!((files.present, files.missing, files.orphans), (COUNT as u64, 0, 0));
        let allowed = FIXED_BYTES + COUNT * (ROW_BYTES + DOCUMENT_BYTES + id_bytes);
        expect_within(&format!("check of {COUNT} documents {what}"), bytes, allowed);
    }
}
