//! Somebody's own list, in the form that retention documents.

use serde_json::Value;

use super::error::{Error, Result};
use super::record::{Host, Kind, Record, State};
use crate::retention::{Backup, Status};

/// A backup in retention's own JSON, whose unknown members are refused by name.
pub(super) fn record(value: Value, place: String) -> Result<Record> {
    let backup: Backup<String> = serde_json::from_value(value).map_err(|error| Error::json(place, error))?;
    let word = match backup.status() {
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Running => "running",
        Status::Queued => "queued",
    };
    let mut record = Record::new(Host::Own, backup.id().clone(), backup.taken_at(), State::new(Host::Own, word));
    record.created_offset = backup.offset();
    record.finished_at = backup.finished_at();
    record.kind = Kind::stated(backup.origin(), None);
    record.size_bytes = backup.bytes();
    record.protected = backup.is_protected();
    record.tags = backup.tags().to_vec();
    Ok(record)
}
