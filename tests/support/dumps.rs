//! Builds pg_dump archives in custom format with known contents, in every version and compression.

use std::io::Write;

use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::{Compression, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry};

/// The contents of a data block.
#[derive(Clone, Debug)]
pub enum Content {
    /// The data of a table.
    Table(Vec<u8>),
    /// Large objects.
    Blobs(Vec<(u32, Vec<u8>)>),
}

/// One entry and its data.
#[derive(Clone, Debug)]
pub struct Item {
    pub id: u32,
    pub desc: &'static [u8],
    pub tag: Vec<u8>,
    pub definition: Option<Vec<u8>>,
    pub copy_statement: Option<Vec<u8>>,
    pub dependencies: Vec<u32>,
    pub namespace: Option<Vec<u8>>,
    pub catalog_oid: u32,
    pub with_oids: bool,
    pub content: Option<Content>,
}

/// A dump under construction.
#[derive(Clone, Debug)]
pub struct DumpBuilder {
    pub header: Header,
    pub items: Vec<Item>,
    /// `true` if positions are stored, as pg_dump does if it can seek.
    pub with_positions: bool,
    /// The length of the chunks of a stream.
    pub chunk_bytes: usize,
}

impl Item {
    pub fn new(id: u32, desc: &'static [u8], tag: &[u8]) -> Self {
        let (definition, copy_statement, dependencies, content) = (None, None, Vec::new(), None);
        let (tag, namespace, catalog_oid, with_oids) = (tag.to_vec(), None, 0, false);
        Self { id, desc, tag, namespace, definition, copy_statement, dependencies, catalog_oid, with_oids, content }
    }

    fn entry(&self, data: DataState) -> Entry<'_> {
        let mut entry = Entry::new(self.id, self.desc, &self.tag);
        entry.definition = self.definition.as_deref();
        entry.copy_statement = self.copy_statement.as_deref();
        entry.namespace = self.namespace.as_deref();
        entry.set_dependencies(&self.dependencies[..]);
        entry.catalog_oid = self.catalog_oid;
        entry.with_oids = self.with_oids;
        entry.owner = Some(b"mx");
        entry.data = data;
        entry
    }
}

impl DumpBuilder {
    /// Creates a dump with only the settings that every dump has.
    pub fn new(version: FormatVersion, compression: Compression) -> Self {
        let mut header = Header::new(version);
        header.compression = compression;
        header.database = (version >= FormatVersion::V1_4).then(|| b"mx".to_vec());
        header.server_version = (version >= FormatVersion::V1_10).then(|| b"15.18".to_vec());
        header.dump_version = (version >= FormatVersion::V1_10).then(|| b"15.18".to_vec());
        let setting = |id, name: &'static [u8], sql: &[u8]| {
            let mut item = Item::new(id, name, name);
            item.definition = Some(sql.to_vec());
            item
        };
        let items = vec![
            setting(1, b"ENCODING", b"SET client_encoding = 'UTF8';\n"),
            setting(2, b"STDSTRINGS", b"SET standard_conforming_strings = 'on';\n"),
            setting(3, b"SEARCHPATH", b"SELECT pg_catalog.set_config('search_path', '', false);\n"),
        ];
        Self { header, items, with_positions: true, chunk_bytes: 4096 }
    }

    pub fn next_id(&self) -> u32 {
        self.items.iter().map(|item| item.id).max().unwrap_or(0) + 1
    }

    /// Adds a table, and COPY data whose rows are `rows`, each with its line feed.
    pub fn table(&mut self, name: &str, columns: &str, rows: &[u8]) -> u32 {
        let mut table = Item::new(self.next_id(), b"TABLE", name.as_bytes());
        table.definition = Some(format!("CREATE TABLE public.{name} ({columns});\n").into_bytes());
        let depends_on = table.id;
        self.items.push(table);
        let mut data = Item::new(self.next_id(), b"TABLE DATA", name.as_bytes());
        let list = if columns.is_empty() { String::new() } else { format!("({columns})") };
        data.copy_statement = Some(format!("COPY public.{name} {list} FROM stdin;\n").into_bytes());
        data.dependencies = vec![depends_on];
        data.content = Some(Content::Table([rows, b"\\.\n\n\n"].concat()));
        let id = data.id;
        self.items.push(data);
        id
    }

    /// Adds large objects in the form of the version: with an entry each since 1.12, in groups since 1.16.
    pub fn blobs(&mut self, objects: Vec<(u32, Vec<u8>)>) -> u32 {
        let version = self.header.version();
        let oids: Vec<u32> = objects.iter().map(|(oid, _)| *oid).collect();
        let mut dependencies = Vec::new();
        if version >= FormatVersion::V1_16 {
            let mut item = Item::new(self.next_id(), b"BLOB METADATA", oids[0].to_string().as_bytes());
            item.definition = Some(oids.iter().flat_map(|oid| format!("{oid}\n").into_bytes()).collect());
            item.catalog_oid = oids[0];
            dependencies.push(item.id);
            self.items.push(item);
        } else if version >= FormatVersion::V1_12 {
            for oid in oids {
                let mut item = Item::new(self.next_id(), b"BLOB", oid.to_string().as_bytes());
                item.definition = Some(format!("SELECT pg_catalog.lo_create('{oid}');\n").into_bytes());
                item.catalog_oid = oid;
                self.items.push(item);
            }
        }
        let mut item = Item::new(self.next_id(), b"BLOBS", b"BLOBS");
        item.dependencies = dependencies;
        item.content = Some(Content::Blobs(objects));
        let id = item.id;
        self.items.push(item);
        id
    }

    /// Returns the length of the header and the table of contents.
    pub fn data_offset_bytes(&self) -> usize {
        let mut bytes = Vec::new();
        self.header.encode(&mut bytes).unwrap();
        self.encode_entries(&[], &mut bytes);
        bytes.len()
    }

    /// Returns the dump.
    pub fn build(&self) -> Vec<u8> {
        let data_offset_bytes = self.data_offset_bytes();
        let mut data = Vec::new();
        let mut positions = Vec::new();
        for item in &self.items {
            positions.push(data_offset_bytes + data.len());
            if let Some(content) = &item.content {
                self.block(item.id, content, &mut data);
            }
        }
        let mut bytes = Vec::with_capacity(data_offset_bytes + data.len());
        self.header.encode(&mut bytes).unwrap();
        self.encode_entries(if self.with_positions { &positions } else { &[] }, &mut bytes);
        assert_eq!(bytes.len(), data_offset_bytes);
        bytes.extend_from_slice(&data);
        bytes
    }

    fn encode_entries(&self, positions: &[usize], out: &mut Vec<u8>) {
        let entries: Vec<Entry<'_>> = self
            .items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                item.entry(match (&item.content, positions.get(index)) {
                    (None, _) => DataState::NoData,
                    (Some(_), None) => DataState::NotSet,
                    (Some(_), Some(position)) => DataState::Set(*position as u64),
                })
            })
            .collect();
        toc::encode(entries, &self.header, out).unwrap();
    }

    fn block(&self, id: u32, content: &Content, out: &mut Vec<u8>) {
        let put = |element: DataElement<'_>, out: &mut Vec<u8>| element.encode(&self.header, out).unwrap();
        match content {
            Content::Table(plain) => {
                put(DataElement::TableData { id }, out);
                self.stream(plain, out);
                put(DataElement::TableDataEnd, out);
            }
            Content::Blobs(objects) => {
                put(DataElement::LargeObjects { id }, out);
                for (oid, plain) in objects {
                    put(DataElement::LargeObject { oid: *oid }, out);
                    self.stream(plain, out);
                }
                put(DataElement::LargeObjectsEnd, out);
            }
        }
    }

    fn stream(&self, plain: &[u8], out: &mut Vec<u8>) {
        for chunk in compressed(self.header.compression, plain).chunks(self.chunk_bytes) {
            DataElement::Chunk { len_bytes: chunk.len() as u32 }.encode(&self.header, out).unwrap();
            DataElement::Bytes(chunk).encode(&self.header, out).unwrap();
        }
        DataElement::StreamEnd.encode(&self.header, out).unwrap();
    }
}

