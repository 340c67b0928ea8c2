//! Going through a whole archive to say what a restore would make of it: [`Survey`].

use std::collections::BTreeMap;
use std::fmt;

use super::attachment::{AssetFile, SETTINGS, USERS};
use super::error::{Error, EventFault, Result};
use super::event::Event;
use super::reader::Archive;
use crate::gzip::ReadAt;
use crate::observe::{Event as Progress, Observer, proceed};

/// The type of the event that a restore begins with.
const APP_CREATED: &str = "AppCreated";

/// The types of the events that an asset's file belongs to.
const WITH_FILE: [&str; 2] = ["AssetCreated", "AssetUpdated"];

/// An app: its id and its name.
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
/// let archive = Archive::open(&bytes, bytes.len() as u64, &Limits::untrusted())?;
/// use appsnap::observe::NoObserver;
///
/// let survey = archive.survey(&mut NoObserver)?;
/// let app = survey.app().expect("the first event creates it");
/// assert_eq!((app.name(), app.id()), ("blog", "f4c43ae4-0d14-4ee0-a5c4-4d4e3e1a5f10"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    id: String,
    name: String,
}

impl App {
    /// The id, a uuid in all known archives.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name, as the event that creates the app states it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The app that `event` creates, `None` when it creates none.
    pub(super) fn created_by(event: &Event) -> Result<Option<Self>, EventFault> {
        if event.base_kind() != APP_CREATED {
            return Ok(None);
        }
        let payload = event.payload_object()?;
        let app_id = payload.string("appId").ok_or(EventFault::AppId)?;
        let (id, name) = app_id.split_once(',').ok_or(EventFault::AppId)?;
        if id.is_empty() {
            return Err(EventFault::AppId);
        }
        let name = payload.string("name").unwrap_or_else(|| name.to_owned());
        Ok(Some(Self { id: id.to_owned(), name }))
    }
}

/// Something at which a restore by Squidex fails.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::observe::NoObserver;
/// use appsnap::squidex::{Archive, Fault, Writer};
///
/// let (bytes, _) = Writer::start(Vec::new())?.finish()?;
/// let archive = Archive::open(&bytes, bytes.len() as u64, &Limits::untrusted())?;
/// let survey = archive.survey(&mut NoObserver)?;
/// assert!(survey.faults().contains(&Fault::NoEvents) && survey.faults().contains(&Fault::NoUsers));
/// # Ok::<(), appsnap::squidex::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There are no events.
    NoEvents,
    /// No event creates the app, or others come before it.
    NotBegunByApp,
    /// A second event creates an app: what follows would go to another one.
    #[non_exhaustive]
    SecondApp {
        /// The second event that creates an app.
        index: u64,
    },
    /// `Users.json` is missing.
    NoUsers,
    /// `Settings.json` is missing.
    NoSettings,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvents => f.write_str("there are no events, so a restore fails; make the backup anew"),
            Self::NotBegunByApp => {
                f.write_str("the events do not begin with the creation of the app, so a restore fails")
            }
            Self::SecondApp { index } => write!(f, "event {index} creates a second app; an archive holds exactly one"),
            Self::NoUsers => {
                f.write_str("Users.json is missing, so a restore fails; add one, {} if there are no users")
            }
            Self::NoSettings => {
                f.write_str("Settings.json is missing, so a restore fails; add one, {} if there are none")
            }
        }
    }
}

/// What an archive holds, and what a restore would fail at or leave out.
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
/// let archive = Archive::open(&bytes, bytes.len() as u64, &Limits::untrusted())?;
/// use appsnap::observe::NoObserver;
///
/// let survey = archive.survey(&mut NoObserver)?;
/// assert!(survey.faults().is_empty() && survey.missing_assets().is_empty());
/// for (kind, count) in survey.events_by_kind() {
///     println!("{kind}: {count}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    app: Option<App>,
    events_count: u64,
    kinds: BTreeMap<String, u64>,
    asset_files_count: u64,
    missing: Vec<AssetFile>,
    missing_count: u64,
    faults: Vec<Fault>,
}

