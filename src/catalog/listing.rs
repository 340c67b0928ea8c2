//! Detects which listing some bytes are, and reads it: [`read`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::code::Code;
use super::error::{Error, ErrorKind};
use super::format::ListingFormat;
use super::member::Element;
use super::pages::Pages;
use super::record::{Phase, Provider, Record};
use super::table::{Form, Separator, Table};
use super::text::decode;
use super::{mendix, own, peers, platformsh, squidex};
use crate::diagnostic::Diagnostics;
use crate::json::printable;
use crate::layout::escaped;
use crate::retention::Backup;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A listing, or a part of it.
///
/// ```
/// use appsnap::catalog;
/// use appsnap::retention::presets;
///
/// let mut listing = catalog::read(br#"[{"id": "a", "taken_at": "2026-11-19T02:00:00Z"}]"#)?;
/// listing.append(catalog::read(br#"[{"id": "b", "taken_at": "2026-11-20T02:00:00Z"}]"#)?)?;
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
    /// The records, in the order of the listing, each once.
    pub records: Vec<Record>,
    /// The number of all backups, if the platform reports it.
    pub total_count: Option<u64>,
    /// The number of entries that are not backups, such as other jobs of Squidex.
    pub skipped_count: u64,
    diagnostics: Diagnostics,
}

/// The identity of a record: ids are unique in a group.
type Key = (Option<String>, String);

/// More findings of one code are only counted.
const MAX_FINDINGS_PER_CODE: u64 = 100;

impl Listing {
    /// Creates a listing of these records, of which each counts once.
    fn new(format: ListingFormat, records: Vec<Record>) -> Result<Self> {
        let diagnostics = Diagnostics::new(MAX_FINDINGS_PER_CODE);
        let mut listing = Self { format, records, total_count: None, skipped_count: 0, diagnostics };
        listing.merge_repeated()?;
        Ok(listing)
    }

    /// Returns the backups for a retention policy, in the order of the records.
    #[must_use]
    pub fn to_backups(&self) -> Vec<Backup<String>> {
        self.records.iter().map(Record::to_backup).collect()
    }

