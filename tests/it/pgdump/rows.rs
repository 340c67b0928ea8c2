//! Rows of COPY text, by column name and type.

use std::borrow::Cow;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::{Dump, ErrorKind, FormatVersion};

use crate::support::dumps::{Content, DumpBuilder, compressions};
use crate::support::slow::Stutter;

type Fields = Vec<Option<Vec<u8>>>;

/// The columns and rows of the first table.
fn table(bytes: &[u8], slowly: bool) -> Result<(Vec<String>, Vec<Fields>), appsnap::pgdump::Error> {
    let source: Box<dyn std::io::Read> = if slowly { Box::new(Stutter::new(bytes)) } else { Box::new(bytes) };
    let mut dump = Dump::open(source, &Limits::untrusted())?;
    let mut rows = dump.next_stream()?.unwrap().rows()?;
    let columns = rows.columns().iter().map(|name| String::from_utf8(name.clone()).unwrap()).collect();
    let mut found = Vec::new();
    while let Some(row) = rows.next_row()? {
        assert_eq!(row.fields().len(), row.len());
        found.push(row.fields().map(|field| field.bytes().map(Cow::into_owned)).collect());
    }
    assert_eq!(rows.rows_count(), found.len() as u64);
    dump.finish(&mut NoObserver)?;
    Ok((columns, found))
}

fn texts(fields: &[Option<&str>]) -> Fields {
    fields.iter().map(|field| field.map(|text| text.as_bytes().to_vec())).collect()
}

#[test]
fn fields_are_typed_and_escapes_resolved() {
    for compression in compressions() {
        for slowly in [false, true] {
            let mut builder = DumpBuilder::new(FormatVersion::V1_16, compression);
            let text = b"1\t\\N\tplain\n2\t\ta\\tb\\nc\\\\d\n3\t\\\\N\t\\\\.\n";
            builder.table("t", "id, \"odd \"\"name\"\"\", note", text);
            let (columns, rows) = table(&builder.build(), slowly).unwrap();
            assert_eq!(columns, ["id", "odd \"name\"", "note"]);
            let wanted = [
                texts(&[Some("1"), None, Some("plain")]),
                texts(&[Some("2"), Some(""), Some("a\tb\nc\\d")]),
                texts(&[Some("3"), Some("\\N"), Some("\\.")]),
            ];
            assert_eq!(rows, wanted);
        }
    }
}

#[test]
fn empty_lines_are_rows_of_one_empty_text_or_of_no_columns() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("t", "a", b"\n\n");
    let (_, rows) = table(&builder.build(), false).unwrap();
    assert_eq!(rows, [texts(&[Some("")]), texts(&[Some("")])]);
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("t", "", b"\n\n\n");
    let (columns, rows) = table(&builder.build(), false).unwrap();
    assert!(columns.is_empty());
    assert_eq!(rows, [texts(&[]), texts(&[]), texts(&[])]);
}

#[test]
fn rows_longer_than_any_buffer_are_whole() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    let long = "x".repeat(500_000);
    builder.table("t", "a, b", format!("1\t{long}\n2\ty\n").as_bytes());
    let (_, rows) = table(&builder.build(), false).unwrap();
    assert_eq!(rows, [texts(&[Some("1"), Some(&long)]), texts(&[Some("2"), Some("y")])]);
}

#[test]
fn a_row_must_have_as_many_fields_as_columns() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("t", "a, b", b"1\t2\n3\n");
    let error = table(&builder.build(), false).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Corrupt("row 2 has 1 fields, but its table has 2 columns".into()));
}

#[test]
fn other_data_has_no_rows() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.blobs(vec![(5, b"1\t2\n".to_vec())]);
    let error = table(&builder.build(), false).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("t", "a", b"");
    let item = builder.items.last_mut().unwrap();
    item.copy_statement = None;
    item.content = Some(Content::Table(b"INSERT INTO t VALUES (1);\n\n\n".to_vec()));
    let error = table(&builder.build(), false).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
}

