//! Finds the records in the JSON of a listing: one page, several pages, or one record.

use std::collections::BTreeMap;

use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind};
use super::format::ListingFormat;
use super::member::Element;

type Result<T, E = Error> = std::result::Result<T, E>;

/// The members of a page that contain the records, by platform.
const ARRAYS: [&str; 6] = ["snapshots", "archives", "items", "backups", "Snapshots", "data"];

/// Arrays of pages of grouped records are three deep.
const MAX_DEPTH: u8 = 4;

/// The records of all pages.
#[derive(Default)]
pub(super) struct Pages<'t> {
    pub(super) elements: Vec<Element<'t>>,
    /// The number of all backups, if a page contains it.
    pub(super) total_count: Option<u64>,
    /// The text is one record, in no array.
    pub(super) is_single: bool,
    /// The member that contained the records of the first page.
    wrapper: Option<&'static str>,
}

impl<'t> Pages<'t> {
    /// Reads pages one after the other, or in an array. Records in no page are a page, too.
    pub(super) fn of(text: &'t str) -> Result<Self> {
        let mut pages = Self::default();
        let mut count = 0_u64;
        for value in Deserializer::from_str(text).into_iter::<&RawValue>() {
            let raw = value.map_err(|error| Error::json(text, 0, error))?;
            let is_object = raw.get().starts_with('{');
            count = count.saturating_add(1);
            pages.collect(Element { text, path: String::new(), raw }, 0)?;
            pages.is_single = count == 1 && is_object && pages.wrapper.is_none();
        }
        if count == 0 { Err(Error::new(ErrorKind::Unrecognised)) } else { Ok(pages) }
    }

    fn collect(&mut self, element: Element<'t>, depth: u8) -> Result<()> {
        let json = element.raw.get();
        if json.starts_with('[') && depth < MAX_DEPTH {
            return self.collect_array(&element, depth);
        }
        if json.starts_with('{') {
            let members = element.members()?;
            let array = |name: &&'static str| members.get(*name).filter(|raw| raw.get().starts_with('['));
            let wrapped = ARRAYS.iter().find_map(|name| Some((*name, *array(name)?)));
            if let Some((name, raw)) = wrapped.filter(|_| format_of(&members).is_none()) {
                self.wrapper = self.wrapper.or(Some(name));
                let total = members.get("total").and_then(|total| total.get().parse().ok());
                self.total_count = self.total_count.max(total);
                return self.collect_array(&element.member(name, raw), depth);
            }
        }
        // An empty list is `null` in some languages.
        if json != "null" || depth > 0 {
            self.elements.push(element);
        }
        Ok(())
    }

    fn collect_array(&mut self, array: &Element<'t>, depth: u8) -> Result<()> {
        let values: Vec<&RawValue> =
            serde_json::from_str(array.raw.get()).map_err(|error| Error::json(array.text, array.offset(), error))?;
        // rustic puts the key of a group before the array of its snapshots.
        let is_group = depth > 0
            && matches!(&values[..], [key, list] if key.get().starts_with('{') && list.get().starts_with('['));
        for (index, raw) in values.into_iter().enumerate().skip(usize::from(is_group)) {
            let path = format!("{}[{index}]", array.path);
            self.collect(Element { text: array.text, path, raw }, depth.saturating_add(1))?;
        }
        Ok(())
    }

    /// Detects the format of the records, from the first that is an object.
    pub(super) fn format(&self) -> Result<Option<ListingFormat>> {
        let by_wrapper = self.wrapper.map(|name| match name {
            "snapshots" | "archives" => ListingFormat::MendixV2,
            "items" => ListingFormat::Squidex,
            "Snapshots" => ListingFormat::MendixV1,
            "data" => ListingFormat::Proxmox,
            _ => ListingFormat::Own,
        });
        if self.elements.is_empty() {
            // An empty array is an empty list of any platform.
            return Ok(by_wrapper.or(Some(ListingFormat::Own)));
        }
        let Some(first) = self.elements.iter().find(|element| element.raw.get().starts_with('{')) else {
            return Ok(None);
        };
        let by_wrapper = by_wrapper.filter(|format| *format != ListingFormat::Own);
        Ok(format_of(&first.members()?).or(by_wrapper))
    }
}

/// The format of a record with these members.
fn format_of(members: &BTreeMap<String, &RawValue>) -> Option<ListingFormat> {
    let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
    let has_all = |names: &[&str]| names.iter().all(|name| members.contains_key(*name));
    Some(if has(&["taken_at"]) {
        ListingFormat::Own
    } else if has(&["snapshot_id", "archive_id"]) {
        ListingFormat::MendixV2
    } else if has(&["SnapshotID"]) {
        ListingFormat::MendixV1
    } else if has(&["handledEvents", "handledAssets", "taskName", "started"]) {
        ListingFormat::Squidex
    } else if has(&["barchive"]) || has_all(&["name", "start"]) || has_all(&["archive", "time"]) {
        ListingFormat::Borg
    } else if has(&["backup-type", "backup-id", "backup-time", "volid"]) {
        ListingFormat::Proxmox
    } else if has(&["startTime"]) {
        ListingFormat::Kopia
    } else if has_all(&["time", "tree"]) || has_all(&["time", "paths"]) {
        ListingFormat::Restic
    } else if has(&["restorable", "safe", "automated", "commit_id", "size_used", "size_of_volumes"]) {
        ListingFormat::PlatformShJson
    } else {
        return None;
    })
}