    /// Returns `true` if the platform reports more backups than there are records. Do not plan retention for a part of
    /// the backups: rules that count would delete too few, or the wrong ones.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let read_count = (self.records.len() as u64).saturating_add(self.skipped_count);
        self.total_count.is_some_and(|total| total > read_count)
    }

    /// Adds another page of the same listing. A backup that both contain counts once.
    ///
    /// # Errors
    /// Returns an error if the page is from another program or platform, or if two backups that were created at different
    /// times have the same id.
    pub fn append(&mut self, page: Self) -> Result<()> {
        let provider = |listing: &Self| listing.records.first().map(|record| record.provider);
        match (provider(self), provider(&page)) {
            (Some(own), Some(other)) if own != other => return Err(Error::new(ErrorKind::OtherProvider)),
            (None, Some(_)) => self.format = page.format,
            _ => {}
        }
        self.records.extend(page.records);
        self.total_count = self.total_count.max(page.total_count);
        self.skipped_count = self.skipped_count.saturating_add(page.skipped_count);
        let mut found = page.diagnostics;
        self.diagnostics.append(&mut found);
        self.merge_repeated()
    }

    /// Reads the times that have no UTC offset in a time zone. By default they are read in UTC.
    ///
    /// borg prints the local time of the machine on which it runs. A time that clocks repeat is read as the first of the
    /// two.
    #[must_use]
    pub fn in_zone(mut self, zone: &TimeZone) -> Self {
        let moved = |at: &mut jiff::Timestamp| {
            let local = TimeZone::UTC.to_datetime(*at);
            *at = zone.to_ambiguous_timestamp(local).compatible().unwrap_or(*at);
        };
        for record in self.records.iter_mut().filter(|record| record.is_local_time) {
            moved(&mut record.created_at);
            record.finished_at.iter_mut().for_each(moved);
            record.is_local_time = false;
        }
        self
    }

    /// Returns what is noticed about the listing: backups that are missing or repeated, and facts that it does not
    /// contain and that decisions depend on.
    #[must_use]
    pub fn diagnostics(&self) -> Diagnostics {
        let mut found = self.diagnostics.clone();
        if let Some(total) = self.total_count.filter(|_| self.is_partial()) {
            let count = self.records.len();
            found.add(Code::ListingIncomplete, |found| {
                found.with_message(format!("the platform reports {total} backups, but the listing contains {count}"))
            });
        }
        let is_unknown = |record: &&Record| record.provider == Provider::PlatformSh && record.origin.is_none();
        let count = self.records.iter().filter(is_unknown).count();
        if count > 0 {
            found.add(Code::OriginUnknown, |found| {
                found.with_message(format!(
                    "the listing does not say whether {} automated or manual: all are taken for automated ones",
                    plural(count, "backup is", "backups are")
                ))
            });
        }
        let count = self.records.iter().filter(|record| record.is_local_time).count();
        if count > 0 {
            found.add(Code::LocalTime, |found| {
                found.with_message(format!(
                    "{} times without a UTC offset: they are read in UTC",
                    plural(count, "backup has", "backups have")
                ))
            });
        }
        for record in self.records.iter().filter(|record| record.phase == Phase::Unknown) {
            found.add(Code::UnknownState, |found| {
                found
                    .with_location(escaped(record.id.as_bytes()).to_string())
                    .with_message(format!("the state {:?} is not known", record.state))
            });
        }
        found
    }

    /// Leaves out records that appear again. Of two, the one that changed last stays.
    fn merge_repeated(&mut self) -> Result<()> {
        let mut known: BTreeMap<Key, usize> = BTreeMap::new();
        let mut records: Vec<Record> = Vec::with_capacity(self.records.len());
        for record in std::mem::take(&mut self.records) {
            let slot = match known.entry((record.group(), record.id.clone())) {
                Slot::Vacant(slot) => {
                    slot.insert(records.len());
                    records.push(record);
                    continue;
                }
                Slot::Occupied(slot) => records.get_mut(*slot.get()),
            };
            let Some(earlier) = slot else { continue };
            if earlier.created_at != record.created_at {
                return Err(Error::new(ErrorKind::SameId { id: record.id }));
            }
            self.diagnostics.add(Code::RepeatedRecord, |found| {
                found
                    .with_location(escaped(record.id.as_bytes()).to_string())
                    .with_message("the listing contains the backup more than once: it counts once")
            });
            if record.updated_at >= earlier.updated_at {
                *earlier = record;
            }
        }
        self.records = records;
        Ok(())
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Reads a listing, whose format is detected from its content.
///
/// The text can be UTF-8 or UTF-16. Escape sequences, with which programs set colours, are ignored. JSON can be a page, an
/// array of pages, pages one after the other, or the answer about a single backup.
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
/// Returns an error if the bytes are none of the known listings, if a value in it is missing or wrong, or if two backups
/// that were created at different times have the same id.
pub fn read(bytes: &[u8]) -> Result<Listing> {
    match detect(bytes)? {
        Some(format) => read_as(bytes, format),
        None => Err(unrecognised(&decode(bytes)?)),
    }
}

/// Detects the format of a listing from its content. `None` if it is not known.
///
/// # Errors
/// Returns an error if the bytes are not text, or if they begin like JSON and are not JSON.
pub fn detect(bytes: &[u8]) -> Result<Option<ListingFormat>> {
    let text = decode(bytes)?;
    if is_json(&text) {
        return Pages::of(&text)?.format();
    }
    Ok(Form::of(&text).map(|form| match form {
        Form::Boxed => ListingFormat::PlatformShTable,
        Form::Separated(Separator::Tab) => ListingFormat::PlatformShTsv,
        Form::Separated(_) => ListingFormat::PlatformShCsv,
    }))
}

/// The error of a text that is no listing, with the message if an API answers with one.
fn unrecognised(text: &str) -> Error {
    let answer: Option<BTreeMap<String, Value>> = serde_json::from_str(text).ok();
    let message = answer.and_then(|answer| ANSWERS.iter().find_map(|name| answer.get(*name)?.as_str().map(printable)));
    Error::new(message.map_or(ErrorKind::Unrecognised, |message| ErrorKind::Answer { message }))
}

/// The members with which APIs report errors.
const ANSWERS: [&str; 7] = ["message", "errorMessage", "error_description", "detail", "title", "error", "msg"];

fn is_json(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(['{', '[']) || text == "null"
}

/// Reads a listing of a known format.
///
/// # Errors
/// Returns an error if the bytes do not have that format, if a value in them is missing or wrong, or if two backups that
/// were created at different times have the same id.
pub fn read_as(bytes: &[u8], format: ListingFormat) -> Result<Listing> {
    let text = decode(bytes)?;
    let comma_or_semicolon = || match Form::of(&text) {
        Some(Form::Separated(separator @ Separator::Semicolon)) => separator,
        _ => Separator::Comma,
    };
    let table = match format {
        ListingFormat::PlatformShCsv => Table::separated(&text, comma_or_semicolon())?,
        ListingFormat::PlatformShTsv => Table::separated(&text, Separator::Tab)?,
        ListingFormat::PlatformShTable => Table::boxed(&text)?,
        _ => return from_json(&text, format),
    };
    let has_heading = !table.heading.is_empty();
    let mut listing = Listing::new(format, platformsh::records(table)?)?;
    if !has_heading {
        listing.diagnostics.add(Code::HeadingMissing, |found| {
            found.with_message("the table has no heading: its columns are read as Created, Backup ID and Restorable")
        });
    }
    Ok(listing)
}

fn from_json(text: &str, format: ListingFormat) -> Result<Listing> {
    let pages = Pages::of(text)?;
    let mut records = Vec::with_capacity(pages.elements.len());
    let mut skipped_count = 0_u64;
    for element in pages.elements {
        match record(element, format)? {
            Some(record) => records.push(record),
            None => skipped_count = skipped_count.saturating_add(1),
        }
    }
    if format == ListingFormat::Borg {
        peers::distinguish_archives(&mut records);
    }
    let mut listing = Listing::new(format, records)?;
    (listing.total_count, listing.skipped_count) = (pages.total_count, skipped_count);
    if pages.is_single {
        listing.diagnostics.add(Code::SingleRecord, |found| {
            found.with_message("the text is about one backup: rules that count do not see the others")
        });
    }
    Ok(listing)
}

/// Reads one record. `None` if it is not about a backup.
fn record(element: Element<'_>, format: ListingFormat) -> Result<Option<Record>> {
    Ok(match format {
        ListingFormat::MendixV2 => Some(mendix::record_v2(element)?),
        ListingFormat::MendixV1 => Some(mendix::record_v1(element)?),
        ListingFormat::Squidex => squidex::record(element)?,
        ListingFormat::PlatformShJson => Some(platformsh::record(element)?),
        ListingFormat::Restic => Some(peers::restic(element)?),
        ListingFormat::Borg => Some(peers::borg(element)?),
        ListingFormat::Proxmox => peers::proxmox(element)?,
        ListingFormat::Kopia => Some(peers::kopia(element)?),
        _ => Some(own::record(&element)?),
    })
}