#[test]
fn rows_need_not_be_read_to_their_end() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::None);
    builder.table("t", "a", b"1\n2\n3\n");
    builder.table("u", "a", b"4\n");
    let bytes = builder.build();
    let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
    let mut rows = dump.next_stream().unwrap().unwrap().rows().unwrap();
    rows.next_row().unwrap();
    assert_eq!(dump.finish(&mut NoObserver).unwrap().rows_count(), 4);
}

/// The dump in `tests/data` or `examples/data` with this name.
fn real(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

#[test]
fn a_table_is_found_by_its_name_and_schema() {
    let dump = real("examples/data/quickstart.dump");
    let mut dump = Dump::open(&dump[..], &Limits::untrusted()).unwrap();
    assert!(dump.table("public", "kpi").unwrap().is_none(), "it is in the schema reporting");
    assert!(dump.table("reporting", "no_such_table").unwrap().is_none());
    let mut rows = dump.table("reporting", "kpi").unwrap().unwrap();
    assert_eq!(rows.columns(), [b"day", &b"value"[..]]);
    let mut found = Vec::new();
    while let Some(row) = rows.next_row().unwrap() {
        found.push((row.number(), row.text("day").unwrap().unwrap().into_owned(), row.parse::<f64>("value").unwrap()));
    }
    assert_eq!(found[0], (1, "2026-01-01".to_owned(), Some(1.5)));
    assert_eq!(found.len(), 3);
    let error = dump.table("reporting", "kpi").map(|_| ()).unwrap_err();
    assert!(error.is_misuse(), "it has been passed: {error}");
    assert_eq!(dump.finish(&mut NoObserver).unwrap().rows_count(), 2056);
}

#[test]
fn values_have_the_types_of_their_columns() {
    let dump = real("examples/data/quickstart.dump");
    let mut dump = Dump::open(&dump[..], &Limits::untrusted()).unwrap();
    let mut rows = dump.table("public", "system$image").unwrap().unwrap();
    let row = rows.next_row().unwrap().unwrap();
    assert!(row.parse::<i64>("id").unwrap().is_some());
    assert_eq!(row.text("publicthumbnailpath").unwrap(), None);
    assert_eq!(row.boolean("enablecaching").unwrap(), Some(true));
    assert_eq!(row.bytea("thumb").unwrap().unwrap(), b"\x89PNG\r\n\x1a\n\0\0\0\r");
    assert!(row.get("Thumb").is_none(), "names are compared exactly");
}

#[test]
fn a_value_of_another_type_is_an_error_that_names_column_and_row() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("t", "a, b", b"1\tt\n\\N\tmaybe\nx\t\\\\x4\n\xff\t\\N\n");
    let bytes = builder.build();
    let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
    let mut rows = dump.table("public", "t").unwrap().unwrap();
    let row = rows.next_row().unwrap().unwrap();
    assert_eq!((row.parse::<u8>("a").unwrap(), row.boolean("b").unwrap()), (Some(1), Some(true)));
    assert!(matches!(row.text("c").unwrap_err().kind(), ErrorKind::UnknownColumn { column, .. } if column == "c"));
    let row = rows.next_row().unwrap().unwrap();
    assert_eq!(row.parse::<u8>("a").unwrap(), None);
    let error = row.boolean("b").unwrap_err();
    assert_eq!(error.to_string(), "the value of column b in row 2 is not of type boolean");
    assert!(error.is_bad_input());
    let row = rows.next_row().unwrap().unwrap();
    assert!(row.parse::<i64>("a").is_err() && row.bytea("b").is_err());
    let row = rows.next_row().unwrap().unwrap();
    assert!(row.text("a").is_err() && row.text("b").unwrap().is_none());
}

#[test]
fn rows_repeat_their_first_error() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("t", "a", b"1\t2\n3\n4\n");
    let bytes = builder.build();
    let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
    let mut rows = dump.table("public", "t").unwrap().unwrap();
    let first = rows.next_row().unwrap_err().to_string();
    assert_eq!(rows.next_row().unwrap_err().to_string(), first);
    assert_eq!(dump.finish(&mut NoObserver).unwrap_err().to_string(), first);
}
