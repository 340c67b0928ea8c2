//! Dumps: claims, bombs and floods against the dump reader.

use std::io::{self, Read};
use std::iter;

use appsnap::Limits;
use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::pgdump::forms::JoinedDump;
use appsnap::pgdump::raw::{Compression, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry};
use appsnap::pgdump::transcode::{MaskRules, Transcoder};
use appsnap::pgdump::{Dump, Error, ErrorKind, FormatVersion, inspect, inspect_at};
use flate2::write::ZlibEncoder;

use super::{MIB, alone, expect_within, made, peak};
use crate::support::dumps::DumpBuilder;

fn usual() -> Header {
    Header::new(FormatVersion::V1_16)
}

fn header(compression: Compression) -> Vec<u8> {
    let mut header = Header::new(FormatVersion::V1_16);
    header.compression = compression;
    let mut out = Vec::new();
    header.encode(&mut out).unwrap();
    out
}

fn table<'a>(id: u32) -> Entry<'a> {
    let mut entry = Entry::new(id, b"TABLE DATA", b"t");
    entry.copy_statement = Some(b"COPY public.t (a) FROM stdin;\n");
    entry.data = DataState::NotSet;
    entry
}

/// Header, settings and the given entries.
fn head(compression: Compression, entries: &[Entry<'_>]) -> Vec<u8> {
    let mut encoding = Entry::new(1, b"ENCODING", b"ENCODING");
    encoding.definition = Some(b"SET client_encoding = 'UTF8';\n");
    let mut out = header(compression);
    toc::encode([&[encoding], entries].concat(), &usual(), &mut out).unwrap();
    out
}

fn pieces(pieces: &[DataElement<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    pieces.iter().for_each(|piece| piece.encode(&usual(), &mut out).unwrap());
    out
}

/// One table whose stored stream is `stored`.
fn stream(compression: Compression, stored: &[u8]) -> Vec<u8> {
    let mut out = head(compression, &[table(2)]);
    out.extend(pieces(&[DataElement::TableData { id: 2 }]));
    for chunk in stored.chunks(4096) {
        out.extend(pieces(&[DataElement::Chunk { len_bytes: chunk.len() as u32 }, DataElement::Bytes(chunk)]));
    }
    out.extend(pieces(&[DataElement::StreamEnd, DataElement::TableDataEnd]));
    out
}

fn limit(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Limit(exceeded) => exceeded.name,
        other => panic!("{other:?}"),
    }
}

fn hits(name: &'static str, source: impl Read, limits: &Limits, allowed_bytes: usize) {
    let (result, bytes) = peak(|| inspect(source, limits, &mut NoObserver));
    assert_eq!(limit(&result.unwrap_err()), name);
    expect_within(name, bytes, allowed_bytes);
}

fn int(value: i32) -> Vec<u8> {
    [&[u8::from(value < 0)][..], &value.unsigned_abs().to_le_bytes()].concat()
}

#[test]
fn claims_cost_nothing() {
    let _alone = alone();
    let untrusted = Limits::untrusted();
    // A string of 2 GiB in the header, and one in the table of contents.
    let mut claim = header(Compression::None);
    claim.truncate(12 + 7 * 5);
    claim.extend(int(i32::MAX));
    hits("max_string_bytes", claim.as_slice().chain(io::repeat(b's')), &untrusted, MIB);
    let mut claim = header(Compression::None);
    claim.extend([int(1), int(1), int(0), int(i32::MAX)].concat());
    hits("max_string_bytes", claim.as_slice().chain(io::repeat(b's')), &untrusted, MIB);
    // Two thousand million entries.
    let mut claim = header(Compression::None);
    claim.extend(int(i32::MAX));
    hits("max_toc_entries", claim.as_slice(), &untrusted, MIB);
    // A chunk of 2 GiB of which hardly anything comes.
    let mut claim = head(Compression::None, &[table(2)]);
    claim.extend(pieces(&[DataElement::TableData { id: 2 }, DataElement::Chunk { len_bytes: i32::MAX as u32 }]));
    claim.extend(b"a\n");
    let (result, bytes) = peak(|| inspect(claim.as_slice(), &untrusted, &mut NoObserver));
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Truncated { .. }));
    expect_within("a chunk of 2 GiB", bytes, MIB);
}

