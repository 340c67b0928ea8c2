//! Compares the metadata of two snapshots, key by key.

use super::difference::Difference;
use crate::metadata::{Key, Metadata};

/// Adds the keys whose values differ to `difference`, each value as JSON text.
pub(super) fn compare(old: Option<&Metadata>, new: Option<&Metadata>, difference: &mut Difference) {
    let [old, new] = [old, new].map(|metadata| metadata.map(values).unwrap_or_default());
    let value = |values: &[(String, String)], name: &str| {
        values.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let only_new = new.iter().filter(|(key, _)| value(&old, key).is_none());
    for (key, _) in old.iter().chain(only_new) {
        let (one, other) = (value(&old, key), value(&new, key));
        if one != other {
            difference.metadata.push((key.clone(), one, other));
        }
    }
}

/// All keys with their values.
fn values(metadata: &Metadata) -> Vec<(String, String)> {
    let number = |value: Option<u64>| value.map(|value| format!("\"{value}\""));
    let documented = Key::ALL.into_iter().filter_map(|key| {
        let value = match key {
            Key::Duration => number(metadata.duration()),
            Key::DumpSize => number(metadata.dump_size_bytes()),
            Key::ModelVersion => metadata.model_version().map(|text| serde_json::Value::from(text).to_string()),
            Key::DatabaseSize => number(metadata.database_size_bytes()),
            Key::FilesSize => number(metadata.files_size_bytes()),
        };
        value.map(|value| (key.name().to_owned(), value))
    });
    documented.chain(metadata.other().map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
}
