//! Copying an archive for an app with another id and name: [`clone_app`].

use std::io::Write;

use uuid::Uuid;

use super::attachment::VERSION;
use super::error::{Error, ErrorKind, EventFault, Result};
use super::event::Event;
use super::name::AppName;
use super::path::lower_cased;
use super::reader::Archive;
use super::survey::App;
use super::writer::{WriteReport, Writer};
use crate::gzip::ReadAt;
use crate::observe::{Event as Progress, Observer, proceed};

/// Stands between an app's id and the id of something in it (Squidex `DomainId`).
const SEPARATOR: &str = "--";

/// The app that a clone becomes.
///
/// ```
/// use appsnap::squidex::NewApp;
///
/// let new = NewApp::new(uuid::Uuid::from_u128(7)).with_name("blog-copy".parse()?);
/// assert_ne!(new, NewApp::new(uuid::Uuid::from_u128(7)));
/// # Ok::<(), appsnap::squidex::ParseNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApp {
    id: Uuid,
    name: Option<AppName>,
}

impl NewApp {
    /// An app with this id and the name of the old one. The caller draws the id: a random uuid, as Squidex does.
    #[must_use]
    pub const fn new(id: Uuid) -> Self {
        Self { id, name: None }
    }

    /// Gives it another name.
    #[must_use]
    pub fn with_name(mut self, name: AppName) -> Self {
        self.name = Some(name);
        self
    }
}

/// What a clone changed.
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
/// use appsnap::squidex::{NewApp, clone_app};
///
/// let (_, report) = clone_app(&archive, std::io::sink(), &NewApp::new(uuid::Uuid::from_u128(7)), &mut NoObserver)?;
/// assert_eq!((report.from.name(), report.written.events_count), ("blog", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloneReport {
    /// The app that was cloned.
    pub from: App,
    /// What was written.
    pub written: WriteReport,
}

/// Copies an archive to `sink` for an app with another id, and another name if `new` has one.
///
/// Done as Squidex restores: streams move to the new app, `appId` in payloads and `AggregateId` in headers follow, the
/// event that creates the app gets the name. Everything else keeps its bytes: ids of contents, schemas and assets are the
/// app's own, and `Urls.json` has to keep the old addresses, since they are what a restore looks for in texts. Events behind
/// a gap and attachments that no restore finds are not copied. Each event keeps its form.
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
/// use appsnap::squidex::{NewApp, clone_app};
///
/// let new = NewApp::new(uuid::Uuid::from_u128(7)).with_name("blog-copy".parse()?);
/// let (copy, _) = clone_app(&archive, Vec::new(), &new, &mut NoObserver)?;
/// let copy = Archive::open(&copy, copy.len() as u64, &Limits::untrusted())?;
/// assert!(copy.event(0)?.unwrap().payload().contains("00000000-0000-0000-0000-000000000007,blog-copy"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`NoApp`](ErrorKind::NoApp) when the events do not begin with the creation of the app; [`Event`](ErrorKind::Event) when
/// one cannot be understood; [`Limit`](ErrorKind::Limit) when one becomes longer than
/// [`max_event_bytes`](crate::Limits::max_event_bytes); [`Cancelled`](ErrorKind::Cancelled) by the observer; otherwise as reading and writing. The sink
/// then holds no whole archive.
pub fn clone_app<R: ReadAt, W: Write>(
    archive: &Archive<R>,
    sink: W,
    new: &NewApp,
    observer: &mut dyn Observer,
) -> Result<(W, CloneReport)> {
    let mut writer = Writer::start(sink)?;
    let mut plain_bytes = 0_u64;
    let mut tick = |bytes: u64| {
        plain_bytes = plain_bytes.saturating_add(bytes);
        proceed(observer, &Progress::bytes(plain_bytes))
    };
    let mut mover: Option<Mover> = None;
    for (index, event) in (0_u64..).zip(archive.events()) {
        let event = event?;
        if let Some(app) = App::created_by(&event).map_err(|fault| Error::event(index, fault))? {
            // A second creation would move what follows to yet another app; one archive holds one.
            mover.get_or_insert_with(|| Mover::new(app, new));
        }
        let mover = mover.as_ref().ok_or_else(|| Error::new(ErrorKind::NoApp))?;
        writer.event(&mover.moved(index, &event, archive.limits().max_event_bytes())?)?;
        tick(event.payload().len() as u64)?;
    }
    let mover = mover.ok_or_else(|| Error::new(ErrorKind::NoApp))?;
    for (name, _) in archive.attachments().filter(|(name, _)| *name != lower_cased(VERSION)) {
        if let Some(contents) = archive.attachment(name) {
            let written = writer.attachment(name, contents)?;
            tick(written)?;
        }
    }
    let (sink, written) = writer.finish()?;
    Ok((sink, CloneReport { from: mover.from, written }))
}

