//! Examining the events of an archive for everything that a restore would fail at or leave out: [`Survey`].

use std::collections::BTreeMap;

use super::app::App;
use super::archive::Archive;
use super::code::Code;
use super::error::{Error, Result};
use super::event::Event;
use super::known::{SETTINGS, USERS, asset_file_name};
use super::path::{attachment_path, event_path};
use crate::diagnostic::Diagnostics;
use crate::io::ReadAt;
use crate::layout::escaped;
use crate::observe::{Event as Progress, Observer, proceed};

/// The base types of the events that an asset's file belongs to.
const WITH_FILE: [&str; 2] = ["AssetCreated", "AssetUpdated"];

/// The contents of an archive, and what a restore would fail at or leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// The app in the archive.
    pub app: Option<App>,
    /// The number of events.
    pub events_count: u64,
    /// The number of events of each type. At most
    /// [`max_findings_per_code`](crate::Limits::max_findings_per_code) types are listed.
    pub events_by_kind: BTreeMap<String, u64>,
    /// The number of asset files that the events refer to, present or missing.
    pub asset_files_count: u64,
    /// The diagnostics about the events and the required attachments. Those about the directory are in
    /// [`Archive::diagnostics`].
    pub diagnostics: Diagnostics,
}

impl<R: ReadAt> Archive<R> {
    /// Reads all events and reports what a restore would fail at or leave out.
    ///
    /// Asset files are not read; only their presence is checked.
    ///
    /// # Errors
    /// Returns an error at the first damaged event, if an event is longer than the limit, if reading fails, or if the
    /// observer cancels.
    pub fn survey(&self, observer: &mut dyn Observer) -> Result<Survey> {
        let max_kinds = self.limits().max_findings_per_code();
        let mut survey =
            Survey { events_count: self.events_count(), diagnostics: Diagnostics::new(max_kinds), ..Survey::default() };
        let mut uncompressed_bytes = 0_u64;
        for (index, event) in (0_u64..).zip(self.events()) {
            let event = event?;
            if let Some(app) = App::created_by(&event).map_err(|kind| Error::new(kind).in_event(index))? {
                survey.note_app(index, app);
            }
            if let Some(name) = asset_file(&event) {
                survey.asset_files_count = survey.asset_files_count.saturating_add(1);
                if !self.has_attachment(&name) {
                    survey.diagnostics.add(Code::AssetFileMissing, |found| {
                        let path = attachment_path(&name);
                        found
                            .with_location(escaped(path.as_bytes()).to_string())
                            .with_message(format!("event {index} refers to the file"))
                    });
                }
            }
            if (survey.events_by_kind.len() as u64) < max_kinds || survey.events_by_kind.contains_key(event.kind()) {
                let count = survey.events_by_kind.entry(event.kind().to_owned()).or_default();
                *count = count.saturating_add(1);
            }
            uncompressed_bytes = uncompressed_bytes.saturating_add(event.payload().len() as u64);
            proceed(observer, &Progress::bytes(uncompressed_bytes, None))?;
        }
        if survey.events_count == 0 {
            survey.diagnostics.add(Code::NoEvents, |found| found.with_message("the archive contains no events"));
        } else if survey.app.is_none() {
            survey.note_app_not_first();
        }
        for (name, code) in [(USERS, Code::NoUsers), (SETTINGS, Code::NoSettings)] {
            if !self.has_attachment(name) {
                survey.diagnostics.add(code, |found| {
                    found.with_location(attachment_path(name)).with_message("the attachment is missing")
                });
            }
        }
        Ok(survey)
    }
}

impl Survey {
    fn note_app(&mut self, index: u64, app: App) {
        if self.app.is_some() {
            self.diagnostics.add(Code::SecondApp, |found| {
                found.with_location(event_path(index)).with_message(format!("event {index} creates a second app"))
            });
            return;
        }
        if index != 0 {
            self.note_app_not_first();
        }
        self.app = Some(app);
    }

    fn note_app_not_first(&mut self) {
        self.diagnostics.add(Code::AppNotFirst, |found| {
            found.with_location(event_path(0)).with_message("the first event does not create the app")
        });
    }
}

/// Returns the name of the asset file that belongs to `event`, if one does.
fn asset_file(event: &Event) -> Option<String> {
    if !WITH_FILE.contains(&event.base_kind()) {
        return None;
    }
    let payload = event.payload_object().ok()?;
    // Squidex, too, reads a missing version as zero.
    Some(asset_file_name(&payload.string("assetId")?, payload.number("fileVersion").unwrap_or_default()))
}
