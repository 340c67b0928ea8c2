//! Dumps of every version and compression, with tables and large objects.

use std::io::Write;

use appsnap::Limits;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::{BlockReader, Compression, CreatedAt, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry};
use flate2::write::ZlibEncoder;

use appsnap_tests::hostile::dump::{Dump, small};

const TEXT: &[u8] = b"1\thello\n2\t\\N\n3\ta\\tb\\\\\n\\.\n\n\n";

/// The versions, and integer and offset sizes, of the seeds.
fn headers() -> Vec<Header> {
    let usual = FormatVersion::ALL.iter().map(|version| Header::new(*version));
    let odd = [(8, 8), (4, 4), (2, 8), (4, 16)];
    let odd = odd.iter().filter_map(|(int, offset)| Header::new(FormatVersion::V1_14).with_sizes(*int, *offset).ok());
    usual.chain(odd).collect()
}

/// The header with a compression and texts.
fn header(header: &Header, compression: Compression) -> Header {
    let mut header = header.clone();
    header.compression = compression;
    header.created = header.created.map(|_| CreatedAt::default());
    header.database = Some(b"app".to_vec());
    header.server_version = Some(b"15.18".to_vec());
    header.dump_version = Some(b"17.11 (Debian 17.11-0+deb13u1)".to_vec());
    header
}

fn compressions(version: FormatVersion) -> Vec<Compression> {
    let mut all = vec![Compression::GZIP];
    if version >= FormatVersion::V1_2 {
        all.push(Compression::None);
    }
    if version >= FormatVersion::V1_15 {
        all.extend([Compression::Lz4, Compression::Zstd]);
    }
    all
}

/// `text` as one stream.
fn compressed(compression: Compression, text: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip { .. } => {
            let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(text).expect("memory does not fail");
            encoder.finish().expect("memory does not fail")
        }
        // A frame of 64 KiB blocks without checksums, one stored block, the end mark.
        Compression::Lz4 => {
            let len = u32::try_from(text.len()).expect("a short text") | 1 << 31;
            [&b"\x04\x22\x4d\x18\x40\x40\xc0"[..], &len.to_le_bytes(), text, &[0; 4]].concat()
        }
        // A frame with a window of 1 MiB and one raw block, which is the last.
        Compression::Zstd => {
            let [a, b, c, _] = (u32::try_from(text.len()).expect("a short text") << 3 | 1).to_le_bytes();
            [&b"\x28\xb5\x2f\xfd\x00\x50"[..], &[a, b, c], text].concat()
        }
        _ => text.to_vec(),
    }
}

fn entries(version: FormatVersion) -> Vec<Entry<'static>> {
    let entry = |id, desc, definition| {
        let mut entry = Entry::new(id, desc, desc);
        entry.definition = Some(definition);
        entry
    };
    let mut table = entry(4, b"TABLE", b"CREATE TABLE public.t (id integer);\n");
    table.namespace = Some(b"public");
    table.owner = Some(b"app");
    let mut data = entry(5, b"TABLE DATA", b"");
    data.copy_statement = Some(b"COPY public.t (id, text) FROM stdin;\n");
    data.data = DataState::NotSet;
    if version >= FormatVersion::V1_5 {
        data.set_dependencies(&[4][..]);
    }
    let mut objects = entry(7, b"BLOBS", b"");
    objects.data = DataState::NotSet;
    let mut lo = if version >= FormatVersion::V1_16 {
        entry(6, b"BLOB METADATA", b"16400\n16401\n")
    } else {
        entry(6, b"BLOB", b"SELECT pg_catalog.lo_create('16400');\n")
    };
    lo.catalog_oid = 16_400;
    vec![
        entry(1, b"ENCODING", b"SET client_encoding = 'UTF8';\n"),
        entry(2, b"STDSTRINGS", b"SET standard_conforming_strings = 'on';\n"),
        entry(3, b"SEARCHPATH", b"SELECT pg_catalog.set_config('search_path', '', false);\n"),
        table,
        lo,
        data,
        objects,
    ]
}

