//! Lists of Squidex's backups, and of the jobs that newer versions make them with.

use serde_json::Value;

use super::error::Result;
use super::member::Members;
use super::record::{Cadence, Host, Kind, Record, State};
use crate::retention::Origin;

/// The name of the task that makes backups, where jobs of all kinds are listed together.
const BACKUP_TASK: &str = "backup";

/// A backup of `GET .../backups`, or a job of `.../jobs`; `None` for a job that makes no backup.
pub(super) fn record(value: Value, place: String) -> Result<Option<Record>> {
    let mut members = Members::of(value, place)?;
    if members.text("taskName")?.is_some_and(|task| !task.eq_ignore_ascii_case(BACKUP_TASK)) {
        return Ok(None);
    }
    let started = members.required_instant("started")?;
    // Lists made by hand follow the table in the portal, which shows no ids: the start names a backup as well.
    let id = if members.has("id") { members.required_id("id")? } else { started.at.to_string() };
    let state = State::new(Host::Squidex, members.required_text("status")?);
    let mut record = Record::new(Host::Squidex, id, started.at, state);
    record.created_offset = started.offset;
    record.finished_at = members.instant("stopped")?.map(|stamp| stamp.at);
    record.comment = members.text("description")?;
    // Squidex makes no backups by itself.
    record.kind = Kind::stated(Origin::Manual, Some(Cadence::OnDemand));
    record.details = members.into_details();
    Ok(Some(record))
}
