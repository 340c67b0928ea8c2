//! Property tests: every version reads back all that it can express.

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{Compression, Header};
use appsnap::pgdump::toc::{self, DataState, Entry, Toc};
use appsnap::pgdump::{Dump, ErrorKind, FormatVersion, inspect};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::support::dumps::{Content, DumpBuilder, Item, compressions, sample, version_for};

fn versions() -> impl Strategy<Value = FormatVersion> {
    (0..FormatVersion::ALL.len()).prop_map(|index| FormatVersion::ALL[index])
}

fn headers() -> impl Strategy<Value = Header> {
    let sizes = (prop_oneof![Just(4_u8), 3..=8_u8], prop_oneof![Just(8_u8), 1..=32_u8]);
    (versions(), sizes).prop_map(|(version, (int, offset))| Header::new(version).with_sizes(int, offset).unwrap())
}

type Text = Vec<u8>;

/// The fields of an entry, owned.
#[derive(Clone, Debug)]
struct Fields {
    id: u32,
    oids: (u32, u32),
    tag: Text,
    desc: Text,
    texts: [Option<Text>; 7],
    relation_kind: Option<u8>,
    with_oids: bool,
    dependencies: Vec<u32>,
    data: DataState,
    hint: i32,
}

fn fields() -> impl Strategy<Value = Fields> {
    let text = || vec(any::<u8>(), 0..40);
    let desc = prop_oneof![Just(b"TABLE DATA".to_vec()), Just(b"ACL".to_vec()), Just(b"INDEX".to_vec()), text()];
    let texts = prop::array::uniform7(option::of(text()));
    let data = prop_oneof![Just(DataState::NotSet), Just(DataState::NoData), (1..200_u64).prop_map(DataState::Set)];
    let numbers = (1..=8_000_000_u32, any::<(u32, u32)>(), option::of(1..=255_u8), any::<bool>(), -9..9_i32);
    (numbers, text(), desc, texts, vec(any::<u32>(), 0..4), data).prop_map(
        |((id, oids, relation_kind, with_oids, hint), tag, desc, texts, dependencies, data)| Fields {
            id,
            oids,
            tag,
            desc,
            texts,
            relation_kind,
            with_oids,
            dependencies,
            data,
            hint,
        },
    )
}

impl Fields {
    /// The entry, with the fields that `version` has.
    fn entry(&self, version: FormatVersion) -> Entry<'_> {
        let since = |first: FormatVersion| version >= first;
        let [definition, drop_statement, copy_statement, namespace, tablespace, access_method, owner] =
            self.texts.each_ref().map(Option::as_deref);
        let mut entry = Entry::new(self.id, &self.desc, &self.tag);
        entry.catalog_table_oid = if since(FormatVersion::V1_8) { self.oids.0 } else { 0 };
        entry.catalog_oid = self.oids.1;
        (entry.definition, entry.drop_statement, entry.owner) = (definition, drop_statement, owner);
        entry.copy_statement = copy_statement.filter(|_| since(FormatVersion::V1_3));
        entry.namespace = namespace.filter(|_| since(FormatVersion::V1_6));
        entry.tablespace = tablespace.filter(|_| since(FormatVersion::V1_10));
        entry.access_method = access_method.filter(|_| since(FormatVersion::V1_14));
        entry.relation_kind = self.relation_kind.filter(|_| since(FormatVersion::V1_16));
        entry.with_oids = self.with_oids && since(FormatVersion::V1_9);
        if since(FormatVersion::V1_5) {
            entry.set_dependencies(&self.dependencies[..]);
        }
        entry.data = self.data;
        entry.data_bytes_hint = if since(FormatVersion::V1_7) { 0 } else { self.hint };
        entry
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_table_of_contents_reads_back(header in headers(), mut all in vec(fields(), 1..6)) {
        all.sort_by_key(|fields| fields.id);
        all.dedup_by_key(|fields| fields.id);
        let entries: Vec<Entry<'_>> = all.iter().map(|fields| fields.entry(header.version())).collect();
        let mut bytes = Vec::new();
        toc::encode(entries.clone(), &header, &mut bytes).unwrap();
        let (toc, len) = Toc::parse(&header, &bytes, &Limits::untrusted()).unwrap();
        prop_assert_eq!(len, bytes.len());
        prop_assert_eq!(toc.entries().collect::<Vec<_>>(), entries.clone());
        for entry in entries {
            prop_assert_eq!(toc.get(entry.id), Some(entry));
        }
        let mut again = Vec::new();
        toc::encode(toc.entries(), &header, &mut again).unwrap();
        prop_assert_eq!(again, bytes);
    }

