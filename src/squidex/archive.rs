//! Reading a Squidex archive: [`Archive`] finds events and attachments and reads them on demand.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::io::Read as _;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::app::App;
use super::code::Code;
use super::error::{Error, ErrorKind, Result};
use super::event::Event;
use super::known::{ASSET_SUFFIX, FORMAT_MAJOR, USERS, VERSION, Version, asset_file_name};
use super::object::from_object;
use super::path::{Member, attachment_path, event_path, lower_case};
use crate::diagnostic::Diagnostics;
use crate::io::ReadAt;
use crate::layout::escaped;
use crate::limits::{Budget, Limits};
use crate::zip::{self, EntryReader, LocatedEntry};

/// An open Squidex archive: its directory has been read and checked, its contents are read on demand.
///
/// An archive holds 40 bytes of memory per event, and the names of the attachments.
///
/// # Security
/// Suitable for untrusted archives: [`zip`] refuses ambiguous archives, names are parsed into types, a name that escapes
/// from its folder refuses the archive, and [`max_event_bytes`](Limits::max_event_bytes) bounds everything that is parsed in
/// memory.
#[derive(Debug)]
pub struct Archive<R> {
    zip: zip::Archive<R>,
    events: Vec<LocatedEntry>,
    attachments: BTreeMap<String, LocatedEntry>,
    version: Option<i64>,
    diagnostics: Diagnostics,
    limits: Limits,
}

impl<R: ReadAt> Archive<R> {
    /// Opens a backup: reads the directory of the zip file and the version of the backup.
    ///
    /// # Errors
    /// Returns an error if the zip file is damaged or ambiguous, if it is not a backup, if it contains a name that escapes
    /// from its folder, if its version is not the one that Squidex restores, if a limit is exceeded, or if reading fails.
    pub fn open(source: R, limits: &Limits) -> Result<Self> {
        let zip = zip::Archive::open(source, limits)?;
        let mut diagnostics = Diagnostics::new(limits.max_findings_per_code());
        let mut events: Vec<(u64, LocatedEntry)> = Vec::new();
        let mut attachments: BTreeMap<String, LocatedEntry> = BTreeMap::new();
        let mut top_folder = None;
        let mut buffer = Vec::new();
        let mut entries = zip.entries(&mut buffer);
        while let Some(entry) = entries.next_entry()? {
            let located = zip.locate(&entry)?;
            let path = || escaped(entry.name()).to_string();
            match Member::parse(entry.name()) {
                Member::Event(index) => events.push((index, located)),
                Member::Attachment(name) => match attachments.entry(name) {
                    Slot::Vacant(slot) => _ = slot.insert(located),
                    Slot::Occupied(_) => duplicate(&mut diagnostics, path),
                },
                Member::Misplaced => diagnostics.add(Code::MisplacedAttachment, |found| {
                    found.with_location(path()).with_message("a restore does not look for the attachment here")
                }),
                Member::Folder if entry.is_folder() => {}
                Member::Folder | Member::Foreign => {
                    top_folder = top_folder.or_else(|| folder_around(entry.name()));
                    diagnostics.add(Code::ForeignEntry, |found| {
                        found.with_location(path()).with_message("the entry does not belong to a Squidex backup")
                    });
                }
                Member::Unsafe if has_backslashes(entry.name()) => {
                    return Err(Error::new(ErrorKind::Backslashes).within(path()));
                }
                Member::Unsafe => return Err(Error::new(ErrorKind::UnsafeName).within(path())),
            }
        }
        if events.is_empty() && attachments.is_empty() {
            return Err(top_folder.map_or(ErrorKind::NotBackup, |folder| ErrorKind::InFolder { folder }).into());
        }
        let events = in_sequence(events, &mut diagnostics);
        attachments.retain(|name, located| {
            // The file of an asset that was deleted is empty, and only the events tell.
            located.uncompressed_bytes != 0 || {
                if !name.ends_with(ASSET_SUFFIX) {
                    empty(&mut diagnostics, escaped(attachment_path(name).as_bytes()).to_string());
                }
                false
            }
        });
        let mut archive = Self { zip, events, attachments, version: None, diagnostics, limits: limits.clone() };
        archive.check_version()?;
        Ok(archive)
    }