#[test]
fn tables_of_contents_stop_at_their_limits() {
    let _alone = alone();
    let mut entry = Vec::new();
    Entry::new(7, b"", b"").encode(&usual(), &mut entry).unwrap();
    let numbered = |id: u32| {
        let mut bytes = Vec::new();
        Entry::new(id, b"", b"").encode(&usual(), &mut bytes).unwrap();
        bytes
    };
    // Entries of the least length, until their bytes are too many.
    let limits = Limits::untrusted().with_max_toc_bytes(2 * MIB as u64);
    let front = [header(Compression::None), int(900_000)].concat();
    let endless = front.as_slice().chain(made((1..).map(numbered)));
    // The bytes, doubling as they grow, and two numbers an entry.
    hits("max_toc_bytes", endless, &limits, 2 * MIB * 4);
    let exact = [header(Compression::None), int(100_000)].concat();
    let (result, bytes) = peak(|| {
        inspect(exact.as_slice().chain(made((1..=100_000).map(numbered))), &Limits::untrusted(), &mut NoObserver)
    });
    assert_eq!(result.unwrap().toc.len(), 100_000);
    expect_within("100,000 entries", bytes, 100_000 * (entry.len() * 2 + 80) + 8 * MIB);
    hits("max_toc_entries", [header(Compression::None), int(1_000_001)].concat().as_slice(), &Limits::untrusted(), MIB);
    // One text that is really as long as it says.
    let front = [header(Compression::None), int(1), int(1), int(0), int(3 << 20)].concat();
    let limits = Limits::untrusted().with_max_string_bytes(2 << 20);
    hits("max_string_bytes", front.as_slice().chain(io::repeat(b's').take(3 << 20)), &limits, MIB);
}

#[test]
fn streams_stop_at_their_limits() {
    let _alone = alone();
    // A row without an end.
    let limits = Limits::untrusted().with_max_row_bytes(MIB as u64);
    let dump = stream(Compression::None, &vec![b'r'; 4 * MIB]);
    let (result, bytes) = peak(|| {
        let mut dump = Dump::open(dump.as_slice(), &limits).unwrap();
        let mut rows = dump.next_stream().unwrap().unwrap().rows().unwrap();
        rows.next_row().map(|row| row.is_some())
    });
    assert_eq!(limit(&result.unwrap_err()), "max_row_bytes");
    expect_within("max_row_bytes", bytes, 4 * MIB);
    // A zlib bomb.
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    io::copy(&mut io::repeat(b'\n').take(16 * MIB as u64), &mut encoder).unwrap();
    let bomb = stream(Compression::GZIP, &encoder.finish().unwrap());
    let limits = Limits::untrusted().with_max_decompressed_bytes(MIB as u64);
    hits("max_decompressed_bytes", bomb.as_slice(), &limits, 2 * MIB);
    let (result, bytes) = peak(|| inspect(bomb.as_slice(), &Limits::untrusted(), &mut NoObserver));
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Corrupt(_)));
    expect_within("a zlib bomb of 16 MiB, read on", bytes, 2 * MIB);
}

#[cfg(feature = "zstd")]
#[test]
fn zstd_windows_stop_at_their_limit() {
    let _alone = alone();
    // Window descriptors: exponent in the upper five bits, 1 KiB at 0 (RFC 8878, section 3.1.1.1.2).
    for exponent in 14..=31_u8 {
        let frame = [&b"\x28\xb5\x2f\xfd\x00"[..], &[exponent << 3]].concat();
        hits("max_window_bytes", stream(Compression::Zstd, &frame).as_slice(), &Limits::untrusted(), MIB);
    }
    // 8 MiB pass; runs of one byte fill them.
    let mut frame = b"\x28\xb5\x2f\xfd\x00\x68".to_vec();
    for number in 0..120_u32 {
        let [a, b, c, _] = ((128 << 10) << 3 | 1 << 1 | u32::from(number == 119)).to_le_bytes();
        frame.extend([a, b, c, b'z']);
    }
    let (result, bytes) =
        peak(|| inspect(stream(Compression::Zstd, &frame).as_slice(), &Limits::untrusted(), &mut NoObserver));
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Corrupt(_)));
    expect_within("a zstd frame of 15 MiB with the largest window", bytes, 32 * MIB);
}

