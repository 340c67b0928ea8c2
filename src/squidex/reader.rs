//! Reading a Squidex archive: [`Archive`] finds events and attachments, [`Events`] goes through the log.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::io::Read as _;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::anomaly::{Anomalies, Anomaly};
use super::attachment::{FORMAT_MAJOR, URLS, USERS, Urls, VERSION, Version};
use super::error::{Error, ErrorKind, Result};
use super::event::Event;
use super::object::from_object;
use super::path::{Member, attachment_path, event_path, lower_cased};
use crate::io::ReadAt;
use crate::limits::{Budget, Limits};
use crate::zip::{self, EntryReader, Kind, Place};

/// A Squidex backup, opened: its directory is read and looked over, its contents are read when asked for.
///
/// Memory: 32 bytes an event, and the names of the attachments.
///
/// ```
/// # use appsnap::squidex::{Event, Writer};
/// # let mut writer = Writer::start(Vec::new())?;
/// # writer.json("Users.json", &serde_json::json!({"u1": "ada@example.org"}))?;
/// # writer.json("Settings.json", &serde_json::json!({}))?;
/// # writer.json("Urls.json", &serde_json::json!({"assets": "https://cms.example.org/api/assets/"}))?;
/// # let app = "f4c43ae4-0d14-4ee0-a5c4-4d4e3e1a5f10";
/// # let payload = format!(r#"{{"name":"blog","appId":"{app},blog"}}"#);
/// # writer.event(&Event::new("AppCreatedEvent", format!("app-{app}"), payload)?)?;
/// # let (bytes, _) = writer.finish()?;
/// use appsnap::Limits;
/// use appsnap::squidex::Archive;
///
/// let archive = Archive::open(&bytes, &Limits::untrusted())?;
/// assert_eq!((archive.version(), archive.events_count()), (Some(5), 1));
/// assert!(archive.has_attachment("settings.json"));
/// assert_eq!(archive.users()?.unwrap()["u1"], "ada@example.org");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Suited to archives from strangers: [`zip`] refuses ambiguous and lying archives, names are parsed into types
/// and those that reach outside refuse the archive, and [`max_event_bytes`](Limits::max_event_bytes) bounds what is parsed
/// in memory.
#[derive(Debug)]
pub struct Archive<R> {
    zip: zip::Archive<R>,
    events: Vec<Place>,
    attachments: BTreeMap<String, Place>,
    version: Option<i64>,
    anomalies: Anomalies,
    limits: Limits,
}

impl<R: ReadAt> Archive<R> {
    /// Reads the directory of the zip file and the version of the backup.
    ///
    /// `len_bytes` is the length of the source.
    ///
    /// # Errors
    /// [`Zip`](ErrorKind::Zip) when the zip file is damaged or ambiguous; [`NotBackup`](ErrorKind::NotBackup) when nothing in
    /// it belongs to a backup; [`Name`](ErrorKind::Name) for a name that reaches outside; [`Version`](ErrorKind::Version) for
    /// another version than Squidex restores; [`Limit`](ErrorKind::Limit); [`Io`](ErrorKind::Io).
    pub fn open(source: R, limits: &Limits) -> Result<Self> {
        let zip = zip::Archive::open(source, limits)?;
        let mut anomalies = Anomalies::default();
        let mut note = |anomaly| anomalies.add(anomaly, limits.max_findings_per_code());
        let mut events: Vec<(u64, Place)> = Vec::new();
        let mut attachments: BTreeMap<String, Place> = BTreeMap::new();
        let mut buffer = zip::Buffer::new();
        let mut entries = zip.entries(&mut buffer);
        while let Some(entry) = entries.next_entry()? {
            let place = zip.locate(&entry)?;
            let path = || entry.name().escape_ascii().to_string();
            match Member::parse(entry.name()) {
                Member::Event(index) => events.push((index, place)),
                Member::Attachment(name) => match attachments.entry(name) {
                    Slot::Vacant(slot) => _ = slot.insert(place),
                    Slot::Occupied(_) => note(Anomaly::Duplicate { path: path() }),
                },
                Member::Misplaced => note(Anomaly::Misplaced { path: path() }),
                Member::Folder if entry.kind() == Kind::Folder => {}
                Member::Folder | Member::Foreign => note(Anomaly::Foreign { path: path() }),
                Member::Hostile => return Err(Error::new(ErrorKind::Name { name: path() })),
            }
        }
        if events.is_empty() && attachments.is_empty() {
            return Err(Error::new(ErrorKind::NotBackup));
        }
        let events = in_sequence(events, &mut note);
        attachments.retain(|name, place| {
            let present = place.plain_bytes() != 0;
            if !present {
                note(Anomaly::Empty { path: attachment_path(name) });
            }
            present
        });
        let mut archive = Self { zip, events, attachments, version: None, anomalies, limits: limits.clone() };
        archive.check_version()?;
        Ok(archive)
    }

