//! Lists in the form that [`Backup`] documents.

use serde::Deserialize;

use super::error::Error;
use super::member::Element;
use super::record::{Provider, Record};
use crate::retention::Backup;

/// An id as people write it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a string or a whole number")]
enum Id {
    Number(u64),
    Text(String),
}

/// A backup in the JSON form of retention, in which unknown members are errors.
pub(super) fn record(element: &Element<'_>) -> Result<Record, Error> {
    let backup: Backup<Id> =
        serde_json::from_str(element.raw.get()).map_err(|error| Error::json(element.text, element.offset(), error))?;
    let id = match backup.id() {
        Id::Number(number) => number.to_string(),
        Id::Text(text) => text.clone(),
    };
    let mut record = Record::new(Provider::Own, id, backup.taken_at(), backup.status().to_string());
    record.created_offset = backup.offset();
    record.finished_at = backup.finished_at();
    record.expires_at = backup.stated_expiry();
    record.origin = Some(backup.origin());
    record.size_bytes = backup.bytes();
    record.series = backup.series().map(str::to_owned);
    record.protected = backup.is_protected();
    record.hold = backup.legal_hold().cloned();
    record.tags = backup.tags().to_vec();
    Ok(record)
}
