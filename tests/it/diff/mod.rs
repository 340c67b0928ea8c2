//! Differences between two snapshots, or two dumps, in every form in which they can be read.

use std::io::Read;

use appsnap::diff::{Difference, Input, diff};
use appsnap::observe::{CancelFlag, NoObserver};
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ReadOptions, SnapshotArchive, WriteOptions};
use appsnap::{DocumentId, Error, Limits};
use serde_json::{Value, json};

use crate::support::archives::{Contents, id, text};
use crate::support::dumps::{self, Content, DumpBuilder, Item};
use crate::support::readers::Stutter;

fn compared(old: Input<'_>, new: Input<'_>) -> Result<Difference, Error> {
    diff(old, new, &Limits::untrusted(), &mut NoObserver)
}

/// Compares two archives in every combination of forms, which must agree, and returns the difference.
fn in_every_form(old: &Contents, new: &Contents) -> Difference {
    let forms = |contents: &Contents| {
        let embedded = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded)).0;
        let (plain, report) = contents.push(WriteOptions::new().with_index(IndexPlacement::Sidecar));
        let mut sidecar = Vec::new();
        report.index().unwrap().write_to(&mut sidecar).unwrap();
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(plain.as_slice()).read_to_end(&mut tar).unwrap();
        (embedded, plain, sidecar, tar)
    };
    let (one, other) = (forms(old), forms(new));
    let options = ReadOptions::new();
    let opened = [&one, &other].map(|(embedded, plain, sidecar, _)| {
        let embedded = SnapshotArchive::open(embedded.as_slice(), &options).unwrap();
        let beside = SnapshotArchive::open_with_sidecar(plain.as_slice(), sidecar.as_slice(), &options).unwrap();
        (embedded, beside)
    });
    let mut found: Option<Difference> = None;
    for old_form in 0..5 {
        for new_form in 0..5 {
            let input = |form, side: usize| {
                let (embedded, plain, _, tar) = [&one, &other][side];
                match form {
                    0 => Input::archive("indexed", &opened[side].0),
                    1 => Input::archive("with a sidecar", &opened[side].1),
                    2 => Input::stream("compressed", plain.as_slice()),
                    3 => Input::stream("uncompressed", Stutter::new(tar.as_slice(), 7)),
                    _ => Input::stream("from beginning to end", embedded.as_slice()),
                }
            };
            let difference = compared(input(old_form, 0), input(new_form, 1)).unwrap();
            let json = |difference: &Difference| serde_json::to_value(difference).unwrap();
            if let Some(found) = &found {
                assert_eq!(json(found), json(&difference), "forms {old_form} and {new_form}");
            }
            found = Some(difference);
        }
    }
    found.unwrap()
}

/// Contents with a sound dump.
fn contents(count: u64) -> Contents {
    Contents { database: Some(dump(|_| {})), ..Contents::sample(count) }
}

/// A dump of two tables and two large objects, after a change.
fn dump(change: impl FnOnce(&mut DumpBuilder)) -> Vec<u8> {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::None);
    builder.table("account", "id, name", b"1\tAda\n2\tGrace\n");
    builder.table("empty", "id", b"");
    builder.blobs(vec![(16_400, b"one".to_vec()), (16_401, text(1, 70_000))]);
    change(&mut builder);
    builder.build()
}

fn replace_rows(builder: &mut DumpBuilder, table: &str, rows: &[u8]) {
    let is_data = |item: &&mut Item| item.desc == b"TABLE DATA" && item.tag == table.as_bytes();
    let item = builder.items.iter_mut().find(is_data).unwrap();
    item.content = Some(Content::Table([rows, b"\\.\n\n\n"].concat()));
}

fn ids(documents: &[appsnap::snapshot::archive::ListedDocument]) -> Vec<DocumentId> {
    documents.iter().map(|document| document.id()).collect()
}

#[test]
fn a_snapshot_is_the_same_as_itself_in_every_form() {
    let contents = contents(20);
    let difference = in_every_form(&contents, &contents);
    assert!(difference.is_same(), "{difference}");
    assert_eq!(difference.same_documents_count(), 20);
    assert_eq!(difference.to_string(), "");
    assert_eq!(serde_json::to_value(&difference).unwrap()["database"]["identical"], true);
}