#[cfg(feature = "lz4")]
#[test]
fn lz4_blocks_are_bounded() {
    let _alone = alone();
    // A frame of 4 MiB blocks, each a run: a literal, then one match as long as the block.
    let descriptor = [0x40, 0x70];
    let mut hasher = twox_hash::XxHash32::with_seed(0);
    std::hash::Hasher::write(&mut hasher, &descriptor);
    let check = hasher.finish_32().to_le_bytes()[1];
    let mut block = vec![0x1f, b'z', 1, 0];
    let run = 4 * MIB - 1 - 4 - 15 - 20;
    block.extend(vec![255; run / 255]);
    block.push((run % 255) as u8);
    block.extend([0x50, b'e', b'e', b'e', b'e', b'e']);
    let mut frame = [&b"\x04\x22\x4d\x18"[..], &descriptor, &[check]].concat();
    for _ in 0..4 {
        frame.extend((block.len() as u32).to_le_bytes());
        frame.extend(&block);
    }
    frame.extend([0; 4]);
    let (result, bytes) =
        peak(|| inspect(stream(Compression::Lz4, &frame).as_slice(), &Limits::untrusted(), &mut NoObserver));
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Corrupt(_)));
    expect_within("an lz4 frame of 16 MiB", bytes, READ_LZ4_BYTES);
}

/// Two blocks and their history.
#[cfg(feature = "lz4")]
const READ_LZ4_BYTES: usize = 13 * MIB + MIB / 2;

#[test]
fn a_hundred_thousand_large_objects_take_no_more_memory_than_one() {
    let _alone = alone();
    let mut blobs = Entry::new(2, b"BLOBS", b"BLOBS");
    blobs.data = DataState::NotSet;
    let front = head(Compression::None, &[blobs]);
    let open = pieces(&[DataElement::LargeObjects { id: 2 }]);
    let objects = (1..=100_000).map(|oid| pieces(&[DataElement::LargeObject { oid }, DataElement::StreamEnd]));
    let end = pieces(&[DataElement::LargeObjectsEnd]);
    let source = made(iter::once(front).chain(iter::once(open)).chain(objects).chain(iter::once(end)));
    let (result, bytes) = peak(|| inspect(source, &Limits::untrusted(), &mut NoObserver));
    assert_eq!(result.unwrap().large_objects_count(), 100_000);
    expect_within("100,000 large objects", bytes, MIB);
}

#[test]
fn threads_need_their_buffers_and_no_more() {
    let _alone = alone();
    let mut builder = DumpBuilder::new(FormatVersion::V1_16, Compression::GZIP);
    for table in 0..40 {
        builder.table(&format!("t{table}"), "a", &b"some row\n".repeat(200_000));
    }
    let dump = builder.build();
    let (result, bytes) = peak(|| {
        inspect_at(&dump, &Limits::untrusted(), Parallelism::threads(8), &mut NoObserver).unwrap().rows_count()
    });
    assert_eq!(result, 40 * 200_000);
    expect_within("72 MB of rows on 8 threads", bytes, 8 * MIB);
}

