//! Only the table of contents that pg_dump 17 and later append to redirected output may follow the data.

#[cfg(unix)]
use std::fs::File;
use std::io;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{BlockReader, Compression};
use appsnap::pgdump::toc::{Entry, Offsets};
use appsnap::pgdump::{Code, ErrorKind, FormatVersion, inspect};

use super::transcode_support::{Made, converted, streams, to_1_14};
use crate::support::dumps::Content;
#[cfg(unix)]
use crate::support::postgres::Postgres;

fn made() -> Made {
    let mut made = Made::new(FormatVersion::V1_16, Compression::GZIP);
    made.with_second_toc = true;
    for id in [10, 11] {
        let mut entry = Entry::new(id, b"TABLE DATA", b"t");
        entry.copy_statement = Some(b"COPY public.t (a) FROM stdin;\n");
        made.push(entry, Some(Content::Table(b"1\n2\n\\.\n\n\n".to_vec())));
    }
    made.group(20, "5\n6\n", &[20]);
    made
}

/// The same dump without and with the second table of contents.
fn dumps() -> (Vec<u8>, Vec<u8>) {
    let mut made = made();
    let twice = made.build();
    (made.with_second_toc, made.with_positions) = (false, false);
    let once = made.build();
    assert!(twice.starts_with(&once));
    (once, twice)
}

#[test]
fn a_second_table_of_contents_is_found_and_nothing_else_changes() {
    let (once, twice) = dumps();
    let inspection = inspect(&twice[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    assert!(!inspection.has_anomalies());
    assert_eq!((inspection.dump_bytes, inspection.data_end_bytes), (twice.len() as u64, once.len() as u64));
    assert_eq!(inspection.offsets, Offsets::NotSet);
    let len_bytes = (twice.len() - once.len()) as u64;
    let found = inspection.diagnostics.iter().find(|found| found.is(Code::DumpWithSecondToc)).unwrap();
    assert!(found.message().contains(&format!("({len_bytes} bytes)")), "{found}");
    assert_eq!(streams(&twice[..]), streams(&once[..]));

    let mut blocks = BlockReader::open(&twice[..], &Limits::untrusted()).unwrap();
    while blocks.next_element().unwrap().is_some() {
        assert_eq!((blocks.data_end_bytes(), blocks.has_second_toc()), (None, false));
    }
    assert_eq!((blocks.data_end_bytes(), blocks.has_second_toc()), (Some(once.len() as u64), true));
    assert!(blocks.next_element().unwrap().is_none());
}

#[test]
fn a_dump_without_data_may_have_one() {
    let mut made = Made::new(FormatVersion::V1_16, Compression::GZIP);
    made.with_second_toc = true;
    inspect(&made.build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
}

#[test]
fn anything_else_after_the_data_is_damage() {
    let (once, twice) = dumps();
    let refused = |bytes: &[u8], what: &str| {
        let error = inspect(bytes, &Limits::untrusted(), &mut NoObserver).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Corrupt(text) if text.starts_with("bytes follow the last data block")),
            "{what}"
        );
        assert_eq!(error.position(), Some(once.len() as u64), "{what}");
        to_1_14().convert(bytes, io::sink(), &Limits::untrusted(), &mut NoObserver).unwrap_err();
    };
    for position in once.len()..twice.len() {
        let mut changed = twice.clone();
        changed[position] ^= 1;
        refused(&changed, &format!("byte {position} changed"));
        if position > once.len() {
            refused(&twice[..position], &format!("cut at {position}"));
        }
    }
    refused(&[&twice[..], b"\0"].concat(), "one byte more");
    refused(&[&twice[..], &twice[once.len()..]].concat(), "a third one");
    // There is no reason for a second one if the first states the positions.
    let mut stated = made();
    stated.with_second_toc = false;
    let stated = stated.build();
    let error =
        inspect(&[&stated[..], &twice[once.len()..]].concat()[..], &Limits::untrusted(), &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Corrupt(text) if text.starts_with("bytes follow the last data block")));
}

#[test]
fn conversion_does_not_copy_it() {
    let (once, twice) = dumps();
    let (out, conversion) = converted(&to_1_14(), &twice);
    assert_eq!(out, converted(&to_1_14(), &once).0);
    assert_eq!(conversion.changes.offsets, Offsets::NotSet);
    let plan = to_1_14().plan(&twice[..], &Limits::untrusted()).unwrap();
    let data_end_bytes = inspect(&twice[..], &Limits::untrusted(), &mut NoObserver).unwrap().data_end_bytes;
    assert_eq!(plan.output_bytes(data_end_bytes), Some(out.len() as u64));
}

#[test]
#[cfg(unix)]
fn a_redirected_pg_dump_of_any_release_is_read() {
    let Some(server) = Postgres::start() else { return };
    server.sql("postgres", "CREATE DATABASE mx");
    server.sql("mx", "CREATE TABLE t (a text); INSERT INTO t VALUES ('x'); SELECT lo_create(7)");
    let path = server.path("mx.dump");
    for options in [&["-Fc", "mx"][..], &["-Fc", "--schema-only", "mx"]] {
        let status = server.program("pg_dump").args(options).stdout(File::create(&path).unwrap()).status().unwrap();
        assert!(status.success());
        let inspection = inspect(File::open(&path).unwrap(), &Limits::untrusted(), &mut NoObserver).unwrap();
        assert!(!inspection.has_anomalies());
        let is_twice = inspection.diagnostics.count_of(Code::DumpWithSecondToc) > 0;
        assert!(is_twice || inspection.offsets != Offsets::NotSet, "{:?}", inspection.diagnostics);
    }
}