    /// The version that the archive says it has, where it says so readably. A restore asks for 5.
    #[must_use]
    pub const fn version(&self) -> Option<i64> {
        self.version
    }

    /// What is odd in the archive's directory.
    #[must_use]
    pub const fn anomalies(&self) -> &Anomalies {
        &self.anomalies
    }

    /// How many events a restore reads: those numbered from zero without a gap.
    #[must_use]
    pub const fn events_count(&self) -> u64 {
        self.events.len() as u64
    }

    /// Reads event `index`; `None` behind the last.
    ///
    /// # Errors
    /// [`Event`](ErrorKind::Event) when it is none; [`Zip`](ErrorKind::Zip), [`Limit`](ErrorKind::Limit),
    /// [`Io`](ErrorKind::Io).
    pub fn event(&self, index: u64) -> Result<Option<Event>> {
        let place = usize::try_from(index).ok().and_then(|index| self.events.get(index));
        place.map(|place| Event::parse(index, &self.load(place)?)).transpose()
    }

    /// Goes through the events in their order.
    #[must_use]
    pub const fn events(&self) -> Events<'_, R> {
        Events { archive: self, index: 0 }
    }

    /// The names of the attachments that a restore can find, lower-cased, in their alphabetical order, with their lengths.
    pub fn attachments(&self) -> impl Iterator<Item = (&str, u64)> {
        self.attachments.iter().map(|(name, place)| (name.as_str(), place.plain_bytes()))
    }

    /// Whether a restore finds this attachment; letter case does not matter.
    #[must_use]
    pub fn has_attachment(&self, name: &str) -> bool {
        self.attachments.contains_key(&lower_cased(name))
    }

    /// Reads an attachment, `None` when it is missing or has no contents; letter case does not matter.
    #[must_use]
    pub fn attachment(&self, name: &str) -> Option<EntryReader<'_, R>> {
        self.attachments.get(&lower_cased(name)).map(|place| self.zip.read(place))
    }

    /// The users that the app's events speak of: their e-mail addresses by their ids.
    ///
    /// # Errors
    /// [`Attachment`](ErrorKind::Attachment) when the file is not that; [`Zip`](ErrorKind::Zip),
    /// [`Limit`](ErrorKind::Limit), [`Io`](ErrorKind::Io).
    pub fn users(&self) -> Result<Option<BTreeMap<String, String>>> {
        self.json(USERS)
    }

    /// Under which addresses the app's assets were reachable.
    ///
    /// # Errors
    /// As [`users`](Self::users).
    pub fn urls(&self) -> Result<Option<Urls>> {
        self.json(URLS)
    }

    /// A JSON attachment as text, such as `Settings.json`, `AssetTags.json` or `AssetTagsAlias.json`.
    ///
    /// # Errors
    /// As [`users`](Self::users).
    pub fn json_text(&self, name: &str) -> Result<Option<String>> {
        let Some(place) = self.attachments.get(&lower_cased(name)) else { return Ok(None) };
        let bytes = self.load(place)?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let raw: serde_json::Result<Box<RawValue>> = serde_json::from_slice(text);
        let unreadable = |error| Error::json(ErrorKind::Attachment { name: name.to_owned() }, error);
        raw.map(|raw| Some(raw.get().to_owned())).map_err(unreadable)
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A JSON attachment that is an object.
    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let unreadable = |error| Error::json(ErrorKind::Attachment { name: name.to_owned() }, error);
        self.json_text(name)?.map(|text| from_object(&text).map_err(unreadable)).transpose()
    }

    /// Reads something small enough to be parsed in memory.
    fn load(&self, place: &Place) -> Result<Vec<u8>> {
        Budget::new("max_event_bytes", self.limits.max_event_bytes()).spend(place.plain_bytes())?;
        let mut bytes = Vec::new();
        self.zip
            .read(place)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::reading("reading an entry of a Squidex backup", error))?;
        Ok(bytes)
    }

    /// A missing or unreadable version passes, as it does in Squidex; so does one of zero, which is the same to it.
    fn check_version(&mut self) -> Result<()> {
        let max_kept = self.limits.max_findings_per_code();
        match self.json::<Version>(VERSION) {
            Ok(None) => self.anomalies.add(Anomaly::VersionMissing, max_kept),
            Ok(Some(Version { major })) if major == FORMAT_MAJOR || major == 0 => self.version = Some(major),
            Ok(Some(Version { major })) => return Err(Error::new(ErrorKind::Version { major })),
            Err(error) if matches!(error.kind(), ErrorKind::Attachment { .. }) => {
                self.anomalies.add(Anomaly::VersionUnreadable, max_kept);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// The events that a restore reads: of each number the first entry, up to the first number that is missing or empty.
fn in_sequence(mut events: Vec<(u64, Place)>, note: &mut impl FnMut(Anomaly)) -> Vec<Place> {
    // A stable sort keeps the directory's order among equals.
    events.sort_by_key(|(index, _)| *index);
    events.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            note(Anomaly::Duplicate { path: event_path(later.0) });
        }
        same
    });
    events.retain(|(index, place)| {
        let present = place.plain_bytes() != 0;
        if !present {
            note(Anomaly::Empty { path: event_path(*index) });
        }
        present
    });
    let reachable = events.iter().zip(0_u64..).take_while(|((index, _), expected)| index == expected).count();
    let unreachable = events.len().saturating_sub(reachable);
    if unreachable != 0 {
        note(Anomaly::Gap { missing_index: reachable as u64, unreachable_count: unreachable as u64 });
    }
    events.truncate(reachable);
    events.into_iter().map(|(_, place)| place).collect()
}

