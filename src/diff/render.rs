//! A [`Difference`] as text and as JSON.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::difference::Difference;
use super::object_change::ObjectChange;
use super::sums::Sums;
use crate::layout::escaped;
use crate::snapshot::archive::ListedDocument;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, old, new) in &self.metadata {
            let shown = |value: &Option<String>| match value {
                Some(json) => escaped(json.as_bytes()).to_string(),
                None => "missing".to_owned(),
            };
            writeln!(f, "~ .metadata {}: {} -> {}", escaped(key.as_bytes()), shown(old), shown(new))?;
        }
        match self.database {
            [Some(old), None] => writeln!(f, "- database: {} bytes", old.len_bytes)?,
            [None, Some(new)] => writeln!(f, "+ database: {} bytes", new.len_bytes)?,
            _ => {}
        }
        for change in &self.objects {
            writeln!(f, "{} {}", sign(change), object_name(change))?;
        }
        for change in &self.tables {
            let rows = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
            let (old, new) = (rows(change.old_rows_count()), rows(change.new_rows_count()));
            let name = qualified(change);
            match (change.is_added(), change.is_removed()) {
                (true, _) => writeln!(f, "+ rows of {name}: {new}")?,
                (_, true) => writeln!(f, "- rows of {name}: {old}")?,
                _ => writeln!(f, "~ rows of {name}: {old} -> {new}")?,
            }
        }
        if let Some((old, new)) = self.large_objects {
            writeln!(f, "~ large objects: {old} -> {new}")?;
        }
        for document in &self.removed_documents {
            writeln!(f, "- {} {}", document.id(), sums_text(document))?;
        }
        for (old, new) in &self.changed_documents {
            writeln!(f, "~ {} {} -> {}", old.id(), sums_text(old), sums_text(new))?;
        }
        for document in &self.added_documents {
            writeln!(f, "+ {} {}", document.id(), sums_text(document))?;
        }
        Ok(())
    }
}

fn sums_text(document: &ListedDocument) -> String {
    format!("{} {:08x}", document.len_bytes(), document.crc32())
}

const fn sign(change: &ObjectChange) -> char {
    match (change.is_added(), change.is_removed()) {
        (true, _) => '+',
        (_, true) => '-',
        _ => '~',
    }
}

fn qualified(change: &ObjectChange) -> String {
    let name = escaped(change.name().as_bytes());
    change.schema().map_or_else(|| name.to_string(), |schema| format!("{}.{name}", escaped(schema.as_bytes())))
}

fn object_name(change: &ObjectChange) -> String {
    format!("{} {}", escaped(change.kind().as_bytes()), qualified(change))
}

impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [old, new] = self.database;
        let mut members = serializer.serialize_struct("Difference", 7)?;
        members.serialize_field("same", &self.is_same())?;
        members.serialize_field("documents", &self.has_documents.then(|| documents_json(self)))?;
        let metadata =
            self.metadata.iter().map(|(key, old, new)| json!({ "key": key, "old": value(old), "new": value(new) }));
        members.serialize_field("metadata", &metadata.collect::<Vec<_>>())?;
        let identical = old.is_some() && old == new;
        members.serialize_field(
            "database",
            &json!({ "old": old.map(sums_json), "new": new.map(sums_json), "identical": identical }),
        )?;
        let tables = grouped(&self.tables, |change| {
            let name = json!({ "schema": change.schema(), "name": change.name() });
            match (change.is_added(), change.is_removed()) {
                (true, _) => with(name, [("rows", change.new_rows_count())]),
                (_, true) => with(name, [("rows", change.old_rows_count())]),
                _ => with(name, [("old_rows", change.old_rows_count()), ("new_rows", change.new_rows_count())]),
            }
        });
        members.serialize_field("tables", &tables)?;
        let objects = grouped(
            &self.objects,
            |change| json!({ "kind": change.kind(), "schema": change.schema(), "name": change.name() }),
        );
        members.serialize_field("objects", &objects)?;
        let large_objects = self.large_objects.map(|(old, new)| json!({ "old": old, "new": new }));
        members.serialize_field("large_objects", &large_objects)?;
        members.end()
    }
}

/// The JSON text of a value as JSON.
fn value(text: &Option<String>) -> Value {
    text.as_deref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

fn sums_json(sums: Sums) -> Value {
    json!({ "bytes": sums.len_bytes, "crc32": format!("{:08x}", sums.crc32) })
}

fn documents_json(difference: &Difference) -> Value {
    let sums = |document: &ListedDocument| json!({ "bytes": document.len_bytes(), "crc32": format!("{:08x}", document.crc32()) });
    let listed = |documents: &[ListedDocument]| {
        let row = |document: &ListedDocument| {
            json!({
                "uuid": document.id().to_string(),
                "bytes": document.len_bytes(),
                "crc32": format!("{:08x}", document.crc32()),
            })
        };
        documents.iter().map(row).collect::<Value>()
    };
    let changed = difference
        .changed_documents
        .iter()
        .map(|(old, new)| json!({ "uuid": old.id().to_string(), "old": sums(old), "new": sums(new) }));
    json!({
        "added": listed(&difference.added_documents),
        "removed": listed(&difference.removed_documents),
        "changed": changed.collect::<Value>(),
        "same": difference.same_documents_count,
    })
}

fn with<const N: usize>(mut object: Value, members: [(&str, Option<u64>); N]) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.extend(members.into_iter().map(|(name, count)| (name.to_owned(), count.into())));
    }
    object
}

/// The changes as lists of what was added, removed and changed.
fn grouped(changes: &[ObjectChange], json: impl Fn(&ObjectChange) -> Value) -> Value {
    let list = |is_wanted: fn(&ObjectChange) -> bool| {
        changes.iter().filter(|change| is_wanted(change)).map(&json).collect::<Value>()
    };
    json!({
        "added": list(ObjectChange::is_added),
        "removed": list(ObjectChange::is_removed),
        "changed": list(ObjectChange::is_changed),
    })
}
