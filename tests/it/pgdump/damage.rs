//! Damage of every kind: each is named, and none is a panic.

use std::borrow::Cow;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{BlockReader, Compression};
use appsnap::pgdump::{Code, Dump, Error, ErrorKind, FormatVersion, Identity, inspect};

use crate::support::dumps::{Content, DumpBuilder, Item, compressions, sample, version_for};

const VERSION: FormatVersion = FormatVersion::V1_14;

fn error_of(bytes: &[u8]) -> ErrorKind {
    inspect(bytes, &Limits::untrusted(), &mut NoObserver)
        .map(|inspection| inspection.diagnostics)
        .unwrap_err()
        .kind()
        .clone()
}

#[track_caller]
fn assert_corrupt(bytes: &[u8], wanted: impl Into<Cow<'static, str>>) {
    assert_eq!(error_of(bytes), ErrorKind::Corrupt(wanted.into()));
}

/// A dump with one table, uncompressed in one chunk, and the position of its block.
fn one_table(text: &[u8]) -> (DumpBuilder, Vec<u8>, usize) {
    let mut builder = DumpBuilder::new(VERSION, Compression::None);
    builder.table("t", "a", b"");
    builder.items.last_mut().unwrap().content = Some(Content::Table(text.to_vec()));
    let (bytes, start) = (builder.build(), builder.data_offset_bytes());
    (builder, bytes, start)
}

fn with(bytes: &[u8], position: usize, value: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[position] = value;
    changed
}

/// The smallest dump with a table and large objects.
fn tiny(compression: Compression) -> DumpBuilder {
    let mut builder = DumpBuilder::new(version_for(VERSION, compression), compression);
    builder.table("t", "a", b"1\n22\n333\n22\n22\n22\n");
    builder.blobs(vec![(16_400, b"large object large object".to_vec()), (16_401, Vec::new())]);
    builder.chunk_bytes = 20;
    builder
}

#[test]
fn every_truncation_is_detected() {
    for compression in compressions() {
        let builder = tiny(compression);
        let bytes = builder.build();
        // Before the data they do not differ.
        let first = if compression == Compression::GZIP { 0 } else { builder.data_offset_bytes() };
        for len in first..bytes.len() {
            let error = inspect(&bytes[..len], &Limits::untrusted(), &mut NoObserver)
                .map(|inspection| inspection.diagnostics)
                .unwrap_err();
            let is_named = match error.kind() {
                ErrorKind::Truncated { .. } | ErrorKind::NotAnArchive { .. } => true,
                ErrorKind::Corrupt(what) => what.starts_with("the data of entry ") && what.ends_with(" is missing"),
                _ => false,
            };
            assert!(is_named && error.is_bad_input(), "{compression:?} cut at {len}: {error}");
        }
    }
}

#[test]
fn no_flipped_bit_in_zlib_data_changes_a_row_undetected() {
    let mut builder = DumpBuilder::new(VERSION, Compression::GZIP);
    builder.table("t", "a", b"1\n22\n333\n");
    let (bytes, start) = (builder.build(), builder.data_offset_bytes());
    let rows = |bytes: &[u8]| -> Result<Vec<Vec<u8>>, Error> {
        let mut dump = Dump::open(bytes, &Limits::untrusted())?;
        let mut rows = dump.next_stream()?.unwrap().rows()?;
        let mut found = Vec::new();
        while let Some(row) = rows.next_row()? {
            found.push(row.field(0).unwrap().raw().to_vec());
        }
        dump.finish(&mut NoObserver).map(|_| found)
    };
    for position in start..bytes.len() {
        for bit in 0..8 {
            let flipped = with(&bytes, position, bytes[position] ^ (1 << bit));
            // Only the bits after the last block of a zlib stream have no meaning and may differ.
            if let Ok(found) = rows(&flipped) {
                assert_eq!(found, rows(&bytes).unwrap(), "bit {bit} of byte {position} was not detected");
            }
        }
    }
}

#[test]
fn no_flipped_bit_causes_a_panic() {
    for compression in compressions() {
        let builder = tiny(compression);
        let bytes = builder.build();
        let first = if compression == Compression::GZIP { 0 } else { builder.data_offset_bytes() };
        for position in first..bytes.len() {
            let flipped = with(&bytes, position, bytes[position] ^ (1 << (position % 8)));
            let _any_verdict = inspect(&flipped[..], &Limits::untrusted(), &mut NoObserver);
        }
    }
}

