//! Writing a Squidex archive: [`Writer`].

use std::collections::BTreeSet;
use std::io::{Read, Write};

use serde::Serialize;

use super::error::{Error, ErrorKind, Result};
use super::event::Event;
use super::known::{FORMAT_MAJOR, VERSION, Version, asset_file_name};
use super::path::{attachment_path, event_path, lower_case};
use crate::zip;

/// The numbers of what was written to an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteReport {
    /// The number of events.
    pub events_count: u64,
    /// The number of attachments, including the version.
    pub attachments_count: u64,
    /// The uncompressed length of the attachments.
    pub attachment_bytes: u64,
}

/// Writes a Squidex archive to any sink, forward only.
///
/// The version comes first, events are numbered in the order in which they are written, and attachments may be written
/// between them. Only [`finish`](Self::finish) makes the archive complete. The same input gives the same bytes. To keep a
/// sink after an error, pass `&mut sink`.
///
/// ```
/// use appsnap::squidex::{Event, Writer};
///
/// let mut writer = Writer::start(Vec::new())?;
/// writer.json("Users.json", &serde_json::json!({}))?;
/// writer.json("Settings.json", &serde_json::json!({}))?;
/// writer.event(&Event::new("AppCreatedEvent", "app-1", r#"{"name":"blog","appId":"1,blog"}"#)?)?;
/// writer.asset_file("logo", 0, &b"\x89PNG"[..])?;
/// let (_, report) = writer.finish()?;
/// assert_eq!((report.events_count, report.attachments_count), (1, 4));
/// # Ok::<(), appsnap::squidex::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    zip: zip::Writer<W>,
    names: BTreeSet<String>,
    report: WriteReport,
}

impl<W: Write> Writer<W> {
    /// Starts an archive with its version.
    ///
    /// # Errors
    /// Returns an error if writing fails.
    pub fn start(sink: W) -> Result<Self> {
        let mut writer = Self { zip: zip::Writer::new(sink), names: BTreeSet::new(), report: WriteReport::default() };
        writer.json(VERSION, &Version { major: FORMAT_MAJOR })?;
        Ok(writer)
    }

    /// Writes an attachment with everything that `contents` yields, and returns its length.
    ///
    /// # Errors
    /// Returns an error if the archive already has an attachment of this name (letter case does not matter), if the name is
    /// not that of a file, if there are no contents (a restore would treat the attachment as missing), or if reading or
    /// writing fails. After the latter the archive cannot be continued.
    pub fn attachment(&mut self, name: &str, mut contents: impl Read) -> Result<u64> {
        if self.names.contains(&lower_case(name)) {
            return Err(ErrorKind::Misuse("the archive already has an attachment of this name").into());
        }
        let mut first = Vec::new();
        contents
            .by_ref()
            .take(1)
            .read_to_end(&mut first)
            .map_err(|error| Error::reading("reading the contents of an attachment", error))?;
        if first.is_empty() {
            return Err(ErrorKind::Misuse("the attachment has no contents and would be missing: leave it out").into());
        }
        let written = self.zip.entry(&attachment_path(name), first.as_slice().chain(contents))?;
        self.names.insert(lower_case(name));
        self.report.attachments_count = self.report.attachments_count.saturating_add(1);
        self.report.attachment_bytes = self.report.attachment_bytes.saturating_add(written);
        Ok(written)
    }

    /// Writes a version of the file of an asset as an attachment, and returns its length.
    ///
    /// # Errors
    /// Returns an error in the cases of [`attachment`](Self::attachment).
    pub fn asset_file(&mut self, asset_id: &str, version: i64, contents: impl Read) -> Result<u64> {
        self.attachment(&asset_file_name(asset_id, version), contents)
    }

    /// Writes a JSON attachment, such as `Users.json` or `Settings.json`, and returns its length.
    ///
    /// # Errors
    /// Returns an error if JSON cannot represent `value`, and in the cases of [`attachment`](Self::attachment).
    pub fn json(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<u64> {
        let misuse = ErrorKind::Misuse("JSON cannot represent the value");
        let bytes = serde_json::to_vec(value).map_err(|error| Error::json(misuse, error))?;
        self.attachment(name, bytes.as_slice())
    }

    /// Writes the next event.
    ///
    /// # Errors
    /// Returns an error if writing fails.
    pub fn event(&mut self, event: &Event) -> Result<()> {
        let misuse = ErrorKind::Misuse("JSON cannot represent the event");
        let bytes = event.render().map_err(|error| Error::json(misuse, error))?;
        self.zip.entry(&event_path(self.report.events_count), bytes.as_slice())?;
        self.report.events_count = self.report.events_count.saturating_add(1);
        Ok(())
    }

    /// Completes the archive and returns the sink.
    ///
    /// # Errors
    /// Returns an error if writing fails, or the error of an attachment or event that failed before.
    pub fn finish(self) -> Result<(W, WriteReport)> {
        Ok((self.zip.finish()?, self.report))
    }
}
