//! Writing a Squidex archive: [`Writer`].

use std::collections::BTreeSet;
use std::io::{Read, Write};

use serde::Serialize;

use super::attachment::{FORMAT_MAJOR, VERSION, Version};
use super::error::{Error, ErrorKind, Result};
use super::event::Event;
use super::path::{attachment_path, event_path, lower_cased};
use crate::zip;

/// What was written.
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
/// # let (bytes, report) = writer.finish()?;
/// assert_eq!((report.events_count, report.attachments_count), (1, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteReport {
    /// How many events were written.
    pub events_count: u64,
    /// Attachments, the version included.
    pub attachments_count: u64,
    /// Plain bytes of the attachments.
    pub attachment_bytes: u64,
}

/// Writes a Squidex archive to any sink, forward only.
///
/// The version comes first, events are numbered as they come, and attachments may stand between them. Only
/// [`finish`](Self::finish) makes a whole archive of it. The same input gives the same bytes.
///
/// ```
/// use appsnap::squidex::{AssetFile, Event, Writer};
///
/// let mut writer = Writer::start(Vec::new())?;
/// writer.event(&Event::new("AppCreatedEvent", "app-1", r#"{"name":"blog","appId":"1,blog"}"#)?)?;
/// writer.attachment(&AssetFile::new("logo", 0).to_string(), &b"\x89PNG"[..])?;
/// let (bytes, report) = writer.finish()?;
/// assert!(bytes.starts_with(b"PK"));
/// assert!(report.attachment_bytes > 4, "the version counts, too");
/// # Ok::<(), appsnap::squidex::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    zip: zip::Writer<W>,
    names: BTreeSet<String>,
    report: WriteReport,
}

impl<W: Write> Writer<W> {
    /// Begins an archive with its version.
    ///
    /// # Errors
    /// [`Io`](ErrorKind::Io) when the sink fails.
    pub fn start(sink: W) -> Result<Self> {
        let mut writer = Self { zip: zip::Writer::new(sink), names: BTreeSet::new(), report: WriteReport::default() };
        writer.json(VERSION, &Version { major: FORMAT_MAJOR })?;
        Ok(writer)
    }

    /// Writes an attachment with all that `contents` yields, and returns how much that was.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse) when there is one of that name already (in whatever letter case), when the name is none
    /// for a file, or when there are no contents, which a restore takes for a missing attachment; [`Io`](ErrorKind::Io),
    /// after which the archive cannot be continued.
    pub fn attachment(&mut self, name: &str, mut contents: impl Read) -> Result<u64> {
        if self.names.contains(&lower_cased(name)) {
            return Err(Error::new(ErrorKind::Misuse("an archive holds one attachment of each name")));
        }
        let mut first = Vec::new();
        contents
            .by_ref()
            .take(1)
            .read_to_end(&mut first)
            .map_err(|error| Error::reading("reading the contents of an attachment", error))?;
        if first.is_empty() {
            return Err(Error::new(ErrorKind::Misuse(
                "an attachment without contents counts as missing; leave it out",
            )));
        }
        let written = self.zip.entry(&attachment_path(name), first.as_slice().chain(contents))?;
        self.names.insert(lower_cased(name));
        self.report.attachments_count = self.report.attachments_count.saturating_add(1);
        self.report.attachment_bytes = self.report.attachment_bytes.saturating_add(written);
        Ok(written)
    }

    /// Writes a JSON attachment, such as `Users.json` or `Settings.json`.
    ///
    /// # Errors
    /// As [`attachment`](Self::attachment), and [`Misuse`](ErrorKind::Misuse) when `value` is nothing that JSON can hold.
    pub fn json(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<u64> {
        let misuse = ErrorKind::Misuse("the value of a JSON attachment cannot be written as JSON");
        let bytes = serde_json::to_vec(value).map_err(|error| Error::json(misuse, error))?;
        self.attachment(name, bytes.as_slice())
    }

    /// Writes the next event, in the form that it has.
    ///
    /// # Errors
    /// [`Io`](ErrorKind::Io) when the sink fails.
    pub fn event(&mut self, event: &Event) -> Result<()> {
        let misuse = ErrorKind::Misuse("the event cannot be written as JSON");
        let bytes = event.render().map_err(|error| Error::json(misuse, error))?;
        self.zip.entry(&event_path(self.report.events_count), bytes.as_slice())?;
        self.report.events_count = self.report.events_count.saturating_add(1);
        Ok(())
    }

    /// Completes the archive and returns the sink.
    ///
    /// # Errors
    /// [`Io`](ErrorKind::Io) when the sink fails; [`Misuse`](ErrorKind::Misuse) after a failed attachment.
    pub fn finish(self) -> Result<(W, WriteReport)> {
        Ok((self.zip.finish()?, self.report))
    }
}