#[test]
fn impossible_headers_are_refused() {
    let bytes = sample(VERSION, Compression::GZIP).build();
    let error = error_of(&[b"\n", &bytes[..]].concat());
    assert!(
        matches!(error, ErrorKind::NotAnArchive { identity: Identity::LeadingText { text_bytes: 1, .. }, .. }),
        "{error}"
    );
    for (position, value, wanted) in [
        (8, 0, "the integer size is 0 bytes: it must be 1 to 8"),
        (8, 9, "the integer size is 9 bytes: it must be 1 to 8"),
        (9, 0, "the offset size is 0 bytes: it must be 1 to 32"),
        (
            11,
            13,
            "the sign byte of an integer is 13: it must be 0 or 1; was text of another program written into the file (2>&1), or \
             was it transferred in text mode?",
        ),
        (12, 10, "compression level -10 is out of range: it must be -1 to 9"),
    ] {
        assert_corrupt(&with(&bytes, position, value), wanted);
    }
    for (position, value, found) in [(5, 0, "0.14"), (5, 2, "2.14"), (6, 17, "1.17")] {
        let error =
            inspect(&with(&bytes, position, value)[..], &Limits::untrusted(), &mut NoObserver).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(found), "{error}");
        assert!(matches!(error.kind(), ErrorKind::UnsupportedVersion { .. }));
    }
    let unknown = with(&sample(FormatVersion::V1_16, Compression::None).build(), 11, 9);
    assert_corrupt(&unknown, "compression algorithm 9 is unknown");
    let error = error_of(&with(&bytes, 10, 3));
    assert!(matches!(error, ErrorKind::NotCustomFormat { code: 3, .. }), "{error}");
}