#[test]
fn added_removed_and_changed_documents_are_found_in_every_form() {
    let old = contents(30);
    let mut new = old.clone();
    let removed = [new.documents.remove(20).0, new.documents.remove(0).0];
    // The same length and one other byte; another length.
    let index = new.documents.iter().position(|(_, bytes)| bytes.len() > 10).unwrap();
    new.documents[index].1[5] ^= 1;
    new.documents[index + 1].1.push(b'!');
    let changed = [new.documents[index].0, new.documents[index + 1].0];
    new.documents.push((id(4_000_000), b"new".to_vec()));
    new.documents.sort();
    let difference = in_every_form(&old, &new);
    assert!(!difference.is_same());
    assert_eq!(ids(difference.added_documents()), [id(4_000_000)]);
    let mut removed = removed.to_vec();
    removed.sort();
    assert_eq!(ids(difference.removed_documents()), removed);
    assert_eq!(difference.changed_documents().iter().map(|(old, _)| old.id()).collect::<Vec<_>>(), changed);
    assert_eq!(difference.same_documents_count(), 26);
    // The sum of the lengths is in the metadata, too.
    let keys: Vec<_> = difference.metadata().map(|(key, ..)| key).collect();
    assert_eq!(keys, ["filesSize"]);
    let [(one, other), _] = difference.changed_documents() else { panic!("two changed documents") };
    assert_eq!(one.len_bytes(), other.len_bytes());
    let lines = difference.to_string();
    assert!(lines.contains(&format!("+ {} 3 ", id(4_000_000))), "{lines}");
    assert_eq!(lines.lines().filter(|line| line.starts_with('-')).count(), 2);
    let json = serde_json::to_value(&difference).unwrap();
    assert_eq!(json["documents"]["added"][0]["uuid"], id(4_000_000).to_string());
    assert_eq!(json["documents"]["changed"][0]["old"]["bytes"], one.len_bytes());
    assert_eq!((&json["documents"]["same"], &json["same"]), (&json!(26), &json!(false)));
}

#[test]
fn documents_in_any_order_are_compared_by_id() {
    let old = contents(40);
    let mut new = old.clone();
    new.documents.reverse();
    assert!(in_every_form(&old, &new).is_same());
}

#[test]
fn a_dump_that_only_one_snapshot_has_is_a_difference() {
    let (full, files) = (contents(3), Contents { database: None, ..contents(3) });
    let difference = in_every_form(&full, &files);
    assert!(difference.is_database_removed() && !difference.is_same());
    assert!(in_every_form(&files, &full).is_database_added());
    assert!(difference.to_string().contains("- database: "), "{difference}");
}

#[test]
fn rows_are_compared_in_any_order_and_counted() {
    let old = dump(|_| {});
    let reordered = dump(|builder| replace_rows(builder, "account", b"2\tGrace\n1\tAda\n"));
    let stream = |bytes: &[u8]| Input::stream("a dump", std::io::Cursor::new(bytes.to_vec()));
    let difference = compared(stream(&old), stream(&reordered)).unwrap();
    assert!(difference.is_same(), "{difference}");
    assert_eq!(serde_json::to_value(&difference).unwrap()["database"]["identical"], false);
    assert_eq!(serde_json::to_value(&difference).unwrap()["documents"], Value::Null);

    let grown = dump(|builder| {
        replace_rows(builder, "account", b"1\tAda\n2\tGrace\n3\tJoan\n");
        builder.table("added", "id", b"1\n");
    });
    let difference = compared(stream(&old), stream(&grown)).unwrap();
    let json = serde_json::to_value(&difference).unwrap();
    assert_eq!(
        json["tables"],
        json!({
            "added": [{ "schema": null, "name": "added", "rows": 1 }],
            "removed": [],
            "changed": [{ "schema": null, "name": "account", "old_rows": 2, "new_rows": 3 }],
        })
    );
    assert_eq!(json["objects"]["added"], json!([{ "kind": "TABLE", "schema": null, "name": "added" }]));
    assert!(difference.to_string().contains("~ rows of account: 2 -> 3"), "{difference}");

    // As many rows, one byte of one changed.
    let edited = dump(|builder| replace_rows(builder, "account", b"1\tAda\n2\tGrate\n"));
    let difference = compared(stream(&old), stream(&edited)).unwrap();
    let [table] = difference.tables() else { panic!("{difference}") };
    assert!(table.is_changed() && table.name() == "account" && table.kind() == "TABLE DATA");
    assert_eq!((table.old_rows_count(), table.new_rows_count()), (Some(2), Some(2)));
}

