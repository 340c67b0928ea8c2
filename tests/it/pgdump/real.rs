//! Dumps of PostgreSQL 13, 15 and 17, compared with values that other programs read from them.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::BlockReader;
use appsnap::pgdump::toc::{self, DataState, Entry, Offsets, Section};
use appsnap::pgdump::{Code, Dump, inspect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::slow::Stutter;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/pgdump")
}

/// Every dump that this build can decode, with its expected values.
fn dumps() -> Vec<(Value, Vec<u8>)> {
    let golden = fs::read_to_string(folder().join("golden.jsonl")).unwrap();
    let readable = |value: &Value| {
        let compression = value["compression"].as_str().unwrap();
        (cfg!(feature = "lz4") || compression != "lz4") && (cfg!(feature = "zstd") || compression != "zstd")
    };
    let values = golden.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(readable);
    values.map(|value| (value.clone(), dump(value["file"].as_str().unwrap()))).collect()
}

fn dump(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn text(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, |bytes| Value::from(std::str::from_utf8(bytes).unwrap()))
}

fn entry_as_json(entry: &Entry<'_>) -> Value {
    let (state, position) = match entry.data {
        DataState::NotSet => (1, 0),
        DataState::Set(position) => (2, position),
        DataState::NoData => (3, 0),
        other => panic!("{other:?}"),
    };
    let section = match entry.section {
        Section::None => 1,
        Section::PreData => 2,
        Section::Data => 3,
        Section::PostData => 4,
        other => panic!("{other:?}"),
    };
    json!({
        "id": entry.id, "had_dumper": u8::from(entry.has_data()), "tableoid": entry.catalog_table_oid.to_string(),
        "oid": entry.catalog_oid.to_string(), "tag": text(Some(entry.tag)), "desc": text(Some(entry.desc)),
        "section": section, "defn": text(entry.definition), "drop": text(entry.drop_statement),
        "copy": text(entry.copy_statement), "namespace": text(entry.namespace), "tablespace": text(entry.tablespace),
        "tableam": text(entry.access_method), "relkind": entry.relation_kind.unwrap_or(0), "owner": text(entry.owner),
        "deps": entry.dependencies().collect::<Vec<_>>(), "data_state": state, "data_pos": position,
    })
}

#[test]
fn every_field_of_header_and_entries_is_read() {
    for (golden, bytes) in dumps() {
        let blocks = BlockReader::open(&bytes[..], &Limits::untrusted()).unwrap();
        let (header, created) = (blocks.header(), blocks.header().created.unwrap());
        assert_eq!(
            json!({
                "version": [1, header.version().minor(), header.revision], "int_size": header.int_bytes(),
                "off_size": header.offset_bytes(), "format": header.format_code,
                "compression": header.compression.name(), "dbname": text(header.database.as_deref()),
                "remote_version": text(header.server_version.as_deref()),
                "dump_version": text(header.dump_version.as_deref()), "data_start": blocks.data_offset_bytes(),
                "tm": [
                    created.second, created.minute, created.hour, created.day, created.month0,
                    created.years_since_1900, created.daylight_saving,
                ],
                "toc": blocks.toc().entries().map(|entry| entry_as_json(&entry)).collect::<Vec<_>>(),
            }),
            {
                let mut wanted = golden.clone();
                for other in ["file", "level", "header_len", "blocks"] {
                    wanted.as_object_mut().unwrap().remove(other);
                }
                wanted
            }
        );
    }
}

#[test]
fn a_dump_encodes_to_the_bytes_it_was_read_from() {
    for (golden, bytes) in dumps() {
        let mut blocks = BlockReader::open(&bytes[..], &Limits::untrusted()).unwrap();
        let (mut out, header) = (Vec::new(), blocks.header().clone());
        blocks.header().encode(&mut out).unwrap();
        assert_eq!(out.len() as u64, golden["header_len"]);
        toc::encode(blocks.toc().entries(), &header, &mut out).unwrap();
        while let Some(element) = blocks.next_element().unwrap() {
            element.encode(&header, &mut out).unwrap();
        }
        assert!(out == bytes, "{} came out differently", golden["file"]);
    }
}

