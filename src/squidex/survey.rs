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

/// The base type of the event that deletes an asset.
const ASSET_DELETED: &str = "AssetDeleted";

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
    /// The number of asset files that are missing because the asset was deleted later. A restore needs none of them.
    pub deleted_asset_files_count: u64,
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
        let mut missing = MissingFiles::default();
        for index in 0..self.events_count() {
            if self.is_event_empty(index) {
                survey.diagnostics.add(Code::EmptyEvent, |found| {
                    found.with_location(event_path(index)).with_message(format!("event {index} has no contents"))
                });
                continue;
            }
            let Some(event) = self.event(index)? else { break };
            if let Some(app) = App::created_by(&event).map_err(|kind| Error::new(kind).in_event(index))? {
                survey.note_app(index, app);
            }
            if let Some((asset_id, name)) = asset_file(&event) {
                survey.asset_files_count = survey.asset_files_count.saturating_add(1);
                if !self.has_attachment(&name) {
                    missing.0.entry(asset_id).or_default().push((index, name));
                }
            } else if let Some(asset_id) = deleted_asset(&event) {
                let files = missing.0.remove(&asset_id).map_or(0, |files| files.len() as u64);
                survey.deleted_asset_files_count = survey.deleted_asset_files_count.saturating_add(files);
            }
            if (survey.events_by_kind.len() as u64) < max_kinds || survey.events_by_kind.contains_key(event.kind()) {
                let count = survey.events_by_kind.entry(event.kind().to_owned()).or_default();
                *count = count.saturating_add(1);
            }
            uncompressed_bytes = uncompressed_bytes.saturating_add(event.payload().len() as u64);
            proceed(observer, &Progress::bytes(uncompressed_bytes, None))?;
        }
        missing.report(&mut survey.diagnostics);
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
        if self.has_attachment(USERS) && !self.json_text(USERS).is_ok_and(|text| text.is_some_and(is_object)) {
            survey.diagnostics.add(Code::NoUsers, |found| {
                found.with_location(attachment_path(USERS)).with_message("the attachment is not a JSON object")
            });
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

/// The files that are missing, with the events that refer to them, by their assets.
#[derive(Default)]
struct MissingFiles(BTreeMap<String, Vec<(u64, String)>>);

impl MissingFiles {
    /// Reports the files in the order of the events.
    fn report(self, diagnostics: &mut Diagnostics) {
        let mut files: Vec<(u64, String)> = self.0.into_values().flatten().collect();
        files.sort_unstable();
        for (index, name) in files {
            diagnostics.add(Code::AssetFileMissing, |found| {
                let path = attachment_path(&name);
                found
                    .with_location(escaped(path.as_bytes()).to_string())
                    .with_message(format!("event {index} refers to the file"))
            });
        }
    }
}

fn is_object(json: String) -> bool {
    json.trim_start().starts_with('{')
}

/// Returns the asset whose file belongs to `event`, and the name of the file.
fn asset_file(event: &Event) -> Option<(String, String)> {
    if !WITH_FILE.contains(&event.base_kind()) {
        return None;
    }
    let payload = event.payload_object().ok()?;
    let asset_id = payload.string("assetId")?;
    // Squidex, too, reads a missing version as zero.
    let name = asset_file_name(&asset_id, payload.number("fileVersion").unwrap_or_default());
    Some((asset_id, name))
}

/// Returns the asset that `event` deletes.
fn deleted_asset(event: &Event) -> Option<String> {
    if event.base_kind() != ASSET_DELETED {
        return None;
    }
    event.payload_object().ok()?.string("assetId")
}
