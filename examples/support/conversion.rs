//! The changes of a dump's conversion, as JSON and as lines for people.
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

use appsnap::pgdump::toc::{Offsets, Toc};
use appsnap::pgdump::transcode::{Changes, EntryChange, EntryChangeKind};
use serde_json::{Value, json};

use super::tell;

/// Returns all changes. Names in a dump are bytes in its own encoding; those that are not UTF-8 get replacement characters.
pub fn conversion_json(changes: &Changes, toc: &Toc) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let named = |id: u32, more: Value| {
        let mut value = json!({ "id": id });
        let entry = toc.get(id);
        value["desc"] = json!(entry.map(|entry| text(entry.desc)));
        value["tag"] = json!(entry.map(|entry| text(entry.tag)));
        if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
        value
    };
    let reason = |change: &EntryChange| json!({ "reason": change.kind.to_string() });
    let entries = |details: &dyn Fn(&EntryChange) -> Option<Value>| -> Vec<Value> {
        changes.entries.iter().filter_map(|change| Some(named(change.id, details(change)?))).collect()
    };
    json!({
        "from": changes.from.to_string(),
        "to": changes.to.to_string(),
        "entries_in": changes.entries_in_count,
        "entries_out": changes.entries_out_count,
        "expanded": entries(&|change| match change.kind {
            EntryChangeKind::Expanded { entries_count } => Some(json!({ "entries": entries_count })),
            _ => None,
        }),
        "dropped": entries(&|change| change.kind.is_dropped().then(|| reason(change))),
        "edited": entries(&|change| change.kind.is_edited().then(|| reason(change))),
        "warnings": changes.warnings.iter().map(|warning| named(warning.id, json!({
            "feature": warning.feature.name(),
            "since": warning.feature.since_major(),
            "row": warning.row,
            "message": warning.to_string(),
        }))).chain(entries(&|change| (change.kind == EntryChangeKind::ConstraintAtRisk).then(|| json!({
            "feature": "constraint-at-risk",
            "message": change.kind.to_string(),
        })))).collect::<Vec<_>>(),
        "recompressed": changes.recompressed,
        "masked_tables": changes.entries.iter().filter(|change| change.kind == EntryChangeKind::RowsEdited).count(),
        "compression": changes.compression.name(),
        "offsets": match changes.offsets {
            Offsets::None => "none",
            Offsets::Set => "set",
            Offsets::NotSet => "not-set",
            _ => "mixed",
        },
    })
}

/// Returns a line for each entry that was dropped or changed, or that the older server will refuse.
pub fn conversion_lines(conversion: &Value) -> Vec<String> {
    let entries = |list: &str| conversion[list].as_array().cloned().unwrap_or_default();
    let is_statistics = |entry: &Value| entry["desc"].as_str().is_some_and(|desc| desc.ends_with("STATISTICS DATA"));
    let mut lines = Vec::new();
    let statistics: Vec<Value> = entries("dropped").into_iter().filter(|entry| is_statistics(entry)).collect();
    if let Some(first) = statistics.first() {
        let reason = text(&first["reason"]);
        lines.push(format!("dropped: {} entries of planner statistics: {reason}", statistics.len()));
    }
    for (list, word) in [("dropped", "dropped"), ("edited", "changed"), ("warnings", "warning")] {
        for entry in entries(list).into_iter().filter(|entry| list != "dropped" || !is_statistics(entry)) {
            let why = if list == "warnings" { &entry["message"] } else { &entry["reason"] };
            let (id, desc, tag) = (&entry["id"], text(&entry["desc"]), text(&entry["tag"]));
            lines.push(format!("{word}: entry {id} ({desc} {tag}): {}", text(why)));
        }
    }
    lines
}

/// Prints the lines of a conversion, and a summary, on standard error, because standard output may be the dump.
pub fn tell_conversion(conversion: &Value) {
    conversion_lines(conversion).iter().for_each(tell);
    let (from, to) = (text(&conversion["from"]), text(&conversion["to"]));
    let versions = if from == to {
        format!("the dump keeps version {to}")
    } else {
        format!("the dump is converted from {from} to {to}")
    };
    let data = match (conversion["recompressed"] == true, conversion["masked_tables"].as_u64().unwrap_or(0)) {
        (true, _) => "recompressed".to_owned(),
        (false, 0) => "copied".to_owned(),
        (false, 1) => "copied except for that of 1 table".to_owned(),
        (false, count) => format!("copied except for that of {count} tables"),
    };
    tell(format_args!(
        "note: {versions}: {} entries to {}, data {data}, offsets {}",
        conversion["entries_in"],
        conversion["entries_out"],
        text(&conversion["offsets"]),
    ));
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.escape_debug().to_string())
}