/// The events of an archive, one after another.
///
/// ```
/// # use appsnap::squidex::{Event, Writer};
/// # let mut writer = Writer::start(Vec::new())?;
/// # writer.json("Users.json", &serde_json::json!({"u1": "ada@example.org"}))?;
/// # writer.json("Settings.json", &serde_json::json!({}))?;
/// # writer.json("Urls.json", &serde_json::json!({"assets": "https://cms.example.org/api/assets/"}))?;
/// # let app = "f4c43ae4-0d14-4ee0-a5c4-4d4e3e1a5f10";
/// # let payload = format!(r#"{{"name":"blog","appId":"{app},blog"}}"#);
/// # writer.event(&Event::new("AppCreatedEvent", format!("app-{app}"), payload)?)?;
/// # let (bytes, _) = writer.finish()?;
/// use appsnap::Limits;
/// use appsnap::squidex::Archive;
///
/// let archive = Archive::open(&bytes, &Limits::untrusted())?;
/// for event in archive.events() {
///     assert_eq!(event?.base_kind(), "AppCreated");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Events<'a, R> {
    archive: &'a Archive<R>,
    index: u64,
}

impl<R: ReadAt> Iterator for Events<'_, R> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = self.archive.event(self.index).transpose();
        self.index = self.index.saturating_add(1);
        event
    }
}
