//! Detects which listing some bytes are, and reads it: [`read`].

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind};
use super::member::Element;
use super::record::Record;
use super::table::{Separator, Table};
use super::{mendix, own, platformsh, squidex};
use crate::retention::Backup;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A format of listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListingFormat {
    /// Mendix Backups API version 2: `{"snapshots": [...]}`, also `{"archives": [...]}`, or the bare array.
    MendixV2,
    /// Mendix Backups API version 1: an array of objects with `SnapshotID`.
    MendixV1,
    /// Squidex: `{"items": [...]}` with backups or jobs, or the bare array.
    Squidex,
    /// Platform.sh API: an array of backups.
    PlatformShJson,
    /// Platform.sh command line with `--format csv`.
    PlatformShCsv,
    /// Platform.sh command line with `--format tsv` or `plain`.
    PlatformShTsv,
    /// Platform.sh command line in its default format.
    PlatformShTable,
    /// An array of objects with `id` and `taken_at`, in the form that [`Backup`] documents.
    Own,
}

/// A listing, or a page of it.
///
/// ```
/// use appsnap::catalog;
/// use appsnap::retention::presets;
///
/// let listing = catalog::read(br#"[{"id": "a", "taken_at": "2026-11-19T02:00:00Z"},
///     {"id": "b", "taken_at": "2026-11-20T02:00:00Z"}]"#)?;
/// assert!(!listing.is_partial());
/// let (policy, backups) = (presets::by_name("restic:last=1")?, listing.to_backups());
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// assert!(plan.deleted().map(|decision| decision.backup().id().as_str()).eq(["a"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The format.
    pub format: ListingFormat,
    /// The records, in the order of the listing.
    pub records: Vec<Record>,
    /// The number of all backups, if the platform reports it.
    pub total_count: Option<u64>,
    /// The number of entries that are not backups, such as other jobs of Squidex.
    pub skipped_count: u64,
}

impl Listing {
    /// Returns the backups for a retention policy, in the order of the records.
    #[must_use]
    pub fn to_backups(&self) -> Vec<Backup<String>> {
        self.records.iter().map(Record::to_backup).collect()
    }

    /// Returns `true` if the platform reports more backups than there are records. Do not plan retention for a part of
    /// the backups: rules that count would delete too few, or the wrong ones.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.total_count.is_some_and(|total| total > self.records.len() as u64)
    }
}

/// Reads a listing, whose format is detected from its content.
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
/// Returns an error if the bytes are none of the known listings, or if a value in it is missing or wrong.
pub fn read(bytes: &[u8]) -> Result<Listing> {
    let format = detect(bytes)?.ok_or_else(|| Error::new(ErrorKind::Unrecognised))?;
    read_as(bytes, format)
}

/// Detects the format of a listing from its content. `None` if it is not known.
///
/// # Errors
/// Returns an error if the bytes are not UTF-8 text, or if they begin like JSON and are not JSON.
pub fn detect(bytes: &[u8]) -> Result<Option<ListingFormat>> {
    let text = text(bytes)?;
    if text.trim_start().starts_with(['{', '[']) {
        let document = serde_json::from_str(text).map_err(|error| Error::json(text, 0, error))?;
        return Ok(detect_json(&document));
    }
    let is_heading = |line: &str| {
        let line = line.to_ascii_lowercase().replace(['_', '"'], " ");
        line.contains("created") && line.contains("backup id")
    };
    let Some(heading) = text.lines().find(|line| is_heading(line)) else { return Ok(None) };
    Ok(Some(match heading {
        _ if heading.contains(['|', '│', '┃']) => ListingFormat::PlatformShTable,
        _ if heading.contains('\t') => ListingFormat::PlatformShTsv,
        _ => ListingFormat::PlatformShCsv,
    }))
}

