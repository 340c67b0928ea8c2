//! Property tests: the conversion of any dump is sound and keeps every stream, and every field that both versions have.

use std::collections::BTreeMap;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{BlockReader, Compression};
use appsnap::pgdump::toc::{DataState, Entry, Section, Toc};
use appsnap::pgdump::transcode::Transcoder;
use appsnap::pgdump::{FormatVersion, inspect};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::transcode_support::{Made, converted, dropped, streams};
use crate::support::dumps::{Content, compressions};

/// One object of a database, with the entries about it.
#[derive(Clone, Debug)]
enum Thing {
    /// An entry of some kind with any texts.
    Any { desc: &'static str, texts: [Option<Vec<u8>>; 7], oids: (u32, u32), kind: Option<u8>, on: Vec<u32> },
    /// A table's data, as COPY text or not.
    Data { text: Vec<u8>, is_copy: bool },
    /// A group of large objects; rights on all, and comments on some.
    Group { objects: Vec<(u32, Vec<u8>)>, rights: Option<Vec<u8>>, comments: Vec<prop::sample::Index> },
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![any::<u8>(), Just(b'\''), Just(b'"'), Just(b';'), Just(b'$')], 0..30)
}

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let kinds = ["TABLE", "INDEX", "FUNCTION", "TYPE", "SCHEMA", "VIEW", "COMMENT", "DATABASE", "FUTURE KIND"];
    let other = (
        prop::sample::select(kinds.to_vec()),
        prop::array::uniform7(option::of(text())),
        any::<(u32, u32)>(),
        option::of(1..=255_u8),
        vec(1..200_u32, 0..4),
    )
        .prop_map(|(desc, texts, oids, kind, on)| Thing::Any { desc, texts, oids, kind, on });
    let data = (text(), any::<bool>()).prop_map(|(text, is_copy)| Thing::Data { text, is_copy });
    let group = (
        btree_set(1..=u32::MAX, 1..8),
        vec(any::<u8>(), 0..200),
        option::of(text()),
        vec(any::<prop::sample::Index>(), 0..4),
    )
        .prop_map(|(oids, content, rights, comments)| {
            let objects = oids.iter().map(|oid| (*oid, content[..content.len() * (*oid as usize % 3) / 3].to_vec()));
            Thing::Group { objects: objects.collect(), rights, comments }
        });
    vec(prop_oneof![3 => other, 2 => data, 1 => group], 0..12)
}

fn leaked(bytes: Vec<u8>) -> &'static [u8] {
    // Entries borrow their texts, and a test may leak memory.
    bytes.leak()
}

fn made(things: &[Thing], version: FormatVersion, compression: Compression) -> Made {
    let mut made = Made::new(version, compression);
    let mut id = 10;
    for thing in things {
        id += 10;
        match thing.clone() {
            Thing::Any { desc, texts, oids, kind, on } => {
                let [definition, drop, copy, namespace, tablespace, method, owner] = texts.map(|text| text.map(leaked));
                let mut entry = Entry::new(id, desc.as_bytes(), owner.unwrap_or(b"tag"));
                (entry.catalog_table_oid, entry.catalog_oid) = oids;
                (entry.definition, entry.drop_statement, entry.copy_statement) = (definition, drop, copy);
                (entry.namespace, entry.tablespace, entry.owner) = (namespace, tablespace, owner);
                (entry.access_method, entry.relation_kind) = (method, kind);
                entry.set_dependencies(&Vec::leak(on)[..]);
                made.push(entry, None);
            }
            Thing::Data { text, is_copy } => {
                let mut entry = Entry::new(id, b"TABLE DATA", b"t");
                entry.copy_statement = is_copy.then_some(b"COPY public.t (a) FROM stdin;\n");
                let rows: Vec<u8> = text.iter().filter(|byte| !b"\\.".contains(byte)).copied().collect();
                let plain = if is_copy { [&rows[..], b"\n\\.\n\n\n"].concat() } else { text };
                made.push(entry, Some(Content::Table(plain)));
            }
            Thing::Group { objects, rights, comments } => {
                let list = objects.iter().flat_map(|(oid, _)| format!("{oid}\n").into_bytes()).collect();
                let mut metadata = Entry::new(id, b"BLOB METADATA", b"group");
                metadata.section = Section::Data;
                metadata.definition = Some(leaked(list));
                metadata.owner = Some(b"someone");
                made.push(metadata, None);
                let on: &'static [u32] = Vec::leak(vec![id]);
                for (place, index) in comments.iter().enumerate() {
                    let oid = objects[index.index(objects.len())].0;
                    let tag = format!("LARGE OBJECT {oid}").into_bytes();
                    let comment = made.push(Entry::new(id + 1 + place as u32, b"COMMENT", leaked(tag)), None);
                    comment.definition = Some(b"COMMENT ON LARGE OBJECT 1 IS 'x';\n");
                    comment.set_dependencies(on);
                }
                if let Some(role) = rights {
                    let name = role.iter().filter(|byte| **byte != b'"').copied();
                    let sql: Vec<u8> = format!("GRANT ALL ON LARGE OBJECT {} TO \"", objects[0].0)
                        .bytes()
                        .chain(name)
                        .chain(*b"\";\n")
                        .collect();
                    let rights = made.push(Entry::new(id + 5, b"ACL", b"LARGE OBJECTS 1..2"), None);
                    rights.definition = Some(leaked(sql));
                    rights.set_dependencies(on);
                }
                let mut blobs = Entry::new(id + 6, b"BLOBS", b"group");
                blobs.set_dependencies(on);
                made.push(blobs, Some(Content::Blobs(objects)));
            }
        }
    }
    made
}