    /// Returns the format version that the archive declares, if it is readable. Squidex restores version 5.
    #[must_use]
    pub const fn version(&self) -> Option<i64> {
        self.version
    }

    /// Returns what is unusual in the directory of the archive. [`survey`](Self::survey) examines the events as well.
    #[must_use]
    pub const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Returns the number of events that a restore reads: those numbered from zero without a gap.
    #[must_use]
    pub const fn events_count(&self) -> u64 {
        self.events.len() as u64
    }

    /// Returns `true` if the event with number `index` has no contents. A restore fails at it.
    pub(super) fn is_event_empty(&self, index: u64) -> bool {
        let located = usize::try_from(index).ok().and_then(|index| self.events.get(index));
        located.is_some_and(|located| located.uncompressed_bytes == 0)
    }

    /// Reads the event with number `index`; `None` after the last one.
    ///
    /// # Errors
    /// Returns an error if the event is damaged or longer than the limit, or if reading fails.
    pub fn event(&self, index: u64) -> Result<Option<Event>> {
        let located = usize::try_from(index).ok().and_then(|index| self.events.get(index));
        located
            .map(|located| Event::parse(&self.load(located)?))
            .transpose()
            .map_err(|error: Error| error.in_event(index))
    }

    /// Reads the events in their order.
    pub fn events(&self) -> impl Iterator<Item = Result<Event, Error>> {
        (0..).map_while(|index| self.event(index).transpose())
    }

    /// Reads the app from the first event; `None` if the first event does not create one.
    ///
    /// # Errors
    /// Returns an error if the event is damaged or longer than the limit, or if reading fails.
    pub fn app(&self) -> Result<Option<App>> {
        let Some(event) = self.event(0)? else { return Ok(None) };
        App::created_by(&event).map_err(|kind| Error::new(kind).in_event(0))
    }

    /// Returns the attachments that a restore finds: lower-cased names in alphabetical order, and lengths in bytes.
    pub fn attachments(&self) -> impl Iterator<Item = (&str, u64)> {
        self.attachments.iter().map(|(name, located)| (name.as_str(), located.uncompressed_bytes))
    }

    /// Returns `true` if a restore finds this attachment. Letter case does not matter.
    #[must_use]
    pub fn has_attachment(&self, name: &str) -> bool {
        self.attachments.contains_key(&lower_case(name))
    }

