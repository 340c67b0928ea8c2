//! Lists in the form that [`Backup`] documents.

use super::error::Error;
use super::member::Element;
use super::record::{Provider, Record};
use crate::retention::Backup;

/// A backup in the JSON form of retention, in which unknown members are errors.
pub(super) fn record(element: &Element<'_>) -> Result<Record, Error> {
    let backup: Backup<String> =
        serde_json::from_str(element.raw.get()).map_err(|error| Error::json(element.text, element.offset(), error))?;
    let mut record = Record::new(Provider::Own, backup.id().clone(), backup.taken_at(), backup.status().to_string());
    record.created_offset = backup.offset();
    record.finished_at = backup.finished_at();
    record.origin = Some(backup.origin());
    record.size_bytes = backup.bytes();
    record.protected = backup.is_protected();
    record.tags = backup.tags().to_vec();
    Ok(record)
}
