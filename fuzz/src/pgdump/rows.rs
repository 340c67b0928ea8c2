//! COPY rows: the fields are those that splitting the text by its definition gives.

use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{Compression, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry};
use appsnap::pgdump::{Dump, FormatVersion};

use super::limits;
use crate::control;

/// A dump of one table with the COPY data `text`, stored in chunks of `chunk_bytes`.
pub fn dump(statement: &[u8], text: &[u8], chunk_bytes: usize) -> Vec<u8> {
    let mut header = Header::new(FormatVersion::V1_14);
    header.compression = Compression::None;
    let mut out = Vec::new();
    header.encode(&mut out).expect("a header");
    let mut encoding = Entry::new(1, b"ENCODING", b"ENCODING");
    encoding.definition = Some(b"SET client_encoding = 'UTF8';\n");
    let mut data = Entry::new(2, b"TABLE DATA", b"t");
    data.copy_statement = Some(statement);
    data.data = DataState::NotSet;
    toc::encode([encoding, data], &header, &mut out).expect("entries");
    let mut put = |element: DataElement<'_>| element.encode(&header, &mut out).expect("an element");
    put(DataElement::TableData { id: 2 });
    for chunk in text.chunks(chunk_bytes) {
        put(DataElement::Chunk { len_bytes: u32::try_from(chunk.len()).expect("a chunk") });
        put(DataElement::Bytes(chunk));
    }
    put(DataElement::StreamEnd);
    put(DataElement::TableDataEnd);
    out
}

/// The control byte gives the number of columns and the size of chunks; the rest is the text.
pub fn copy_rows(data: &[u8]) {
    let (control, text) = control::split(data);
    let columns = usize::from(data.first().map_or(0, |control| control & 3));
    let names = ["id", "\"b c\"", "\"d\"\",e\""];
    let list = if columns == 0 { String::new() } else { format!("({})", names[..columns].join(", ")) };
    let statement = format!("COPY public.t {list} FROM stdin;\n");
    let chunk_bytes = if control.has(4) { 1 } else { 700 };
    let dump = dump(statement.as_bytes(), text, chunk_bytes);

    let mut dump = Dump::open(dump.as_slice(), &limits()).expect("the head is sound");
    let mut rows = dump.next_stream().expect("a block").expect("a stream").rows().expect("COPY data");
    assert_eq!(rows.columns().len(), columns);
    let mut lines = text.split(|&byte| byte == b'\n');
    let error = loop {
        match rows.next_row() {
            Err(error) => break Some(error),
            Ok(None) => break None,
            Ok(Some(row)) => {
                let line = lines.next().expect("a row is a line");
                let fields = line.split(|&byte| byte == b'\t').collect::<Vec<_>>();
                if row.is_empty() {
                    assert!(line.is_empty() && columns == 0);
                    continue;
                }
                assert_eq!(row.fields().map(|field| field.raw()).collect::<Vec<_>>(), fields);
                for field in row.fields() {
                    assert_eq!(field.is_null(), field.raw() == b"\\N");
                    assert_eq!(field.is_null(), field.bytes().is_none());
                    let plain = field.bytes().unwrap_or_default();
                    assert!(plain.len() <= field.raw().len(), "an escape became longer");
                    assert!(field.raw().contains(&b'\\') || plain == field.raw());
                }
            }
        }
    };
    let count = rows.rows_count();
    drop(rows);
    if let Some(error) = error {
        let text = error.to_string();
        assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{text:?}");
        return;
    }
    // The terminator follows the rows, and the dump as a whole is sound.
    assert_eq!(lines.next(), Some(&b"\\."[..]));
    assert!(lines.all(<[u8]>::is_empty));
    let inspection = dump.finish(&mut NoObserver).expect("a sound dump");
    assert_eq!(inspection.blocks[0].rows_count, Some(count));
}
