//! Listings of the Mendix Backups API, versions 1 and 2.

use serde_json::Value;

use super::error::{Error, ErrorKind, Result};
use super::member::Members;
use super::record::{Host, Kind, Record, State};
use crate::layout::Contents;

/// A snapshot or archive of `GET .../snapshots` or `.../archives` of version 2 (2021).
pub(super) fn record_v2(value: Value, place: String) -> Result<Record> {
    let mut members = Members::of(value, place)?;
    let id = if members.has("snapshot_id") { "snapshot_id" } else { "archive_id" };
    let id = members.required_id(id)?;
    let created = members.required_instant("created_at")?;
    let state = State::new(Host::MendixCloud, members.required_text("state")?);
    let mut record = Record::new(Host::MendixCloud, id, created.at, state);
    record.created_offset = created.offset;
    record.finished_at = members.instant("finished_at")?.map(|stamp| stamp.at);
    record.expires_at = members.instant("expires_at")?.map(|stamp| stamp.at);
    record.updated_at = members.instant("updated_at")?.map(|stamp| stamp.at);
    record.status_message = members.text("status_message")?;
    record.model_version = members.text("model_version")?;
    record.comment = members.text("comment")?;
    record.kind = Kind::of_mendix_comment(record.comment.as_deref());
    record.contents = match members.text("data_type")?.as_deref() {
        None => None,
        Some("files_and_database") => Some(Contents::Full),
        Some("database_only") => Some(Contents::DatabaseOnly),
        Some("files_only") => Some(Contents::FilesOnly),
        Some(_) => {
            let expected = "files_and_database, database_only or files_only";
            return Err(Error::new(ErrorKind::Type { expected }, members.place_of("data_type")));
        }
    };
    record.details = members.into_details();
    Ok(record)
}

/// A snapshot of version 1 (before 2021), whose instants are milliseconds since 1970.
pub(super) fn record_v1(value: Value, place: String) -> Result<Record> {
    let mut members = Members::of(value, place)?;
    let id = members.required_id("SnapshotID")?;
    let created = members.epoch_milliseconds("CreatedOn")?;
    let created = created.ok_or_else(|| Error::new(ErrorKind::Missing, members.place_of("CreatedOn")))?;
    let state = State::new(Host::MendixCloud, members.required_text("State")?);
    let mut record = Record::new(Host::MendixCloud, id, created.at, state);
    record.expires_at = members.epoch_milliseconds("ExpiresOn")?.map(|stamp| stamp.at);
    record.model_version = members.text("ModelVersion")?;
    record.comment = members.text("Comment")?;
    record.kind = Kind::of_mendix_comment(record.comment.as_deref());
    record.details = members.into_details();
    Ok(record)
}