/// Reads a listing of a known format.
///
/// # Errors
/// Returns an error if the bytes do not have that format, or if a value in them is missing or wrong.
pub fn read_as(bytes: &[u8], format: ListingFormat) -> Result<Listing> {
    let text = text(bytes)?;
    let table = match format {
        ListingFormat::PlatformShCsv => Some(Table::separated(text, Separator::Comma)?),
        ListingFormat::PlatformShTsv => Some(Table::separated(text, Separator::Tab)?),
        ListingFormat::PlatformShTable => Some(Table::boxed(text)?),
        _ => None,
    };
    if let Some(table) = table {
        return Ok(Listing { format, records: platformsh::records(table)?, total_count: None, skipped_count: 0 });
    }
    let (elements, total_count) = elements(text)?;
    let mut listing = Listing { format, records: Vec::new(), total_count, skipped_count: 0 };
    for element in elements {
        let record = match format {
            ListingFormat::MendixV2 => Some(mendix::record_v2(element)?),
            ListingFormat::MendixV1 => Some(mendix::record_v1(element)?),
            ListingFormat::Squidex => squidex::record(element)?,
            ListingFormat::PlatformShJson => Some(platformsh::record(element)?),
            _ => Some(own::record(&element)?),
        };
        match record {
            Some(record) => listing.records.push(record),
            None => listing.skipped_count = listing.skipped_count.saturating_add(1),
        }
    }
    Ok(listing)
}

/// The members that contain the records, by platform.
const ARRAYS: [&str; 5] = ["snapshots", "archives", "items", "backups", "Snapshots"];

fn text(bytes: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        // The first byte that is not UTF-8.
        Error::new(ErrorKind::Encoding).at(error.valid_up_to() as u64)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The records of a JSON document, and the number of all backups if it contains that.
fn elements(text: &str) -> Result<(Vec<Element<'_>>, Option<u64>)> {
    let json = |error| Error::json(text, 0, error);
    let document: &RawValue = serde_json::from_str(text).map_err(json)?;
    let (name, array, total_count) = if document.get().starts_with('{') {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(json)?;
        let found = ARRAYS.into_iter().find_map(|name| Some((name, *members.get(name)?)));
        let (name, array) = found.ok_or_else(|| Error::new(ErrorKind::Unrecognised))?;
        (name, array, members.get("total").and_then(|total| total.get().parse().ok()))
    } else {
        ("", document, None)
    };
    let whole = Element { text, path: name.to_owned(), raw: array };
    if !array.get().starts_with('[') {
        let is_document = name.is_empty();
        let kind = if is_document { ErrorKind::Unrecognised } else { ErrorKind::Type { expected: "an array" } };
        return Err(whole.error(kind));
    }
    let values: Vec<&RawValue> =
        serde_json::from_str(array.get()).map_err(|error| Error::json(text, whole.offset(), error))?;
    let elements = values.into_iter().enumerate();
    let elements = elements.map(|(index, raw)| Element { text, path: format!("{name}[{index}]"), raw });
    Ok((elements.collect(), total_count))
}

fn detect_json(document: &Value) -> Option<ListingFormat> {
    let array = |name: &str| document.get(name).and_then(Value::as_array);
    let by_wrapper = |name: &str| match name {
        "snapshots" | "archives" => Some(ListingFormat::MendixV2),
        "items" => Some(ListingFormat::Squidex),
        "Snapshots" => Some(ListingFormat::MendixV1),
        _ => None,
    };
    let (wrapper, values) = match document {
        Value::Array(values) => ("", values),
        _ => ARRAYS.into_iter().find_map(|name| array(name).map(|values| (name, values)))?,
    };
    let Some(first) = values.iter().find(|value| value.is_object()) else {
        // An empty array is an empty list of any platform.
        let is_empty_list = wrapper.is_empty() && values.is_empty();
        return by_wrapper(wrapper).or(is_empty_list.then_some(ListingFormat::Own));
    };
    let has = |names: &[&str]| names.iter().any(|name| first.get(name).is_some());
    if has(&["taken_at"]) {
        Some(ListingFormat::Own)
    } else if has(&["snapshot_id", "archive_id"]) {
        Some(ListingFormat::MendixV2)
    } else if has(&["SnapshotID"]) {
        Some(ListingFormat::MendixV1)
    } else if has(&["handledEvents", "handledAssets", "taskName", "started"]) {
        Some(ListingFormat::Squidex)
    } else if has(&["restorable", "safe", "automated", "commit_id", "size_used", "size_of_volumes"]) {
        Some(ListingFormat::PlatformShJson)
    } else {
        by_wrapper(wrapper)
    }
}
