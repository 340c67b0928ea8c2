//! Copying an archive for an app with another id and name: [`clone_app`].

use std::io::Write;

use super::app::{App, NewApp};
use super::archive::Archive;
use super::error::{ErrorKind, Result};
use super::event::Event;
use super::known::VERSION;
use super::name::AppName;
use super::path::lower_case;
use super::writer::{WriteReport, Writer};
use crate::io::ReadAt;
use crate::observe::{Event as Progress, Observer, proceed};

/// Separates the id of an app from the id of something in it (Squidex `DomainId`).
const SEPARATOR: &str = "--";

/// Copies an archive to `sink` for an app with another id, and another name if `new` has one.
///
/// The copy is what a restore by Squidex would create: streams move to the new app, `appId` in payloads and `AggregateId`
/// in headers follow, and the event that creates the app gets the name. Everything else keeps its bytes: the ids of
/// contents, schemas and assets belong to the app, and `Urls.json` keeps the old addresses, since a restore searches for
/// them in texts. Events after a gap and attachments that no restore finds are not copied. Each event keeps its form.
///
/// The [module](super) shows an example.
///
/// # Errors
/// Returns an error if the first event does not create the app, if an event is damaged or becomes longer than
/// [`max_event_bytes`](crate::Limits::max_event_bytes), if reading or writing fails, or if the observer cancels. The sink
/// then holds an incomplete archive.
pub fn clone_app<R: ReadAt, W: Write>(
    archive: &Archive<R>,
    sink: W,
    new: &NewApp,
    observer: &mut dyn Observer,
) -> Result<(W, WriteReport)> {
    let mut writer = Writer::start(sink)?;
    let mut uncompressed_bytes = 0_u64;
    let mut advance = |bytes: u64| {
        uncompressed_bytes = uncompressed_bytes.saturating_add(bytes);
        proceed(observer, &Progress::bytes(uncompressed_bytes, None))
    };
    let app = archive.app()?.ok_or(ErrorKind::NoApp)?;
    let mover = Mover::new(app, new);
    for (index, event) in (0_u64..).zip(archive.events()) {
        let event = event?;
        let moved = mover.moved(&event, archive.limits().max_event_bytes()).map_err(|error| error.in_event(index))?;
        writer.event(&moved)?;
        advance(event.payload().len() as u64)?;
    }
    for (name, _) in archive.attachments().filter(|(name, _)| *name != lower_case(VERSION)) {
        if let Some(contents) = archive.attachment(name) {
            let written = writer.attachment(name, contents)?;
            advance(written)?;
        }
    }
    writer.finish()
}

/// Moves events from one app to another.
struct Mover {
    from: App,
    /// The id of the app combined with itself: a bug in Squidex once named app streams like this.
    from_doubled: String,
    id: String,
    name: String,
    app_id: String,
}

impl Mover {
    fn new(from: App, new: &NewApp) -> Self {
        let from_doubled = format!("{0}{SEPARATOR}{0}", from.id);
        let id = new.id.hyphenated().to_string();
        let name = new.name.as_ref().map_or(from.name.as_str(), AppName::as_str).to_owned();
        let app_id = format!("{id},{name}");
        Self { from, from_doubled, id, name, app_id }
    }

    /// Maps an id in the old app to the id in the new one, like Squidex's `StreamMapper` except for one of its bugs.
    fn id(&self, old: &str) -> String {
        if old == self.from.id || old == self.from_doubled {
            return self.id.clone();
        }
        // Squidex requires a text before the separator and two characters after it. For a shorter id, which clients may
        // choose, it would keep the old app's id as a part, and nothing could find the object again.
        let own = match old.split_once(SEPARATOR) {
            Some((app, own)) if app == self.from.id && !own.is_empty() => own,
            Some((app, own)) if !app.is_empty() && own.encode_utf16().nth(1).is_some() => own,
            _ => old,
        };
        format!("{}{SEPARATOR}{own}", self.id)
    }

    /// Returns the event in the new app. Its payload and headers must not become longer than `max_bytes`: many changed
    /// members together with a long name would be a bomb.
    fn moved(&self, event: &Event, max_bytes: u64) -> Result<Event> {
        let (kind, old) = event.stream().split_once('-').ok_or(ErrorKind::EventStream)?;
        let id = self.id(old);
        let mut changes = vec![("appId", self.app_id.as_str())];
        if App::created_by(event)?.is_some() {
            changes.push(("name", &self.name));
        }
        let payload = event.payload_object()?.render_with(&changes, max_bytes)?;
        let headers = event.headers_object()?;
        let headers = headers.map(|headers| headers.render_with(&[("AggregateId", &id)], max_bytes)).transpose()?;
        Ok(event.rewritten(format!("{kind}-{id}"), payload, headers))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn mover() -> Mover {
        let event = Event::new("AppCreatedEvent", "app-old", r#"{"name":"blog","appId":"old,blog"}"#).unwrap();
        let app = App::created_by(&event).unwrap().unwrap();
        Mover::new(app, &NewApp::new(Uuid::from_u128(1)).with_name("copy").unwrap())
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
        let moved = mover().moved(&event, 1000).unwrap();
        let new = "00000000-0000-0000-0000-000000000001";
        assert_eq!(moved.stream(), format!("schema-{new}--s1"));
        assert_eq!(moved.payload(), payload.replacen("old,blog", &format!("{new},copy"), 1));
        assert_eq!(moved.headers().unwrap(), format!(r#"{{"AggregateId":"{new}--s1","EventId":"e"}}"#));
    }

    #[test]
    fn the_creation_gets_the_new_name() {
        let event = Event::new("AppCreatedEvent", "app-old", r#"{"name":"blog","appId":"old,blog"}"#).unwrap();
        let moved = mover().moved(&event, 1000).unwrap();
        assert_eq!(moved.payload(), r#"{"name":"copy","appId":"00000000-0000-0000-0000-000000000001,copy"}"#);
    }
}
