//! Archives and dumps as JSON.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use appsnap::Limits;
use appsnap::diagnostic::Code;
use appsnap::io::Parallelism;
use appsnap::layout::escaped;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::pgdump::toc::{DataState, Entry, Offsets, Section};
use appsnap::pgdump::{self, Dump, Inspection};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{InFile, Outcome, Progress, harmless, with_unit};

/// Members whose text is not from the file.
const OWN_TEXTS: [&str; 2] = ["hint", "error"];

/// The metadata as it would be written.
pub fn metadata_json(metadata: &Metadata) -> Value {
    serde_json::from_slice(&metadata.render()).unwrap_or_default()
}

/// The checksums of streams that are computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sums {
    None,
    Sha256,
}

/// Reads a dump to its end and says everything about it, with the sha256 of each stream if it is wanted.
pub fn describe_dump(place: &Path, source: impl Read, (limits, sums): (&Limits, Sums)) -> Outcome<Value> {
    let mut dump = Dump::open(source, limits).in_input(place)?;
    let mut streams = Vec::new();
    while let Some(mut stream) = dump.next_stream().in_input(place)? {
        let (id, oid) = (stream.id(), stream.oid());
        streams.push(describe_stream(id, oid, &mut stream, sums).in_input(place)?);
    }
    let inspection = dump.finish(&mut NoObserver).in_input(place)?;
    Ok(description(&inspection, streams))
}

/// Describes the dump in a file as [`describe_dump`] does, several tables at a time.
pub fn describe_dump_at(
    place: &Path,
    mut file: &File,
    (limits, parallelism, sums): (&Limits, Parallelism, Sums),
    progress: &mut Progress,
) -> Outcome<Value> {
    file.rewind().in_input(place)?;
    let dump = Dump::open(file, limits).in_input(place)?;
    let visit = |id, oid, stream: &mut dyn Read| describe_stream(id, oid, stream, sums);
    let (inspection, streams) = dump.visit_at(file, parallelism, &visit, progress).in_input(place)?;
    Ok(description(&inspection, streams))
}

fn describe_stream(id: u32, oid: Option<u32>, mut stream: &mut dyn Read, sums: Sums) -> io::Result<Value> {
    Ok(match sums {
        Sums::None => {
            let len_bytes = io::copy(&mut stream, &mut io::sink())?;
            json!({ "id": id, "oid": oid, "bytes": len_bytes })
        }
        Sums::Sha256 => {
            let (len_bytes, sha256) = digest(&mut stream)?;
            json!({ "id": id, "oid": oid, "bytes": len_bytes, "sha256": sha256 })
        }
    })
}

fn description(inspection: &Inspection, streams: Vec<Value>) -> Value {
    let header = &inspection.header;
    json!({
        "kind": "custom-dump",
        "archive_version": header.version().to_string(),
        "dump_version": header.dump_version.as_deref().map(text),
        "server_version": header.server_version.as_deref().map(text),
        "database": header.database.as_deref().map(text),
        "compression": header.compression.name(),
        "offsets": match inspection.offsets {
            Offsets::None => "none",
            Offsets::Set => "set",
            Offsets::NotSet => "not-set",
            _ => "mixed",
        },
        "int_size": header.int_bytes(),
        "off_size": header.offset_bytes(),
        "created": header.created.map(|created| created.to_string()),
        "entries": inspection.toc.entries().map(|entry| entry_json(&entry)).collect::<Vec<_>>(),
        "streams": streams,
        "decompressed_bytes": inspection.uncompressed_bytes(),
        "findings": inspection.diagnostics,
        "audit": audit_of(inspection),
    })
}

/// Returns what a restore would run or change beyond tables and their rows.
pub fn audit_of(inspection: &Inspection) -> Vec<Value> {
    let items = pgdump::audit(&inspection.toc).into_iter();
    items.filter_map(|(id, code)| inspection.toc.get(id).map(|entry| audit_json(code.into(), &entry))).collect()
}