fn by_id(toc: &Toc) -> BTreeMap<u32, Entry<'_>> {
    toc.entries().map(|entry| (entry.id, entry)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn conversion_keeps_all_that_both_versions_can_say(
        things in things(),
        to in prop::sample::select(FormatVersion::ALL[12..].to_vec()),
        compression in prop::sample::select(compressions()),
        choice in prop::sample::select(vec![
            None, Some(Compression::None), Some(Compression::gzip_level(2).unwrap()),
        ]),
        with_positions: bool,
    ) {
        let mut made = made(&things, FormatVersion::V1_16, compression);
        made.with_positions = with_positions;
        let dump = made.build();
        // This server accepts everything, so that no entry is dropped because of it.
        let transcoder = choice
            .map_or(Transcoder::to(to), |compression| Transcoder::to(to).with_compression(compression))
            .with_server_major(99);
        let (out, conversion) = converted(&transcoder, &dump);
        prop_assert!(dropped(&conversion).is_empty() && conversion.changes.warnings.is_empty());
        prop_assert_eq!(streams(&out[..]), streams(&dump[..]));

        let before = BlockReader::open(&dump[..], &Limits::untrusted()).unwrap();
        let after = inspect(&out[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        prop_assert_eq!(after.header.version(), to);
        prop_assert_eq!(after.offsets, conversion.changes.offsets);
        let (old, new) = (by_id(before.toc()), by_id(&after.toc));
        let grouped = to < FormatVersion::V1_16;
        for (id, old) in &old {
            let about_objects = old.tag.starts_with(b"LARGE OBJECT") || old.desc.starts_with(b"BLOB");
            if grouped && about_objects && !old.has_data() {
                continue;
            }
            let mut wanted = *old;
            let found = new.get(id);
            prop_assert!(found.is_some(), "{} is gone", old);
            let mut found = *found.unwrap();
            prop_assert_eq!(found.has_data(), wanted.has_data());
            (wanted.data, found.data) = (DataState::NoData, DataState::NoData);
            if to < FormatVersion::V1_16 {
                wanted.relation_kind = None;
            }
            if to < FormatVersion::V1_14 {
                wanted.access_method = None;
            }
            if grouped && wanted.is_large_objects() {
                wanted.set_dependencies(&[]);
            }
            prop_assert!(found == wanted, "{:?} became {:?}", wanted, found);
        }
        if grouped {
            let blobs: BTreeMap<u32, &Entry<'_>> =
                new.values().filter(|entry| entry.desc == b"BLOB").map(|entry| (entry.id, entry)).collect();
            let lists = things.iter().filter_map(|thing| match thing {
                Thing::Group { objects, rights, comments } => Some((objects.len(), rights.is_some(), comments.len())),
                _ => None,
            });
            let wanted: usize = lists.clone().map(|(objects, _, _)| objects).sum();
            prop_assert_eq!(blobs.len(), wanted);
            let about: Vec<_> = new.values().filter(|entry| entry.tag.starts_with(b"LARGE OBJECT ")).collect();
            let wanted: usize =
                lists.map(|(objects, rights, comments)| if rights { objects } else { 0 } + comments).sum();
            prop_assert_eq!(about.len(), wanted);
            for entry in about {
                let on: Vec<u32> = entry.dependencies().collect();
                let tag = format!("LARGE OBJECT {}", blobs[&on[0]].catalog_oid);
                prop_assert_eq!((on.len(), entry.tag), (1, tag.as_bytes()));
                let sql = entry.definition.unwrap().escape_ascii().to_string();
                prop_assert!(entry.desc == b"COMMENT" || sql.starts_with(&format!("GRANT ALL ON {tag} TO")), "{}", sql);
            }
            prop_assert!(!new.values().any(|entry| entry.desc == b"BLOB METADATA"));
        }
        // A second conversion changes nothing.
        let again = Transcoder::to(to).with_server_major(99);
        prop_assert!(converted(&again, &out).0 == out);
    }

    #[test]
    fn servers_make_no_difference_to_data(things in things(), server_major in 12..20_u16) {
        let dump = made(&things, FormatVersion::V1_16, Compression::GZIP).build();
        let (out, conversion) = converted(&Transcoder::to(FormatVersion::V1_14).with_server_major(server_major), &dump);
        prop_assert_eq!(streams(&out[..]), streams(&dump[..]));
        let blocks = BlockReader::open(&out[..], &Limits::untrusted()).unwrap();
        for warning in &conversion.changes.warnings {
            prop_assert!(warning.feature.since_major() > server_major);
            prop_assert!(conversion.toc.get(warning.id).is_some());
        }
        for (id, _) in dropped(&conversion) {
            prop_assert!(blocks.toc().get(id).is_none());
        }
    }
}