#[test]
fn any_revision_and_level_are_legal_and_impossible_dates_only_warn() {
    let mut builder = sample(VERSION, Compression::gzip_level(5).unwrap());
    builder.header.revision = 7;
    let inspection = inspect(&builder.build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    assert!(!inspection.has_anomalies());
    builder.header.created.as_mut().unwrap().month0 = 99;
    let inspection = inspect(&builder.build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    assert!(inspection.diagnostics.as_slice()[0].is(Code::DumpCreationTime) && inspection.has_anomalies());
}

#[test]
fn a_wrong_number_of_entries_is_detected() {
    let builder = sample(VERSION, Compression::GZIP);
    let bytes = builder.build();
    let mut header = Vec::new();
    builder.header.encode(&mut header).unwrap();
    let count = header.len() + 1;
    assert_corrupt(&with(&bytes, count, 0), "the table of contents states 0 entries");
    assert_corrupt(
        &with(&bytes, header.len(), 1),
        format!("the table of contents states {} entries", -(builder.items.len() as i32)),
    );
    assert_corrupt(&with(&bytes, count, bytes[count] - 1), "a data block has type 0: it must be 1 or 3");
    let too_many = inspect(&with(&bytes, count, bytes[count] + 1)[..], &Limits::untrusted(), &mut NoObserver);
    assert!(too_many.is_err_and(|error| error.is_bad_input()));
}

#[test]
fn impossible_entries_are_refused() {
    let mut builder = sample(VERSION, Compression::GZIP);
    builder.items.push(Item::new(1, b"TABLE", b"again"));
    assert_corrupt(&builder.build(), "two entries have the dump id 1");
    let (builder, bytes, start) = one_table(b"\\.\n\n\n");
    let mut header = Vec::new();
    builder.header.encode(&mut header).unwrap();
    let first_id = header.len() + 6;
    assert_corrupt(&with(&bytes, first_id, 0), "dump id 0 is out of range");
    // The last entry ends with its offset: a flag and eight bytes.
    assert_corrupt(&with(&bytes, start - 9, 4), "the flag of an offset is 4: it must be 1 to 3");
    assert_corrupt(&with(&bytes, start - 9, 3), "the data mark and the offset of an entry contradict each other");
}

#[test]
fn settings_that_pg_restore_refuses_are_refused() {
    for (index, sql, wanted) in [
        (0, "SET client_encoding = 'EBCDIC';\n", "the entry ENCODING names no encoding of PostgreSQL"),
        (0, "SET client_encoding = UTF8;\n", "the entry ENCODING names no encoding of PostgreSQL"),
        (1, "SET standard_conforming_strings = 'maybe';\n", "the entry STDSTRINGS is neither on nor off"),
    ] {
        let mut builder = sample(VERSION, Compression::GZIP);
        builder.items[index].definition = Some(sql.as_bytes().to_vec());
        assert_corrupt(&builder.build(), wanted);
    }
    let mut builder = sample(VERSION, Compression::GZIP);
    builder.items.remove(2);
    let inspection = inspect(&builder.build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    let found = inspection.diagnostics.iter().find(|found| found.is(Code::DumpSettingMissing)).unwrap();
    assert_eq!(found.message(), "the entry SEARCHPATH is missing");
}

#[test]
fn blocks_and_entries_must_agree() {
    let (builder, bytes, start) = one_table(b"\\.\n\n\n");
    let data_id = builder.items.last().unwrap().id;
    for (position, value, wanted) in [
        (start, 2, "a data block has type 2: it must be 1 or 3".to_owned()),
        (start, 3, format!("the data block of entry {data_id} has the type of another kind of entry")),
        (start + 1, 1, format!("a data block has id {}, which no entry has", -(data_id as i32))),
        (start + 2, 99, "a data block has id 99, which no entry has".to_owned()),
        (start + 2, 1, "a data block has id 1, whose entry states that it has no data".to_owned()),
    ] {
        assert_corrupt(&with(&bytes, position, value), wanted);
    }
    let trailing = |what: &str| {
        let len = bytes.len();
        format!(
            "{what} the last data block: the first {len} bytes are a whole dump, head -c {len} FILE > DUMP takes it out"
        )
    };
    assert_corrupt(&[&bytes[..], b"\n"].concat(), trailing("bytes follow"));
    assert_corrupt(&[&bytes[..], &bytes[start..]].concat(), trailing("bytes follow"));
    assert_corrupt(&[&bytes[..], &bytes[..]].concat(), trailing("another dump follows"));
    assert_corrupt(&bytes[..start], format!("the data of entry {data_id} is missing"));
    let (stored, actual) = (start as u64, start as u64 + 1);
    let shifted = with(&bytes, start - 8, bytes[start - 8] + 1);
    let error = error_of(&shifted);
    assert!(
        error
            .to_string()
            .ends_with(&format!("begins at byte {stored}, but the table of contents states byte {actual}")),
        "{error}"
    );
}

#[test]
fn blocks_in_another_order_only_warn() {
    let mut builder = DumpBuilder::new(VERSION, Compression::None);
    builder.with_positions = false;
    let (first, second) = (builder.table("a", "x", b"1\n"), builder.table("b", "x", b"2\n"));
    let (bytes, start) = (builder.build(), builder.data_offset_bytes());
    let middle = start + (bytes.len() - start) / 2;
    let swapped = [&bytes[..start], &bytes[middle..], &bytes[start..middle]].concat();
    let inspection = inspect(&swapped[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    assert_eq!(inspection.blocks.iter().map(|block| block.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!(inspection.diagnostics.count_of(Code::DumpBlocksOutOfOrder), 1);
}

#[test]
fn impossible_chunks_are_refused() {
    let (_, bytes, start) = one_table(b"\\.\n\n\n");
    // The sign and length of the first chunk follow the type and id of the block.
    assert_corrupt(&with(&bytes, start + 6, 1), "the length of a chunk is -5 bytes");
    let huge = with(&bytes, start + 10, 0x7f);
    assert!(matches!(error_of(&huge), ErrorKind::Truncated { .. }));
}

#[test]
fn copy_data_must_end_in_its_terminator() {
    for (text, wanted) in [
        (&b"1\n2\n"[..], "the COPY data does not end in its terminator"),
        (b"", "the COPY data does not end in its terminator"),
        (b"1\r\n\\.\r\n\r\n\r\n", "the COPY data does not end in its terminator"),
        (b"1\n\\.\nDROP TABLE t;\n", "the COPY data continues after its terminator"),
    ] {
        assert_corrupt(&one_table(text).1, wanted);
    }
}

#[test]
fn a_stream_is_one_compressed_stream_and_nothing_else() {
    for compression in compressions().into_iter().filter(|compression| *compression != Compression::None) {
        let builder = sample(FormatVersion::V1_15, Compression::None);
        let name = compression.name();
        // The streams are compressed here and not by the builder, so that they can be damaged.
        let build = |change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
            let mut dump = builder.clone();
            for item in &mut dump.items {
                if let Some(Content::Table(plain)) = &mut item.content {
                    *plain = change(crate::support::dumps::compressed(compression, plain));
                } else if let Some(Content::Blobs(objects)) = &mut item.content {
                    for (_, plain) in objects {
                        *plain = crate::support::dumps::compressed(compression, plain);
                    }
                }
            }
            let bytes = dump.build();
            let mut header = Vec::new();
            dump.header.compression = compression;
            dump.header.encode(&mut header).unwrap();
            [&header[..], &bytes[header.len()..]].concat()
        };
        inspect(&build(&|stored| stored)[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        assert_corrupt(
            &build(&|stored| [&stored[..], b"\0"].concat()),
            format!("bytes follow the end of the {name} data"),
        );
        assert_corrupt(
            &build(&|stored| [&stored[..], &stored[..]].concat()),
            format!("bytes follow the end of the {name} data"),
        );
        assert_corrupt(
            &build(&|stored| stored[..stored.len() - 1].to_vec()),
            format!("the {name} data ends too early"),
        );
        assert_corrupt(&build(&|_| Vec::new()), format!("the {name} data ends too early"));
        assert_corrupt(
            &build(&|stored| [b"\x55", &stored[1..]].concat()),
            format!("the {name} data cannot be decoded"),
        );
    }
}

#[test]
#[cfg(feature = "lz4")]
fn lz4_frames_must_match_their_header() {
    use crate::support::dumps::EMPTY_LZ4_FRAME;

    let builder = DumpBuilder::new(FormatVersion::V1_16, Compression::None);
    let frame = |frame: &[u8]| {
        let mut builder = builder.clone();
        let mut item = Item::new(9, b"TABLE DATA", b"t");
        item.content = Some(Content::Table(frame.to_vec()));
        builder.items.push(item);
        with(&builder.build(), 11, 2)
    };
    inspect(&frame(&EMPTY_LZ4_FRAME)[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    for (position, value) in [(0, 5), (4, 0x41), (4, 0x42), (4, 0x80), (5, 0x30), (5, 0x41), (6, 0xc1)] {
        assert_corrupt(&frame(&with(&EMPTY_LZ4_FRAME, position, value)), "the lz4 data cannot be decoded");
    }
    // A frame without its end mark.
    assert_corrupt(&frame(&EMPTY_LZ4_FRAME[..7]), "the lz4 data ends too early");
    // A block larger than the frame allows.
    let large = [&EMPTY_LZ4_FRAME[..7], &65_537_u32.to_le_bytes(), &[0; 9]].concat();
    assert_corrupt(&frame(&large), "the lz4 data cannot be decoded");
}

#[test]
fn large_objects_that_no_entry_creates_are_detected() {
    for version in [FormatVersion::V1_14, FormatVersion::V1_16] {
        let mut builder = DumpBuilder::new(version, Compression::GZIP);
        builder.blobs(vec![(16_400, b"x".to_vec())]);
        if let Some(Content::Blobs(objects)) = &mut builder.items.last_mut().unwrap().content {
            objects.push((16_499, b"y".to_vec()));
        }
        let inspection = inspect(&builder.build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        let found = inspection.diagnostics.iter().find(|found| found.is(Code::DumpUnlistedLargeObjects)).unwrap();
        assert_eq!(found.message(), "1 large objects have data, but no entry creates them; the first is 16499");
    }
}

#[test]
fn a_transfer_in_text_mode_is_detected() {
    for compression in compressions() {
        let mut builder = sample(VERSION, compression);
        builder.header.created.as_mut().unwrap().second = 10;
        let mut bytes = Vec::new();
        for byte in builder.build() {
            if byte == b'\n' {
                bytes.push(b'\r');
            }
            bytes.push(byte);
        }
        assert!(inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).is_err_and(|error| error.is_bad_input()));
        assert_eq!(Identity::of(&bytes), Identity::LineEndDamage);
    }
}

#[test]
fn a_reader_repeats_its_first_error() {
    let (_, bytes, start) = one_table(b"\\.\n\n\n");
    let bytes = with(&bytes, start, 2);
    let mut blocks = BlockReader::open(&bytes[..], &Limits::untrusted()).unwrap();
    let first = blocks.next_element().unwrap_err().to_string();
    assert_eq!(blocks.next_element().unwrap_err().to_string(), first);
    assert!(first.contains("has type 2"), "{first}");
}

#[test]
fn sizes_of_integers_and_offsets_may_be_unusual() {
    for (int_bytes, offset_bytes) in [(2, 4), (3, 3), (4, 16), (8, 8), (5, 32)] {
        let mut builder = sample(VERSION, Compression::GZIP);
        builder.header = builder.header.with_sizes(int_bytes, offset_bytes).unwrap();
        // The OIDs of large objects would not fit small integers.
        builder.items.retain(|item| !matches!(item.content, Some(Content::Blobs(_))));
        let inspection = inspect(&builder.build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        assert_eq!(inspection.rows_count(), 65);
    }
}