    /// Opens an attachment; `None` if it is missing or empty. Letter case does not matter.
    #[must_use]
    pub fn attachment(&self, name: &str) -> Option<EntryReader<'_, R>> {
        self.attachments.get(&lower_case(name)).map(|located| self.zip.read_located(located))
    }

    /// Opens a version of the file of an asset; `None` if it is missing or empty.
    #[must_use]
    pub fn asset_file(&self, asset_id: &str, version: i64) -> Option<EntryReader<'_, R>> {
        self.attachment(&asset_file_name(asset_id, version))
    }

    /// Reads the users that the events refer to: their e-mail addresses by their ids.
    ///
    /// # Errors
    /// Returns an error if the attachment has other contents or is longer than the limit, or if reading fails.
    pub fn users(&self) -> Result<Option<BTreeMap<String, String>>> {
        self.json(USERS)
    }

    /// Reads a JSON attachment as text, such as `Settings.json`, `Urls.json`, `AssetTags.json` or `AssetTagsAlias.json`.
    ///
    /// # Errors
    /// Returns an error if the attachment is not JSON or is longer than the limit, or if reading fails.
    pub fn json_text(&self, name: &str) -> Result<Option<String>> {
        let Some(located) = self.attachments.get(&lower_case(name)) else { return Ok(None) };
        let bytes = self.load(located)?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let raw: serde_json::Result<Box<RawValue>> = serde_json::from_slice(text);
        raw.map(|raw| Some(raw.get().to_owned())).map_err(|error| not_json(name, error))
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads a JSON attachment that is an object.
    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.json_text(name)?.map(|text| from_object(&text).map_err(|error| not_json(name, error))).transpose()
    }

    /// Reads an entry that is parsed in memory.
    fn load(&self, located: &LocatedEntry) -> Result<Vec<u8>> {
        Budget::new("max_event_bytes", self.limits.max_event_bytes()).spend(located.uncompressed_bytes)?;
        let mut bytes = Vec::new();
        self.zip
            .read_located(located)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::reading("reading an entry of a Squidex backup", error))?;
        Ok(bytes)
    }

    /// Checks the version. Like Squidex, accepts a missing or unreadable one, and treats zero as missing.
    fn check_version(&mut self) -> Result<()> {
        let (code, message) = match self.json::<Version>(VERSION) {
            Ok(None) => (Code::VersionMissing, "the attachment is missing"),
            Ok(Some(Version { major })) if major == FORMAT_MAJOR || major == 0 => {
                self.version = Some(major);
                return Ok(());
            }
            Ok(Some(Version { major })) => return Err(ErrorKind::Version { major }.into()),
            Err(error) if matches!(error.kind(), ErrorKind::Attachment) => {
                (Code::VersionUnreadable, "the attachment cannot be read")
            }
            Err(error) => return Err(error),
        };
        self.diagnostics.add(code, |found| found.with_location(attachment_path(VERSION)).with_message(message));
        Ok(())
    }
}

fn not_json(name: &str, error: serde_json::Error) -> Error {
    Error::json(ErrorKind::Attachment, error).within_name(name.as_bytes())
}

/// Returns the events that a restore reads: the first entry of each number, up to the first number that is missing.
fn in_sequence(mut events: Vec<(u64, LocatedEntry)>, diagnostics: &mut Diagnostics) -> Vec<LocatedEntry> {
    // A stable sort keeps the order of the directory among entries of one number.
    events.sort_by_key(|(index, _)| *index);
    events.dedup_by(|later, first| {
        let is_same = later.0 == first.0;
        if is_same {
            duplicate(diagnostics, || event_path(later.0));
        }
        is_same
    });
    let reachable = events.iter().zip(0_u64..).take_while(|((index, _), expected)| index == expected).count();
    let lost_count = events.len().saturating_sub(reachable);
    if lost_count != 0 {
        diagnostics.add(Code::EventsMissing, |found| {
            found.with_location(event_path(reachable as u64)).with_message(format!(
                "event {reachable} is missing: a restore ends there and loses {lost_count} later {}",
                if lost_count == 1 { "event" } else { "events" }
            ))
        });
    }
    events.truncate(reachable);
    events.into_iter().map(|(_, located)| located).collect()
}

fn duplicate(diagnostics: &mut Diagnostics, path: impl FnOnce() -> String) {
    diagnostics.add(Code::DuplicateEntry, |found| {
        found
            .with_location(path())
            .with_message("the archive contains this entry more than once: only the first is restored")
    });
}

fn empty(diagnostics: &mut Diagnostics, path: String) {
    diagnostics.add(Code::EmptyEntry, |found| {
        found.with_location(path).with_message("the entry has no contents: a restore treats it as missing")
    });
}

/// Returns the folder in which an entry of a backup is, if it is in one.
fn folder_around(name: &[u8]) -> Option<String> {
    let (folder, rest) = std::str::from_utf8(name).ok()?.split_once('/')?;
    matches!(Member::parse(rest.as_bytes()), Member::Event(_) | Member::Attachment(_)).then(|| folder.to_owned())
}

/// Returns `true` for the name of an entry of a backup that is written with backslashes.
fn has_backslashes(name: &[u8]) -> bool {
    let name: Vec<u8> = name.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
    matches!(Member::parse(&name), Member::Event(_) | Member::Attachment(_) | Member::Folder)
}
