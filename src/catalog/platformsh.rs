//! Listings of Platform.sh (Upsun): its API's JSON and its command line's tables, read and printed.
//!
//! ```
//! use appsnap::catalog::{self, Format, platformsh};
//!
//! let listing = catalog::read(b"Created,Backup ID,Restorable\n2022-08-23T13:05:33+00:00,7jks7dru,true\n")?;
//! let table = platformsh::table(&listing.records);
//! assert_eq!(catalog::detect(table.as_bytes())?, Some(Format::PlatformShTable));
//! # Ok::<(), catalog::Error>(())
//! ```

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use super::error::{Error, ErrorKind, Result};
use super::member::{Members, Stamp};
use super::record::{Host, Kind, Record, State};
use super::table::Table;
use crate::retention::Origin;

/// The head of the table that the platform's command line prints (2022).
const HEAD: [&str; 3] = ["Created", "Backup ID", "Restorable"];

/// A backup of `GET .../backups` (2022).
pub(super) fn record(value: Value, place: String) -> Result<Record> {
    let mut members = Members::of(value, place)?;
    let id = members.required_id("id")?;
    let created = members.required_instant("created_at")?;
    let state = State::new(Host::PlatformSh, members.required_text("status")?);
    let mut record = Record::new(Host::PlatformSh, id, created.at, state);
    record.created_offset = created.offset;
    record.updated_at = members.instant("updated_at")?.map(|stamp| stamp.at);
    record.expires_at = members.instant("expires_at")?.map(|stamp| stamp.at);
    record.environment = members.text("environment")?;
    record.restorable = members.flag("restorable")?;
    record.live = members.flag("safe")?.map(|safe| !safe);
    record.kind = kind(members.flag("automated")?);
    // The sizes stay among the details: their unit is documented nowhere.
    record.details = members.into_details();
    Ok(record)
}

fn kind(automated: Option<bool>) -> Kind {
    match automated {
        Some(true) => Kind::stated(Origin::Automatic, None),
        Some(false) => Kind::stated(Origin::Manual, None),
        None => Kind::unknown(),
    }
}

/// The records of a table with at least the columns `Created` and `Backup ID`; others are recognised by the names that the
/// API has for them, with spaces for underscores, and kept as details otherwise.
pub(super) fn records(table: Table) -> Result<Vec<Record>> {
    let names: Vec<String> = table.head.iter().map(|name| name.to_ascii_lowercase().replace(' ', "_")).collect();
    for (column, aliases) in [("Created", ["created", "created_at"]), ("Backup ID", ["backup_id", "id"])] {
        if !names.iter().any(|name| aliases.contains(&name.as_str())) {
            return Err(Error::new(ErrorKind::Missing, format!("column {column}")));
        }
    }
    table.rows.into_iter().map(|(line, fields)| row(&table.head, &names, line, fields)).collect()
}

fn row(head: &[String], names: &[String], line: usize, fields: Vec<String>) -> Result<Record> {
    // A row without a state is of a backup that exists: the command line lists no others.
    let mut record = Record::new(Host::PlatformSh, "", Timestamp::UNIX_EPOCH, State::new(Host::PlatformSh, "CREATED"));
    for ((title, name), field) in head.iter().zip(names).zip(fields) {
        let place = || format!("line {line}, column {title}");
        match (name.as_str(), field.as_str()) {
            ("created" | "created_at", _) => {
                let stamp = Stamp::parse(&field, place())?;
                (record.created_at, record.created_offset) = (stamp.at, stamp.offset);
            }
            ("backup_id" | "id", "") => return Err(Error::new(ErrorKind::Missing, place())),
            ("backup_id" | "id", _) => record.id = field,
            (_, "") => {}
            ("restorable", _) => record.restorable = Some(flag(&field, place)?),
            ("automated", _) => record.kind = kind(Some(flag(&field, place)?)),
            ("live", _) => record.live = Some(flag(&field, place)?),
            ("safe", _) => record.live = Some(!flag(&field, place)?),
            ("status", _) => record.state = State::new(Host::PlatformSh, field),
            ("environment", _) => record.environment = Some(field),
            ("updated" | "updated_at", _) => record.updated_at = Some(Stamp::parse(&field, place())?.at),
            ("expires" | "expires_at", _) => record.expires_at = Some(Stamp::parse(&field, place())?.at),
            _ => _ = record.details.insert(title.clone(), field),
        }
    }
    Ok(record)
}

fn flag(field: &str, place: impl Fn() -> String) -> Result<bool> {
    match field.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(Error::new(ErrorKind::Type { expected: "true or false" }, place())),
    }
}

/// The table that the platform's command line prints: Created, Backup ID, Restorable.
///
/// Control characters are escaped; instants are in UTC; where a listing does not say whether a backup can be restored, the
/// field is empty. [`read`](super::read) reads the table back.
///
/// ```
/// use appsnap::catalog::{Host, Record, State, platformsh};
///
/// let at = "2022-08-23T13:05:33Z".parse()?;
/// let mut record = Record::new(Host::PlatformSh, "7jks7dru5xpx5p5id5wtypur2y", at, State::new(Host::PlatformSh, "CREATED"));
/// record.restorable = Some(true);
/// assert_eq!(platformsh::table([&record]), "\
/// +---------------------------+----------------------------+------------+
/// | Created                   | Backup ID                  | Restorable |
/// +---------------------------+----------------------------+------------+
/// | 2022-08-23T13:05:33+00:00 | 7jks7dru5xpx5p5id5wtypur2y | true       |
/// +---------------------------+----------------------------+------------+
/// ");
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn table<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    let row = |record: &Record| {
        let created = record.created_at.display_with_offset(jiff::tz::Offset::UTC).to_string();
        let restorable = record.restorable.map_or_else(String::new, |restorable| restorable.to_string());
        [created, record.id.escape_debug().to_string(), restorable]
    };
    let rows: Vec<[String; 3]> = records.into_iter().map(row).collect();
    let mut widths = HEAD.map(|title| title.chars().count());
    for row in &rows {
        for (width, field) in widths.iter_mut().zip(row) {
            *width = field.chars().count().max(*width);
        }
    }
    let rule =
        widths.iter().fold(String::from("+"), |rule, width| rule + &"-".repeat(width.saturating_add(2)) + "+") + "\n";
    let line = |fields: [&str; 3]| {
        let mut line = String::from("|");
        for (width, field) in widths.iter().zip(fields) {
            // Writing to a string cannot fail.
            let _ = write!(line, " {field:width$} |");
        }
        line + "\n"
    };
    let mut text = rule.clone() + &line(HEAD) + &rule;
    for [created, id, restorable] in &rows {
        text += &line([created, id, restorable]);
    }
    text + &rule
}
