//! Telling which listing some bytes are, and reading it whole: [`read`].

use serde_json::Value;

use super::error::{Error, ErrorKind, Result};
use super::record::Record;
use super::table::{Separator, Table};
use super::{mendix, plain, platformsh, squidex};
use crate::retention::Backup;

/// The listings that are read here.
///
/// ```
/// use appsnap::catalog::{Format, detect};
///
/// assert_eq!(detect(br#"{"snapshots": []}"#)?, Some(Format::MendixV2));
/// assert_eq!(detect(b"Created,Backup ID,Restorable\n")?, Some(Format::PlatformShCsv));
/// # Ok::<(), appsnap::catalog::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Mendix Backups API version 2: `{"snapshots": [...]}`, also `{"archives": [...]}`, or the bare array.
    MendixV2,
    /// Mendix Backups API version 1: an array of objects with `SnapshotID`.
    MendixV1,
    /// Squidex: `{"items": [...]}` of backups or jobs, or the bare array.
    Squidex,
    /// Platform.sh API: an array of backups.
    PlatformShJson,
    /// Platform.sh command line with `--format csv`.
    PlatformShCsv,
    /// Platform.sh command line with `--format tsv` or `plain`.
    PlatformShTsv,
    /// Platform.sh command line as people see it.
    PlatformShTable,
    /// Somebody's own list: an array of objects with `id` and `taken_at`, as
    /// [`retention::Backup`](crate::retention::Backup) documents them.
    Own,
}

/// A listing, or one page of it.
///
/// ```
/// use appsnap::catalog;
/// use appsnap::retention::presets;
///
/// let listing = catalog::read(br#"[{"id": "a", "taken_at": "2026-11-19T02:00:00Z"},
///     {"id": "b", "taken_at": "2026-11-20T02:00:00Z"}]"#)?;
/// assert!(!listing.is_partial(), "retention must not be planned on a page");
/// let backups = listing.to_backups();
/// let policy = presets::by_name("restic:last=1")?;
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// assert!(plan.deleted().map(|decision| decision.backup().id().as_str()).eq(["a"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// Which listing it was.
    pub format: Format,
    /// Its records, in its order.
    pub records: Vec<Record>,
    /// How many backups the platform has in all, where it says so. More than there are records means: this is one page.
    pub total_count: Option<u64>,
    /// Entries that are no backups, such as other jobs of Squidex.
    pub skipped_count: u64,
}

impl Listing {
    /// The backups that a retention policy judges, in the order of the records.
    #[must_use]
    pub fn to_backups(&self) -> Vec<Backup<String>> {
        self.records.iter().map(Record::to_backup).collect()
    }

    /// Whether the platform says that it has more backups than are listed here. Retention must not be planned on a page.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.total_count.is_some_and(|total| total > self.records.len() as u64)
    }
}

/// Reads a listing of whichever kind it is.
///
/// ```
/// let listing = appsnap::catalog::read(b"\
/// Created,Backup ID,Restorable
/// 2022-08-23T13:05:33+00:00,7jks7dru5xpx5p5id5wtypur2y,true
/// ")?;
/// assert_eq!(listing.records[0].restorable, Some(true));
/// # Ok::<(), appsnap::catalog::Error>(())
/// ```
///
/// # Errors
/// [`Unrecognised`](ErrorKind::Unrecognised) when it is none; otherwise as [`read_as`].
pub fn read(bytes: &[u8]) -> Result<Listing> {
    let format = detect(bytes)?.ok_or_else(|| Error::new(ErrorKind::Unrecognised, ""))?;
    read_as(bytes, format)
}

/// Tells which listing `bytes` are, by what they hold; `None` when they are none that is known here.
///
/// ```
/// use appsnap::catalog::detect;
///
/// assert_eq!(detect(br#"{"weather": "fine"}"#)?, None);
/// assert!(detect(br#"{"snapshots": ["#).is_err(), "cut short");
/// # Ok::<(), appsnap::catalog::Error>(())
/// ```
///
/// # Errors
/// [`Encoding`](ErrorKind::Encoding) when they are not text; [`Json`](ErrorKind::Json) when they begin like JSON and are not.
pub fn detect(bytes: &[u8]) -> Result<Option<Format>> {
    let text = text(bytes)?;
    if text.trim_start().starts_with(['{', '[']) {
        return Ok(detect_json(&parse(text)?));
    }
    let is_head = |line: &str| {
        let line = line.to_ascii_lowercase().replace(['_', '"'], " ");
        line.contains("created") && line.contains("backup id")
    };
    let Some(head) = text.lines().find(|line| is_head(line)) else { return Ok(None) };
    Ok(Some(match head {
        _ if head.contains(['|', '│', '┃']) => Format::PlatformShTable,
        _ if head.contains('\t') => Format::PlatformShTsv,
        _ => Format::PlatformShCsv,
    }))
}

