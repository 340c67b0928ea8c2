//! Lists of Squidex's backups, and of the jobs with which newer versions create them.

use super::error::Error;
use super::member::{Element, Members};
use super::record::{Cadence, Provider, Record};
use crate::retention::Origin;

/// The name of the task that creates backups, in lists of all jobs.
const BACKUP_TASK: &str = "backup";

/// A backup of `GET .../backups`, or a job of `.../jobs`. `None` for a job that creates no backup.
pub(super) fn record(element: Element<'_>) -> Result<Option<Record>, Error> {
    let mut members = Members::of(element)?;
    if members.text("taskName")?.is_some_and(|task| !task.eq_ignore_ascii_case(BACKUP_TASK)) {
        return Ok(None);
    }
    let started = members.required_instant("started")?;
    // The table in the portal, and lists copied from it, have no ids: the start identifies a backup, too.
    let id = if members.has("id") { members.required_id("id")? } else { started.at.to_string() };
    let mut record = Record::new(Provider::Squidex, id, started.at, members.required_text("status")?);
    record.created_offset = started.offset;
    record.finished_at = members.instant("stopped")?.map(|stamp| stamp.at);
    record.comment = members.text("description")?;
    // Squidex creates backups only on demand.
    (record.origin, record.cadence) = (Some(Origin::Manual), Some(Cadence::OnDemand));
    record.details = members.into_details()?;
    Ok(Some(record))
}