#[test]
fn a_large_table_is_masked_row_by_row() {
    let _alone = alone();
    let rules = br#"{"columns": {"public.t.a": "redact"}}"#;
    // Rows of a KiB, and chunks of many rows, 16 MiB in all.
    let chunk = [&b"abcdefgh".repeat(128)[..], b"\n"].concat().repeat(50);
    let front = [head(Compression::None, &[table(2)]), pieces(&[DataElement::TableData { id: 2 }])].concat();
    let rows = pieces(&[DataElement::Chunk { len_bytes: chunk.len() as u32 }, DataElement::Bytes(&chunk)]);
    let end = b"\\.\n\n\n";
    let last = [DataElement::Chunk { len_bytes: end.len() as u32 }, DataElement::Bytes(end)];
    let end = pieces(&[&last[..], &[DataElement::StreamEnd, DataElement::TableDataEnd]].concat());
    for (compression, allowed_bytes) in [
        (Compression::None, MIB),
        // The compressor, and the decoder that verifies it.
        (Compression::GZIP, 2 * MIB),
        #[cfg(feature = "lz4")]
        (Compression::Lz4, MIB + MIB / 2),
        // Decoding verifies the compressor: a window of 2 MiB, and its buffer.
        #[cfg(feature = "zstd")]
        (Compression::Zstd, 12 * MIB),
    ] {
        let parts = iter::once(front.clone()).chain(iter::repeat_n(rows.clone(), 320)).chain(iter::once(end.clone()));
        let transcoder =
            Transcoder::same_version().with_compression(compression).with_row_editor(MaskRules::parse(rules).unwrap());
        let (result, bytes) = peak(|| {
            transcoder.convert(made(parts), io::sink(), &Limits::untrusted(), &mut NoObserver).map(|(_, report)| report)
        });
        assert!(result.is_ok());
        expect_within(&format!("masking 16 MiB of rows as {}", compression.name()), bytes, allowed_bytes);
    }
}

#[test]
fn a_folder_is_joined_with_few_buffers() {
    let _alone = alone();
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump/pg17-directory");
    let folder = tempfile::tempdir().unwrap();
    let mut table = std::path::PathBuf::new();
    for entry in std::fs::read_dir(sample).unwrap() {
        let path = entry.unwrap().path();
        let copy = folder.path().join(path.file_name().unwrap());
        std::fs::copy(&path, &copy).unwrap();
        if path.file_name().unwrap().as_encoded_bytes()[0].is_ascii_digit() {
            table = copy;
        }
    }
    let rows = b"1\tAda\t\\N\n".repeat(1_500_000);
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    };
    let end = b"\\.\n\n\n";
    let plain = [&rows[..], end].concat();
    let members = [gzip(&rows[..rows.len() / 2]), gzip(&rows[rows.len() / 2..]), gzip(end)].concat();
    let name = table.with_extension("");
    let mut files = vec![("one member", "gz", gzip(&plain)), ("members", "gz", members), ("uncompressed", "", plain)];
    if cfg!(feature = "zstd") {
        // Runs of a line feed: rows of an empty table, as it were.
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
        for number in 0..120_u32 {
            let [a, b, c, _] = ((128 << 10) << 3 | 1 << 1 | u32::from(number == 119)).to_le_bytes();
            frame.extend([a, b, c, b'\n']);
        }
        files.push(("zstd", "zst", frame));
    }
    std::fs::remove_file(&table).unwrap();
    for (what, suffix, bytes) in files {
        let file = if suffix.is_empty() { name.clone() } else { name.with_extension(format!("dat.{suffix}")) };
        std::fs::write(&file, &bytes).unwrap();
        drop(bytes);
        for threads in [0, 2] {
            let (copied, bytes) = peak(|| {
                let dump = JoinedDump::open(folder.path().to_path_buf(), &Limits::untrusted()).unwrap();
                let mut dump = dump.with_parallelism(appsnap::io::Parallelism::threads(threads));
                (io::copy(&mut dump, &mut io::sink()).unwrap(), dump.len_bytes())
            });
            assert_eq!(copied.0, copied.1);
            let allowed_bytes = if what == "zstd" { 12 * MIB } else { 2 * MIB };
            expect_within(&format!("joining a folder, {what}, {threads} threads"), bytes, allowed_bytes);
        }
        std::fs::remove_file(&file).unwrap();
    }
}