impl Survey {
    /// The app that the archive holds.
    #[must_use]
    pub const fn app(&self) -> Option<&App> {
        self.app.as_ref()
    }

    /// How many events there are.
    #[must_use]
    pub const fn events_count(&self) -> u64 {
        self.events_count
    }

    /// How many events there are of each type; of rare types beyond
    /// [`max_findings_per_code`](crate::Limits::max_findings_per_code) none are listed.
    #[must_use]
    pub const fn events_by_kind(&self) -> &BTreeMap<String, u64> {
        &self.kinds
    }

    /// How many asset files the events speak of, present or not.
    #[must_use]
    pub const fn asset_files_count(&self) -> u64 {
        self.asset_files_count
    }

    /// Asset files that events speak of and that are missing; a restore skips them in silence. The first
    /// [`max_findings_per_code`](crate::Limits::max_findings_per_code) of them.
    #[must_use]
    pub fn missing_assets(&self) -> &[AssetFile] {
        &self.missing
    }

    /// How many asset files are missing.
    #[must_use]
    pub const fn missing_assets_count(&self) -> u64 {
        self.missing_count
    }

    /// At what a restore fails; empty when it should pass.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl<R: ReadAt> Archive<R> {
    /// Reads all events and says what a restore would make of the archive. Asset files are not read, only looked for.
    ///
    /// # Errors
    /// [`Event`](super::ErrorKind::Event) at the first event that is none; [`Cancelled`](super::ErrorKind::Cancelled) by the observer;
    /// [`Zip`](super::ErrorKind::Zip), [`Limit`](super::ErrorKind::Limit), [`Io`](super::ErrorKind::Io).
    pub fn survey(&self, observer: &mut dyn Observer) -> Result<Survey> {
        let max_kept = usize::try_from(self.limits().max_findings_per_code()).unwrap_or(usize::MAX);
        let mut survey = Survey { events_count: self.events_count(), ..Survey::default() };
        let mut plain_bytes = 0_u64;
        for (index, event) in (0_u64..).zip(self.events()) {
            let event = event?;
            if let Some(app) = App::created_by(&event).map_err(|fault| Error::event(index, fault))? {
                match survey.app {
                    None if index == 0 => {}
                    None => survey.faults.push(Fault::NotBegunByApp),
                    Some(_) if survey.faults.iter().any(|fault| matches!(fault, Fault::SecondApp { .. })) => {}
                    Some(_) => survey.faults.push(Fault::SecondApp { index }),
                }
                survey.app.get_or_insert(app);
            }
            if let Some(file) = asset_file(&event) {
                survey.asset_files_count = survey.asset_files_count.saturating_add(1);
                if !self.has_attachment(&file.to_string()) {
                    survey.missing_count = survey.missing_count.saturating_add(1);
                    if survey.missing.len() < max_kept {
                        survey.missing.push(file);
                    }
                }
            }
            if survey.kinds.len() < max_kept || survey.kinds.contains_key(event.kind()) {
                let count = survey.kinds.entry(event.kind().to_owned()).or_default();
                *count = count.saturating_add(1);
            }
            plain_bytes = plain_bytes.saturating_add(event.payload().len() as u64);
            proceed(observer, &Progress::bytes(plain_bytes))?;
        }
        if survey.events_count == 0 {
            survey.faults.push(Fault::NoEvents);
        } else if survey.app.is_none() {
            survey.faults.push(Fault::NotBegunByApp);
        }
        for (name, fault) in [(USERS, Fault::NoUsers), (SETTINGS, Fault::NoSettings)] {
            if !self.has_attachment(name) {
                survey.faults.push(fault);
            }
        }
        Ok(survey)
    }
}

/// The asset file that belongs to `event`, where one does.
fn asset_file(event: &Event) -> Option<AssetFile> {
    if !WITH_FILE.contains(&event.base_kind()) {
        return None;
    }
    let payload = event.payload_object().ok()?;
    Some(AssetFile::new(payload.string("assetId")?, payload.number("fileVersion").unwrap_or_default()))
}