/// Moves events from one app to another.
struct Mover {
    from: App,
    /// The app's id combined with itself, as a fault of Squidex once named app streams.
    from_doubled: String,
    id: String,
    name: String,
    app_id: String,
}

impl Mover {
    fn new(from: App, new: &NewApp) -> Self {
        let from_doubled = format!("{0}{SEPARATOR}{0}", from.id());
        let id = new.id.hyphenated().to_string();
        let name = new.name.as_ref().map_or(from.name(), AppName::as_str).to_owned();
        let app_id = format!("{id},{name}");
        Self { from, from_doubled, id, name, app_id }
    }

    /// The id of something in the old app, in the new one (Squidex `StreamMapper`, but for one fault of it).
    fn id(&self, old: &str) -> String {
        if old == self.from.id() || old == self.from_doubled {
            return self.id.clone();
        }
        // Squidex wants something in front of the separator and two characters behind it, and would leave the old app in the
        // id of something whose own id, which clients may choose, has one: nobody could find it then.
        let own = match old.split_once(SEPARATOR) {
            Some((app, own)) if app == self.from.id() && !own.is_empty() => own,
            Some((app, own)) if !app.is_empty() && own.encode_utf16().nth(1).is_some() => own,
            _ => old,
        };
        format!("{}{SEPARATOR}{own}", self.id)
    }

    /// Event `index` in the new app. Its payload and headers may not become longer than `max_bytes`: many members that
    /// change and a long name would be a bomb.
    fn moved(&self, index: u64, event: &Event, max_bytes: u64) -> Result<Event> {
        let fault = |fault| Error::event(index, fault);
        let (kind, old) = event.stream().split_once('-').ok_or_else(|| fault(EventFault::Stream))?;
        let id = self.id(old);
        let mut changes = vec![("appId", self.app_id.as_str())];
        if App::created_by(event).map_err(fault)?.is_some() {
            changes.push(("name", &self.name));
        }
        let payload = event.payload_object().map_err(fault)?.render_with(&changes, max_bytes)?;
        let headers = event.headers_object().map_err(fault)?;
        let headers = headers.map(|headers| headers.render_with(&[("AggregateId", &id)], max_bytes)).transpose()?;
        Ok(event.rewritten(format!("{kind}-{id}"), payload, headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mover() -> Mover {
        let event = Event::new("AppCreatedEvent", "app-old", r#"{"name":"blog","appId":"old,blog"}"#).unwrap();
        let app = App::created_by(&event).unwrap().unwrap();
        Mover::new(app, &NewApp::new(Uuid::from_u128(1)).with_name("copy".parse().unwrap()))
    }

    #[test]
    fn ids_move_as_squidex_moves_them() {
        let new = "00000000-0000-0000-0000-000000000001";
        for (old, moved) in [
            ("old", new.to_owned()),
            ("old--old", new.to_owned()),
            ("old--content", format!("{new}--content")),
            ("old--a--b", format!("{new}--a--b")),
            ("content", format!("{new}--content")),
            ("other--content", format!("{new}--content")),
            ("--content", format!("{new}----content")),
            ("old--x", format!("{new}--x")),
            ("other--x", format!("{new}--other--x")),
            ("old--", format!("{new}--old--")),
        ] {
            assert_eq!(mover().id(old), moved, "{old}");
        }
    }

    #[test]
    fn only_the_app_changes_in_an_event() {
        let payload = r#"{"actor":"subject:1","appId":"old,blog","name":"a schema","nested":{"appId":"old,blog"}}"#;
        let event = Event::new("SchemaCreatedEventV2", "schema-old--s1", payload).unwrap();
        let event = event.with_headers(r#"{"AggregateId":"old--s1","EventId":"e"}"#).unwrap();
        let moved = mover().moved(0, &event, 1000).unwrap();
        let new = "00000000-0000-0000-0000-000000000001";
        assert_eq!(moved.stream(), format!("schema-{new}--s1"));
        assert_eq!(moved.payload(), payload.replacen("old,blog", &format!("{new},copy"), 1));
        assert_eq!(moved.headers().unwrap(), format!(r#"{{"AggregateId":"{new}--s1","EventId":"e"}}"#));
    }

    #[test]
    fn the_creation_gets_the_new_name() {
        let event = Event::new("AppCreatedEvent", "app-old", r#"{"name":"blog","appId":"old,blog"}"#).unwrap();
        let moved = mover().moved(0, &event, 1000).unwrap();
        assert_eq!(moved.payload(), r#"{"name":"copy","appId":"00000000-0000-0000-0000-000000000001,copy"}"#);
    }
}
