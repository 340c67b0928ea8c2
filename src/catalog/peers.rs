//! Listings of programs that prune by rules: restic (and rustic), borg, Proxmox Backup Server and kopia.

use jiff::Timestamp;

use super::error::Error;
use super::member::{Element, Members};
use super::record::{Provider, Record};

type Result<T, E = Error> = std::result::Result<T, E>;

const COMPLETED: &str = "completed";
/// The word for what a program has begun to write and not completed.
const UNFINISHED: &str = "unfinished";

/// A snapshot of `restic snapshots --json` (0.9 and later) or `rustic snapshots --json`.
pub(super) fn restic(element: Element<'_>) -> Result<Record> {
    let mut members = Members::of(element)?;
    let id = members.required_id("id")?;
    let time = members.required_instant("time")?;
    let mut record = Record::new(Provider::Restic, id, time.at, COMPLETED);
    record.created_offset = time.offset;
    record.host = members.text("hostname")?;
    record.paths = members.texts("paths")?;
    record.tags = members.texts("tags")?;
    if let Some(mut summary) = members.object("summary")? {
        record.finished_at = summary.instant("backup_end")?.map(|stamp| stamp.at);
        record.size_bytes = summary.number("total_bytes_processed")?;
    }
    record.details = members.into_details()?;
    Ok(record)
}

/// An archive of `borg list --json` or `borg info --json` (1.1 and later), or of `borg repo-list --json` (2).
pub(super) fn borg(element: Element<'_>) -> Result<Record> {
    let mut members = Members::of(element)?;
    let fingerprint = members.text("id")?;
    let name = match members.text("name")? {
        Some(name) => Some(name),
        None => members.text("archive")?,
    };
    let id = name.or_else(|| fingerprint.clone()).ok_or_else(|| members.missing("name"))?;
    let start = if members.has("start") { "start" } else { "time" };
    let (start, is_local) = members.local_instant(start)?.ok_or_else(|| members.missing(start))?;
    let is_checkpoint = id.rsplit_once(".checkpoint").is_some_and(|(_, rest)| {
        rest.is_empty() || rest.strip_prefix('.').is_some_and(|number| number.parse::<u32>().is_ok())
    });
    let state = if is_checkpoint { UNFINISHED } else { COMPLETED };
    let mut record = Record::new(Provider::Borg, id, start.at, state);
    (record.created_offset, record.is_local_time) = (start.offset, is_local);
    record.finished_at = members.local_instant("end")?.map(|(end, _)| end.at);
    record.host = members.text("hostname")?;
    record.tags = members.texts("tags")?;
    record.comment = members.text("comment")?;
    if let Some(mut stats) = members.object("stats")? {
        record.size_bytes = stats.number("original_size")?;
    }
    record.details = members.into_details()?;
    record.details.extend(fingerprint.map(|fingerprint| ("id".to_owned(), fingerprint)));
    Ok(record)
}

/// Replaces the names of archives by their ids if borg 2 has given several archives one name.
pub(super) fn distinguish_archives(records: &mut [Record]) {
    let mut names: Vec<(&str, Option<&String>)> =
        records.iter().map(|record| (record.id.as_str(), record.details.get("id"))).collect();
    names.sort_unstable();
    names.dedup();
    if names.windows(2).all(|pair| matches!(pair, [(one, _), (other, _)] if one != other)) {
        return;
    }
    for record in records {
        if let Some(fingerprint) = record.details.remove("id") {
            let name = std::mem::replace(&mut record.id, fingerprint);
            record.details.insert("name".to_owned(), name);
        }
    }
}

/// A snapshot of `proxmox-backup-client snapshot list --output-format json`, or a volume of the content of a storage as
/// `pvesh get .../content --output-format json` prints it. `None` for a volume that is not a backup.
pub(super) fn proxmox(element: Element<'_>) -> Result<Option<Record>> {
    let mut members = Members::of(element)?;
    if members.has("volid") {
        return proxmox_volume(members);
    }
    let at = members.required_epoch_seconds("backup-time")?.at;
    let (kind, group) = (members.required_text("backup-type")?, members.required_id("backup-id")?);
    let group = match members.text("ns")?.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => format!("{namespace}/{kind}/{group}"),
        None => format!("{kind}/{group}"),
    };
    // A snapshot without an index is not finished. Newer servers list files as objects.
    let is_finished = members.json("files").is_none_or(|files| files.contains("index.json.blob"));
    let state = if is_finished { COMPLETED } else { UNFINISHED };
    let mut record = Record::new(Provider::Proxmox, format!("{group}/{}", seconds(at)), at, state);
    record.series = Some(group);
    record.comment = members.text("comment")?;
    record.protected = members.flag("protected")?.unwrap_or(false);
    record.size_bytes = members.number("size")?;
    record.details = members.into_details()?;
    Ok(Some(record))
}

fn proxmox_volume(mut members: Members<'_>) -> Result<Option<Record>> {
    if members.text("content")?.is_some_and(|content| content != "backup") {
        return Ok(None);
    }
    let id = members.required_id("volid")?;
    let at = members.required_epoch_seconds("ctime")?.at;
    let mut record = Record::new(Provider::Proxmox, id, at, COMPLETED);
    if members.has("vmid") {
        let guest = members.required_id("vmid")?;
        let kind = match members.text("subtype")? {
            Some(kind) => kind,
            None => members
                .text("format")?
                .map_or_else(String::new, |format| format.strip_prefix("pbs-").unwrap_or("vm").to_owned()),
        };
        record.series = Some(format!("{kind}/{guest}"));
    }
    record.comment = members.text("notes")?;
    record.protected = members.flag("protected")?.unwrap_or(false);
    record.size_bytes = members.number("size")?;
    record.details = members.into_details()?;
    Ok(Some(record))
}

/// The time as in the name of a snapshot.
fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A snapshot of `kopia snapshot list --json`.
pub(super) fn kopia(element: Element<'_>) -> Result<Record> {
    let mut members = Members::of(element)?;
    let id = members.required_id("id")?;
    let start = members.required_instant("startTime")?;
    let is_incomplete = members.text("incomplete")?.is_some_and(|reason| !reason.is_empty());
    let mut record = Record::new(Provider::Kopia, id, start.at, if is_incomplete { UNFINISHED } else { COMPLETED });
    record.created_offset = start.offset;
    record.finished_at = members.instant("endTime")?.map(|stamp| stamp.at);
    record.comment = members.text("description")?.filter(|text| !text.is_empty());
    if let Some(mut source) = members.object("source")? {
        let (host, user) = (source.text("host")?, source.text("userName")?);
        record.paths = source.text("path")?.into_iter().collect();
        record.host = match (user, host) {
            (Some(user), Some(host)) => Some(format!("{user}@{host}")),
            (user, host) => host.or(user),
        };
    }
    // Nothing with a pin is ever deleted.
    record.protected = !members.texts("pins")?.is_empty();
    if let Some(tags) = members.object("tags")? {
        let tags = tags.into_details()?.into_iter();
        record.tags =
            tags.map(|(key, value)| format!("{}:{value}", key.strip_prefix("tag:").unwrap_or(&key))).collect();
    }
    if let Some(mut stats) = members.object("stats")? {
        record.size_bytes = stats.number("totalSize")?;
    }
    record.details = members.into_details()?;
    Ok(record)
}
