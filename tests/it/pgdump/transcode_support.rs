//! Dumps for the tests of the transcoder, made of any entries, and the results of conversions.

use std::io::{self, Read};

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{BlockReader, Compression, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry, Section};
use appsnap::pgdump::transcode::{ConversionReport, EntryChangeKind, Transcoder};
use appsnap::pgdump::{Dump, Error, FormatVersion};

use crate::support::dumps::{Content, compressed};

/// A dump made of given entries, some of them with data.
pub struct Made {
    pub header: Header,
    pub entries: Vec<(Entry<'static>, Option<Content>)>,
    pub with_positions: bool,
    /// `true` if a second table of contents after the data states the positions, as with pg_dump 17 and `>`.
    pub with_second_toc: bool,
}

impl Made {
    /// Creates a dump of PostgreSQL 17 with the settings that every dump has.
    pub fn new(version: FormatVersion, compression: Compression) -> Self {
        let mut header = Header::new(version);
        header.compression = compression;
        header.server_version = Some(b"17.4".to_vec());
        header.dump_version = Some(b"17.4".to_vec());
        let mut made = Self { header, entries: Vec::new(), with_positions: true, with_second_toc: false };
        for (id, name, sql) in [
            (1, "ENCODING", "SET client_encoding = 'UTF8';\n"),
            (2, "STDSTRINGS", "SET standard_conforming_strings = 'on';\n"),
            (3, "SEARCHPATH", "SELECT pg_catalog.set_config('search_path', '', false);\n"),
        ] {
            made.sql(id, name, name, sql);
        }
        made
    }