/// A dump of one table and two large objects.
fn dump(plain: &Header, compression: Compression) -> Option<Vec<u8>> {
    let header = header(plain, compression);
    let mut entries = entries(header.version());
    let has_objects = header.version() >= FormatVersion::V1_3;
    if !has_objects {
        entries.pop();
        entries[5].copy_statement = None;
    }
    let mut out = Vec::new();
    header.encode(&mut out).ok()?;
    toc::encode(entries, &header, &mut out).ok()?;
    let mut stream = |elements: &[DataElement<'_>], text: &[u8]| {
        let stored = compressed(compression, text);
        for element in elements {
            element.encode(&header, &mut out).ok()?;
        }
        for chunk in stored.chunks(40) {
            DataElement::Chunk { len_bytes: chunk.len() as u32 }.encode(&header, &mut out).ok()?;
            DataElement::Bytes(chunk).encode(&header, &mut out).ok()?;
        }
        DataElement::StreamEnd.encode(&header, &mut out).ok()
    };
    stream(&[DataElement::TableData { id: 5 }], TEXT)?;
    if has_objects {
        stream(
            &[DataElement::LargeObjects { id: 7 }, DataElement::LargeObject { oid: 16_400 }],
            b"\x89PNG of a large object",
        )?;
        stream(&[DataElement::LargeObject { oid: 16_401 }], b"")?;
        DataElement::LargeObjectsEnd.encode(&header, &mut out).ok()?;
    }
    Some(out)
}

/// A dump with nothing but access rights, which a conversion may drop.
fn rights() -> Vec<u8> {
    let header = header(&Header::new(FormatVersion::V1_14), Compression::GZIP);
    let mut out = Vec::new();
    header.encode(&mut out).expect("a header");
    toc::encode([Entry::new(1, b"ACL", b"TABLE t")], &header, &mut out).expect("an entry");
    out
}

/// A dump as redirected output of pg_dump 17: the table of contents follows the data again, with positions.
fn twice() -> Vec<u8> {
    let header = Header::new(FormatVersion::V1_16);
    let mut out = dump(&header, Compression::None).expect("a dump");
    let mut entries = entries(header.version());
    let mut blocks = BlockReader::open(out.as_slice(), &Limits::untrusted()).expect("a dump");
    while let Some(element) = blocks.next_element().expect("a sound dump") {
        if let DataElement::TableData { id } | DataElement::LargeObjects { id } = element {
            let position = blocks.block_position().expect("a block");
            let entry = entries.iter_mut().find(|entry| entry.id == id).expect("an entry");
            entry.data = DataState::Set(position);
        }
    }
    toc::encode(entries, &header, &mut out).expect("entries");
    out
}

/// Whole dumps.
pub fn whole() -> Vec<Vec<u8>> {
    let mut seeds = vec![small(), rights(), twice()];
    for version in [[1, 12, 0], [1, 15, 0], [1, 16, 7]] {
        seeds.push(Dump { version, ..Dump::default() }.render());
    }
    for header in headers() {
        seeds.extend(compressions(header.version()).into_iter().filter_map(|how| dump(&header, how)));
    }
    for how in compressions(FormatVersion::V1_16) {
        seeds.extend(dump(&Header::new(FormatVersion::V1_16), how).iter().flat_map(|dump| super::damaged(dump)));
    }
    seeds
}

/// Header and table of contents alone, and bent ones.
pub fn heads() -> Vec<Vec<u8>> {
    let mut seeds = whole();
    seeds.push(Dump { format: 3, ..Dump::default() }.render());
    seeds.push(Dump { int_size: 8, ..Dump::default() }.render());
    seeds.push(Dump { offset_size: 4, ..Dump::default() }.render());
    seeds
}

/// COPY text for every number of columns.
pub fn copy_rows() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 9] = [
        b"\\.\n\n\n",
        b"\n\n\\.\n\n\n",
        b"a\nb\n\\.\n\n\n",
        b"1\t\\N\n\\\\N\t\n\\.\n\n\n",
        b"a\\tb\tc\\nd\te\\101\\x41\\\\\n\\.\n\n\n",
        b"\\.x\t\\..\n\\.\n",
        b"no terminator\n",
        b"\\.\nbehind\n",
        b"\r\n\\.\r\n",
    ];
    (0..8).flat_map(|control| texts.iter().map(move |text| [&[control][..], text].concat())).collect()
}

/// Every dump, to be converted to one version after the other, and one of which nothing is left.
pub fn conversions() -> Vec<Vec<u8>> {
    let mut dumps = whole();
    dumps.truncate(120);
    let controls = (0_u8..50).map(|number| (number * 5) & 0x7f).cycle();
    let converted = dumps.iter().zip(controls).map(|(dump, control)| super::controlled(control, dump));
    converted.chain([super::controlled(0x40, &rights())]).collect()
}