/// Reads a listing of one kind.
///
/// ```
/// use appsnap::catalog::{Format, read_as};
///
/// // An empty array could be anybody's.
/// assert_eq!(read_as(b"[]", Format::Squidex)?.records.len(), 0);
/// # Ok::<(), appsnap::catalog::Error>(())
/// ```
///
/// # Errors
/// [`Json`](ErrorKind::Json), [`Encoding`](ErrorKind::Encoding); [`Instant`](ErrorKind::Instant),
/// [`Missing`](ErrorKind::Missing), [`Type`](ErrorKind::Type) with the member or line that is wrong.
pub fn read_as(bytes: &[u8], format: Format) -> Result<Listing> {
    let text = text(bytes)?;
    let table = match format {
        Format::PlatformShCsv => Some(Table::separated(text, Separator::Comma)?),
        Format::PlatformShTsv => Some(Table::separated(text, Separator::Tab)?),
        Format::PlatformShTable => Some(Table::boxed(text)?),
        _ => None,
    };
    if let Some(table) = table {
        return Ok(Listing { format, records: platformsh::records(table)?, total_count: None, skipped_count: 0 });
    }
    let document = parse(text)?;
    let total_count = document.get("total").and_then(Value::as_u64);
    let (member, values) = values(document)?;
    let mut listing = Listing { format, records: Vec::new(), total_count, skipped_count: 0 };
    for (index, value) in values.into_iter().enumerate() {
        let place = format!("{member}[{index}]");
        let record = match format {
            Format::MendixV2 => Some(mendix::record_v2(value, place)?),
            Format::MendixV1 => Some(mendix::record_v1(value, place)?),
            Format::Squidex => squidex::record(value, place)?,
            Format::PlatformShJson => Some(platformsh::record(value, place)?),
            _ => Some(plain::record(value, place)?),
        };
        match record {
            Some(record) => listing.records.push(record),
            None => listing.skipped_count = listing.skipped_count.saturating_add(1),
        }
    }
    Ok(listing)
}

/// The members that hold the records, by platform.
const ARRAYS: [&str; 5] = ["snapshots", "archives", "items", "backups", "Snapshots"];

fn text(bytes: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::Encoding, ""))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::json("", error))
}

/// The array of records, and the name of the member that holds it; empty for a bare array.
fn values(document: Value) -> Result<(&'static str, Vec<Value>)> {
    match document {
        Value::Array(values) => Ok(("", values)),
        Value::Object(mut members) => {
            let found = ARRAYS.into_iter().find_map(|name| members.remove(name).map(|value| (name, value)));
            match found {
                Some((name, Value::Array(values))) => Ok((name, values)),
                Some((name, _)) => Err(Error::new(ErrorKind::Type { expected: "an array" }, name)),
                None => Err(Error::new(ErrorKind::Unrecognised, "")),
            }
        }
        _ => Err(Error::new(ErrorKind::Unrecognised, "")),
    }
}

fn detect_json(document: &Value) -> Option<Format> {
    let array = |name: &str| document.get(name).and_then(Value::as_array);
    let by_wrapper = |name: &str| match name {
        "snapshots" | "archives" => Some(Format::MendixV2),
        "items" => Some(Format::Squidex),
        "Snapshots" => Some(Format::MendixV1),
        _ => None,
    };
    let (wrapper, values) = match document {
        Value::Array(values) => ("", values),
        _ => ARRAYS.into_iter().find_map(|name| array(name).map(|values| (name, values)))?,
    };
    let Some(first) = values.iter().find(|value| value.is_object()) else {
        // An empty bare array is an empty list, whoever made it.
        let is_empty_list = wrapper.is_empty() && values.is_empty();
        return by_wrapper(wrapper).or(is_empty_list.then_some(Format::Own));
    };
    let has = |names: &[&str]| names.iter().any(|name| first.get(name).is_some());
    if has(&["taken_at"]) {
        Some(Format::Own)
    } else if has(&["snapshot_id", "archive_id"]) {
        Some(Format::MendixV2)
    } else if has(&["SnapshotID"]) {
        Some(Format::MendixV1)
    } else if has(&["handledEvents", "handledAssets", "taskName", "started"]) {
        Some(Format::Squidex)
    } else if has(&["restorable", "safe", "automated", "commit_id", "size_used", "size_of_volumes"]) {
        Some(Format::PlatformShJson)
    } else {
        by_wrapper(wrapper)
    }
}