/// Returns an entry that runs code or connects to others, with the beginning of its SQL.
fn audit_json(code: Code, entry: &Entry<'_>) -> Value {
    const SQL_CHARS: usize = 160;
    let sql = text(entry.definition.unwrap_or_default());
    let head: String = sql.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SQL_CHARS).collect();
    json!({
        "code": code.id(),
        "name": code.name(),
        "id": entry.id,
        "desc": text(entry.desc),
        "tag": text(entry.tag),
        "namespace": entry.namespace.map(text),
        "sql": head,
    })
}

/// Returns one line for each entry of an audit.
pub fn audit_lines(audit: &Value) -> String {
    let mut lines = String::new();
    for item in audit.as_array().into_iter().flatten() {
        let shown = |member: &str| escaped(item[member].as_str().unwrap_or_default().as_bytes()).to_string();
        let (code, name, desc, tag, sql) = (shown("code"), shown("name"), shown("desc"), shown("tag"), shown("sql"));
        let _ = writeln!(lines, "{code} {name}: entry {} ({desc} {tag}): {sql}", item["id"]);
    }
    if lines.is_empty() {
        lines.push_str("nothing but tables, rows, sequences, indexes, constraints and views\n");
    }
    lines
}

fn digest(stream: &mut impl Read) -> io::Result<(u64, String)> {
    let (mut digest, mut len_bytes) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        digest.update(buffer.get(..count).unwrap_or(&buffer));
        len_bytes = len_bytes.saturating_add(count as u64);
    }
    let hex = digest.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok((len_bytes, hex))
}

/// Sections and kinds of relation as the numbers that the archive holds.
fn entry_json(entry: &Entry<'_>) -> Value {
    json!({
        "id": entry.id,
        "tag": text(entry.tag),
        "desc": text(entry.desc),
        "section": match entry.section {
            Section::None => 1,
            Section::PreData => 2,
            Section::Data => 3,
            _ => 4,
        },
        "namespace": entry.namespace.map(text),
        "owner": entry.owner.map(text),
        "relkind": entry.relation_kind.unwrap_or(0),
        "dependencies": entry.dependencies().collect::<Vec<_>>(),
        "data": entry.data != DataState::NoData,
    })
}

/// Names in a dump are bytes in its own encoding.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns a JSON object as text for people: the kind, then one line for each member, and of long lists only the length.
/// Anomalies that are mere information are shown if `is_verbose`.
pub fn outline(value: &Value, is_verbose: bool) -> String {
    let mut text = format!("{}\n", value["kind"].as_str().unwrap_or("unknown"));
    outline_members(value, "  ", is_verbose, &mut text);
    text
}

fn outline_members(value: &Value, indent: &str, is_verbose: bool, text: &mut String) {
    for (name, member) in value.as_object().into_iter().flatten().filter(|(name, _)| *name != "kind") {
        // Names in unknown metadata are untrusted, too.
        let name = escaped(name.as_bytes()).to_string();
        let _ = match member {
            Value::Null => Ok(()),
            Value::Object(_) => {
                let _ = writeln!(text, "{indent}{name}:");
                outline_members(member, &format!("{indent}  "), is_verbose, text);
                Ok(())
            }
            Value::Array(list) if name == "anomalies" || name == "findings" => {
                let is_shown = |item: &&Value| is_verbose || item["severity"] != "info";
                list.iter().filter(is_shown).try_for_each(|item| {
                    let message = item.get("message").unwrap_or(item).as_str().unwrap_or_default();
                    let severity = item["severity"].as_str().unwrap_or("finding");
                    match item["location"].as_str() {
                        Some(location) => {
                            writeln!(text, "{indent}{severity}: {}: {}", harmless(location), harmless(message))
                        }
                        None => writeln!(text, "{indent}{severity}: {}", harmless(message)),
                    }
                })
            }
            Value::Array(list) => writeln!(text, "{indent}{name}: {}", list.len()),
            // What this crate says is never cut; what a file says is bounded.
            Value::String(word) if OWN_TEXTS.contains(&&*name) => writeln!(text, "{indent}{name}: {}", harmless(word)),
            Value::String(word) => writeln!(text, "{indent}{name}: {}", escaped(word.as_bytes())),
            other => match other.as_u64().filter(|_| name.ends_with("bytes")).and_then(with_unit) {
                Some(short) => writeln!(text, "{indent}{name}: {other} ({short})"),
                None => writeln!(text, "{indent}{name}: {other}"),
            },
        };
    }
}