    #[test]
    fn any_header_reads_back(
        header in headers(),
        revision in any::<u8>(),
        level in option::of(1..=9_u8),
        texts in prop::array::uniform3(option::of(vec(any::<u8>(), 0..40))),
    ) {
        let version = header.version();
        let mut header = header;
        header.revision = if version > FormatVersion::V1_0 { revision } else { 0 };
        let levels = FormatVersion::V1_2..FormatVersion::V1_15;
        header.compression = level.filter(|_| levels.contains(&version)).and_then(Compression::gzip_level).unwrap_or(Compression::GZIP);
        let [database, server_version, dump_version] = texts;
        header.database = database.filter(|_| version >= FormatVersion::V1_4);
        header.server_version = server_version.filter(|_| version >= FormatVersion::V1_10);
        header.dump_version = dump_version.filter(|_| version >= FormatVersion::V1_10);
        let mut bytes = Vec::new();
        header.encode(&mut bytes).unwrap();
        prop_assert_eq!(Header::parse(&bytes, &Limits::untrusted()).unwrap(), (header, bytes.len()));
    }

    #[test]
    fn any_streams_read_back(
        version in versions(),
        kind in 0..4_usize,
        chunk_bytes in 1..5000_usize,
        with_positions in any::<bool>(),
        tables in vec(vec(any::<u8>(), 0..3000), 0..3),
        objects in vec((1..u32::MAX, vec(any::<u8>(), 0..3000)), 1..3),
    ) {
        let compression = compressions()[kind % compressions().len()];
        let mut builder = DumpBuilder::new(version_for(version, compression), compression);
        (builder.chunk_bytes, builder.with_positions) = (chunk_bytes, with_positions);
        let mut wanted = Vec::new();
        for plain in tables {
            // Without a COPY statement any bytes are valid.
            let mut item = Item::new(builder.next_id(), b"TABLE DATA", b"t");
            item.content = Some(Content::Table(plain.clone()));
            wanted.push((item.id, None, plain));
            builder.items.push(item);
        }
        if builder.header.version() >= FormatVersion::V1_3 {
            let id = builder.blobs(objects.clone());
            wanted.extend(objects.into_iter().map(|(oid, plain)| (id, Some(oid), plain)));
        }
        let bytes = builder.build();
        let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
        let mut found = Vec::new();
        while let Some(mut stream) = dump.next_stream().unwrap() {
            let mut plain = Vec::new();
            std::io::Read::read_to_end(&mut stream, &mut plain).unwrap();
            found.push((stream.entry().id, stream.oid(), plain));
        }
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn dumps_of_every_version_have_no_anomalies() {
    for version in FormatVersion::ALL {
        for compression in compressions() {
            let builder = sample(*version, compression);
            let inspection = inspect(&builder.build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
            assert!(!inspection.has_anomalies(), "{version}: {:?}", inspection.diagnostics);
            let copies = *version >= FormatVersion::V1_3 || builder.header.version() >= FormatVersion::V1_3;
            assert_eq!(inspection.rows_count(), if copies { 65 } else { 0 }, "{version}");
        }
    }
}

#[test]
fn a_version_refuses_what_it_cannot_express() {
    for (compression, version) in [
        (Compression::Lz4, FormatVersion::V1_14),
        (Compression::Zstd, FormatVersion::V1_14),
        (Compression::None, FormatVersion::V1_1),
        (Compression::gzip_level(9).unwrap(), FormatVersion::V1_0),
    ] {
        let mut header = Header::new(version);
        header.compression = compression;
        let error = header.encode(&mut Vec::new()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Inexpressible { .. }), "{error}");
    }
    let mut entry = Entry::new(1, b"TABLE DATA", b"far away");
    entry.data = DataState::Set(1 << 40);
    for header in [Header::new(FormatVersion::V1_14).with_sizes(4, 4).unwrap(), Header::new(FormatVersion::V1_6)] {
        let error = entry.encode(&header, &mut Vec::new()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Inexpressible { .. }), "{error}");
    }
}
