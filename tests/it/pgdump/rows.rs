//! Rows of COPY text, by column name and type.

use std::borrow::Cow;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::{Dump, ErrorKind, FormatVersion};

use crate::support::dumps::{Content, DumpBuilder, compressions};
use crate::support::readers::Stutter;

type Fields = Vec<Option<Vec<u8>>>;

/// The columns and rows of the first table.
fn table(bytes: &[u8], slowly: bool) -> Result<(Vec<String>, Vec<Fields>), appsnap::pgdump::Error> {
    let source: Box<dyn std::io::Read> = if slowly { Box::new(Stutter::single(bytes)) } else { Box::new(bytes) };
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

/// A file that counts what is read of it.
struct Counting {
    inner: std::io::Cursor<Vec<u8>>,
    read_bytes: std::rc::Rc<std::cell::Cell<u64>>,
}

impl std::io::Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read_bytes.set(self.read_bytes.get() + count as u64);
        Ok(count)
    }
}

impl std::io::Seek for Counting {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn a_table_whose_position_is_stated_is_read_alone() {
    for compression in compressions() {
        let mut builder = DumpBuilder::new(FormatVersion::V1_16, compression);
        let mut state = 1_u32;
        let noise: String = (0..400_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                format!("{state}\n")
            })
            .collect();
        builder.table("noise", "id", noise.as_bytes());
        builder.table("wanted", "id", b"1\n2\n");
        builder.table("later", "id", noise.as_bytes());
        builder.with_positions = false;
        let piped = builder.build();
        let transcoder = appsnap::pgdump::transcode::Transcoder::same_version();
        let sink = std::io::Cursor::new(Vec::new());
        let converted = transcoder.convert(&piped[..], sink, &Limits::untrusted(), &mut NoObserver);
        let (mut output, mut report) = converted.map_err(|failed| failed.into_parts().0).unwrap();
        report.write_offsets(&mut output).unwrap();
        let dump = output.into_inner();
        for before in [0, 1000] {
            let read_bytes = std::rc::Rc::default();
            // The dump may start anywhere in its source.
            let mut inner = std::io::Cursor::new([vec![0; before], dump.clone()].concat());
            inner.set_position(before as u64);
            let source = Counting { inner, read_bytes: std::rc::Rc::clone(&read_bytes) };
            let mut opened = Dump::open(source, &Limits::untrusted()).unwrap();
            let mut rows = opened.seek_table("public", "wanted").unwrap().unwrap();
            assert_eq!(rows.next_row().unwrap().unwrap().text("id").unwrap().as_deref(), Some("1"));
            assert!(rows.next_row().unwrap().is_some() && rows.next_row().unwrap().is_none());
            assert!(read_bytes.get() < 400 << 10 && dump.len() > 2 << 20, "{} of {}", read_bytes.get(), dump.len());
            let again = opened.next_stream().map(|_| ()).unwrap_err();
            assert!(again.is_misuse(), "{again}");
        }
        // Without a position, everything before is read.
        let mut opened = Dump::open(std::io::Cursor::new(&piped), &Limits::untrusted()).unwrap();
        let mut rows = opened.seek_table("public", "wanted").unwrap().unwrap();
        while rows.next_row().unwrap().is_some() {}
        assert_eq!(rows.rows_count(), 2);
        assert!(opened.next_stream().unwrap().is_some(), "the next table");
        assert!(opened.seek_table("public", "nothing").unwrap().is_none());
    }
}

#[test]
fn a_wrong_position_is_damage() {
    let dump = include_bytes!("../../../examples/data/quickstart.dump");
    let reader = appsnap::pgdump::raw::BlockReader::open(&dump[..], &Limits::untrusted()).unwrap();
    let position = reader.toc().entries().find(|entry| entry.tag == b"kpi" && entry.has_data()).unwrap().data;
    let appsnap::pgdump::toc::DataState::Set(position) = position else { panic!("{position:?}") };
    let (field, head) = (position.to_le_bytes(), reader.data_offset_bytes() as usize);
    let index = dump[..head].windows(8).position(|bytes| bytes == field).unwrap();
    for other in [0, 5, head as u64, position - 1, position + 1, dump.len() as u64, u64::MAX] {
        let mut damaged = dump.to_vec();
        damaged[index..index + 8].copy_from_slice(&other.to_le_bytes());
        let mut opened = Dump::open(std::io::Cursor::new(damaged), &Limits::untrusted()).unwrap();
        let found = opened.seek_table("reporting", "kpi").map(|rows| rows.is_some());
        assert!(found.is_err(), "{other}");
    }
}