/// Returns `plain` as one stream.
pub fn compressed(compression: Compression, plain: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => plain.to_vec(),
        Compression::Gzip { .. } => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        #[cfg(feature = "lz4")]
        Compression::Lz4 => {
            use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
            let info = FrameInfo::new().block_mode(BlockMode::Linked).block_size(BlockSize::Max64KB);
            let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(plain).unwrap();
            // The encoder writes no frame at all for empty data.
            if plain.is_empty() { EMPTY_LZ4_FRAME.to_vec() } else { encoder.finish().unwrap() }
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest),
        other => panic!("the tests cannot write {other:?}"),
    }
}

/// The header with its checksum, and the end mark: the frame that pg_dump writes for an empty table.
pub const EMPTY_LZ4_FRAME: [u8; 11] = [0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0, 0, 0, 0, 0];

/// Returns every compression that this build reads.
pub fn compressions() -> Vec<Compression> {
    vec![
        Compression::None,
        Compression::GZIP,
        #[cfg(feature = "lz4")]
        Compression::Lz4,
        #[cfg(feature = "zstd")]
        Compression::Zstd,
    ]
}

/// Returns the oldest version that has the compression and is not older than `version`.
pub fn version_for(version: FormatVersion, compression: Compression) -> FormatVersion {
    match compression {
        Compression::Lz4 | Compression::Zstd => version.max(FormatVersion::V1_15),
        Compression::None => version.max(FormatVersion::V1_2),
        _ => version,
    }
}

/// Returns a small dump with tables and large objects, one of each empty.
pub fn sample(version: FormatVersion, compression: Compression) -> DumpBuilder {
    let mut builder = DumpBuilder::new(version_for(version, compression), compression);
    builder.table("customer", "id, name, note", b"1\tAda\t\\N\n2\tGrace\t\n3\ttab\\tnewline\\nslash\\\\\t\\\\N\n");
    builder.table("nothing", "id", b"");
    builder.table("no_columns", "", b"\n\n");
    let repetitive = (0..60).flat_map(|row| format!("{row}\tthe same words again\n").into_bytes()).collect::<Vec<_>>();
    builder.table("many", "id, words", &repetitive);
    if version >= FormatVersion::V1_3 {
        builder.blobs(vec![
            (16_400, b"large object".repeat(100)),
            (16_401, Vec::new()),
            (3_000_000_001, vec![0; 5000]),
        ]);
    }
    builder
}
