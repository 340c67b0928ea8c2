//! The limits hold, and no memory is reserved because a dump declares a length.

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::{ErrorKind, FormatVersion, inspect};

use crate::support::dumps::{DumpBuilder, compressions, sample};

const VERSION: FormatVersion = FormatVersion::V1_14;

#[track_caller]
fn assert_limit(bytes: &[u8], limits: &Limits, name: &str) {
    let error = inspect(bytes, limits, &mut NoObserver).map(|_| ()).unwrap_err();
    assert!(error.is_limit(), "{error}");
    match error.kind() {
        ErrorKind::Limit(exceeded) => assert_eq!(exceeded.name, name),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_number_of_entries_is_limited_before_memory_is_reserved() {
    let builder = sample(VERSION, Compression::GZIP);
    let mut bytes = builder.build();
    let few = Limits::untrusted().with_max_toc_entries(builder.items.len() as u64 - 1);
    assert_limit(&bytes, &few, "max_toc_entries");
    let mut header = Vec::new();
    builder.header.encode(&mut header).unwrap();
    bytes[header.len() + 1..header.len() + 5].copy_from_slice(&i32::MAX.to_le_bytes());
    assert_limit(&bytes, &Limits::untrusted(), "max_toc_entries");
    // Even with such a limit the memory grows only with the bytes that are there.
    let error = inspect(&bytes[..], &Limits::trusted().with_max_toc_entries(u64::MAX), &mut NoObserver)
        .map(|_| ())
        .unwrap_err();
    assert!(error.is_bad_input(), "{error}");
}

#[test]
fn the_table_of_contents_is_limited() {
    let builder = sample(VERSION, Compression::GZIP);
    let mut header = Vec::new();
    builder.header.encode(&mut header).unwrap();
    let toc_bytes = (builder.data_offset_bytes() - header.len() - 5) as u64;
    let bytes = builder.build();
    inspect(&bytes[..], &Limits::untrusted().with_max_toc_bytes(toc_bytes), &mut NoObserver).unwrap();
    assert_limit(&bytes, &Limits::untrusted().with_max_toc_bytes(toc_bytes - 1), "max_toc_bytes");
    assert_limit(&bytes, &Limits::untrusted().with_max_toc_bytes(10), "max_toc_bytes");
}

#[test]
fn strings_are_limited_by_their_declared_length() {
    let mut builder = sample(VERSION, Compression::GZIP);
    builder.items[0].tag = vec![b'x'; 1000];
    assert_limit(&builder.build(), &Limits::untrusted().with_max_string_bytes(999), "max_string_bytes");
    builder.header.database = Some(vec![b'x'; 1001]);
    assert_limit(&builder.build(), &Limits::untrusted().with_max_string_bytes(1000), "max_string_bytes");
}

#[test]
fn decompression_bombs_are_stopped_by_their_decoded_length() {
    for compression in compressions() {
        let mut builder = sample(VERSION, compression);
        builder.blobs(vec![(5, vec![0; 4 << 20])]);
        let bytes = builder.build();
        let total = inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap().uncompressed_bytes();
        inspect(&bytes[..], &Limits::untrusted().with_max_decompressed_bytes(total), &mut NoObserver).unwrap();
        let limits = Limits::untrusted().with_max_decompressed_bytes(total - 1);
        assert_limit(&bytes, &limits, "max_decompressed_bytes");
    }
}

#[test]
#[cfg(feature = "zstd")]
fn the_window_of_zstandard_frames_is_limited() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_16, Compression::None);
    builder.table("t", "a", b"");
    // The magic number, a descriptor without sizes, and a window of 128 MiB (RFC 8878, 3.1.1.1.2).
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x01, 0x00, 0x00];
    builder.items.last_mut().unwrap().content = Some(crate::support::dumps::Content::Table(frame.to_vec()));
    let mut bytes = builder.build();
    bytes[11] = 3;
    assert_limit(&bytes, &Limits::untrusted(), "max_window_bytes");
    // If such a window is allowed, the error is that the data is empty.
    let error = inspect(&bytes[..], &Limits::trusted(), &mut NoObserver).map(|_| ()).unwrap_err();
    assert!(error.is_bad_input(), "{error}");
}

#[test]
fn rows_are_limited() {
    let mut builder = DumpBuilder::new(VERSION, Compression::GZIP);
    builder.table("t", "a", &[&vec![b'x'; 300_000][..], b"\n"].concat());
    let bytes = builder.build();
    let limits = Limits::untrusted().with_max_row_bytes(200_000);
    let mut dump = appsnap::pgdump::Dump::open(&bytes[..], &limits).unwrap();
    let mut rows = dump.next_stream().unwrap().unwrap().rows().unwrap();
    assert!(rows.next_row().unwrap_err().is_limit());
    // An inspection holds no rows.
    inspect(&bytes[..], &limits, &mut NoObserver).unwrap();
}