#[test]
fn large_objects_and_sql_are_compared() {
    let one = |object: &[u8], sql: &str| {
        let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::None);
        builder.blobs(vec![(16_400, object.to_vec())]);
        let mut view = Item::new(builder.next_id(), b"VIEW", b"everyone");
        view.definition = Some(sql.as_bytes().to_vec());
        builder.items.push(view);
        builder.build()
    };
    let stream = |bytes: Vec<u8>| Input::stream("a dump", std::io::Cursor::new(bytes));
    let first = || stream(one(b"one", "CREATE VIEW everyone AS SELECT 1;"));
    let difference = compared(first(), stream(one(b"two", "CREATE VIEW everyone AS SELECT 1;"))).unwrap();
    assert_eq!(difference.large_objects_counts(), Some((1, 1)));
    assert!(difference.objects().is_empty() && !difference.is_same());
    let difference = compared(first(), stream(one(b"one", "CREATE VIEW everyone AS SELECT 2;"))).unwrap();
    assert_eq!(difference.large_objects_counts(), None);
    let [view] = difference.objects() else { panic!("{difference}") };
    assert!(view.is_changed() && view.kind() == "VIEW" && view.name() == "everyone");
}

#[test]
fn compression_and_version_of_a_dump_make_no_difference() {
    let stream = |bytes: Vec<u8>| Input::stream("a dump", std::io::Cursor::new(bytes));
    let plain = || stream(dumps::sample(FormatVersion::V1_14, Compression::None).build());
    for compression in dumps::compressions() {
        let version = dumps::version_for(FormatVersion::V1_14, compression);
        let other = stream(dumps::sample(version, compression).build());
        let difference = compared(plain(), other).unwrap();
        assert!(difference.is_same(), "{compression:?}: {difference}");
    }
}

#[test]
fn a_bare_dump_is_compared_with_that_of_a_snapshot() {
    let contents = contents(5);
    let archive = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded)).0;
    let archive = SnapshotArchive::open(archive, &ReadOptions::new()).unwrap();
    let bare = || Input::stream("the dump", contents.database.as_deref().unwrap());
    assert!(compared(bare(), Input::archive("the archive", &archive)).unwrap().is_same());
    let grown = dump(|builder| replace_rows(builder, "empty", b"1\n"));
    let difference = compared(Input::archive("the archive", &archive), Input::stream("a dump", grown.as_slice()));
    assert_eq!(difference.unwrap().tables().len(), 1);
}

#[test]
fn damage_is_an_error_that_names_the_input() {
    let archive = contents(5).archive();
    let whole = || Input::stream("whole.tar.gz", archive.as_slice());
    let cut = || Input::stream("cut.tar.gz", &archive[..archive.len() - 9]);
    for error in [compared(whole(), cut()).unwrap_err(), compared(cut(), whole()).unwrap_err()] {
        assert!(error.is_truncated() && error.context() == Some("cut.tar.gz"), "{error}");
    }
    let broken = Contents { database: Some(b"PGDMP and nothing more".to_vec()), ..contents(2) };
    let broken = broken.archive();
    let error = compared(whole(), Input::stream("broken", broken.as_slice())).unwrap_err();
    assert!(error.is_bad_input() || error.is_truncated(), "{error}");
    let zip = Input::stream("a.zip", &b"PK\x03\x04 and more"[..]);
    let error = compared(zip, whole()).unwrap_err();
    assert!(error.is_bad_input() && error.to_string().contains("neither a snapshot nor a dump"), "{error}");
}

#[test]
fn a_comparison_can_be_cancelled() {
    let archive = contents(5).archive();
    let mut flag = CancelFlag::new();
    flag.cancel();
    let stream = || Input::stream("archive", archive.as_slice());
    assert!(diff(stream(), stream(), &Limits::untrusted(), &mut flag).unwrap_err().is_cancelled());
}
