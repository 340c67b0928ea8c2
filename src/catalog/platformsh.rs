//! Listings of Platform.sh (Upsun): the JSON of its API, and the tables of its command line.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::error::{Error, ErrorKind};
use super::member::{Element, Members, Stamp};
use super::record::{Provider, Record};
use super::table::{CREATED, ID, Table, squashed};
use crate::retention::Origin;

type Result<T, E = Error> = std::result::Result<T, E>;

/// The heading of the table that the platform's command line prints (2022).
const HEADING: [&str; 3] = ["Created", "Backup ID", "Restorable"];

/// A backup of `GET .../backups` (2022).
pub(super) fn record(element: Element<'_>) -> Result<Record> {
    let mut members = Members::of(element)?;
    let id = members.required_id("id")?;
    let created = members.required_instant("created_at")?;
    let mut record = Record::new(Provider::PlatformSh, id, created.at, members.required_text("status")?);
    record.created_offset = created.offset;
    record.updated_at = members.instant("updated_at")?.map(|stamp| stamp.at);
    record.expires_at = members.instant("expires_at")?.map(|stamp| stamp.at);
    record.environment = members.text("environment")?;
    record.restorable = members.flag("restorable")?;
    record.live = members.flag("safe")?.map(|safe| !safe);
    record.origin = members.flag("automated")?.map(origin);
    // The sizes stay among the details: their unit is not documented.
    record.details = members.into_details()?;
    Ok(record)
}

const fn origin(is_automated: bool) -> Origin {
    if is_automated { Origin::Automatic } else { Origin::Manual }
}

/// The records of a table with at least the columns `Created` and `Backup ID`. Other columns are recognised by the names
/// that the API has for them, with spaces instead of underscores, and become details otherwise.
///
/// A table without a heading has the columns that the command line prints by default.
pub(super) fn records(mut table: Table) -> Result<Vec<Record>> {
    if table.heading.is_empty() {
        table.heading = default_heading(&table.rows)?;
    }
    let names: Vec<String> = table.heading.iter().map(|name| squashed(name)).collect();
    for (column, aliases) in [("Created", CREATED), ("Backup ID", ID)] {
        if !names.iter().any(|name| aliases.contains(&name.as_str())) {
            return Err(Error::new(ErrorKind::Missing).within(format!("column {column}")));
        }
    }
    table.rows.into_iter().map(|(line, fields)| row(&table.heading, &names, line, fields)).collect()
}

/// The columns of rows that have the form of the default ones.
fn default_heading(rows: &[(usize, Vec<String>)]) -> Result<Vec<String>> {
    for (line, fields) in rows {
        let is_default = match &fields[..] {
            [created, id, rest @ ..] if Stamp::parse(created).is_ok() && Stamp::parse(id).is_err() => match rest {
                [] => true,
                [restorable] => flag(restorable).is_ok(),
                _ => false,
            },
            _ => false,
        };
        if !is_default {
            return Err(Error::new(ErrorKind::UnknownColumns).within(format!("line {line}")));
        }
    }
    let count = rows.first().map_or(HEADING.len(), |(_, fields)| fields.len());
    Ok(HEADING.into_iter().take(count).map(str::to_owned).collect())
}

fn row(heading: &[String], names: &[String], line: usize, fields: Vec<String>) -> Result<Record> {
    // The command line lists only backups that exist, so a row without a state is completed.
    let mut record = Record::new(Provider::PlatformSh, "", Timestamp::UNIX_EPOCH, "CREATED");
    let mut state = None;
    for ((title, name), field) in heading.iter().zip(names).zip(fields) {
        let error = |kind| Error::new(kind).within(format!("line {line}, column {}", title.escape_debug()));
        let instant = |field: &str| Stamp::parse(field).map_err(error);
        match (name.as_str(), field.as_str()) {
            ("created" | "createdat", _) => {
                let stamp = instant(&field)?;
                (record.created_at, record.created_offset) = (stamp.at, stamp.offset);
            }
            ("backupid" | "id", "") => return Err(error(ErrorKind::Missing)),
            ("backupid" | "id", _) => record.id = field,
            (_, "") => {}
            ("restorable", _) => record.restorable = Some(flag(&field).map_err(error)?),
            ("automated", _) => record.origin = Some(origin(flag(&field).map_err(error)?)),
            ("live", _) => record.live = Some(flag(&field).map_err(error)?),
            ("safe", _) => record.live = Some(!flag(&field).map_err(error)?),
            ("status", _) => state = Some(field),
            ("environment", _) => record.environment = Some(field),
            ("updated" | "updatedat", _) => record.updated_at = Some(instant(&field)?.at),
            ("expires" | "expiresat", _) => record.expires_at = Some(instant(&field)?.at),
            _ => _ = record.details.insert(title.clone(), field),
        }
    }
    Ok(match state {
        Some(state) => record.with_state(state),
        None => record,
    })
}

fn flag(field: &str) -> Result<bool, ErrorKind> {
    match field.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(ErrorKind::Type { expected: "true or false" }),
    }
}

/// Returns the table that the platform's command line prints: Created, Backup ID, Restorable.
///
/// Control characters are escaped, and instants are in UTC. The last field is empty if the listing does not contain it.
/// [`read`](super::read) reads the table back.
///
/// ```
/// use appsnap::catalog::{Provider, Record, platformsh};
///
/// let mut record = Record::new(Provider::PlatformSh, "7jks7dru", "2022-08-23T13:05:33Z".parse()?, "CREATED");
/// record.restorable = Some(true);
/// assert_eq!(platformsh::table([&record]), "\
/// +---------------------------+-----------+------------+
/// | Created                   | Backup ID | Restorable |
/// +---------------------------+-----------+------------+
/// | 2022-08-23T13:05:33+00:00 | 7jks7dru  | true       |
/// +---------------------------+-----------+------------+
/// ");
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
#[must_use]
pub fn table<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    let row = |record: &Record| {
        let created = record.created_at.display_with_offset(jiff::tz::Offset::UTC).to_string();
        let restorable = record.restorable.map_or_else(String::new, |restorable| restorable.to_string());
        [created, record.id.escape_debug().to_string(), restorable]
    };
    let rows: Vec<[String; 3]> = records.into_iter().map(row).collect();
    let mut widths = HEADING.map(|title| title.chars().count());
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
    let mut text = rule.clone() + &line(HEADING) + &rule;
    for [created, id, restorable] in &rows {
        text += &line([created, id, restorable]);
    }
    text + &rule
}