    /// Adds an entry with a definition.
    pub fn sql(&mut self, id: u32, desc: &'static str, tag: &'static str, sql: &'static str) -> &mut Entry<'static> {
        let mut entry = Entry::new(id, desc.as_bytes(), tag.as_bytes());
        entry.definition = Some(sql.as_bytes());
        self.push(entry, None)
    }

    pub fn push(&mut self, entry: Entry<'static>, content: Option<Content>) -> &mut Entry<'static> {
        self.entries.push((entry, content));
        &mut self.entries.last_mut().unwrap().0
    }

    /// Adds a group of large objects in the form of 1.16, with its data; its ids are `id` and `id + 1`.
    pub fn group(&mut self, id: u32, list: &'static str, depends: &'static [u32]) {
        let first = list.split('\n').next().unwrap();
        let mut metadata = Entry::new(id, b"BLOB METADATA", first.as_bytes());
        metadata.definition = Some(list.as_bytes());
        metadata.drop_statement = Some(b"-- dummy");
        metadata.owner = Some(b"mxowner");
        metadata.section = Section::Data;
        metadata.catalog_table_oid = 2613;
        metadata.catalog_oid = first.parse().unwrap_or(0);
        self.push(metadata, None);
        let objects = list.lines().filter_map(|line| line.parse().ok()).map(|oid| (oid, vec![7; 30])).collect();
        let mut blobs = Entry::new(id + 1, b"BLOBS", b"group");
        blobs.section = Section::Data;
        blobs.owner = Some(b"mxowner");
        blobs.set_dependencies(depends);
        self.push(blobs, Some(Content::Blobs(objects)));
    }

    pub fn build(&self) -> Vec<u8> {
        let start = self.front(None).len() as u64;
        let (mut data, mut positions) = (Vec::new(), Vec::new());
        for (entry, content) in &self.entries {
            positions.push(start + data.len() as u64);
            let mut put = |element: DataElement<'_>| element.encode(&self.header, &mut data).unwrap();
            let stream = |plain: &[u8], put: &mut dyn FnMut(DataElement<'_>)| {
                for chunk in compressed(self.header.compression, plain).chunks(50) {
                    put(DataElement::Chunk { len_bytes: chunk.len() as u32 });
                    put(DataElement::Bytes(chunk));
                }
                put(DataElement::StreamEnd);
            };
            match content {
                None => {}
                Some(Content::Table(plain)) => {
                    put(DataElement::TableData { id: entry.id });
                    stream(plain, &mut put);
                }
                Some(Content::Blobs(objects)) => {
                    put(DataElement::LargeObjects { id: entry.id });
                    for (oid, plain) in objects {
                        put(DataElement::LargeObject { oid: *oid });
                        stream(plain, &mut put);
                    }
                    put(DataElement::LargeObjectsEnd);
                }
            }
        }
        let stated = self.front(Some(&positions));
        if !self.with_second_toc {
            return [stated, data].concat();
        }
        let mut header = Vec::new();
        self.header.encode(&mut header).unwrap();
        [&self.front(None), &data[..], &stated[header.len()..]].concat()
    }

    fn front(&self, positions: Option<&[u64]>) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.header.encode(&mut bytes).unwrap();
        let entries: Vec<_> = (self.entries.iter().enumerate())
            .map(|(index, (entry, content))| {
                let position = positions.filter(|_| self.with_positions).map(|positions| positions[index]);
                let data = match (content, position) {
                    (None, _) => DataState::NoData,
                    (Some(_), None) => DataState::NotSet,
                    (Some(_), Some(position)) => DataState::Set(position),
                };
                let mut entry = *entry;
                entry.data = data;
                entry
            })
            .collect();
        toc::encode(entries, &self.header, &mut bytes).unwrap();
        bytes
    }
}

/// The output and the report of a conversion.
pub fn converted(transcoder: &Transcoder, dump: &[u8]) -> (Vec<u8>, ConversionReport) {
    let (out, conversion) = transcoder.convert(dump, Vec::new(), &Limits::untrusted(), &mut NoObserver).unwrap();
    assert_eq!(conversion.output_bytes, out.len() as u64);
    (out, conversion)
}

/// The error of a conversion.
pub fn refused(transcoder: &Transcoder, dump: &[u8], limits: &Limits) -> Error {
    transcoder.convert(dump, io::sink(), limits, &mut NoObserver).unwrap_err().into_parts().0
}

/// A transcoder to 1.14 without other options.
pub fn to_1_14() -> Transcoder {
    Transcoder::to(FormatVersion::V1_14)
}

/// The dump id, OID and decoded bytes of every stream.
pub fn streams(source: impl Read) -> Vec<(u32, Option<u32>, Vec<u8>)> {
    let mut dump = Dump::open(source, &Limits::untrusted()).unwrap();
    let mut found = Vec::new();
    while let Some(mut stream) = dump.next_stream().unwrap() {
        let mut plain = Vec::new();
        stream.read_to_end(&mut plain).unwrap();
        found.push((stream.entry().id, stream.oid(), plain));
    }
    let inspection = dump.finish(&mut NoObserver).unwrap();
    assert!(!inspection.has_anomalies(), "{:?}", inspection.diagnostics);
    found
}

/// The data area of a dump in stored form.
pub fn data_area(dump: &[u8]) -> &[u8] {
    let start = BlockReader::open(dump, &Limits::untrusted()).unwrap().data_offset_bytes();
    &dump[start as usize..]
}

/// Every entry as one line: id, kind, tag, owner, dependencies, definition.
pub fn lines(dump: &[u8]) -> Vec<String> {
    let blocks = BlockReader::open(dump, &Limits::untrusted()).unwrap();
    let text = |bytes: Option<&[u8]>| bytes.map_or("-".into(), |bytes| bytes.escape_ascii().to_string());
    let line = |entry: Entry<'_>| {
        let (desc, tag) = (text(Some(entry.desc)), text(Some(entry.tag)));
        let (owner, sql) = (text(entry.owner), text(entry.definition));
        format!("{} {desc} {tag} {owner} {:?} {sql}", entry.id, entry.dependencies().collect::<Vec<_>>())
    };
    blocks.toc().entries().map(line).collect()
}

/// The entries that were dropped.
pub fn dropped(conversion: &ConversionReport) -> Vec<(u32, EntryChangeKind)> {
    changed(conversion, EntryChangeKind::is_dropped)
}

/// The entries that lost something.
pub fn edited(conversion: &ConversionReport) -> Vec<(u32, EntryChangeKind)> {
    changed(conversion, EntryChangeKind::is_edited)
}

fn changed(conversion: &ConversionReport, is_wanted: fn(EntryChangeKind) -> bool) -> Vec<(u32, EntryChangeKind)> {
    let entries = conversion.changes.entries.iter();
    entries.filter(|change| is_wanted(change.kind)).map(|change| (change.id, change.kind)).collect()
}