/// The dump id, OID, length and sha256 of every stream.
fn streams(source: impl Read) -> Vec<Value> {
    let mut dump = Dump::open(source, &Limits::untrusted()).unwrap();
    let mut found = Vec::new();
    while let Some(mut stream) = dump.next_stream().unwrap() {
        let mut plain = Vec::new();
        stream.read_to_end(&mut plain).unwrap();
        let sha256: String = Sha256::digest(&plain).iter().map(|byte| format!("{byte:02x}")).collect();
        found.push(json!({"id": stream.entry().id, "oid": stream.oid(), "len": plain.len(), "sha256": sha256}));
    }
    dump.finish(&mut NoObserver).unwrap();
    found
}

#[test]
fn every_stream_decodes_to_the_bytes_it_was_made_from() {
    for (golden, bytes) in dumps() {
        let mut wanted = Vec::new();
        for block in golden["blocks"].as_array().unwrap() {
            for stream in block["streams"].as_array().unwrap() {
                let [oid, len, sha256] = ["oid", "len", "sha256"].map(|key| &stream[key]);
                wanted.push(json!({"id": block["id"], "oid": oid, "len": len, "sha256": sha256}));
            }
        }
        assert_eq!(streams(&bytes[..]), wanted, "{}", golden["file"]);
        assert_eq!(streams(Stutter::new(&bytes[..])), wanted, "{} read byte by byte", golden["file"]);
    }
}

#[test]
fn healthy_dumps_have_no_anomalies() {
    for (golden, bytes) in dumps() {
        let inspection = inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        assert!(!inspection.has_anomalies(), "{}: {:?}", golden["file"], inspection.diagnostics);
        assert_eq!(inspection.dump_bytes, bytes.len() as u64);
        assert_eq!(inspection.offsets, Offsets::Set);
    }
}

#[test]
fn the_options_of_pg_dump_are_detected() {
    let found = |name: &str| inspect(&dump(name)[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    let inserts = found("pg13-inserts.dump");
    assert_eq!((inserts.large_objects_count(), inserts.diagnostics.count_of(Code::DumpWithInserts)), (0, 1));
    assert!(inserts.blocks.iter().all(|block| block.rows_count.is_none() && block.uncompressed_bytes > 0));
    let objects = found("pg17-lo-acl.dump");
    assert_eq!(objects.large_objects_count(), 12);
    assert_eq!(objects.diagnostics.count_of(Code::DumpWithAccessRights), 1);
    assert_eq!(objects.encoding.as_deref(), Some(&b"UTF8"[..]));
}

#[test]
fn empty_lines_are_rows() {
    let inspection = inspect(&dump("pg13-edge.dump")[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    let rows = |table: &[u8]| {
        let block = inspection.blocks.iter().find(|block| inspection.toc.get(block.id).unwrap().tag == table);
        block.unwrap().rows_count
    };
    assert_eq!(rows(b"zero_cols"), Some(2));
    assert_eq!(rows(b"one_text"), Some(10));
    assert_eq!(rows(b"ints"), Some(0));
}

#[test]
fn the_list_is_that_of_pg_restore() {
    let bytes = dump("pg13-edge.dump");
    let blocks = BlockReader::open(&bytes[..], &Limits::untrusted()).unwrap();
    let mut list = Vec::new();
    blocks.toc().listed().for_each(|entry| entry.write_list_line(&mut list));
    // What pg_restore 15 prints.
    let wanted = "\
        203; 1259 27557 TABLE public UPPER \"quoted\" n\u{e4}me postgres\n\
        204; 1259 27563 TABLE public big_row postgres\n\
        202; 1259 27554 TABLE public ints postgres\n\
        200; 1259 27545 TABLE public one_text postgres\n\
        201; 1259 27551 TABLE public zero_cols postgres\n\
        3001; 0 27557 TABLE DATA public UPPER \"quoted\" n\u{e4}me postgres\n\
        3002; 0 27563 TABLE DATA public big_row postgres\n\
        3000; 0 27554 TABLE DATA public ints postgres\n\
        2998; 0 27545 TABLE DATA public one_text postgres\n\
        2999; 0 27551 TABLE DATA public zero_cols postgres\n";
    assert_eq!(String::from_utf8(list).unwrap(), wanted);
}
